"""Mails in a worker that is killed, and to 10,000 followers."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest

from publisher.inbox import contact_seal
from publisher.inbox import tables as t
from publisher.inbox.follower import Mailbox
from publisher.inbox.public_followers import follower_id
from publisher.views.syndication.scope import make_scope
from tests.publisher.notify.mail_site import MailSite, open_mail_site
from tests.publisher.views.syndication.conftest import SECOND
from tests.support.site import FEES


@pytest.fixture
def mails(tmp_path: Path) -> Iterator[MailSite]:
    with open_mail_site(tmp_path) as mails:
        yield mails


def add_followers(mails: MailSite, count: int) -> None:
    """Add confirmed followers of everything, of one list and of a search in turn."""
    database = mails.followers._database
    scopes = [make_scope(), make_scope(dataset=FEES), make_scope(text="污水处理")]
    newest = mails.site.log.outbox.releases()[-1].sequence
    with database.write() as conn:
        key = conn.execute(t.key.select()).one()
        rows = []
        for n in range(count):
            mailbox = Mailbox(f"reader{n}@example.com", f"token{n}")
            text = msgspec.json.encode(mailbox).decode()
            rows.append(
                {
                    "id": follower_id(mailbox.token),
                    "scope": msgspec.json.encode(scopes[n % 3]).decode(),
                    "pace": "at-once",
                    "lang": "zh",
                    "address_code": f"{n}",
                    "key": key.id,
                    "sealed": contact_seal.seal(text, bytes(key.public), contact_seal.FOLLOWER),
                    "received_at": n,
                    "state": "active",
                    "told": newest,
                }
            )
        conn.execute(t.follower.insert(), rows)


@pytest.mark.slow
def test_a_killed_worker_loses_no_mail_and_repeats_one_at_most(mails: MailSite, tmp_path: Path) -> None:
    mails.site.index()
    add_followers(mails, 30)
    mails.site.publish(SECOND)
    mails.site.index()
    workers: list[subprocess.Popen[bytes]] = []
    accept = mails.postbox.handle_DATA

    async def killing(server: Any, session: Any, envelope: Any) -> str:
        answer = await accept(server, session, envelope)
        if len(mails.postbox.mails) == 7:  # it was accepted, and the worker does not learn it
            workers[0].kill()
            workers[0].wait()
        return answer

    mails.postbox.handle_DATA = killing  # type: ignore[method-assign]
    now = mails.site.clock.now.isoformat()
    command = [sys.executable, "-m", "tests.publisher.notify.mail_job", str(tmp_path), now]
    workers.append(subprocess.Popen([*command, mails.postbox.address], env=dict(os.environ)))
    assert workers[0].wait(60) == -signal.SIGKILL
    assert len(mails.postbox.mails) == 7
    assert mails.work() == 24
    got = Counter(mail.to for mail in mails.postbox.mails)
    assert len(got) == 30
    assert sorted(got.values())[-2:] == [1, 2]
    (twice,) = [to for to, times in got.items() if times == 2]
    assert len({mail.message["message-id"] for mail in mails.postbox.mails if mail.to == twice}) == 1
    assert mails.work() == 0


@pytest.mark.soak
def test_ten_thousand_followers_are_told_once_each_over_few_connections(mails: MailSite) -> None:
    mails.site.index()
    add_followers(mails, 10_000)
    mails.postbox.refuses = {
        f"reader{n}@example.com": "550 5.1.1 No such user" for n in range(0, 10_000, 100)
    }
    mails.site.publish(SECOND)
    assert mails.work() == 9_900
    got = Counter(mail.to for mail in mails.postbox.take())
    assert len(got) == 9_900
    assert set(got.values()) == {1}
    assert mails.followers.counts() == {"active": 9_900, "aside": 100}
    assert mails.work() == 0

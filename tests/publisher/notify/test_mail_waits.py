"""Mails that wait: for a search that is away, an inbox that does not exist yet, the name of a site."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from functools import partial
from pathlib import Path
from shutil import copytree

import anyio
import pytest
from sqlalchemy import text

from publisher.log.recovery.backup import copy_sqlite
from publisher.notify.mailer import run_mailer
from publisher.notify.news import NewsReader
from publisher.settings import read_settings
from search.embedded.engine import EmbeddedEngine
from search.query.field_filters import FilterFields
from tests.publisher.notify.mail_site import SENDER, MailSite, open_mail_site
from tests.publisher.views.syndication.conftest import FIRST, SECOND
from tests.support.servers.mail import Mail

READER = "li.si@example.com"


@pytest.fixture
def mails(tmp_path: Path) -> Iterator[MailSite]:
    with open_mail_site(tmp_path) as mails:
        yield mails


@pytest.mark.slow
def test_an_outage_of_search_delays_only_the_mails_that_need_one(mails: MailSite) -> None:
    mails.site.publish(FIRST)
    mails.follow("all@example.com")
    mails.follow("search@example.com", "/feeds/search.atom?q=占用挖掘")
    mails.follow("later@example.com")
    mails.site.publish(SECOND)
    # Nothing is indexed yet.
    assert anyio.run(mails.mailer.send_due) == 2
    assert {mail.to for mail in mails.postbox.take()} == {"all@example.com", "later@example.com"}
    assert anyio.run(mails.mailer.send_due) == 0
    mails.advance(timedelta(minutes=1))
    # The release is indexed, and the index is away.
    mails.site.index()
    index = mails.site.settings.index
    anyio.run(mails.site.engine.close)
    away = index.rename(index.with_name("away"))
    index.write_text("no index")
    try:
        mails.mailer.news = NewsReader(mails.site.log, EmbeddedEngine(index), FilterFields)
        assert anyio.run(mails.mailer.send_due) == 0
        (one,) = [one for one in mails.followers.all() if one.error]
        assert one.attempts == 0
    finally:
        index.unlink()
        away.rename(index)
    mails.mailer.news = NewsReader(mails.site.log, EmbeddedEngine(index), FilterFields)
    mails.advance(timedelta(minutes=1))
    assert anyio.run(mails.mailer.send_due) == 1
    assert "占用挖掘" in mails.postbox.take()[0].text


@pytest.mark.slow
def test_the_mailer_serves_an_inbox_that_is_created_while_it_runs(
    mails: MailSite, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    site, settings = mails.site, mails.site.settings
    mails.follow(READER)
    site.publish(SECOND)
    site.index()
    environ = {"QINGDAN_DATABASE": settings.database, "QINGDAN_MAIL": SENDER}
    own = read_settings(tmp_path / "new", {**environ, "QINGDAN_SMTP": mails.postbox.address})
    copytree(settings.keys, own.keys)

    async def run() -> None:
        async with anyio.create_task_group() as group:
            group.start_soon(partial(run_mailer, own, site.log, site.engine, FilterFields, poll=0.01))
            await anyio.sleep(0.5)
            assert mails.postbox.take() == []
            own.inbox.parent.mkdir(exist_ok=True)
            copy_sqlite(settings.inbox, own.home / "copy")
            (own.home / "copy").rename(own.inbox)
            sent: list[Mail] = []
            for _ in range(400):
                sent += mails.postbox.take()
                if sent:
                    break
                await anyio.sleep(0.05)
            assert [mail.to for mail in sent] == [READER]
            group.cancel_scope.cancel()

    anyio.run(run)
    assert caplog.text.count("there is no inbox") == 1


@pytest.mark.slow
def test_a_line_break_in_the_name_of_the_site_stops_no_mail(mails: MailSite) -> None:
    mails.mailer.sender = "news@example.gov.cn"
    details = mails.site.log.datasets.change_site(name=" 示例市\r\n 清单 ", contact="热线\u2028 12345")
    assert (details.name, details.contact) == ("示例市 清单", "热线 12345")
    mails.follow(READER)
    # A version before this one stored it as it was typed.
    with mails.site.log._session.database.write() as conn:
        conn.execute(text("UPDATE site SET details = :details"), {"details": '{"name":"示例市\\n清单"}'})
    mails.site.publish(SECOND)
    assert mails.work() == 1
    (news,) = mails.postbox.take()
    assert "示例市 清单" in news.message["from"]

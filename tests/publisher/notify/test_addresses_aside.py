"""An address that was set aside, and whose owner confirms it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from publisher.inbox.followers import ASIDE_DAYS
from tests.publisher.notify.mail_site import MailSite, open_mail_site
from tests.publisher.views.syndication.conftest import FIRST, SECOND

READER = "reader@example.com"


@pytest.fixture
def mails(tmp_path: Path) -> Iterator[MailSite]:
    with open_mail_site(tmp_path) as mails:
        yield mails


@pytest.mark.slow
def test_an_owner_who_confirms_an_address_that_was_set_aside_is_told_again(mails: MailSite) -> None:
    leave = mails.follow(READER)
    mails.postbox.refuses = {READER: "550 5.1.1 No such user"}
    mails.site.publish(SECOND)
    mails.work()
    assert mails.followers.counts() == {"aside": 1}
    mails.postbox.refuses = {}
    mails.advance(timedelta(days=ASIDE_DAYS - 1))
    assert "已确认" in mails.post(leave.replace("/leave", "/confirm"), {}).text
    mails.advance(timedelta(days=2))
    mails.work()
    assert mails.followers.counts() == {"active": 1}
    mails.site.publish(FIRST)
    assert mails.work() == 1
    assert [mail.to for mail in mails.postbox.take()] == [READER]

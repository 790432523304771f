"""Following by e-mail: asked twice, told by pace, left by one POST, against a real SMTP server."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import msgspec
import pytest

from publisher.inbox.contact_seal import SealKeys
from publisher.inbox.follower import UNCONFIRMED_DAYS, Wish
from publisher.inbox.followers import ASIDE_DAYS, UNASKED_DAYS
from publisher.inbox.inbox import Inbox
from publisher.inbox.public_followers import ADDRESS_DAILY
from publisher.inbox.public_inbox import PublicInbox
from publisher.mac_key import read_or_replace_key
from publisher.notify.mail_server import MailServer, ServerAwayError
from publisher.notify.mailer import last_slot
from publisher.views.syndication.scope import make_scope
from tests.publisher.notify.mail_site import ALL, MailSite, open_mail_site, page_of
from tests.publisher.views.syndication.conftest import FIRST, SECOND
from tests.support.problems import assert_problem
from tests.support.site import BASE, FEES

READER = "li.si@example.com"
BROWSER = {"accept": "text/html"}


@pytest.fixture
def mails(tmp_path: Path) -> Iterator[MailSite]:
    with open_mail_site(tmp_path) as mails:
        yield mails


@pytest.mark.slow
def test_nothing_is_sent_before_the_button_and_nothing_after_leaving(mails: MailSite) -> None:
    answer = mails.ask(READER, f"/feeds/{FEES}.atom")
    assert (answer.status_code, answer.headers["location"]) == (303, "/follow/sent")
    assert "确认订阅" in mails.site.client.get("/follow/sent").text
    assert mails.work() == 1
    (asked,) = mails.postbox.take()
    assert asked.to == READER
    assert "请确认订阅：" in asked.message["subject"]
    confirm = page_of(asked, "/follow/confirm")
    mails.site.publish(SECOND)
    assert "<button>确认订阅</button>" in mails.site.client.get(confirm).text  # a GET alone does nothing
    assert mails.work() == 0
    assert "订阅已确认" in mails.post(confirm, {}).text
    assert "订阅已确认" in mails.site.client.get(confirm).text
    assert mails.work() == 0  # what was published before the confirmation is not told
    mails.site.publish(FIRST)
    assert mails.work() == 1
    (news,) = mails.postbox.take()
    assert news.message["list-unsubscribe-post"] == "List-Unsubscribe=One-Click"
    leave = page_of(news, "/follow/leave")
    assert news.message["list-unsubscribe"] == f"<{BASE}{leave}>"
    assert "退订并删除邮箱地址</button>" in mails.site.client.get(leave).text
    assert len(mails.followers.all()) == 1
    # RFC 8058: one POST without cookie, Origin or form token, in either form of a body.
    one_click = (
        b'--x\r\nContent-Disposition: form-data; name="List-Unsubscribe"\r\n\r\nOne-Click\r\n--x--\r\n'
    )
    headers = {"content-type": "multipart/form-data; boundary=x"}
    assert mails.site.client.post(leave, content=one_click, headers=headers).status_code == 200
    mails.site.publish(SECOND)
    assert mails.work() == 0
    assert mails.followers.all() == []
    assert "已退订" in mails.site.client.get(leave).text
    assert mails.post(leave, {"List-Unsubscribe": "One-Click"}).status_code == 200  # once more
    stored = (mails.site.settings.inbox).read_bytes()
    assert READER.encode() not in stored


@pytest.mark.slow
def test_news_are_the_sentences_of_the_feed_with_the_addresses_of_pages(mails: MailSite) -> None:
    mails.site.log.datasets.change_site(name="示例市清单公开", owner="示例市人民政府办公室")
    mails.follow(READER, f"/feeds/{FEES}.atom")
    mails.site.publish(SECOND)
    mails.work()
    (news,) = mails.postbox.take()
    entries = mails.site.feed().entries
    newest = [entry for entry in entries if entry.title in news.text]
    assert len(newest) >= 2
    for entry in newest:
        assert f"- {entry.title}\n  {entry.link}\n" in news.text
    assert "主办单位：示例市人民政府办公室" in news.text
    assert "示例市清单" in news.message["from"]
    assert news.message["message-id"].endswith("@example.gov.cn>")
    assert news.message["auto-submitted"] == "auto-generated"


@pytest.mark.slow
def test_a_withdrawal_is_told_and_what_it_withdrew_is_in_no_later_mail(mails: MailSite) -> None:
    mails.follow(READER, pace="daily")
    mails.site.publish([*FIRST[:1], {**FIRST[2], "standard": "二百元整每具"}])
    (wrong,) = mails.site.log.queries.find_by_title(FEES, "遗体整容")
    mails.site.clock.advance(hours=1)
    mails.site.log.releases.withdraw(FEES, [wrong.id], reason="误列")
    mails.advance(timedelta(days=1))
    assert mails.work() == 1
    (digest,) = mails.postbox.take()
    withdrawn = [entry for entry in mails.site.feed().entries if "撤回" in entry.title]
    assert any(f"- {entry.title}\n" in digest.text for entry in withdrawn)
    assert "二百元整" not in digest.text


@pytest.mark.slow
def test_an_erasure_is_told_by_its_ground_alone(mails: MailSite) -> None:
    mails.site.publish(FIRST)
    mails.follow(READER, f"/feeds/{FEES}.atom")
    (record,) = mails.site.log.queries.find_by_title(FEES, "遗体整容")
    mails.site.clock.advance(hours=1)
    mails.site.log.releases.withdraw(FEES, [record.id], reason="误列")
    mails.work()
    mails.postbox.take()
    mails.site.clock.advance(hours=1)
    mails.site.log.releases.erase(records=[(FEES, record.id)], ground="（2026）法民初1号")
    assert mails.work() == 1
    (news,) = mails.postbox.take()
    assert "有内容已依法删除：（2026）法民初1号" in news.text
    assert str(news.message["subject"]).endswith("：1项")
    assert "遗体整容" not in news.text


@pytest.mark.slow
def test_digests_wait_for_their_hour_and_hold_all_releases_since(mails: MailSite) -> None:
    china_noon = datetime(2026, 11, 4, 4, tzinfo=UTC)  # a Wednesday
    mails.site.clock.now = china_noon
    mails.follow("daily@example.com", pace="daily")
    mails.follow("weekly@example.com", pace="weekly")
    mails.site.publish(SECOND)  # Thursday
    assert mails.work() == 0
    mails.site.clock.now = datetime(2026, 11, 6, 0, 1, tzinfo=UTC)  # Friday, 8:01 in China
    assert mails.work() == 1
    (daily,) = mails.postbox.take()
    assert daily.to == "daily@example.com"
    mails.site.publish(FIRST)  # Saturday
    mails.site.clock.now = datetime(2026, 11, 9, 0, 1, tzinfo=UTC)  # Monday
    assert mails.work() == 2
    texts = {mail.to: mail.text for mail in mails.postbox.take()}
    assert texts["daily@example.com"].count("次发布（") == 1
    assert texts["weekly@example.com"].count("次发布（") == 2
    assert mails.work() == 0


def test_slots_are_hours_of_china() -> None:
    before, after = datetime(2026, 11, 8, 23, 59, tzinfo=UTC), datetime(2026, 11, 9, 0, tzinfo=UTC)
    assert last_slot("daily", before) == datetime(2026, 11, 8, 0, tzinfo=UTC)
    assert last_slot("daily", after) == last_slot("weekly", after) == after
    assert last_slot("weekly", before) == datetime(2026, 11, 2, 0, tzinfo=UTC)
    assert last_slot("at-once", after) is None


@pytest.mark.slow
def test_a_record_and_a_search_can_be_followed(mails: MailSite) -> None:
    mails.site.publish(FIRST)
    mails.site.index()
    water = mails.site.record("居民生活污水处理费")
    mails.follow("record@example.com", f"/feeds/{FEES}.atom?record={water}")
    mails.follow("search@example.com", "/feeds/search.atom?q=占用挖掘")
    mails.site.publish(SECOND)
    assert mails.work() == 2
    texts = {mail.to: mail.text for mail in mails.postbox.take()}
    assert "污水处理费" in texts["record@example.com"]
    assert "占用挖掘" not in texts["record@example.com"]
    assert "占用挖掘" in texts["search@example.com"]
    assert "遗体整容" not in texts["search@example.com"]
    mails.site.publish([*SECOND[:2], FIRST[0]])
    assert mails.work() == 1  # the water charge stays as it is, the other was removed
    assert "占用挖掘" in mails.postbox.take()[0].text


@pytest.mark.slow
def test_a_dead_address_is_set_aside_and_deleted_later(mails: MailSite) -> None:
    mails.follow("dead@example.com")
    mails.follow("full@example.com")
    mails.postbox.refuses = {
        "dead@example.com": "550 5.1.1 No such user",
        "full@example.com": "452 4.2.2 Mailbox full",
    }
    mails.site.publish(SECOND)
    assert mails.work() == 0
    assert mails.followers.counts() == {"active": 1, "aside": 1}
    (dead,) = [one for one in mails.followers.all() if one.state == "aside"]
    assert "5.1.1" in dead.error
    mails.postbox.refuses = {}
    assert mails.work() == 0  # the full mailbox is tried again later
    mails.advance(timedelta(minutes=11))
    assert mails.work() == 1
    assert [mail.to for mail in mails.postbox.take()] == ["full@example.com"]
    mails.advance(timedelta(days=ASIDE_DAYS))
    mails.work()
    assert mails.followers.counts() == {"active": 1}


@pytest.mark.slow
def test_an_address_that_no_server_takes_keeps_mails_from_nobody(mails: MailSite) -> None:
    for address in (".li@example.com", "li..si@example.com", "=?utf-8?q?x?=@example.com", READER):
        assert mails.ask(address).status_code == 303
    mails.postbox.refuses = {".li@example.com": "501 5.1.3 Bad address"}
    mails.work()
    assert READER in [mail.to for mail in mails.postbox.take()]
    assert mails.followers.counts() == {"asked": 3, "aside": 1}


@pytest.mark.slow
def test_a_record_that_does_not_exist_cannot_be_followed_and_would_keep_mails_from_nobody(
    mails: MailSite,
) -> None:
    missing = make_scope(dataset=FEES, record="nosuchrecord")
    assert mails.ask(READER, missing.path("atom")).status_code == 422
    settings = mails.site.settings
    key = read_or_replace_key(settings.cursor_key)
    public = PublicInbox.open(settings.database, settings.inbox, key, capacity=1, clock=mails.site.clock)
    assert public is not None
    with closing(public):
        wish = Wish("first@example.com", msgspec.json.encode(missing).decode(), "at-once", "zh")
        public.followers().submit(wish)
    mails.work()
    mails.post(page_of(mails.postbox.take()[0], "/follow/confirm"), {})
    mails.follow(READER)
    mails.site.publish(SECOND)
    assert mails.work() == 1
    assert [mail.to for mail in mails.postbox.take()] == [READER]
    assert "nosuchrecord" in mails.followers.all()[0].error


@pytest.mark.slow
def test_followers_whose_key_is_lost_keep_mails_from_nobody(mails: MailSite) -> None:
    mails.follow("old@example.com")
    settings = mails.site.settings
    (old_key,) = settings.keys.glob("inbox-*.pem")
    Inbox.create(settings.database, settings.inbox, SealKeys(settings.keys))
    mails.follow("new@example.com")
    old_key.unlink()
    mails.followers._keys._loaded.clear()  # as after a restart
    mails.site.publish(SECOND)
    assert mails.work() == 1
    assert [mail.to for mail in mails.postbox.take()] == ["new@example.com"]
    (old, _) = mails.followers.all()
    assert (old.state, old.attempts) == ("active", 0)
    assert "cannot be read" in old.error


@pytest.mark.slow
def test_a_server_that_is_away_for_a_weekend_costs_no_wish(mails: MailSite) -> None:
    server = mails.mailer.server
    mails.mailer.server = MailServer.parse("smtp://127.0.0.1:1")
    mails.ask(READER)
    mails.advance(timedelta(days=UNCONFIRMED_DAYS, hours=12))
    with pytest.raises(ServerAwayError):
        mails.work()
    mails.mailer.server = server
    assert mails.work() == 1
    confirm = page_of(mails.postbox.take()[0], "/follow/confirm")
    mails.advance(timedelta(days=UNCONFIRMED_DAYS, hours=-1))  # the mail promises these days
    mails.work()
    assert "订阅已确认" in mails.post(confirm, {}).text
    mails.mailer.server = MailServer.parse("smtp://127.0.0.1:1")
    mails.ask("away@example.com")
    mails.advance(timedelta(days=UNASKED_DAYS))
    mails.work()
    assert mails.followers.counts() == {"active": 1}


@pytest.mark.slow
def test_a_server_that_is_away_costs_no_follower_and_no_news(mails: MailSite) -> None:
    mails.follow(READER)
    mails.site.publish(SECOND)
    server = mails.mailer.server
    mails.mailer.server = MailServer.parse("smtp://127.0.0.1:1")
    with pytest.raises(ServerAwayError):
        mails.work()
    (follower,) = mails.followers.all()
    assert (follower.state, follower.attempts) == ("active", 0)
    mails.mailer.server = server
    assert mails.work() == 1


@pytest.mark.slow
def test_what_is_published_between_a_confirmation_and_the_next_run_is_told(mails: MailSite) -> None:
    mails.ask(READER)
    mails.work()
    path = page_of(mails.postbox.take()[0], "/follow/confirm")
    mails.site.publish(FIRST[:2])
    mails.post(path, {})
    mails.site.publish(FIRST)
    assert mails.work() == 1
    (news,) = mails.postbox.take()
    assert "遗体整容" in news.text
    assert "居民生活污水处理费" not in news.text


@pytest.mark.slow
def test_who_left_is_not_told_that_mails_will_come(mails: MailSite) -> None:
    """Both choices come before the worker runs: it deletes the address."""
    mails.ask(READER)
    mails.work()
    confirm = page_of(mails.postbox.take()[0], "/follow/confirm")
    assert "已退订" in mails.post(confirm.replace("/confirm", "/leave"), {}).text
    for answer in (mails.site.client.get(confirm), mails.post(confirm, {}), mails.site.client.get(confirm)):
        assert "已退订" in answer.text
        assert "订阅已确认" not in answer.text
    assert (mails.work(), mails.followers.all()) == (0, [])


@pytest.mark.slow
def test_who_does_not_confirm_is_forgotten(mails: MailSite) -> None:
    mails.ask(READER)
    mails.work()
    confirm = page_of(mails.postbox.take()[0], "/follow/confirm")
    mails.advance(timedelta(days=UNCONFIRMED_DAYS))
    mails.work()
    assert mails.followers.all() == []
    assert "没有这个订阅" in mails.post(confirm, {}).text


@pytest.mark.slow
def test_nobody_fills_the_mailbox_of_another(mails: MailSite) -> None:
    for _ in range(ADDRESS_DAILY + 2):
        assert mails.ask(READER).status_code == 303  # the answer tells nothing
    mails.ask(READER.upper())
    assert mails.work() == ADDRESS_DAILY


@pytest.mark.slow
@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"email": "li.si"}, "请填写邮箱地址"),
        ({"email": "li@example.com\r\nBcc: x@example.com"}, "请填写邮箱地址"),
        ({"email": "李四@example.com"}, "请填写邮箱地址"),
        ({"pace": "hourly"}, "请选择多久寄一次"),
        ({"token": "0.0"}, "表单无效"),
    ],
)
def test_what_the_form_refuses(mails: MailSite, changes: dict[str, str], words: str) -> None:
    answer = mails.ask(READER, **changes)
    assert answer.status_code == 422
    assert words in answer.text
    assert mails.work() == 0


def test_forms_of_other_sites_and_addresses_of_no_feed_are_refused(mails: MailSite) -> None:
    assert_problem(mails.post("/follow", {}, **{"sec-fetch-site": "cross-site"}), "cross-site")
    answer = mails.site.client.get("/follow?feed=/feeds/none.atom", headers=BROWSER)
    assert answer.status_code == 422
    assert "没有这个订阅源" in answer.text


@pytest.mark.slow
def test_a_site_without_mail_explains_feeds_alone(mails: MailSite, tmp_path: Path) -> None:
    page = mails.site.client.get("/follow").text
    assert 'type="email"' in page
    bare = tmp_path / "bare"
    with open_mail_site(bare) as other:
        other.site.settings.inbox.unlink()  # no inbox, as before `qingdan corrections key`
        without = other.site.app
    from litestar.testing import TestClient

    with TestClient(without, base_url="http://testserver.local") as client:
        assert 'type="email"' not in client.get("/follow").text
        assert client.get("/follow/leave?token=x").status_code == 404


def test_pages_lead_to_what_they_follow(mails: MailSite) -> None:
    record = f"/datasets/{FEES}/records/{mails.site.record('价格鉴证业务收费')}"
    for page, feed in (
        ("/", "%2Ffeeds%2Fall.atom"),
        (f"/datasets/{FEES}", f"%2Ffeeds%2F{FEES}.atom"),
        (record, f"%2Ffeeds%2F{FEES}.atom%3Frecord%3D{record.rpartition('/')[2]}"),
        ("/search?q=鉴证", "%2Ffeeds%2Fsearch.atom%3Fq%3D"),
    ):
        text = mails.site.client.get(page).text
        assert f'href="/follow?feed={feed}' in text, page
    shown = mails.site.client.get(f"/follow?feed={ALL}").text
    title = mails.site.feed("all.atom").entries[0].title
    assert f">{title}</a>" in shown
    assert f"{BASE}/feeds/all.atom" in shown


@pytest.mark.slow
def test_an_inbox_of_before_gets_the_tables_of_followers(mails: MailSite) -> None:
    with closing(sqlite3.connect(mails.site.settings.inbox)) as inbox:
        inbox.executescript("DROP TABLE follower; DROP TABLE choice; UPDATE version SET number = 1;")
    app = mails.site.app
    from litestar.testing import TestClient

    with TestClient(app, base_url="http://testserver.local") as client:
        assert 'type="email"' not in client.get("/follow").text
        settings = mails.site.settings
        worker = Inbox.open(settings.database, settings.inbox, SealKeys(settings.keys))
        assert worker is not None
        worker.close()
        assert 'type="email"' in client.get("/follow").text  # without a restart

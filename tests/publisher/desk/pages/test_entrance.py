"""Sign-in, sessions and forms over HTTP, and what bad guests try."""

from __future__ import annotations

import html
import re
import time
from pathlib import Path
from statistics import median
from urllib.parse import quote

import pytest
from litestar.testing import TestClient
from sqlalchemy import select

from publisher.app import create_app
from publisher.desk.accounts import tables as t
from publisher.desk.accounts.lockout import FREE_FAILURES
from publisher.desk.accounts.roles import parse_grant
from publisher.desk.app import HANDLERS
from publisher.inbox.contact_seal import SealKeys
from publisher.inbox.inbox import Inbox
from publisher.log.model import LogError
from tests.support import sqlite
from tests.support.clock import Clock
from tests.support.desk import DESK, GOOD_PASSWORD, DeskSite, Form, code_at, desk_site, forms, sign_in
from tests.support.log import entry, stage


def test_an_invitation_ends_in_a_session(desk: DeskSite) -> None:
    token = desk.staff.accounts.add("zhang", "张三", [parse_grant("填报")])
    with desk.browser() as browser:
        path = f"/invitation/{token}"
        html = browser.see(path)
        secret = forms(html)[path].fields["secret"]
        assert "<svg" in html
        typed = {"password": GOOD_PASSWORD, "again": GOOD_PASSWORD, "secret": secret}
        wrong = browser.send(path, path, **typed, code="000000")
        assert wrong.status_code == 403
        assert secret in wrong.text
        right = browser.send(path, path, **typed, code=code_at(secret, desk.clock.now))
        assert right.headers["location"] == "/"
        assert "张三" in browser.see("/")
        assert browser.client.get(path).status_code == 410


@pytest.mark.slow
@pytest.mark.both_databases
def test_a_text_that_no_database_stores_is_no_fault_of_the_desk(desk: DeskSite) -> None:
    Inbox.create(desk.settings.database, desk.settings.inbox, SealKeys(desk.settings.keys))
    desk.add("an", "安全管理")
    desk.add("zhang", "填报:fees")
    with desk.browser() as browser:
        typed = {"password": GOOD_PASSWORD, "code": "000000"}
        assert browser.send("/sign-in", "/sign-in", name="zh\0ang", **typed).status_code == 403
    with desk.signed_in("an") as officer, desk.signed_in("zhang") as drafter:
        assert officer.client.get("/accounts/a%00n").status_code == 404
        new = {"name": "li", "display": "李\0四", "role": "审核", "scope": ""}
        assert officer.send("/accounts", "/accounts", **new).status_code == 200
        assert drafter.client.get("/requests/a%00").status_code == 404
    assert desk.staff.accounts.get("li").display == "李\ufffd四"
    assert desk.staff.audit.verify() == []


@pytest.mark.slow
def test_a_cookie_of_before_the_sign_in_is_not_the_session(desk: DeskSite) -> None:
    """Session fixation: who planted a cookie does not share the session."""
    desk.add("zhang", "填报")
    with desk.browser() as browser:
        browser.client.cookies.set("desk", "planted", domain="desk.example.gov.cn")
        sign_in(browser, "zhang", desk.code("zhang"))
        cookies = [c.value for c in browser.client.cookies.jar if c.name == "desk"]
        assert "planted" not in cookies
    with desk.browser() as thief:
        thief.client.cookies.set("desk", "planted", domain="desk.example.gov.cn")
        assert thief.client.get("/", follow_redirects=False).headers["location"] == "/sign-in?next=/"


def test_who_is_not_signed_in_leaves_no_session(desk: DeskSite) -> None:
    with desk.browser() as browser:
        browser.see("/sign-in")
        assert "desk" not in browser.client.cookies
    with desk.staff.store.read() as conn:
        assert conn.execute(select(t.session)).all() == []


@pytest.mark.slow
def test_a_session_ends_after_half_an_hour_without_a_request(desk: DeskSite) -> None:
    desk.add("zhang", "填报")
    with desk.signed_in("zhang") as browser:
        desk.clock.advance(minutes=29)
        browser.see("/")
        desk.clock.advance(minutes=29)
        browser.see("/")
        desk.clock.advance(minutes=31)
        assert browser.client.get("/", follow_redirects=False).status_code == 303


@pytest.mark.slow
def test_a_session_ends_after_half_a_day_however_busy(desk: DeskSite) -> None:
    desk.add("zhang", "填报")
    with desk.signed_in("zhang") as browser:
        for _ in range(28):
            desk.clock.advance(minutes=25)
            browser.see("/")
        desk.clock.advance(minutes=25)
        assert browser.client.get("/", follow_redirects=False).status_code == 303


@pytest.mark.slow
def test_a_new_password_ends_all_sessions(desk: DeskSite) -> None:
    desk.add("zhang", "填报")
    with desk.signed_in("zhang") as office, desk.signed_in("zhang") as home:
        typed = {"password": GOOD_PASSWORD + "9", "again": GOOD_PASSWORD + "9"}
        assert office.send("/password", "/password", current="wrong", **typed).status_code == 403
        assert office.send("/password", "/password", current=GOOD_PASSWORD, **typed).status_code == 303
        for browser in (office, home):
            assert browser.client.get("/", follow_redirects=False).status_code == 303


@pytest.mark.slow
def test_a_stolen_session_cannot_guess_the_password(desk: DeskSite) -> None:
    desk.add("zhang", "填报")
    typed = {"password": GOOD_PASSWORD + "9", "again": GOOD_PASSWORD + "9"}
    with desk.signed_in("zhang") as browser:
        for guess in range(FREE_FAILURES):
            answer = browser.send("/password", "/password", current=f"guess {guess}", **typed)
            assert "当前密码不对" in answer.text
        answer = browser.send("/password", "/password", current=GOOD_PASSWORD, **typed)
        assert "多次登录失败" in answer.text
        desk.clock.advance(seconds=121)
        assert browser.send("/password", "/password", current=GOOD_PASSWORD, **typed).status_code == 303
    failed = [event for event in desk.staff.audit.events() if event.kind == "sign-in-failed"]
    assert [(one.actor, one.details["failures"]) for one in failed] == [("zhang", n) for n in range(5, 0, -1)]


@pytest.mark.slow
def test_a_sign_in_takes_as_long_for_names_that_no_account_has(desk: DeskSite) -> None:
    """The password is hashed for every name: processor time of this thread, in turns, in the median."""
    desk.add("zhang", "填报")
    desk.staff.accounts.add("invited", "", [parse_grant("填报")])
    desk.add("gone", "填报")
    desk.staff.accounts.disable("gone")
    seconds: dict[str, list[float]] = {name: [] for name in ("zhang", "nobody", "invited", "gone")}
    for _ in range(7):
        for name, times in seconds.items():
            started = time.process_time()
            with pytest.raises(LogError):
                desk.staff.sign_in.with_password(name, "wrong", "123456")
            times.append(time.process_time() - started)
        desk.clock.advance(hours=2)  # no pause, which would be quick for all of them
    medians = {name: median(times) for name, times in seconds.items()}
    assert max(medians.values()) < 1.5 * min(medians.values()), medians


@pytest.mark.slow
def test_after_sign_out_the_cookie_opens_nothing(desk: DeskSite) -> None:
    desk.add("zhang", "填报")
    with desk.signed_in("zhang") as browser:
        stolen = dict(browser.client.cookies)
        assert browser.send("/", "/sign-out").status_code == 303
        browser.client.cookies.update(stolen)
        assert browser.client.get("/", follow_redirects=False).status_code == 303


@pytest.mark.slow
def test_a_tab_that_is_open_since_yesterday_changes_nothing(desk: DeskSite) -> None:
    desk.add("zhang", "填报", "审核")
    desk.add("zhao", "填报")
    stage(desk.log, entry("甲"), part="财政局")
    page = "/drafts/fees?part=财政局"
    files = {"files": ("财政局.csv", "名称,标准\n乙,2\n".encode())}
    heading = {"effective_on": "2020-01-01", "openness": "主动公开", "secrecy_reviewed_by": "保密员"}
    with desk.signed_in("zhang") as old:
        tab = forms(old.see(page))
        desk.clock.advance(hours=20)
        for action, form in tab.items():
            upload = files if action.endswith("/imports") else None
            answer = old.client.post(
                action, data={**form.fields, **heading}, files=upload, follow_redirects=False
            )
            if upload:  # a page cannot keep a file
                assert (answer.status_code, answer.headers["location"]) == (303, "/sign-in"), action
            else:
                assert (answer.status_code, "没有保存" in answer.text) == (403, True), action
        with desk.signed_in("zhao") as colleague:
            colleague.send(page, "/drafts/fees/imports", files=files, part="财政局")
        before = desk.log.drafts.get("fees")
        sign_in(old, "zhang", desk.code("zhang"))
        # Signed in again, the tab still shows the draft of yesterday.
        token = forms(old.see("/"))["/sign-out"].fields["_csrf_token"]
        fields = tab["/drafts/fees/imports"].fields | {"_csrf_token": token, "part": "财政局"}
        refused = old.client.post("/drafts/fees/imports", data=fields, files=files)
        assert refused.status_code == 409
        assert "草稿此间由他人更改" in refused.text
    assert desk.log.drafts.get("fees") == before
    assert desk.log.approvals.list() == []


@pytest.mark.slow
def test_changed_roles_hold_from_the_next_request(desk: DeskSite) -> None:
    desk.add("zhang", "填报:fees")
    with desk.signed_in("zhang") as browser:
        assert "填报" in browser.see("/")
        desk.staff.accounts.change_roles("zhang", [])
        assert browser.client.get("/").status_code == 403


@pytest.mark.slow
@pytest.mark.parametrize("token", ["", "forged" * 20])
def test_a_form_of_another_site_is_refused(desk: DeskSite, token: str) -> None:
    desk.add("zhang", "填报")
    with desk.signed_in("zhang") as browser:
        refused = browser.client.post("/sign-out", data={"_csrf_token": token}, follow_redirects=False)
        assert refused.status_code == 403
        browser.see("/")


def test_a_stranger_s_body_is_not_read(desk: DeskSite) -> None:
    with desk.browser() as browser:
        answer = browser.client.post("/password", content=b"x" * 5_000_000, follow_redirects=False)
        assert answer.headers["location"] == "/sign-in"


@pytest.mark.slow
def test_after_sign_in_no_other_site_is_opened(desk: DeskSite) -> None:
    desk.add("zhang", "填报")
    for address in ("https://evil.example", "//evil.example", "/\\evil.example", "javascript:alert(1)"):
        with desk.browser() as browser:
            answer = browser.send(
                "/sign-in",
                "/sign-in",
                name="zhang",
                password=GOOD_PASSWORD,
                code=desk.code("zhang"),
                next=address,
            )
            assert answer.headers["location"] == "/"
        desk.clock.advance(seconds=60)


@pytest.mark.slow
def test_answers_do_not_tell_which_accounts_there_are(desk: DeskSite) -> None:
    desk.add("zhang", "填报")
    answers = []
    for name in ("zhang", "nobody"):
        with desk.browser() as browser:
            answer = sign_in(browser, name, "123456", password="wrong")
            answers.append((answer.status_code, answer.text.replace(name, "")))
    assert _without_tokens(answers[0][1]) == _without_tokens(answers[1][1])
    assert answers[0][0] == answers[1][0] == 403


def test_pages_are_not_framed_cached_or_sniffed(desk: DeskSite) -> None:
    with desk.browser() as browser:
        for path in ("/sign-in", "/no-such-page", "/invitation/none"):
            headers = browser.client.get(path).headers
            assert "frame-ancestors 'none'" in headers["content-security-policy"]
            assert headers["x-frame-options"] == "DENY"
            assert headers["cache-control"] == "no-store"
            assert headers["x-content-type-options"] == "nosniff"


@pytest.mark.slow
def test_cookies_are_for_https_and_not_for_scripts(tmp_path: Path, clock: Clock) -> None:
    base = "https://desk.example.gov.cn"
    with (
        desk_site(tmp_path, sqlite.new(tmp_path / "qingdan.db"), clock, QINGDAN_DESK_BASE=base) as desk,
        TestClient(desk.app, base_url=base) as client,
    ):
        desk.add("zhang", "填报")
        form: Form = forms(client.get("/sign-in").text)["/sign-in"]
        typed = {"name": "zhang", "password": GOOD_PASSWORD, "code": desk.code("zhang")}
        answer = client.post("/sign-in", data={**form.fields, **typed}, follow_redirects=False)
        cookies = answer.headers.get_list("set-cookie") + client.get("/").headers.get_list("set-cookie")
        assert cookies
        for cookie in cookies:
            assert cookie.startswith("__Host-")
            assert {"secure", "httponly", "samesite=lax", "path=/"} <= set(cookie.lower().split("; "))
        assert "max-age=31536000" in answer.headers["strict-transport-security"]


def test_another_host_name_is_refused(desk: DeskSite) -> None:
    with TestClient(desk.app, base_url="http://evil.example") as client:
        assert client.get("/sign-in").status_code == 400


def test_a_demo_link_works_once_and_only_when_it_is_sent(desk: DeskSite) -> None:
    token = desk.staff.accounts.add("demo-a", "演示填报", [parse_grant("填报")], demo=True)
    path = f"/link/{token}"
    with desk.browser() as browser:
        browser.see(path)  # a program that looks at links
        assert browser.send(path, path).status_code == 303
        assert "演示账号" in browser.see("/")
        assert browser.send(path, path).status_code == 410


def test_nothing_of_the_desk_is_reachable_through_the_public_application(desk: DeskSite) -> None:
    with TestClient(create_app(desk.settings)) as client:
        for handler in HANDLERS:
            for path in handler.paths:
                if path in ("/", "/assets/{name:str}"):
                    continue  # the public site has pages of its own there
                assert client.get(path).status_code == 404
                assert client.post(path).status_code in (404, 405)
        assert "set-cookie" not in client.get("/").headers


def test_labels_are_in_english_for_who_asks(desk: DeskSite) -> None:
    with desk.browser() as browser:
        assert "Sign in" in browser.see("/sign-in?lang=en")
        assert "Sign in" in browser.see("/sign-in")
        assert "登录" in browser.see("/sign-in?lang=zh")


@pytest.mark.slow
def test_another_language_and_a_new_sign_in_lead_to_the_same_part(desk: DeskSite) -> None:
    desk.add("zhang", "填报:fees:财政局", "填报:fees:民政局")
    page = f"/drafts/fees?part={quote('民政局')}"
    with desk.browser() as browser:
        sign_in_page = browser.client.get(page, follow_redirects=False).headers["location"]
        (english,) = re.findall(r'href="([^"]*lang=en)"', browser.see(sign_in_page))
        form = forms(browser.see(f"/sign-in{html.unescape(english)}"))["/sign-in"]
        typed = {"name": "zhang", "password": GOOD_PASSWORD, "code": desk.code("zhang")}
        answer = browser.client.post("/sign-in", data={**form.fields, **typed}, follow_redirects=False)
        assert answer.headers["location"] == page
        (chinese,) = re.findall(r'href="([^"]*lang=zh)"', browser.see(page))
        assert 'name="part" value="民政局"' in browser.see(f"/drafts/fees{html.unescape(chinese)}")
        refused = browser.send(page, "/drafts/fees/imports")
        (start,) = re.findall(r'href="([^"]*lang=en)"', refused.text)
        assert browser.client.get(html.unescape(start)).status_code == 200


def test_static_files_are_cached(desk: DeskSite) -> None:
    with desk.browser() as browser:
        html = browser.see("/sign-in")
        (sheet,) = {part.partition('"')[0] for part in html.split('href="') if "/assets/desk." in part}
        answer = browser.client.get(sheet)
        assert answer.headers["cache-control"].endswith("immutable")
        assert "set-cookie" not in answer.headers
        assert answer.request.url.host == "desk.example.gov.cn"
    assert DESK.endswith(":8001")


def _without_tokens(html: str) -> str:
    for form in forms(html).values():
        html = html.replace(form.fields.get("_csrf_token", "\0"), "")
    return html

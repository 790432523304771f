"""A session that ends while a form is open: the form can be sent again after a sign-in."""

from __future__ import annotations

import pytest

from tests.support.desk import GOOD_PASSWORD, DeskSite, list_forms, sign_in
from tests.support.log import entry, ids, release

pytestmark = pytest.mark.slow
REVIEW = {"openness": "主动公开", "secrecy_reviewed_by": "保密员<甲>"}


@pytest.fixture
def record(desk: DeskSite) -> str:
    """Publish a record, and return the address of its form."""
    desk.add("zhang", "填报", "系统管理")
    release(desk.log, entry("甲", "1"), part="财政局")
    return f"/records/fees/{ids(desk.log)['甲']}"


def test_a_form_is_sent_again_as_it_was_typed(desk: DeskSite, record: str) -> None:
    reason = '一"<b>\r\n\r\n二\r\n'
    with desk.signed_in("zhang") as browser:
        form = list_forms(browser.see(record))[1]
        assert form.action == record
        desk.clock.advance(minutes=31)
        sent = {**form.fields, **REVIEW, "field-standard": "9", "reason": reason, "lang": "en"}
        for _ in range(2):  # also if it is sent again before the sign-in
            answer = browser.client.post(record, data=sent, follow_redirects=False)
            assert answer.status_code == 403
            assert "您填写的内容保留在本页" in answer.text
            (again,) = list_forms(answer.text)
            assert again.action == record
            assert again.fields == {**sent, "reason": reason.replace("\r\n", "\n")}
        assert desk.log.approvals.list() == []
        sign_in(browser, "zhang", desk.code("zhang"))
        answer = browser.client.post(again.action, data=again.fields, follow_redirects=False)
        assert answer.status_code == 303, answer.text
    (one,) = desk.log.approvals.list()
    assert one.request.note == reason.replace("\r\n", "\n").strip()


def test_fields_of_one_name_and_the_query_stay(desk: DeskSite, record: str) -> None:
    with desk.signed_in("zhang") as browser:
        token = list_forms(browser.see(record))[0].fields["_csrf_token"]
        desk.clock.advance(minutes=31)
        data = {"_csrf_token": token, "a": ["一", "二"], "b": ""}
        answer = browser.client.post(f"{record}?lang=en&x=%22", data=data, follow_redirects=False)
        assert "Send again" in answer.text
        assert [name in answer.text for name in ('value="一"', 'value="二"', 'name="b"')] == [True] * 3
        assert list_forms(answer.text)[0].action == f"{record}?lang=en&x=%22"


@pytest.mark.parametrize("token", ["", "forged" * 20, "伪造" * 40])
def test_texts_of_another_site_are_not_shown(desk: DeskSite, record: str, token: str) -> None:
    with desk.signed_in("zhang") as browser:
        desk.clock.advance(minutes=31)
        for _ in range(2):
            answer = browser.client.post(
                record, data={"_csrf_token": token, "reason": "不是我写的"}, follow_redirects=False
            )
            assert (answer.status_code, answer.headers["location"]) == (303, "/sign-in")
            assert "不是我写的" not in answer.text
            browser.client.cookies.clear()


def test_passwords_are_not_repeated_nor_a_form_without_fields(desk: DeskSite) -> None:
    desk.add("zhang", "填报")
    with desk.signed_in("zhang") as browser:
        sign_out, form = list_forms(browser.see("/password"))
        assert (sign_out.action, form.action) == ("/sign-out", "/password")
        desk.clock.advance(minutes=31)
        typed = dict.fromkeys(("current", "password", "again"), GOOD_PASSWORD)
        answer = browser.client.post("/password", data={**form.fields, **typed}, follow_redirects=False)
        assert (answer.status_code, answer.headers["location"]) == (303, "/sign-in")
        answer = browser.client.post("/sign-out", data=sign_out.fields, follow_redirects=False)
        assert (answer.status_code, answer.headers["location"]) == (303, "/sign-in")


def test_a_large_body_of_a_stranger_is_refused(desk: DeskSite) -> None:
    with desk.browser() as browser:
        answer = browser.client.post("/settings", data={"name": "x" * 5_000_000}, follow_redirects=False)
        assert answer.status_code == 413

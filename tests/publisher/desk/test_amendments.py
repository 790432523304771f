"""One record at the desk: corrected, renamed and withdrawn with a second person."""

from __future__ import annotations

from datetime import date

import pytest

from publisher.log.model import LogError, View
from tests.support.desk import Browser, DeskSite, approve_and_publish, call_api, forms
from tests.support.log import entry, release

pytestmark = pytest.mark.slow

SECRECY = {"secrecy_reviewed_by": "保密员", "secrecy_reviewed_on": "2020-01-01", "openness": "主动公开"}


@pytest.fixture
def record(desk: DeskSite) -> str:
    """A published fee of 财政局, in a dataset under the rule, and the people."""
    release(desk.log, entry("甲"), entry("乙"))
    desk.log.datasets.change("fees", two_persons=True)
    roles = {"zhang": "填报:fees:财政局", "sun": "填报:fees:民政局", "li": "审核:fees", "wang": "发布"}
    for name, role in roles.items():
        desk.add(name, role)
    return find(desk, "甲")


def find(desk: DeskSite, title: str) -> str:
    (state,) = [one for one in desk.log.queries.find_by_title("fees", title) if one.title == title]
    return state.id


def submit(browser: Browser, record: str, **typed: str) -> str:
    """Fill in the first form of a record → the address of the submission."""
    page = f"/records/fees/{record}"
    fields = dict(_first_form(browser.see(page)))
    answer = browser.client.post(page, data={**fields, **SECRECY, **typed}, follow_redirects=False)
    assert answer.status_code == 303, answer.text
    return answer.headers["location"]


def _first_form(html: str) -> dict[str, str]:
    """The form of a correction: that of a withdrawal has the same address and comes after it."""
    own = html[: html.index('aria-labelledby="withdraw"')]
    (form,) = (form for action, form in forms(own).items() if action.startswith("/records/"))
    return form.fields


def test_a_correction_goes_to_a_second_person_who_sees_both_values(desk: DeskSite, record: str) -> None:
    with desk.signed_in("zhang") as drafter, desk.signed_in("li") as reviewer:
        assert f"/records/fees/{record}" in drafter.see("/records/fees?title=甲")
        address = submit(drafter, record, **{"field-standard": "9元"}, reason="标准有误")
        before = desk.log.queries.record("fees", record, View()).content
        assert before.get("standard") != "9元"
        html = reviewer.see(address)
        assert "更正" in html
        assert "<ins>9元</ins>" in html
        assert not {f"{address}/approve"} & set(forms(drafter.see(address)))
    assert "已发布" in approve_and_publish(desk, address)
    assert desk.log.queries.record("fees", record, View()).content["standard"] == "9元"
    newest = max(desk.log.queries.releases("fees"), key=lambda one: one.number)
    assert newest.approval is not None
    assert [role for role, _ in newest.approval.people] == ["填报", "审核", "发布", "保密审查"]


def test_another_name_keeps_the_record_and_a_withdrawal_takes_it_off(desk: DeskSite, record: str) -> None:
    with desk.signed_in("zhang") as drafter:
        name = {"field-name": "甲（新名）", "kind": "rename", "effective_on": "2020-01-01"}
        address = submit(drafter, record, **name, reason="改名")
    assert "已发布" in approve_and_publish(desk, address)
    assert find(desk, "甲（新名）") == record
    with desk.signed_in("zhang") as drafter:
        address = submit(drafter, record, kind="withdraw", reason="误列")
    assert "已发布" in approve_and_publish(desk, address)
    assert desk.log.queries.record("fees", record, View()).status == "withdrawn"


def test_what_is_wrong_or_says_nothing_is_refused_and_what_was_typed_stays(
    desk: DeskSite, record: str
) -> None:
    page = f"/records/fees/{record}"
    with desk.signed_in("zhang") as drafter:
        fields = {**_first_form(drafter.see(page)), **SECRECY}
        for typed, words in (
            ({"reason": "有误"}, "没有更改任何内容"),
            ({"field-standard": "9元", "reason": " "}, "请写明理由"),
            ({"field-rate": "很多", "reason": "有误"}, "费率"),
            ({"field-standard": "<script>9", "reason": "有误", "openness": "依申请公开"}, "不能发布"),
        ):
            answer = drafter.client.post(page, data={**fields, **typed})
            assert answer.status_code == 409
            assert words in answer.text
            assert "<script>9" not in answer.text
        assert "&lt;script&gt;9" in answer.text
        assert drafter.client.post(page, data={**fields, "_csrf_token": ""}).status_code == 403
    assert desk.log.approvals.list() == []


def test_a_clerk_amends_records_of_his_own_part_only(desk: DeskSite, record: str) -> None:
    with desk.signed_in("sun") as other, desk.signed_in("zhang") as own:
        assert other.client.get(f"/records/fees/{record}").status_code == 403
        assert record not in other.see("/records/fees?title=甲")
        token = forms(other.see("/"))["/sign-out"].fields["_csrf_token"]
        data = {**SECRECY, "_csrf_token": token, "kind": "withdraw", "reason": "误列"}
        assert other.client.post(f"/records/fees/{record}", data=data).status_code == 403
        address = submit(own, record, **{"field-standard": "9元"}, reason="标准有误")
        assert other.client.get(address).status_code == 404
    with desk.signed_in("li") as reviewer:
        assert reviewer.client.get(f"/records/fees/{record}").status_code == 403


def test_programs_amend_too(desk: DeskSite, record: str) -> None:
    body = {"kind": "correct", "reason": "标准有误", "fields": {"standard": "9元"}, **SECRECY}
    with desk.signed_in("zhang") as drafter, desk.signed_in("li") as reviewer:
        path = f"/records/fees/{record}/amendments"
        refused = call_api(drafter, path, {**body, "fields": {"nonsense": "1"}})
        assert (refused.status_code, refused.json()["code"]) == (404, "no-such-field")
        one = call_api(drafter, path, body)
        assert one.status_code == 201, one.text
        key, digest = one.json()["key"], one.json()["digest"]
        assert call_api(reviewer, f"/submissions/{key}/approve", {"digest": digest}).status_code == 200
    with pytest.raises(LogError) as refused_error:
        desk.log.releases.correct("fees", {record: {"name": "甲"}}, reason="另一更正")
    assert refused_error.value.code == "approval-needed"
    assert one.json()["effective_on"] is None
    assert date.fromisoformat(one.json()["submitted_at"][:10])

"""A whole release at the desk: cancelled before it is in effect, withdrawn afterwards, by two persons."""

from __future__ import annotations

from datetime import date, timedelta

import httpx
import pytest

from publisher.log.model import LogError, Release, View
from tests.publisher.desk.test_amendments import SECRECY, find
from tests.support.desk import Browser, DeskSite, approve_and_publish, call_api
from tests.support.log import entry, release, standards

pytestmark = pytest.mark.slow
PART = "财政局"
LIST = "/releases/fees"


@pytest.fixture
def site(desk: DeskSite) -> DeskSite:
    """A list of two releases, the second with a correction and two items that should not be on it."""
    release(desk.log, entry("甲", "1"), entry("乙", "2"), part=PART)
    release(desk.log, entry("甲", "9"), entry("乙", "2"), entry("丙", "3"), entry("丁", "4"), part=PART)
    desk.log.datasets.change("fees", two_persons=True)
    roles = {"zhang": "填报:fees:财政局", "sun": "填报:fees:民政局", "li": "审核:fees", "wang": "发布"}
    for name, role in roles.items():
        desk.add(name, role)
    return desk


def later(desk: DeskSite) -> date:
    """Publish a third release that is not yet in effect: one changed, one removed, one new."""
    day = desk.clock.now.date() + timedelta(days=30)
    desk.log.datasets.change("fees", two_persons=False)
    entries = entry("甲", "7"), entry("乙", "2"), entry("丙", "3"), entry("戊", "5")
    release(desk.log, *entries, part=PART, on=day)
    desk.log.datasets.change("fees", two_persons=True)
    return day


def withdraw(browser: Browser, number: int, **typed: str) -> httpx.Response:
    page = f"{LIST}/{number}"
    return browser.send(page, page, **{"reason": "误发", **SECRECY, **typed})


def newest(desk: DeskSite) -> Release:
    return desk.log.queries.releases("fees")[-1]


def test_of_a_release_in_effect_what_it_added_is_withdrawn_by_a_second_person(site: DeskSite) -> None:
    with site.signed_in("zhang") as drafter, site.signed_in("li") as reviewer:
        assert f"{LIST}/2" in drafter.see(LIST)
        html = drafter.see(f"{LIST}/2")
        assert [name for name in "甲乙丙丁" if f"</span> {name}</h3>" in html] == ["丙", "丁"]
        address = withdraw(drafter, 2).headers["location"]
        html = reviewer.see(address)
        assert "丙" in html
        assert "撤回公布" in reviewer.see(f"{address}/preview")
    assert "已发布" in approve_and_publish(site, address)
    assert standards(site.log) == {"甲": "9", "乙": "2"}
    assert newest(site).counts["withdrawn"] == 2
    assert newest(site).note == "误发"
    approval = newest(site).approval
    assert approval is not None
    assert [role for role, _ in approval.people] == ["填报", "审核", "发布", "保密审查"]
    kinds = [event.kind for event in site.staff.audit.events(limit=20) if event.subject == "fees"]
    assert kinds == ["published", "approved", "submitted"]
    assert site.log.integrity.verify().ok
    with site.signed_in("zhang") as drafter:  # nothing of it is left to withdraw
        assert withdraw(drafter, 1).status_code == 303
        token = drafter.client.cookies["form"]
        answer = drafter.client.post(
            f"{LIST}/2", data={**SECRECY, "_csrf_token": token, "reason": "再撤"}, follow_redirects=False
        )
        assert answer.status_code == 409
        assert "没有新增、仍可撤回的条目" in answer.text


def test_a_release_that_is_not_yet_in_effect_is_cancelled(site: DeskSite) -> None:
    day = later(site)
    with site.signed_in("zhang") as drafter, site.signed_in("li") as reviewer:
        assert "尚未生效" in drafter.see(LIST)
        address = withdraw(drafter, 3, reason="生效日期有误").headers["location"]
        html = reviewer.see(address)
        assert "取消第3次发布" in html
        assert "<del>7</del></td><td><ins>9</ins>" in html
        assert "取消第3次发布" not in reviewer.see(f"{address}/preview?record={find(site, '甲')}")
    before = _shown_kinds(html)
    assert "已发布" in approve_and_publish(site, address)
    last = newest(site)
    assert (last.cancels, last.note) == (3, "生效日期有误")
    changes = site.log.queries.changes(dataset="fees", release=4)
    assert before == {change.title: change.kind for change in changes}
    assert standards(site.log, View(as_of=day)) == {"甲": "9", "乙": "2", "丙": "3", "丁": "4"}
    with site.signed_in("zhang") as drafter:
        assert "已取消" in drafter.see(LIST)
        assert "第3次发布已由第4次发布取消" in drafter.see(f"{LIST}/3")


def _shown_kinds(html: str) -> dict[str, str]:
    """Title of each change of a page → its kind."""
    articles = html.split('<article class="difference ')[1:]
    return {one.split("</span> ")[1].split("<")[0]: one.split('"')[0] for one in articles}


def test_who_may_not_amend_all_parts_of_a_release_sees_no_form_and_is_refused(site: DeskSite) -> None:
    with site.signed_in("sun") as other, site.signed_in("li") as reviewer:
        for one in (other, reviewer):
            assert "提交撤回" not in one.see(f"{LIST}/2")
        data = {**SECRECY, "_csrf_token": other.client.cookies["form"], "reason": "误发"}
        assert other.client.post(f"{LIST}/2", data=data).status_code == 403
        assert other.see(f"{LIST}/9", status=404)
    assert site.log.approvals.list() == []


def test_a_release_that_came_into_effect_meanwhile_is_not_cancelled(site: DeskSite) -> None:
    later(site)
    with site.signed_in("zhang") as drafter:
        address = withdraw(drafter, 3).headers["location"]
    site.clock.advance(days=31)
    text = approve_and_publish(site, address)
    assert "不能取消" in text
    assert len(site.log.queries.releases("fees")) == 3


def test_programs_withdraw_a_release_too(site: DeskSite) -> None:
    later(site)
    path, body = f"{LIST}/3/withdrawal", {"reason": "生效日期有误", **SECRECY}
    with site.signed_in("zhang") as drafter, site.signed_in("li") as reviewer, site.signed_in("wang") as last:
        refused = call_api(drafter, path, {**body, "reason": " "})
        assert (refused.status_code, refused.json()["code"]) == (409, "reason-missing")
        headers = {"x-csrftoken": drafter.client.cookies["form"], "idempotency-key": "nightly-1"}
        one, again = (drafter.client.post(f"/desk/v1{path}", json=body, headers=headers) for _ in range(2))
        assert (one.status_code, one.json()["kind"]) == (201, "cancel")
        assert again.json() == one.json()
        assert again.headers["idempotency-replayed"] == "true"
        key, digest = one.json()["key"], one.json()["digest"]
        moved = call_api(reviewer, f"/submissions/{key}/approve", {"digest": "0" * 64})
        assert (moved.status_code, moved.json()["code"]) == (409, "digest-moved")
        assert call_api(reviewer, f"/submissions/{key}/approve", {"digest": digest}).status_code == 200
        with pytest.raises(LogError) as refusal:
            site.log.releases.cancel("fees", 3, reason="另一理由")
        assert refusal.value.code == "approval-needed"
        assert call_api(last, f"/submissions/{key}/publish", {"digest": digest}).json()["release"] == 4

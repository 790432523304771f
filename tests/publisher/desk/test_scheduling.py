"""Publication at a time, by page and API, and submissions that their drafter takes back."""

from __future__ import annotations

import time
from contextlib import closing
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from litestar.testing import TestClient
from sqlalchemy import create_engine, text

from publisher.desk import scheduling
from publisher.desk.accounts.roles import parse_grant
from publisher.desk.accounts.schedules import Schedule
from publisher.desk.app import create_desk_app
from publisher.desk.desk import Desk, create_desk, open_staff
from publisher.log.approvals.submission import PublicationRequest, Submission
from publisher.log.clocks import SHANGHAI
from tests.support import sqlite
from tests.support.clock import Clock
from tests.support.desk import DESK, DeskSite, call_api, desk_site, forms
from tests.support.log import entry, stage

NEXT_DAY = "2020-01-02T09:00"
AT = datetime(2020, 1, 2, 9, tzinfo=SHANGHAI)


@pytest.fixture
def approved(desk: DeskSite) -> Submission:
    """A submission that waits for publication, under the two-person rule."""
    for name, role in (("zhang", "填报:fees"), ("li", "审核"), ("wang", "发布")):
        desk.add(name, role)
    desk.log.datasets.change("fees", two_persons=True)
    stage(desk.log, entry("甲"), part="财政局")
    request = PublicationRequest(kind="draft", effective_on=desk.clock.now.date(), parts=("财政局",))
    one = desk.log.approvals.submit("fees", request, drafter="zhang")
    return desk.log.approvals.approve(one.key, digest=one.digest, reviewer="li")


def desk_of(site: DeskSite) -> Desk:
    return create_desk(site.settings, site.log, site.staff, site.clock)


def publish_due(site: DeskSite) -> None:
    scheduling.publish_due(desk_of(site))


def releases(site: DeskSite) -> int:
    return len(site.log.queries.releases("fees"))


def kinds(site: DeskSite) -> list[str]:
    return [event.kind for event in site.staff.audit.events()]


@pytest.mark.slow
@pytest.mark.both_databases
def test_a_submission_is_published_at_its_time_and_once(desk: DeskSite, approved: Submission) -> None:
    address = f"/submissions/{approved.key}"
    with desk.signed_in("wang") as browser, desk.signed_in("li") as reviewer:
        answer = browser.send(address, f"{address}/schedule", publish_at=NEXT_DAY)
        assert answer.status_code == 303, answer.text
        for html in (browser.see(address), browser.see("/")):
            assert "2020-01-02 09:00" in html
        assert f"{address}/unschedule" not in forms(reviewer.see(address))
        desk.clock.now = AT - timedelta(seconds=1)
        publish_due(desk)
        assert releases(desk) == 0
        desk.clock.now = AT
        publish_due(desk)
        publish_due(desk)
    assert releases(desk) == 1
    assert desk.log.approvals.get(approved.key).state == "published"
    assert desk.staff.schedules.all() == {}
    (event,) = [event for event in desk.staff.audit.events() if event.kind == "published"]
    assert (event.actor, event.details["release"]) == ("wang", 1)


def test_a_desk_that_was_off_publishes_when_it_is_on(desk: DeskSite, approved: Submission) -> None:
    new = Schedule(approved.key, "fees", approved.digest, "wang", desk.clock.now - timedelta(hours=5))
    desk.staff.schedules.put(new, desk.clock.now, {})
    app = create_desk_app(desk.settings, desk.log, desk.staff, clock=desk.clock)
    with TestClient(app, base_url=DESK):
        until = time.monotonic() + 60
        while not releases(desk) and time.monotonic() < until:
            time.sleep(0.05)
    assert releases(desk) == 1


def test_a_desk_that_was_killed_after_the_publication_does_not_publish_again(
    desk: DeskSite, approved: Submission
) -> None:
    """The release is there, and the schedule too."""
    new = Schedule(approved.key, "fees", approved.digest, "wang", desk.clock.now)
    publish_schedule(desk, new)
    desk.staff.schedules.put(new, desk.clock.now, {})
    publish_due(desk)
    assert releases(desk) == 1
    assert desk.staff.schedules.all() == {}
    assert "schedule-failed" not in kinds(desk)


def test_a_time_that_is_taken_back_while_another_is_published_counts(
    desk: DeskSite, approved: Submission
) -> None:
    stage(desk.log, entry("乙"), part="民政局")
    request = PublicationRequest(kind="draft", effective_on=desk.clock.now.date(), parts=("民政局",))
    second = desk.log.approvals.submit("fees", request, drafter="zhang")
    desk.log.approvals.approve(second.key, digest=second.digest, reviewer="li")
    for one in (approved, second):
        new = Schedule(one.key, "fees", one.digest, "wang", desk.clock.now)
        desk.staff.schedules.put(new, desk.clock.now, {})

    def clock() -> datetime:
        if releases(desk):  # the first was published a moment ago
            desk.staff.schedules.remove(second.key, desk.clock.now)
        return desk.clock.now

    scheduling.publish_due(create_desk(desk.settings, desk.log, desk.staff, clock))
    assert releases(desk) == 1
    assert desk.log.approvals.get(second.key).state == "approved"


def publish_schedule(desk: DeskSite, new: Schedule) -> None:
    desk.staff.schedules.put(new, desk.clock.now, {})
    publish_due(desk)


@pytest.mark.slow
@pytest.mark.parametrize("reason", ["moved", "returned", "cancelled", "role", "disabled"])
def test_what_may_not_be_published_then_is_told_and_not_tried_again(
    desk: DeskSite, approved: Submission, reason: str
) -> None:
    desk.add("zhao", "发布")
    desk.staff.schedules.put(Schedule(approved.key, "fees", approved.digest, "wang", AT), desk.clock.now, {})
    match reason:
        case "moved":
            stage(desk.log, entry("乙"), part="财政局")
        case "returned":
            desk.log.approvals.return_(approved.key, reviewer="li", reason="再核")
        case "cancelled":
            desk.log.approvals.cancel(approved.key, drafter="zhang")
        case "role":
            desk.staff.accounts.change_roles("wang", [parse_grant("审核")])
        case "disabled":
            desk.staff.accounts.disable("wang")
    desk.clock.now = AT
    publish_due(desk)
    publish_due(desk)
    assert releases(desk) == 0
    assert kinds(desk).count("schedule-failed") == 1
    assert desk.staff.schedules.all()[approved.key].fault_zh
    if reason in ("moved", "role", "disabled"):
        with desk.signed_in("zhao") as browser:
            assert "定时发布失败" in browser.see("/")
            assert "定时发布失败" in browser.see(f"/submissions/{approved.key}")


@pytest.mark.slow
def test_a_time_is_taken_back_and_the_approval_stays(desk: DeskSite, approved: Submission) -> None:
    address = f"/submissions/{approved.key}"
    with desk.signed_in("wang") as browser:
        browser.send(address, f"{address}/schedule", publish_at=NEXT_DAY)
        assert browser.send(address, f"{address}/unschedule").status_code == 303
        assert f"{address}/publish" in forms(browser.see(address))
        desk.clock.now = AT
        publish_due(desk)
        assert releases(desk) == 0
        assert desk.log.approvals.get(approved.key).state == "approved"
    assert {"scheduled", "unscheduled"} <= set(kinds(desk))


@pytest.mark.slow
@pytest.mark.parametrize("publish_at", ["2020-01-01T07:00", "2021-06-01T09:00", "tomorrow", ""])
def test_a_time_in_the_past_or_far_away_or_none_is_refused(
    desk: DeskSite, approved: Submission, publish_at: str
) -> None:
    address = f"/submissions/{approved.key}"
    with desk.signed_in("wang") as browser:
        answer = browser.send(address, f"{address}/schedule", publish_at=publish_at)
        assert answer.status_code == 409
        assert "发布时间" in answer.text
    assert desk.staff.schedules.all() == {}


@pytest.mark.slow
def test_programs_and_persons_schedule_by_the_api(desk: DeskSite, approved: Submission) -> None:
    path = f"/submissions/{approved.key}"
    body: dict[str, Any] = {"digest": approved.digest, "publish_at": "2020-01-02T09:00:00+08:00"}
    with desk.signed_in("wang") as last, desk.signed_in("zhang") as drafter:
        assert call_api(drafter, f"{path}/schedule", body).status_code == 403
        assert call_api(last, f"{path}/unschedule").json()["code"] == "no-such-schedule"
        assert (
            call_api(last, f"{path}/schedule", {**body, "digest": "0" * 64}).json()["code"] == "digest-moved"
        )
        assert (
            call_api(last, f"{path}/schedule", {**body, "publish_at": "2020-01-02T09:00:00"}).status_code
            == 400
        )
        one = call_api(last, f"{path}/schedule", body)
        assert (one.status_code, one.json()["publish_at"]) == (200, "2020-01-02T01:00:00Z"), one.text
        assert last.client.get(f"/desk/v1{path}").json()["publish_at"] == "2020-01-02T01:00:00Z"
        (listed,) = last.client.get("/desk/v1/submissions").json()
        assert listed["publish_at"] == "2020-01-02T01:00:00Z"
        assert call_api(last, f"{path}/unschedule").json()["publish_at"] is None


@pytest.mark.slow
def test_nothing_unapproved_and_nothing_of_one_s_own_is_scheduled(desk: DeskSite) -> None:
    desk.add("wu", "填报", "发布")
    stage(desk.log, entry("甲"), part="财政局")
    request = PublicationRequest(kind="draft", effective_on=desk.clock.now.date(), parts=("财政局",))
    one = desk.log.approvals.submit("fees", request, drafter="wu")
    body = {"digest": one.digest, "publish_at": "2020-01-02T09:00:00+08:00"}
    with desk.signed_in("wu") as browser:
        path = f"/submissions/{one.key}/schedule"
        assert call_api(browser, path, body).json()["code"] == "approval-needed"
        desk.log.approvals.approve(one.key, digest=one.digest, reviewer="li")
        assert call_api(browser, path, body).json()["code"] == "same-person"


@pytest.mark.slow
def test_by_a_setting_who_drafted_publishes_what_another_person_approved(
    tmp_path: Path, clock: Clock
) -> None:
    url = sqlite.new(tmp_path / "qingdan.db")
    with desk_site(tmp_path, url, clock, QINGDAN_DESK_DRAFTER_PUBLISHES="1") as desk:
        desk.add("wu", "填报", "审核", "发布")
        stage(desk.log, entry("甲"), part="财政局")
        request = PublicationRequest(kind="draft", effective_on=desk.clock.now.date(), parts=("财政局",))
        one = desk.log.approvals.submit("fees", request, drafter="wu")
        path, body = f"/submissions/{one.key}", {"digest": one.digest}
        with desk.signed_in("wu") as browser:
            assert call_api(browser, f"{path}/approve", body).json()["code"] == "same-person"
            assert f"{path}/publish" not in forms(browser.see(path))
            desk.log.approvals.approve(one.key, digest=one.digest, reviewer="li")
            assert f"{path}/publish" in forms(browser.see(path))
            assert call_api(browser, f"{path}/publish", body).status_code == 200
            assert desk.log.queries.release("fees", 1).counts["added"] == 1


@pytest.mark.slow
def test_a_drafter_takes_his_submission_back_and_no_other(desk: DeskSite, approved: Submission) -> None:
    desk.add("wu", "填报:fees")
    address = f"/submissions/{approved.key}"
    with desk.signed_in("zhang") as drafter, desk.signed_in("wu") as other, desk.signed_in("wang") as last:
        assert f"{address}/cancel" not in forms(other.see(address))
        assert call_api(other, f"{address}/cancel").json()["code"] == "not-the-drafter"
        assert drafter.send(address, f"{address}/cancel").status_code == 303
        html = drafter.see(address)
        assert "填报人已取消" in html
        assert f"{address}/cancel" not in forms(html)
        again = call_api(drafter, f"{address}/cancel")
        assert (again.status_code, again.json()["code"]) == (409, "submission-decided")
        refused = call_api(last, f"{address}/publish", {"digest": approved.digest})
        assert refused.json()["code"] == "approval-needed"
    draft = desk.log.drafts.get("fees")
    assert draft is not None
    assert draft.records == 1
    assert "cancelled" in kinds(desk)


def test_a_desk_of_the_second_version_gets_the_table(desk: DeskSite, approved: Submission) -> None:
    head = desk.staff.audit.head()
    desk.staff.close()
    engine = create_engine(f"sqlite:///{desk.settings.desk}")
    with engine.begin() as conn:
        for statement in ("DROP TABLE schedule", "UPDATE version SET number = 2"):
            conn.execute(text(statement))
    engine.dispose()
    with closing(open_staff(desk.settings, clock=desk.clock)) as staff:
        assert staff.audit.verify(head) == []
        staff.schedules.put(Schedule(approved.key, "fees", approved.digest, "wang", AT), AT, {})
        assert len(staff.schedules.all()) == 1
        assert Path(desk.settings.desk).exists()

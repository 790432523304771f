"""Lines of the audit log for what the log has and the desk could not write: it was killed in between."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Any

import pytest

from publisher.desk.accounts.acts import Act
from publisher.desk.accounts.audit_log import AuditEvent, Kind
from publisher.desk.acts import complete_acts
from publisher.desk.desk import Desk
from publisher.harvest import source_config
from publisher.harvest.source_config import SourceSite
from publisher.log.approvals.submission import PublicationRequest, Submission
from tests.support.desk import DeskSite, forms
from tests.support.log import EARLY, entry, put_workbook, stage

pytestmark = pytest.mark.slow
REQUEST = PublicationRequest(kind="draft", effective_on=EARLY, parts=("财政局",))


def submit(site: DeskSite) -> Submission:
    stage(site.log, entry("甲"), part="财政局")
    return site.log.approvals.submit("fees", REQUEST, drafter="zhang")


def approve(site: DeskSite) -> Submission:
    one = submit(site)
    return site.log.approvals.approve(one.key, digest=one.digest, reviewer="li")


def begin(site: DeskSite, kind: Kind, actor: str, subject: str = "fees", **details: Any) -> Act:
    """Begin an act as the desk does, which is killed after it."""
    event = {"actor": actor, "subject": subject, "address": "mac", "details": details}
    return site.staff.acts.begin(kind, event, site.log.proofs.size())


def complete(site: DeskSite, after: Act) -> list[AuditEvent]:
    """Start the desk again → the lines that it appends."""
    desk: Desk = site.app.state.desk
    complete_acts(desk)
    complete_acts(desk)
    assert site.staff.audit.verify() == []
    return site.staff.audit.events_after(after.lines)


def publish(site: DeskSite) -> Act:
    one = approve(site)
    act = begin(site, "published", "wang", submission=one.key, digest=one.digest)
    site.log.releases.publish("fees", effective_on=EARLY, parts=("财政局",), actor="wang", submission=one.key)
    return act


def approve_at_the_desk(site: DeskSite) -> Act:
    one = submit(site)
    act = begin(site, "approved", "li", submission=one.key, digest=one.digest)
    site.log.approvals.approve(one.key, digest=one.digest, reviewer="li")
    return act


def return_it(site: DeskSite) -> Act:
    one = submit(site)
    act = begin(site, "returned", "li", submission=one.key, digest=one.digest)
    site.log.approvals.return_(one.key, reviewer="li", reason="时限再核")
    return act


def cancel(site: DeskSite) -> Act:
    one = submit(site)
    act = begin(site, "cancelled", "zhang", submission=one.key, digest=one.digest)
    site.log.approvals.cancel(one.key, drafter="zhang")
    return act


def submit_at_the_desk(site: DeskSite) -> Act:
    act = begin(site, "submitted", "zhang")
    submit(site)
    return act


def hand_in(site: DeskSite) -> Act:
    digest = put_workbook(site.log).digest
    act = begin(site, "imported", "zhang", part="财政局", files={"收费.xlsx": digest})
    stage(site.log, entry("甲"), part="财政局")
    return act


def mend(site: DeskSite) -> Act:
    digest = put_workbook(site.log).digest
    act = begin(site, "mended", "zhang", part="财政局", file=digest, cells=["C5"])
    stage(site.log, entry("甲"), part="财政局")
    return act


def discard(site: DeskSite) -> Act:
    stage(site.log, entry("甲"), part="财政局")
    stage(site.log, entry("甲"), part="民政局")
    act = begin(site, "discarded", "zhang", part="财政局")
    site.log.drafts.discard("fees", "财政局")
    return act


def leave_out(site: DeskSite) -> Act:
    stage(site.log, entry("甲"), part="财政局")
    (one,) = site.log.drafts.imports("fees")
    act = begin(site, "document-left-out", "zhang", file=one.source.digest, reason="识读有误")
    site.log.drafts.discard_import("fees", one.token)
    return act


def change_site(site: DeskSite) -> Act:
    act = begin(site, "site-changed", "xi", "", details={"name": "示例市清单公开"})
    site.log.datasets.change_site(name="示例市清单公开")
    return act


def change_dataset(site: DeskSite) -> Act:
    act = begin(site, "dataset-changed", "xi")
    site.log.datasets.change("fees", title="收费")
    return act


def add_source(site: DeskSite) -> Act:
    lists = ["https://a.example/list.html"]
    act = begin(site, "source-added", "xi", "anshan", dataset="fees", addresses=lists)
    source = SourceSite(
        name="anshan", title="鞍山市", dataset="fees", hosts=("a.example",), lists=tuple(lists)
    )
    source_config.add_source(site.settings.home, source, ["fees"])
    return act


def begin_subscription(site: DeskSite, subject: str, **details: str) -> Act:
    event = {"actor": "xi", "subject": subject, "address": "mac", "details": details}
    return site.staff.acts.begin("subscription-changed", event, site.log.proofs.size())


def add_webhook(site: DeskSite) -> Act:
    act = begin_subscription(site, "0123456789abcdef", act="added")
    site.log.subscriptions.subscribe("https://a.example/hook", "{}", act.subject)
    return act


def confirm_webhook(site: DeskSite) -> Act:
    one = site.log.subscriptions.subscribe("https://a.example/hook", "{}")
    act = begin_subscription(site, one.id, act="confirmed", before="pending")
    site.log.subscriptions.confirm(one.id)
    return act


def change_key(site: DeskSite) -> Act:
    act = begin(site, "key-changed", "an", "")
    site.log.keys.create()
    return act


@pytest.mark.both_databases
@pytest.mark.parametrize(
    ("act", "details"),
    [
        (publish, {"submission": 1, "release": 1}),
        (approve_at_the_desk, {"submission": 1}),
        (return_it, {"submission": 1}),
        (cancel, {"submission": 1}),
        (submit_at_the_desk, {"submission": 1}),
        (hand_in, {"part": "财政局", "staged": True}),
        (mend, {"part": "财政局", "cells": ["C5"]}),
        (discard, {"part": "财政局"}),
        (leave_out, {"reason": "识读有误"}),
        (change_site, {"details": {"name": "示例市清单公开"}, "entries": [2]}),
        (change_dataset, {"entries": [2]}),
        (change_key, {"entries": [2]}),
        (add_webhook, {"act": "added"}),
        (confirm_webhook, {"act": "confirmed", "before": "pending"}),
        (add_source, {"addresses": ["https://a.example/list.html"]}),
    ],
)
def test_what_the_log_has_gets_its_line_once_and_says_that_it_came_afterwards(
    desk: DeskSite, act: Callable[[DeskSite], Act], details: Mapping[str, object]
) -> None:
    killed = act(desk)
    (line,) = complete(desk, killed)
    own = (line.kind, line.actor, line.subject, line.address)
    assert own == (killed.kind, killed.actor, killed.subject, "mac")
    assert line.details.items() >= {**details, "completed_afterwards": True}.items()
    assert desk.staff.acts.all() == []


def test_what_the_log_has_not_gets_no_line_and_is_forgotten_after_an_hour(desk: DeskSite) -> None:
    one = approve(desk)
    killed = begin(desk, "published", "wang", submission=one.key, digest=one.digest)
    begin(desk, "site-changed", "xi", "", details={"name": "示例市"})
    desk.log.datasets.change("fees", title="收费")  # an entry of another kind
    assert complete(desk, killed) == []
    assert len(desk.staff.acts.all()) == 2
    desk.clock.advance(seconds=timedelta(hours=1).seconds + 1)
    assert complete(desk, killed) == []
    assert desk.staff.acts.all() == []


def test_a_draft_that_a_release_took_was_not_discarded_by_who_was_killed(desk: DeskSite) -> None:
    one = approve(desk)
    killed = begin(desk, "discarded", "zhang", part="财政局")
    begin(desk, "discarded", "zhang", subject="nothing", part=None)  # refused at once, had it lived
    assert complete(desk, killed) == []
    desk.log.releases.publish("fees", effective_on=EARLY, parts=("财政局",), actor="wang", submission=one.key)
    assert complete(desk, killed) == []


def test_an_error_says_nothing_of_what_it_cannot_know(desk: DeskSite) -> None:
    """The log has the release, and the store of the desk refuses its line."""
    desk.add("wang", "发布")
    one = approve(desk)
    address = f"/submissions/{one.key}"
    with desk.signed_in("wang") as publisher:
        form = forms(publisher.see(address))[f"{address}/publish"]
        with desk.staff.store.write() as conn:
            conn.exec_driver_sql(
                "CREATE TRIGGER full BEFORE INSERT ON audit BEGIN SELECT RAISE(ABORT, 'no room'); END"
            )
        answer = publisher.client.post(form.action, data=form.fields)
    assert answer.status_code == 500
    assert "没有变化" not in answer.text
    assert len(desk.log.queries.releases("fees")) == 1


def test_a_file_that_was_in_the_draft_before_was_not_handed_in_by_who_was_killed(desk: DeskSite) -> None:
    stage(desk.log, entry("甲"), part="财政局")
    desk.clock.advance(seconds=1)
    killed = begin(
        desk, "imported", "zhang", part="财政局", files={"收费.xlsx": put_workbook(desk.log).digest}
    )
    assert complete(desk, killed) == []


def test_what_another_person_published_afterwards_is_not_said_of_who_was_killed(desk: DeskSite) -> None:
    one = approve(desk)
    killed = begin(desk, "published", "wang", submission=one.key, digest=one.digest)
    desk.log.releases.publish("fees", effective_on=EARLY, parts=("财政局",), actor="zhao", submission=one.key)
    assert complete(desk, killed) == []


def test_what_was_done_again_after_a_kill_has_one_line(desk: DeskSite) -> None:
    for name, role in (("wang", "发布"), ("xi", "系统管理")):
        desk.add(name, role)
    one = approve(desk)
    killed = begin(desk, "published", "wang", submission=one.key, digest=one.digest)
    begin(desk, "site-changed", "xi", "", details={"name": "示例市清单公开"})
    with desk.signed_in("wang") as publisher, desk.signed_in("xi") as officer:
        address = f"/submissions/{one.key}"
        assert "已发布" in publisher.send(address, f"{address}/publish").text
        assert officer.send("/settings", "/settings", name="示例市清单公开").status_code == 303
    lines = [line for line in complete(desk, killed) if line.kind in ("published", "site-changed")]
    assert [line.kind for line in lines] == ["published", "site-changed"]
    assert not any("completed_afterwards" in line.details for line in lines)
    (position,) = lines[1].details["entries"]
    assert desk.log.proofs.entry(position).entry.kind == "site"


def test_an_act_that_is_refused_has_no_line(desk: DeskSite) -> None:
    for name, role in (("wang", "发布"), ("xi", "系统管理")):
        desk.add(name, role)
    one = submit(desk)
    killed = begin(desk, "site-changed", "nobody")
    with desk.signed_in("wang") as publisher, desk.signed_in("xi") as officer:
        address = f"/submissions/{one.key}/publish"
        token = publisher.client.cookies["form"]
        answer = publisher.client.post(address, data={"_csrf_token": token, "digest": one.digest})
        assert answer.status_code == 409
        page = "/datasets/fees"
        fields = forms(officer.see(page))[page].fields
        assert officer.client.post(page, data={**fields, "division": "999999"}).status_code in (404, 409)
        assert officer.send(page, page).status_code == 303, "nothing was changed"
    kinds = {line.kind for line in desk.staff.audit.events_after(killed.lines)}
    assert not kinds & {"published", "dataset-changed"}
    assert len(desk.staff.acts.all()) == 1

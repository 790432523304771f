"""Rules switch a commitment to done with the release, and back with its withdrawal, on both clocks."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest

from publisher.log.clocks import FOREVER, start_of
from publisher.log.commitments.commitment_query import CommitmentQuery
from publisher.log.findings.finding_query import FindingQuery
from publisher.log.log import Log
from publisher.log.model import RecordQuery, View
from tests.publisher.log.commitments.promising_site import (
    DOCUMENTS,
    EVIDENCE,
    GUIDES,
    PLANS,
    POWERS,
    STATEMENTS,
    commitments,
    derive,
    publish,
    rule,
    statement,
    status,
    stored,
    task,
)
from tests.support.clock import Clock
from tests.support.datasets import create_dataset

PLANNED, DAY, DUE = date(2020, 1, 2), date(2020, 3, 1), "2020-06-30"
NAME = "公布清单"
POWER: list[dict[str, Any]] = [{"name": "查档", "actor": "档案局"}, {"name": "取水", "actor": "水务局"}]
DOCUMENT: dict[str, Any] = {
    "title": "示例市权责清单管理办法",
    "number": "示政发〔2020〕9号",
    "date_written": "2020-03-01",
    "issuer": "示例市人民政府",
}


def limit(days: int) -> dict[str, Any]:
    return {
        "name": "取水许可",
        "actor": "水务局",
        "promised_limit": {"value": days, "unit": "工作日"},
    }


RULES: dict[str, tuple[dict[str, Any], str, list[dict[str, Any]]]] = {
    "release": (rule(NAME, "发布", source=POWERS), POWERS, POWER),
    "release of a basis": (
        rule(NAME, "发布", catalogue="power-list", basis="示政发〔2020〕7号"),
        POWERS,
        POWER,
    ),
    "records": (rule(NAME, "条目数", catalogue="power-list", least=2), POWERS, POWER),
    "records of a title": (rule(NAME, "条目数", source=POWERS, contains="取水"), POWERS, POWER),
    "document": (rule(NAME, "文件", contains="权责清单管理办法"), DOCUMENTS, [DOCUMENT]),
    "limit": (rule(NAME, "时限压缩", source=GUIDES), GUIDES, [limit(5)]),
}


@pytest.mark.slow
@pytest.mark.parametrize("case", RULES)
def test_a_rule_holds_from_the_day_of_the_release_until_it_is_withdrawn(
    log: Log, clock: Clock, case: str
) -> None:
    condition, dataset, rows = RULES[case]
    publish(log, PLANS, task(NAME, DUE), on=PLANNED)
    publish(log, EVIDENCE, condition, on=PLANNED)
    publish(log, GUIDES, limit(9), on=PLANNED)
    clock.advance(days=59)
    assert status(log, NAME) == "undetermined"
    before = clock.now
    clock.advance(minutes=1)
    publish(log, dataset, *rows, on=DAY, basis="示政发〔2020〕7号")
    known = clock.now
    clock.advance(days=10)
    done = commitments(log)[NAME]
    assert (done.status, done.done_on, done.due) == ("done", DAY, date(2020, 6, 30))
    assert status(log, NAME, as_of=DAY) == "done"
    assert status(log, NAME, as_of=date(2020, 2, 29)) == "undetermined"
    assert status(log, NAME, as_of=DAY, known_at=before) == "undetermined"
    _, (rule_in_view,) = log.commitments.evidence(done.id)
    assert rule_in_view.held_since == DAY
    assert {(one.dataset, one.day) for one in rule_in_view.evidence} == {(dataset, DAY)}

    records = [one.id for one in log.queries.records(dataset, RecordQuery()).records]
    log.releases.withdraw(dataset, records, reason="误发")
    assert status(log, NAME) == "undetermined"
    assert status(log, NAME, as_of=DAY) == "undetermined", "it never was true, as is known now"
    assert status(log, NAME, as_of=DAY, known_at=known) == "done", "as was known then"
    assert status(log, NAME, as_of=date(2020, 7, 1)) == "overdue"
    _, (rule_in_view,) = log.commitments.evidence(done.id)
    assert (rule_in_view.held_since, rule_in_view.evidence) == (None, ())
    incremental = stored(log)
    log.commitments.rebuild()
    assert stored(log) == incremental
    assert log.integrity.verify().problems == ()


@pytest.mark.slow
def test_a_finding_that_ends_is_evidence(log: Log, clock: Clock) -> None:
    wrong = {**limit(5), "statutory_limit": {"value": 3, "unit": "工作日"}}
    publish(log, GUIDES, wrong, on=PLANNED)
    derive(log)
    (found,) = log.findings.page(FindingQuery(view=View(as_of=DAY))).findings
    publish(log, PLANS, task(NAME, DUE), on=PLANNED)
    publish(log, EVIDENCE, rule(NAME, "问题整改", finding=found.id), on=PLANNED)
    assert status(log, NAME, as_of=date(2020, 5, 1)) == "undetermined"
    clock.advance(days=30)
    publish(log, GUIDES, {**wrong, "promised_limit": {"value": 2, "unit": "工作日"}}, on=DAY)
    assert status(log, NAME, as_of=date(2020, 2, 29)) == "undetermined"
    assert commitments(log, as_of=DAY)[NAME].done_on == DAY


@pytest.mark.slow
def test_a_finding_that_becomes_an_agreement_has_ended(log: Log, clock: Clock) -> None:
    """The item names a newer basis, as the check advises; a basis that is older again brings it back."""
    create_dataset(log, "cancelled", "cancelled-items", body="国务院")
    decision = {"name": "设立煤炭经营企业审批", "decision_number": "国发〔2013〕44号", "decision": "取消"}
    listed = {"name": "煤炭经营许可", "power_type": "行政许可", "basis": "《煤炭法》第四十七条"}
    publish(log, "cancelled", {**decision, "decided_on": "2013-11-08"}, on=PLANNED)
    publish(log, POWERS, listed, on=PLANNED)
    derive(log)
    (found,) = log.findings.page(FindingQuery(view=View(as_of=DAY))).findings
    publish(log, PLANS, task(NAME, DUE), on=PLANNED)
    publish(log, EVIDENCE, rule(NAME, "问题整改", finding=found.id), on=PLANNED)
    later = date(2020, 7, 1)
    assert status(log, NAME, as_of=later) == "overdue"
    clock.advance(days=30)
    publish(log, POWERS, {**listed, "basis": "示政发〔2019〕3号"}, on=DAY)
    done = commitments(log, as_of=later)[NAME]
    assert (log.findings.get(found.id, View(as_of=DAY)).status, done.status) == ("ended", "done")
    assert (done.done_on, status(log, NAME, as_of=date(2020, 2, 29))) == (DAY, "undetermined")
    _, (rule_in_view,) = log.commitments.evidence(done.id, View(as_of=later))
    assert [(one.record, one.day) for one in rule_in_view.evidence] == [(found.record, DAY)]
    clock.advance(days=30)
    publish(log, POWERS, listed, on=date(2020, 4, 1))
    assert status(log, NAME, as_of=later) == "overdue"
    incremental = stored(log)
    log.commitments.rebuild()
    assert stored(log) == incremental


@pytest.mark.slow
def test_a_link_holds_from_its_day_and_all_rules_must_hold(log: Log, clock: Clock) -> None:
    publish(log, PLANS, task(NAME), on=PLANNED)
    link = rule(
        NAME, "链接", link=[{"name": "通报", "url": "https://example.gov.cn/1"}], held_on="2020-02-01"
    )
    publish(log, EVIDENCE, link, rule(NAME, "发布", source=POWERS), on=PLANNED)
    assert status(log, NAME, as_of=date(2020, 4, 1)) == "undetermined"
    clock.advance(days=1)
    publish(log, POWERS, *POWER, on=DAY)
    assert commitments(log, as_of=date(2020, 4, 1))[NAME].done_on == DAY


def test_overdue_is_only_what_has_a_deadline_and_a_rule(log: Log, clock: Clock) -> None:
    names = ("有期限有规则", "有期限无规则", "无期限有规则")
    publish(
        log, PLANS, task(names[0], "2020-04-01/2020-06-30"), task(names[1], DUE), task(names[2]), on=PLANNED
    )
    publish(log, EVIDENCE, *(rule(one, "发布", source=POWERS) for one in names[::2]), on=PLANNED)
    statuses = {day: [one.status for one in commitments(log, as_of=day).values()] for day in _DAYS}
    assert statuses[_DAYS[0]] == ["undetermined"] * 3, "on the last day"
    assert statuses[_DAYS[1]] == ["overdue", "undetermined", "undetermined"]
    clock.advance(days=1)
    publish(log, POWERS, *POWER, on=date(2020, 8, 1))
    late = commitments(log, as_of=date(2020, 8, 1))
    assert (late[names[0]].status, late[names[0]].done_on) == ("overdue", date(2020, 8, 1)), "done too late"
    assert commitments(log, as_of=_DAYS[1])[names[0]].done_on is None
    assert late[names[2]].status == "done"


_DAYS = (date(2020, 6, 30), date(2020, 7, 1))


@pytest.mark.slow
def test_a_moved_deadline_and_a_corrected_rule_count_from_their_release(log: Log, clock: Clock) -> None:
    publish(log, PLANS, task(NAME, DUE), on=PLANNED)
    publish(log, EVIDENCE, rule(NAME, "发布", source=POWERS), on=PLANNED)
    clock.advance(days=1)
    known = clock.now
    clock.advance(days=1)
    publish(log, PLANS, task(NAME, "2020-12-31"), on=date(2020, 5, 1))
    assert status(log, NAME, as_of=date(2020, 7, 1)) == "undetermined"
    assert status(log, NAME, as_of=date(2020, 7, 1), known_at=known) == "overdue"
    assert status(log, NAME, as_of=date(2021, 1, 1)) == "overdue"
    clock.advance(days=1)
    (record,) = log.queries.records(EVIDENCE, RecordQuery()).records
    log.releases.withdraw(EVIDENCE, [record.id], reason="误录")
    assert stored_now(log) == set()
    assert status(log, NAME, as_of=date(2021, 1, 1)) == "undetermined"
    assert log.integrity.verify().problems == ()


def test_moves_of_a_deadline_are_counted_by_release(log: Log, clock: Clock) -> None:
    publish(log, PLANS, task(NAME, DUE), on=PLANNED)
    for due, more in (("2020-12-31", {}), ("2020-12-31", {"note": "已延期"}), ("2021-06-30", {})):
        clock.advance(days=1)
        publish(log, PLANS, task(NAME, due, **more), on=DAY, on_conflict="replace")
    one = commitments(log)[NAME]
    moves = log.commitments.moves([one], View())[one.key]
    assert (moves.sequence, moves.changed_at) == (2, clock.now)


def test_the_count_of_moves_grows_when_a_day_has_come_and_never_falls(log: Log, clock: Clock) -> None:
    publish(log, PLANS, task(NAME, DUE), on=clock().date())
    one = commitments(log)[NAME]
    seen = [log.commitments.moves([one], View())[one.key]]
    first_day, second_day = (clock().date() + timedelta(days=days) for days in (10, 20))
    publish(log, PLANS, task(NAME, "2020-12-31"), on=first_day)
    seen.append(log.commitments.moves([one], View())[one.key])
    clock.advance(days=1)
    publish(log, PLANS, task(NAME, "2021-06-30"), on=second_day)
    seen.append(log.commitments.moves([one], View())[one.key])
    clock.advance(days=1)
    log.releases.cancel(PLANS, 3, reason="误发")
    seen.append(log.commitments.moves([one], View())[one.key])
    assert commitments(log)[NAME].due == date.fromisoformat(DUE)
    clock.advance(days=8)
    seen.append(log.commitments.moves([one], View())[one.key])
    assert commitments(log)[NAME].due == date(2020, 12, 31)
    assert [moves.sequence for moves in seen] == [0, 1, 2, 3, 4]
    assert seen[-1].changed_at == start_of(first_day)
    assert [moves.changed_at for moves in seen] == sorted({moves.changed_at for moves in seen})


def stored_now(log: Log) -> set[tuple[Any, ...]]:
    derive(log)
    return {row for row in stored(log) if row[3] == FOREVER}


@pytest.mark.slow
def test_a_release_before_the_first_day_of_a_rule_is_no_evidence(log: Log, clock: Clock) -> None:
    publish(log, PLANS, task(NAME), on=PLANNED)
    publish(log, POWERS, *POWER, on=DAY)
    not_before = {"not_before": "2020-04-01"}
    publish(log, EVIDENCE, rule(NAME, "发布", source=POWERS, **not_before), on=PLANNED)
    assert status(log, NAME, as_of=date(2020, 5, 1)) == "undetermined"
    clock.advance(days=1)
    publish(log, EVIDENCE, rule(NAME, "条目数", source=POWERS, **not_before), on=PLANNED)
    clock.advance(days=1)
    publish(log, POWERS, *POWER, {"name": "借档", "actor": "档案局"}, on=date(2020, 4, 2))
    assert commitments(log, as_of=date(2020, 5, 1))[NAME].done_on == date(2020, 4, 2)


@pytest.mark.slow
def test_a_cancelled_release_is_no_evidence(log: Log, clock: Clock) -> None:
    publish(log, PLANS, task(NAME), on=PLANNED)
    publish(log, POWERS, *POWER, on=PLANNED)
    publish(log, EVIDENCE, rule(NAME, "发布", source=POWERS, not_before="2020-02-01"), on=PLANNED)
    publish(log, POWERS, POWER[0], on=date(2020, 9, 1))
    assert commitments(log, as_of=date(2020, 9, 1))[NAME].status == "done", "also what a release removes"
    clock.advance(days=1)
    log.releases.cancel(POWERS, 2, reason="误发")
    assert status(log, NAME, as_of=date(2020, 9, 1)) == "undetermined"
    assert log.integrity.verify().problems == ()


@pytest.mark.slow
def test_a_task_whose_text_changes_keeps_its_rules_and_statements(log: Log, clock: Clock) -> None:
    old, new = "公布清淡", "公布清单"
    publish(log, PLANS, task(old, DUE, clause="一"), task("另一项", DUE, clause="二"), on=PLANNED)
    publish(log, EVIDENCE, rule(old, "发布", source=POWERS), on=PLANNED)
    claim = statement(old, "进行中", "2020-02-01", "档案局", "自报", clause="一")
    other = statement(old, "逾期", "2020-02-02", "督查室", "督查", clause="二")
    publish(log, STATEMENTS, claim, other, on=date(2020, 2, 2))
    clock.advance(days=70)
    publish(log, POWERS, *POWER, on=DAY)
    before = commitments(log)[old]
    clock.advance(days=1)
    content = {**before.content, "task": new}
    log.releases.rename(PLANS, before.id, content, effective_on=date(2020, 3, 5), reason="原文有误")
    clock.advance(days=1)
    publish(log, STATEMENTS, statement(new, "已完成", "2020-03-12", "档案局", "自报"), on=date(2020, 3, 12))
    after = commitments(log)
    assert (after[new].id, after[new].status, after[new].done_on) == (before.id, "done", DAY)
    assert [one.progress for one in after[new].statements] == ["已完成", "进行中"]
    assert after["另一项"].statements == ()
    assert [one.content["task"] for one in log.commitments.evidence(before.id)[1]] == [old]
    earlier = commitments(log, as_of=DAY)[old]
    assert [one.progress for one in earlier.statements] == ["进行中"]
    assert len(log.commitments.evidence(before.id, View(as_of=DAY))[1]) == 1
    incremental = stored(log)
    log.commitments.rebuild()
    assert stored(log) == incremental


@pytest.mark.slow
def test_evidence_has_the_title_that_was_known_in_the_view(log: Log, clock: Clock) -> None:
    publish(log, PLANS, task(NAME, DUE), on=PLANNED)
    publish(log, EVIDENCE, rule(NAME, "文件", contains="权责清单"), on=PLANNED)
    publish(log, DOCUMENTS, DOCUMENT, on=DAY)
    clock.advance(days=60)
    known = clock.now
    (document,) = log.queries.records(DOCUMENTS, RecordQuery()).records
    clock.advance(days=1)
    log.releases.correct(DOCUMENTS, {document.id: {**DOCUMENT, "title": "权责清单办法"}}, reason="误录")
    commitment = commitments(log)[NAME]
    for view, title in ((View(), "权责清单办法"), (View(known_at=known), DOCUMENT["title"])):
        _, (in_view,) = log.commitments.evidence(commitment.id, view)
        assert [one.title for one in in_view.evidence] == [title]


def test_a_title_is_compared_with_its_case(log: Log, clock: Clock) -> None:
    publish(log, PLANS, task(NAME, DUE), on=PLANNED)
    publish(log, EVIDENCE, rule(NAME, "文件", contains="ict"), on=PLANNED)
    publish(log, DOCUMENTS, {**DOCUMENT, "title": "ICT产业规划"}, on=DAY)
    clock.advance(days=60)
    assert status(log, NAME) == "undetermined"


def test_a_release_and_a_document_count_once_however_often_they_are_corrected(log: Log, clock: Clock) -> None:
    publish(log, PLANS, task("发布两次"), task("两份文件"), on=PLANNED)
    twice = rule("发布两次", "发布", source=POWERS, least=2)
    publish(log, EVIDENCE, twice, rule("两份文件", "文件", contains="办法", least=2), on=PLANNED)
    publish(log, POWERS, *POWER, on=DAY)
    publish(log, DOCUMENTS, DOCUMENT, on=DAY)
    clock.advance(days=70)
    power = log.queries.records(POWERS, RecordQuery()).records[0]
    log.releases.correct(POWERS, {power.id: {**power.content, "note": "更正"}}, reason="误录")
    publish(log, DOCUMENTS, {**DOCUMENT, "issuer": "示例市人民政府办公室"}, on=date(2020, 3, 5))
    found = commitments(log)
    assert [one.status for one in found.values()] == ["undetermined"] * 2
    clock.advance(days=1)
    publish(log, POWERS, *POWER, {"name": "借档", "actor": "档案局"}, on=date(2020, 3, 8))
    publish(log, DOCUMENTS, {**DOCUMENT, "number": "示政发〔2020〕10号"}, on=date(2020, 3, 8))
    assert [one.status for one in commitments(log).values()] == ["done"] * 2
    for one in found.values():
        _, (in_view,) = log.commitments.evidence(one.id)
        assert len(in_view.evidence) == 2
    incremental = stored(log)
    log.commitments.rebuild()
    assert stored(log) == incremental


def test_changes_end_no_status_before_its_day_has_come(log: Log, clock: Clock) -> None:
    publish(log, PLANS, task(NAME, DUE), on=PLANNED)
    publish(log, EVIDENCE, rule(NAME, "发布", source=POWERS), on=PLANNED)
    clock.advance(days=250)
    publish(log, POWERS, *POWER, on=date(2020, 11, 6))
    derive(log)

    def changes(**view: Any) -> list[tuple[str, date]]:
        query = CommitmentQuery(view=View(**view))
        return [(one.status, one.since) for one in log.commitments.changes(query)]

    assert changes() == [("overdue", date(2020, 7, 1))]
    clock.advance(days=90)
    assert changes() == [("overdue", date(2020, 7, 1))], "done too late"
    records = [one.id for one in log.queries.records(EVIDENCE, RecordQuery()).records]
    log.releases.withdraw(EVIDENCE, records, reason="误录")
    derive(log)
    assert [status for status, _ in changes()] == ["undetermined", "overdue"]


_EARLY, _LATE = "2020-04-01", "2020-08-01"


@pytest.mark.slow
@pytest.mark.parametrize(
    ("shown_on", "statements", "expected"),
    [
        (date(2020, 7, 15), [("已完成", _LATE, "档案局")], False),  # it is overdue, and done
        (date(2020, 7, 15), [("逾期", _LATE, "档案局")], False),
        (date(2020, 7, 15), [("进行中", _LATE, "档案局")], True),
        (date(2020, 7, 15), [("进行中", "2020-07-15", "档案局")], True),
        (date(2020, 7, 15), [("进行中", _EARLY, "档案局")], False),
        (date(2020, 5, 1), [("进行中", _EARLY, "档案局")], False),  # it is done since
        (date(2020, 5, 1), [("逾期", _LATE, "档案局")], True),
        (date(2020, 5, 1), [("已完成", _EARLY, "档案局")], False),
        (date(2020, 5, 1), [("无法判断", _LATE, "档案局")], False),
        (None, [("已完成", _EARLY, "档案局")], True),  # nothing shows that it is done
        (None, [("进行中", _LATE, "档案局")], False),
        (None, [], False),
        (date(2020, 5, 1), [("进行中", _EARLY, "督查室"), ("已完成", _LATE, "档案局")], False),
        (date(2020, 5, 1), [("已完成", _EARLY, "档案局"), ("进行中", "2020-04-02", "督查室")], True),
    ],
)
def test_only_what_contradicts_on_the_same_day_or_later_is_disputed(
    log: Log, clock: Clock, shown_on: date | None, statements: list[tuple[str, str, str]], expected: bool
) -> None:
    publish(log, PLANS, task(NAME, DUE), on=PLANNED)
    publish(log, EVIDENCE, rule(NAME, "发布", source=POWERS), on=PLANNED)
    if shown_on is not None:
        publish(log, POWERS, *POWER, on=shown_on)
    rows = [statement(NAME, progress, on, judge, "自报") for progress, on, judge in statements]
    if rows:
        publish(log, STATEMENTS, *rows, on=PLANNED)
    clock.advance(days=1)
    one = commitments(log, as_of=date(2020, 9, 1))[NAME]
    assert (one.done_on, len(one.statements)) == (shown_on, len(rows))
    assert one.is_disputed == expected

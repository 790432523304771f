"""A release that is not yet in effect is cancelled by a release: everything is as if it had not been."""

from __future__ import annotations

from contextlib import closing
from datetime import date, timedelta
from pathlib import Path

import pytest
from sqlalchemy import text, update

from publisher.log.clocks import micros
from publisher.log.database import tables as t
from publisher.log.log import Log
from publisher.log.model import LogError, RecordQuery, View
from tests.support import log as support
from tests.support.clock import Clock
from tests.support.log import entry, ids, rebuild_spans, release, stage

FIRST = date(2015, 12, 1)


@pytest.fixture
def today(clock: Clock) -> date:
    return clock().date()


def standards(log: Log, day: date) -> dict[str, str]:
    return support.standards(log, View(as_of=day))


def publish_two(log: Log, today: date) -> date:
    """Publish three records, then one changed, one removed and one new. → the later day of the second."""
    release(log, entry("甲", "1"), entry("乙", "2"), entry("丙", "3"), on=FIRST)
    later = today + timedelta(days=30)
    release(log, entry("甲", "9"), entry("乙", "2"), entry("丁", "4"), on=later)
    return later


def test_everything_is_as_if_it_had_not_been(log: Log, today: date) -> None:
    later = publish_two(log, today)
    assert standards(log, later) == {"甲": "9", "乙": "2", "丁": "4"}
    cancelled = log.releases.cancel("fees", 2, reason="生效日期有误")
    assert cancelled.cancels == 2
    assert cancelled.note == "生效日期有误"
    assert cancelled.counts == {"changed": 2, "withdrawn": 1, "records": 3}
    for day in (today, later, later + timedelta(days=400)):
        assert standards(log, day) == {"甲": "1", "乙": "2", "丙": "3"}
    assert log.integrity.verify().ok
    assert rebuild_spans(log) == 0


def test_its_changes_are_of_kinds_that_exist(log: Log, today: date) -> None:
    publish_two(log, today)
    log.releases.cancel("fees", 2, reason="撤")
    changes = log.queries.changes(dataset="fees", release=3)
    assert {c.title: c.kind for c in changes} == {"甲": "changed", "丙": "changed", "丁": "withdrawn"}
    (first,) = [c for c in changes if c.title == "甲"]
    assert [(f.field, f.before, f.after) for f in first.fields] == [("standard", "9", "1")]


def test_what_was_known_before_stays_known(log: Log, today: date, clock: Clock) -> None:
    later = publish_two(log, today)
    before = clock.advance(hours=1)
    clock.advance(hours=1)
    log.releases.cancel("fees", 2, reason="撤")
    record = ids(log)["甲"]
    assert log.queries.record("fees", record, View(as_of=later, known_at=before)).content["standard"] == "9"


def test_a_record_that_never_took_effect_has_one_later_event(log: Log, today: date, clock: Clock) -> None:
    later = publish_two(log, today)
    before = clock.advance(hours=1)
    page = log.queries.records("fees", RecordQuery(view=View(as_of=later)))
    states = {one.title: log.queries.record("fees", one.id, View(as_of=later)) for one in page.records}
    clock.advance(hours=1)
    log.releases.cancel("fees", 2, reason="撤")
    for title in ("甲", "丁"):
        (event,) = log.queries.later_amendments(states[title], before)
        assert (event.kind, event.release, event.reason) == ("cancelled", 3, "撤")
    assert log.queries.later_amendments(states["乙"], before) == ()


def test_the_same_file_can_be_published_again_on_another_day(log: Log, today: date) -> None:
    later = publish_two(log, today)
    log.releases.cancel("fees", 2, reason="生效日期有误")
    stage(log, entry("甲", "9"), entry("乙", "2"), entry("丁", "4"))
    sooner = today + timedelta(days=10)
    diff = log.drafts.diff("fees", effective_on=sooner)
    assert {**diff.counts, "in_error": 0} == {
        "added": 1,
        "changed": 1,
        "removed": 1,
        "unchanged": 1,
        "in_error": 0,
    }
    assert diff.conflicts == ()
    assert [w.code for w in diff.warnings] == []
    log.releases.publish("fees", effective_on=sooner, basis="示政发〔2015〕1号")
    assert standards(log, later) == {"甲": "9", "乙": "2", "丁": "4"}
    assert rebuild_spans(log) == 0


def test_its_file_can_be_published_before_a_later_publication_of_it(log: Log, today: date) -> None:
    release(log, entry("甲"), on=FIRST)
    days = [today + timedelta(days=n) for n in (5, 10, 30)]
    release(log, entry("甲"), entry("乙"), on=days[1])
    log.releases.cancel("fees", 2, reason="撤")
    release(log, entry("甲"), entry("乙"), on=days[2])
    for day in (days[1], days[0]):
        stage(log, entry("甲"), entry("乙"))
        diff = log.drafts.diff("fees", effective_on=day, on_conflict="keep")
        assert (diff.counts["added"], diff.warnings) == (1, ())
        assert log.releases.publish("fees", effective_on=day, on_conflict="keep") is not None
        assert standards(log, day) == {"甲": "1", "乙": "1"}
    assert log.integrity.verify().problems == ()


def test_a_record_that_stays_in_force_on_other_days_is_not_withdrawn(log: Log, today: date) -> None:
    release(log, entry("甲"), on=FIRST)
    first, second, third, last = (today + timedelta(days=n) for n in (10, 20, 30, 40))
    release(log, entry("甲"), entry("乙"), on=first)
    log.releases.cancel("fees", 2, reason="撤")
    release(log, entry("甲"), entry("乙"), on=third)
    release(log, entry("甲"), entry("乙", "2"), on=second, on_conflict="keep")
    log.releases.cancel("fees", 5, reason="撤")
    (record,) = {change.record for change in log.queries.changes(dataset="fees", release=4)}
    assert log.queries.record("fees", record, View(as_of=third)).withdrawn_at is None
    assert not any(change.withdrawn for change in log.queries.history("fees", record))
    release(log, entry("甲"), on=last)
    log.releases.cancel("fees", 7, reason="撤")
    assert standards(log, last) == {"甲": "1", "乙": "1"}
    assert log.integrity.verify().problems == ()


@pytest.mark.slow
def test_a_record_in_force_that_an_earlier_version_marked_as_withdrawn_is_cancelled_after_0027(
    log: Log, url: str, tmp_path: Path, today: date, clock: Clock
) -> None:
    release(log, entry("甲"), entry("丙"), on=FIRST)
    first, second, third = (today + timedelta(days=n) for n in (10, 20, 30))
    release(log, entry("甲"), entry("乙"), entry("丙"), on=first)
    log.releases.cancel("fees", 2, reason="撤")
    records = ids(log)
    clock.advance(hours=1)
    release(log, entry("甲"), entry("乙"), entry("丙"), on=third)
    release(log, entry("甲"), entry("乙", "2"), entry("丙"), on=second, on_conflict="keep")
    clock.advance(hours=1)
    cancelled = log.releases.cancel("fees", 5, reason="撤")
    log.releases.withdraw("fees", [records["丙"]], reason="撤回")
    (record,) = {change.record for change in log.queries.changes(dataset="fees", release=6)}
    with log._session.write() as conn:
        own = update(t.record).where(t.record.c.id == record)
        conn.execute(own.values(withdrawn_at=micros(cancelled.published_at)))
        conn.execute(text("UPDATE alembic_version SET version_num = '0026'"))
    assert any("withdrawn_at" in problem for problem in log.integrity.verify().problems)
    with closing(Log.open(url, sources=tmp_path / "sources", clock=clock)) as migrated:
        assert migrated.integrity.verify().problems == ()
        assert migrated.queries.record("fees", records["丙"]).withdrawn_at is not None
        assert standards(migrated, third) == {"甲": "1", "乙": "1"}
        migrated.releases.cancel("fees", 4, reason="撤")
        assert standards(migrated, third) == {"甲": "1"}
        assert migrated.integrity.verify().problems == ()


def test_later_states_that_it_replaced_come_back(log: Log, today: date) -> None:
    release(log, entry("甲", "1"), on=FIRST)
    last = today + timedelta(days=90)
    release(log, entry("甲", "5"), on=last)
    middle = today + timedelta(days=30)
    stage(log, entry("甲", "9"))
    log.releases.publish("fees", effective_on=middle, basis="示政发〔2015〕1号", on_conflict="replace")
    assert standards(log, last) == {"甲": "9"}
    log.releases.cancel("fees", 3, reason="撤")
    assert standards(log, middle) == {"甲": "1"}
    assert standards(log, last) == {"甲": "5"}
    assert log.integrity.verify().ok
    assert rebuild_spans(log) == 0


@pytest.mark.slow
@pytest.mark.parametrize("act", ["correct", "publish"])
def test_what_later_releases_say_until_its_day_goes_on(log: Log, today: date, act: str) -> None:
    release(log, entry("甲", "1"), on=FIRST)
    later = today + timedelta(days=30)
    release(log, entry("甲", "9"), entry("乙", "4"), on=later)
    expected = {"甲": "2"}
    if act == "correct":
        log.releases.correct("fees", {ids(log)["甲"]: entry("甲", "2").content}, reason="误录")
    else:
        release(log, entry("甲", "2"), entry("乙", "3"), on=today, on_conflict="keep")
        expected["乙"] = "3"
    log.releases.cancel("fees", 2, reason="撤")
    assert standards(log, today) == standards(log, later) == expected
    assert log.integrity.verify().ok
    assert rebuild_spans(log) == 0


def test_a_later_rename_is_cancelled_with_its_identity(log: Log, today: date) -> None:
    release(log, entry("证照费", "1"), on=FIRST)
    record = ids(log)["证照费"]
    later = today + timedelta(days=30)
    log.releases.rename("fees", record, entry("证照工本费", "1").content, effective_on=later, reason="更名")
    log.releases.cancel("fees", 2, reason="撤")
    assert standards(log, later) == {"证照费": "1"}
    stage(log, entry("证照费", "1"))
    assert log.drafts.diff("fees", effective_on=later).counts["unchanged"] == 1


@pytest.mark.slow
@pytest.mark.parametrize("ends", [60, 20])
def test_a_rename_is_not_cancelled_while_another_item_has_the_name(log: Log, today: date, ends: int) -> None:
    release(log, entry("甲"), entry("丙"), on=FIRST)
    renamed, end = today + timedelta(days=10), today + timedelta(days=ends)
    log.releases.rename("fees", ids(log)["甲"], entry("丁").content, effective_on=renamed, reason="更名")
    release(log, entry("甲", "5"), entry("丁"), entry("丙"), on=renamed)
    release(log, entry("丁"), entry("丙"), on=end)
    with pytest.raises(LogError) as refused:
        log.releases.cancel("fees", 2, reason="撤")
    assert refused.value.code == "identity-taken"
    assert standards(log, renamed) == {"甲": "5", "丁": "1", "丙": "1"}
    for number in (4, 3, 2):
        log.releases.cancel("fees", number, reason="撤")
    assert standards(log, renamed) == standards(log, end) == {"甲": "1", "丙": "1"}
    assert log.integrity.verify().problems == ()


def test_a_record_that_was_withdrawn_before_stays_withdrawn(log: Log, today: date, clock: Clock) -> None:
    release(log, entry("甲", "1"), entry("乙"), on=FIRST)
    log.releases.withdraw("fees", [ids(log)["甲"]], reason="不应公布")
    clock.advance(days=1)
    release(log, entry("甲", "2"), entry("乙"), on=today + timedelta(days=30))
    log.releases.cancel("fees", 3, reason="撤")
    clock.advance(days=1)
    stage(log, entry("甲", "1"), entry("乙"))
    diff = log.drafts.diff("fees", effective_on=today)
    assert (diff.counts["added"], [w.code for w in diff.warnings]) == (0, ["withdrawn-stays"])


def test_a_rename_goes_on_over_the_day_of_a_cancelled_release(log: Log, today: date, clock: Clock) -> None:
    release(log, entry("甲", "1"), on=FIRST)
    later = today + timedelta(days=30)
    release(log, entry("甲", "2"), on=later)
    log.releases.cancel("fees", 2, reason="撤")
    clock.advance(days=1)
    log.releases.rename("fees", ids(log)["甲"], entry("丁", "1").content, effective_on=today, reason="更名")
    assert standards(log, today) == standards(log, later) == {"丁": "1"}
    assert log.integrity.verify().ok
    assert rebuild_spans(log) == 0


def test_a_cancellation_does_not_bring_back_a_state_with_an_old_name(log: Log, today: date) -> None:
    release(log, entry("甲", "1"), on=FIRST)
    gone, last = today + timedelta(days=30), today + timedelta(days=60)
    release(log, entry("甲", "2"), on=last)
    stage(log)
    log.releases.publish("fees", effective_on=gone, on_conflict="replace")
    log.releases.rename("fees", ids(log)["甲"], entry("丁").content, effective_on=today, reason="更名")
    with pytest.raises(LogError) as refused:
        log.releases.cancel("fees", 3, reason="撤")
    assert refused.value.zh == "第4次发布又调整了其中的记录，已不能取消，请再次发布。"


def test_a_rename_before_a_removal_goes_on_when_that_is_cancelled(log: Log, today: date) -> None:
    release(log, entry("甲", "1"), on=FIRST)
    gone = today + timedelta(days=30)
    stage(log)
    log.releases.publish("fees", effective_on=gone)
    log.releases.rename("fees", ids(log)["甲"], entry("丁").content, effective_on=today, reason="更名")
    log.releases.cancel("fees", 2, reason="撤")
    assert standards(log, today) == standards(log, gone) == {"丁": "1"}


@pytest.mark.slow
@pytest.mark.parametrize("renamed_on", [0, 60])
def test_a_rename_in_two_parts_is_cancelled(log: Log, today: date, renamed_on: int) -> None:
    stage(log, entry("甲"), part="财政局")
    stage(log, entry("乙"), part="民政局")
    log.releases.publish("fees", effective_on=FIRST)
    moved, last = today + timedelta(days=90), today + timedelta(days=120)
    stage(log, part="财政局")
    stage(log, entry("甲"), entry("乙"), part="民政局")
    log.releases.publish("fees", effective_on=moved)
    renamed = today + timedelta(days=renamed_on)
    log.releases.rename("fees", ids(log)["甲"], entry("丁").content, effective_on=renamed, reason="更名")
    assert set(standards(log, renamed)) == set(standards(log, last)) == {"丁", "乙"}
    if renamed_on:
        log.releases.cancel("fees", 3, reason="撤")
        assert set(standards(log, renamed)) == set(standards(log, last)) == {"甲", "乙"}
    record = log.queries.find_by_title("fees", "甲" if renamed_on else "丁")[0].id
    parts = [log.queries.record("fees", record, View(as_of=day)).part for day in (renamed, last)]
    assert parts == ["财政局", "民政局"]
    assert log.integrity.verify().problems == ()
    assert rebuild_spans(log) == 0


@pytest.mark.slow
@pytest.mark.parametrize("on", [-1, 1])
def test_releases_are_cancelled_from_the_last_to_the_first(log: Log, today: date, on: int) -> None:
    later = publish_two(log, today)
    days = [today, later - timedelta(days=1), later, later + timedelta(days=1)]
    between = [standards(log, day) for day in days]
    changed = later + timedelta(days=on)
    release(log, entry("甲", "8"), entry("丁", "5"), on=changed, on_conflict="replace")
    with pytest.raises(LogError) as refused:
        log.releases.cancel("fees", 2, reason="撤")
    assert "请先取消第3次发布，或再次发布" in refused.value.zh
    log.releases.cancel("fees", 3, reason="撤")
    assert [standards(log, day) for day in days] == between
    log.releases.cancel("fees", 2, reason="撤")
    assert [standards(log, day) for day in days] == [{"甲": "1", "乙": "2", "丙": "3"}] * 4
    (new,) = [c.record for c in log.queries.changes(dataset="fees", release=2) if c.kind == "added"]
    assert log.queries.record("fees", new).status == "withdrawn"
    assert log.integrity.verify().problems == ()
    assert rebuild_spans(log) == 0


def test_a_correction_since_goes_on_when_both_releases_are_cancelled(log: Log, today: date) -> None:
    release(log, entry("甲", "1"), on=FIRST)
    later = today + timedelta(days=30)
    release(log, entry("甲", "9"), on=later)
    log.releases.correct("fees", {ids(log)["甲"]: entry("甲", "2").content}, reason="误录")
    release(log, entry("甲", "8"), on=later - timedelta(days=1), on_conflict="replace")
    log.releases.cancel("fees", 4, reason="撤")
    log.releases.cancel("fees", 2, reason="撤")
    assert standards(log, today) == standards(log, later) == {"甲": "2"}
    assert rebuild_spans(log) == 0


def test_a_release_that_was_replaced_by_one_in_effect_is_not_cancelled(log: Log, today: date) -> None:
    release(log, entry("甲", "1"), on=FIRST)
    release(log, entry("甲", "9"), on=today + timedelta(days=30))
    release(log, entry("甲", "8"), on=today, on_conflict="replace")
    with pytest.raises(LogError) as refused:
        log.releases.cancel("fees", 2, reason="撤")
    assert refused.value.code == "cancel-superseded"
    assert refused.value.zh == "第3次发布又调整了其中的记录，已不能取消，请再次发布。"


def test_a_cancellation_of_an_earlier_release_is_not_undone(log: Log, today: date) -> None:
    release(log, entry("甲", "1"), on=FIRST)
    later = today + timedelta(days=30)
    release(log, entry("甲", "9"), on=later)
    release(log, entry("甲", "8"), on=later - timedelta(days=1), on_conflict="keep")
    log.releases.cancel("fees", 2, reason="撤")
    assert standards(log, later) == {"甲": "8"}
    with pytest.raises(LogError) as refused:
        log.releases.cancel("fees", 3, reason="撤")
    assert refused.value.zh == "第4次发布又调整了其中的记录，已不能取消，请再次发布。"


def test_refusals_name_the_way_out(log: Log, today: date) -> None:
    later = publish_two(log, today)

    def refusal(number: int, reason: str = "撤") -> str:
        with pytest.raises(LogError) as refused:
            log.releases.cancel("fees", number, reason=reason)
        return refused.value.code

    assert refusal(7) == "no-such-release"
    assert refusal(1) == "already-in-effect"
    assert refusal(2, reason=" ") == "reason-missing"
    release(log, entry("甲", "8"), entry("乙", "2"), entry("丁", "4"), on=later + timedelta(days=1))
    assert refusal(2) == "cancel-superseded"
    log.releases.cancel("fees", 3, reason="撤")
    assert refusal(3) == "already-cancelled"

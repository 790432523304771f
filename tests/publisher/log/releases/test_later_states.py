"""A file meets published states that take effect later than it."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from publisher.log.log import Log
from publisher.log.model import LogError, View
from tests.support.clock import Clock
from tests.support.log import EARLY, entry, ids, rebuild_spans, release, stage, standards


def refusal(log: Log, *names: str, days: int, clock: Clock, partial: bool = False) -> str:
    """Publish a file of 财政局 some days after today, which is refused. → the Chinese message."""
    stage(log, *map(entry, names), partial=partial)
    with pytest.raises(LogError) as refused:
        log.releases.publish("fees", effective_on=clock().date() + timedelta(days=days))
    assert refused.value.code == "later-effect"
    log.drafts.discard("fees")
    return refused.value.zh


def test_a_later_state_that_differs_in_its_part_only_is_replaced(log: Log, clock: Clock) -> None:
    moved, day = (clock().date() + timedelta(days=days) for days in (30, 10))
    release(log, entry("甲"), part="财政局")
    release(log, entry("乙"), part="民政局")
    stage(log, part="财政局")
    stage(log, entry("甲"), entry("乙"), part="民政局")
    log.releases.publish("fees", effective_on=moved)
    stage(log, entry("甲"), entry("戊"), part="财政局")
    log.releases.publish("fees", effective_on=day, on_conflict="replace")
    assert set(standards(log, View(as_of=moved))) == {"甲", "乙", "戊"}
    record = ids(log)["甲"]
    assert [log.queries.record("fees", record, View(as_of=on)).part for on in (day, moved)] == ["财政局"] * 2
    assert log.integrity.verify().problems == ()


@pytest.mark.slow
@pytest.mark.parametrize("partial", [False, True])
def test_the_release_of_this_part_is_named(log: Log, clock: Clock, partial: bool) -> None:
    later = clock().date() + timedelta(days=30)
    release(log, entry("甲"))
    release(log, entry("甲", "2"), on=later)
    release(log, entry("乙"), part="民政局", on=later)
    assert f"第2次发布的内容自{later}起生效" in refusal(log, "甲", "丙", days=10, clock=clock)
    stage(log, entry("甲", "3"), partial=partial)
    with pytest.raises(LogError, match="Release 2 takes effect"):
        log.releases.publish("fees", effective_on=EARLY)


def test_a_release_whose_file_of_the_part_changed_nothing_is_named(log: Log, clock: Clock) -> None:
    later, sooner = (clock().date() + timedelta(days=days) for days in (30, 10))
    release(log, entry("甲"))
    release(log, entry("乙"), part="民政局")
    stage(log, entry("甲"))
    stage(log, entry("乙", "2"), part="民政局")
    log.releases.publish("fees", effective_on=later)
    release(log, entry("乙"), part="民政局", on=sooner, on_conflict="replace")
    assert f"第3次发布的内容自{later}起生效" in refusal(log, "甲", "丙", days=10, clock=clock)


def test_a_release_that_moved_an_item_away_is_named(log: Log, clock: Clock) -> None:
    later = clock().date() + timedelta(days=30)
    release(log, entry("甲"), entry("乙"))
    stage(log, entry("乙"))
    stage(log, entry("甲"), part="民政局")
    log.releases.publish("fees", effective_on=later)
    assert f"第2次发布的内容自{later}起生效" in refusal(log, "甲", "丙", days=10, clock=clock)


def test_a_release_whose_state_a_cancellation_restored_is_named(log: Log, clock: Clock) -> None:
    later, last = (clock().date() + timedelta(days=days) for days in (30, 40))
    release(log, entry("甲"))
    release(log, entry("甲", "2"), on=last)
    release(log, entry("甲", "3"), on=later, on_conflict="replace")
    log.releases.cancel("fees", 3, reason="撤")
    assert f"第2次发布的内容自{last}起生效" in refusal(log, "甲", "丙", days=10, clock=clock)


def days_of(log: Log, name: str, *days: date) -> list[str | None]:
    """Return the part of a record on each day; None if it is not in force."""
    record = ids(log)[name]
    states = [log.queries.record("fees", record, View(as_of=day)) for day in days]
    return [state.part if state.status == "current" else None for state in states]


def test_a_later_move_to_a_part_without_a_new_list_is_kept(log: Log, clock: Clock) -> None:
    today = clock().date()
    before, day, moved = (today + timedelta(days=days) for days in (5, 10, 30))
    release(log, entry("甲"), entry("丁"))
    release(log, entry("乙"), part="民政局")
    stage(log, entry("丁"))
    stage(log, entry("甲"), entry("乙"), part="民政局")
    log.releases.publish("fees", effective_on=moved)
    release(log, entry("丁"), on=day, on_conflict="replace")
    assert days_of(log, "甲", before, day, moved) == ["财政局", None, "民政局"]
    log.releases.cancel("fees", 4, reason="误发")
    assert days_of(log, "甲", before, day, moved) == ["财政局", "财政局", "民政局"]
    assert rebuild_spans(log) == 0
    assert log.integrity.verify().problems == ()


def test_a_replaced_move_from_a_part_leaves_the_days_before_it(log: Log, clock: Clock) -> None:
    today = clock().date()
    day, before, moved = (today + timedelta(days=days) for days in (10, 20, 30))
    release(log, entry("丁"))
    release(log, entry("甲"), entry("乙"), part="民政局")
    stage(log, entry("甲"), entry("丁"))
    stage(log, entry("乙"), part="民政局")
    log.releases.publish("fees", effective_on=moved)
    stage(log, entry("丁"))
    (removed,) = log.drafts.diff("fees", effective_on=day, on_conflict="replace").removed
    assert removed.effective_on == moved
    log.releases.publish("fees", effective_on=day, on_conflict="replace")
    assert days_of(log, "甲", day, before, moved) == ["民政局", "民政局", None]
    assert [change.effective_on for change in log.queries.changes(dataset="fees", release=4)] == [moved]
    assert rebuild_spans(log) == 0
    assert log.integrity.verify().problems == ()


@pytest.mark.slow
def test_a_list_replaces_each_time_that_an_item_belongs_to_its_part(log: Log, clock: Clock) -> None:
    today = clock().date()
    days = day, away, back = tuple(today + timedelta(days=days) for days in (10, 20, 30))
    release(log, entry("甲"), entry("丁"))
    release(log, entry("乙"), part="民政局")
    stage(log, entry("丁"))
    stage(log, entry("甲"), entry("乙"), part="民政局")
    log.releases.publish("fees", effective_on=away)
    stage(log, entry("甲"), entry("丁"))
    stage(log, entry("乙"), part="民政局")
    log.releases.publish("fees", effective_on=back)
    release(log, entry("丁"), on=day, on_conflict="replace")
    assert days_of(log, "甲", *days) == [None, "民政局", None]
    log.releases.cancel("fees", 5, reason="误发")
    assert days_of(log, "甲", *days) == ["财政局", "民政局", "财政局"]
    stage(log, entry("丁"))
    stage(log, entry("乙"), part="民政局")
    log.releases.publish("fees", effective_on=day, on_conflict="replace")
    assert days_of(log, "甲", *days) == [None, None, None]
    assert rebuild_spans(log) == 0
    assert log.integrity.verify().problems == ()

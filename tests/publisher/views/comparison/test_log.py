"""Comparison of two states of the log, checked against a comparison of the two lists."""

from __future__ import annotations

import tempfile
from collections import Counter
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings

from publisher.log.log import Log
from publisher.log.model import View
from publisher.log.queries.comparison import DIFFERENCE_KINDS
from tests.publisher.log.replay import DAYS
from tests.publisher.log.test_replay import RELAXED, START, HistoryRun, a_site, a_site_on_sqlite, histories
from tests.support.clock import Clock
from tests.support.log import LATE, MIDDLE, entry, ids, release, stage
from tests.support.servers.postgresql import Server


def kinds_by_title(log: Log, before: View, after: View) -> dict[str, str]:
    """Map the title of each difference to its kind."""
    return {d.title: d.kind for d in log.queries.differences("fees", before, after)}


def test_each_difference_states_its_kind_and_the_changes_behind_it(log: Log, clock: Clock) -> None:
    release(log, entry("甲"), entry("乙"), entry("丙"), entry("丁"), entry("戊"))
    clock.advance(days=1)
    release(
        log,
        entry("甲", "2"),
        entry("丙"),
        entry("丁"),
        entry("戊"),
        entry("己"),
        on=MIDDLE,
        basis="示发〔2016〕1号",
    )
    clock.advance(days=1)
    records = ids(log)
    log.releases.withdraw("fees", [records["丙"]], reason="误发")
    clock.advance(days=1)
    log.releases.rename("fees", records["丁"], {"name": "丁丁"}, effective_on=clock().date(), reason="更名")
    differences = {d.title: d for d in log.queries.differences("fees", View(release=1), View(release=4))}
    assert {title: d.kind for title, d in differences.items()} == {
        "甲": "changed",
        "乙": "removed",
        "丙": "withdrawn",
        "丁丁": "renamed",
        "己": "added",
    }
    assert [(f.field, f.before, f.after) for f in differences["甲"].fields] == [("standard", "1", "2")]
    assert [(s.release, s.kind, s.basis) for s in differences["甲"].steps] == [
        (2, "changed", "示发〔2016〕1号")
    ]
    assert differences["丙"].steps[-1].reason == "误发"
    assert differences["丁丁"].title_before == "丁"
    assert differences["乙"].after is None
    totals = log.queries.totals("fees", View(release=1), View(release=4))
    assert (totals.before, totals.after, totals.unchanged) == (5, 4, 1)
    assert totals.kinds == {"added": 1, "changed": 1, "renamed": 1, "removed": 1, "withdrawn": 1, "erased": 0}


def test_a_return_to_the_old_text_is_not_a_difference(log: Log, clock: Clock) -> None:
    for standard in "121":
        release(log, entry("甲", standard), on=MIDDLE, on_conflict="replace")
        clock.advance(days=1)
    assert kinds_by_title(log, View(release=1), View(release=3)) == {}
    assert kinds_by_title(log, View(release=1), View(release=2)) == {"甲": "changed"}


def test_an_erased_record_is_listed_as_erased_without_its_content(log: Log, clock: Clock) -> None:
    release(log, entry("甲"), entry("乙"))
    clock.advance(days=1)
    release(log, entry("甲", "2"), entry("乙"), on=MIDDLE)
    log.releases.erase(records=[("fees", ids(log)["甲"])], ground="判决")
    (difference,) = log.queries.differences("fees", View(release=1), View(release=2))
    assert (difference.kind, difference.title, difference.before, difference.after, difference.fields) == (
        "erased",
        "",
        None,
        None,
        (),
    )


def test_merging_two_departments_changes_no_record(log: Log, clock: Clock) -> None:
    release(log, entry("甲"))
    clock.advance(days=1)
    log.datasets.merge_parts("fees", "财政局", "民政局")
    release(log, entry("甲"), entry("乙"), on=MIDDLE, part="民政局")
    assert kinds_by_title(log, View(release=1), View()) == {"乙": "added"}


def test_a_page_continues_where_the_last_one_ended(log: Log) -> None:
    release(log, *(entry(name) for name in "甲乙丙丁戊"))
    nothing = View(as_of=MIDDLE - timedelta(days=4000))
    whole = [d.record for d in log.queries.differences("fees", nothing, View())]
    paged, position = [], 0
    while page := list(log.queries.differences("fees", nothing, View(), past=position, limit=2)):
        paged += [d.record for d in page]
        position = page[-1].key
    assert paged == whole
    assert len(set(whole)) == 5
    assert not list(log.queries.differences("fees", nothing, View(), kinds=["removed"]))


def test_a_later_effect_is_a_difference_from_that_day_on(log: Log) -> None:
    release(log, entry("甲"))
    release(log, entry("甲", "2"), on=LATE)
    assert kinds_by_title(log, View(as_of=MIDDLE), View(as_of=LATE - timedelta(days=1))) == {}
    assert kinds_by_title(log, View(as_of=MIDDLE), View(as_of=LATE)) == {"甲": "changed"}


def test_a_cancelled_rename_is_not_among_the_changes_behind_a_difference(log: Log, clock: Clock) -> None:
    release(log, entry("甲"), on=MIDDLE)
    later, record = clock().date() + timedelta(days=30), ids(log)["甲"]
    log.releases.rename("fees", record, entry("丁").content, effective_on=later, reason="更名")
    before_cancellation = clock.advance(hours=1)
    clock.advance(hours=1)
    log.releases.cancel("fees", 2, reason="撤")
    clock.advance(days=40)
    release(log, entry("甲", "5"), on=clock().date())
    (difference,) = log.queries.differences("fees", View(release=1), View())
    assert (difference.kind, difference.title_before, difference.title) == ("changed", "甲", "甲")
    assert [step.release for step in difference.steps] == [4]
    totals = log.queries.totals("fees", View(release=1), View())
    assert (totals.kinds["changed"], totals.kinds["renamed"]) == (1, 0)
    # What was known before the cancellation had the other name.
    renamed = View(as_of=later, known_at=before_cancellation)
    assert kinds_by_title(log, View(release=1), renamed) == {"丁": "renamed"}
    (back,) = log.queries.differences("fees", renamed, View())
    assert (back.kind, back.title_before, back.title) == ("renamed", "丁", "甲")
    assert [step.release for step in back.steps] == [3, 4]


def test_a_cancelled_rename_in_two_parts_is_not_among_the_changes_of_the_later_one(
    log: Log, clock: Clock
) -> None:
    stage(log, entry("甲"), part="财政局")
    stage(log, entry("乙"), part="民政局")
    log.releases.publish("fees", effective_on=MIDDLE)
    renamed, moved = (clock().date() + timedelta(days=days) for days in (30, 60))
    stage(log, part="财政局")
    stage(log, entry("甲"), entry("乙"), part="民政局")
    log.releases.publish("fees", effective_on=moved)
    log.releases.rename("fees", ids(log)["甲"], entry("丁").content, effective_on=renamed, reason="更名")
    known = clock.advance(hours=1)
    clock.advance(hours=1)
    log.releases.cancel("fees", 3, reason="撤")
    after = View(as_of=moved)
    (difference,) = log.queries.differences("fees", View(as_of=renamed), after)
    assert (difference.kind, difference.title) == ("changed", "甲")
    assert [step.release for step in difference.steps] == [2]
    (back,) = log.queries.differences("fees", View(as_of=renamed, known_at=known), after)
    assert (back.kind, back.title_before, back.title) == ("renamed", "丁", "甲")
    assert {step.release for step in back.steps} == {2, 4}


def test_a_correction_of_what_a_cancelled_release_states_is_not_among_the_changes(
    log: Log, clock: Clock
) -> None:
    release(log, entry("甲"), entry("乙"), on=MIDDLE)
    record, removed, again = ids(log)["乙"], *(MIDDLE + timedelta(days=days) for days in (10, 4000))
    release(log, entry("甲"), on=removed)
    clock.advance(hours=1)
    release(log, entry("甲"), entry("乙"), on=again)
    for standard in "23":
        clock.advance(hours=1)
        log.releases.correct("fees", {record: entry("乙", standard).content}, reason="更正")
    clock.advance(hours=1)
    known = clock()
    clock.advance(hours=1)
    log.releases.cancel("fees", 3, reason="撤")
    (difference,) = log.queries.differences("fees", View(as_of=MIDDLE), View(as_of=again))
    assert [(step.release, step.effective_on) for step in difference.steps] == [(2, removed)]
    (difference,) = log.queries.differences("fees", View(as_of=again, known_at=known), View(as_of=again))
    assert [(step.release, step.kind) for step in difference.steps] == [(6, "removed")]
    # What was corrected after the cancellation is one of the changes, on the same days.
    release(log, entry("甲"), entry("乙"), on=again)
    log.releases.correct("fees", {record: entry("乙", "4").content}, reason="更正")
    (difference,) = log.queries.differences("fees", View(as_of=MIDDLE), View(as_of=again))
    assert [step.release for step in difference.steps] == [2, 7, 8]


def compare_tables(before: dict[str, str], after: dict[str, str]) -> dict[str, str]:
    """Compare two tables without the log; this is the expected comparison."""
    added = dict.fromkeys(after.keys() - before.keys(), "added")
    removed = dict.fromkeys(before.keys() - after.keys(), "gone")
    both = {name: "changed" for name in before.keys() & after.keys() if before[name] != after[name]}
    return added | removed | both


def assert_equal_to_replay(story: HistoryRun) -> None:
    """Compare every release with every other and some days with one another, in the log and in the replay."""
    releases = story.log.queries.releases("fees")
    views: list[tuple[View, int, int]] = [
        (View(release=r.number), n, (r.effective_on - START).days) for n, r in enumerate(releases)
    ]
    last = len(releases) - 1
    views += [(View(as_of=START + timedelta(days=day)), last, day) for day in range(0, DAYS, 3) if releases]
    for before, n, day in views:
        for after, m, other in views:
            expected = compare_tables(story.replay.in_force(n, day), story.replay.in_force(m, other))
            actual = {}
            for d in story.log.queries.differences("fees", before, after):
                if d.kind != "erased":
                    actual[d.title] = "gone" if d.kind in ("removed", "withdrawn") else d.kind
            assert actual == expected, (before, after)
            totals = story.log.queries.totals("fees", before, after)
            assert sum(totals.kinds[k] for k in DIFFERENCE_KINDS if k != "erased") == len(expected)
            assert totals.unchanged == totals.before - sum(k != "added" for k in expected.values())
            counts = story.log.queries.count_by_part("fees", before, after)
            assert {k: sum(t[k] for t in counts.values()) for k in DIFFERENCE_KINDS} == totals.kinds
            for part, numbers in counts.items():
                if part is not None:
                    of_part = story.log.queries.differences("fees", before, after, parts=[part])
                    assert Counter(d.kind for d in of_part) == {k: n for k, n in numbers.items() if n}


def assert_history(story: HistoryRun, history: list[tuple[Any, ...]]) -> None:
    for step in history:
        story.tell(step)
    assert_equal_to_replay(story)


@pytest.mark.slow
@settings(max_examples=12, deadline=None, suppress_health_check=RELAXED)
@given(history=histories)
def test_every_comparison_equals_two_replays_side_by_side(history: list[tuple[Any, ...]]) -> None:
    with a_site_on_sqlite() as story:
        assert_history(story, history)


@settings(max_examples=5, deadline=None, suppress_health_check=RELAXED)
@given(history=histories)
def test_every_comparison_equals_two_replays_on_postgresql(
    postgresql_server: Server, history: list[tuple[Any, ...]]
) -> None:
    with postgresql_server.database() as url, a_site(url, Path(tempfile.gettempdir())) as story:
        assert_history(story, history)

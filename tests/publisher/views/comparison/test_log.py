"""Comparing two states of the log: what is told, and that it is what two lists side by side say."""

from __future__ import annotations

import tempfile
from collections import Counter
from datetime import timedelta
from pathlib import Path
from typing import Any

from hypothesis import given, settings

from publisher.log.log import Log
from publisher.log.model import View
from publisher.log.queries.comparison import KINDS
from tests.publisher.log.replay import DAYS
from tests.publisher.log.test_replay import RELAXED, START, Story, a_site, a_site_on_sqlite, histories
from tests.support.clock import Clock
from tests.support.log import LATE, MIDDLE, entry, ids, release
from tests.support.postgresql import Server


def kinds(log: Log, before: View, after: View) -> dict[str, str]:
    """Title → kind."""
    return {d.title: d.kind for d in log.queries.differences("fees", before, after)}


def test_each_kind_is_told_with_what_led_to_it(log: Log, clock: Clock) -> None:
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
    known = ids(log)
    log.releases.withdraw("fees", [known["丙"]], reason="误发")
    clock.advance(days=1)
    log.releases.rename("fees", known["丁"], {"name": "丁丁"}, effective_on=clock().date(), reason="更名")
    found = {d.title: d for d in log.queries.differences("fees", View(release=1), View(release=4))}
    assert {title: d.kind for title, d in found.items()} == {
        "甲": "changed",
        "乙": "removed",
        "丙": "withdrawn",
        "丁丁": "renamed",
        "己": "added",
    }
    assert [(f.field, f.before, f.after) for f in found["甲"].fields] == [("standard", "1", "2")]
    assert [(s.release, s.kind, s.basis) for s in found["甲"].steps] == [(2, "changed", "示发〔2016〕1号")]
    assert found["丙"].steps[-1].reason == "误发"
    assert found["丁丁"].title_before == "丁"
    assert found["乙"].after is None
    totals = log.queries.totals("fees", View(release=1), View(release=4))
    assert (totals.before, totals.after, totals.unchanged) == (5, 4, 1)
    assert totals.kinds == {"added": 1, "changed": 1, "renamed": 1, "removed": 1, "withdrawn": 1, "erased": 0}


def test_going_back_to_old_words_is_no_difference_from_them(log: Log, clock: Clock) -> None:
    for standard in "121":
        release(log, entry("甲", standard), on=MIDDLE, on_conflict="replace")
        clock.advance(days=1)
    assert kinds(log, View(release=1), View(release=3)) == {}
    assert kinds(log, View(release=1), View(release=2)) == {"甲": "changed"}


def test_an_erased_record_is_told_as_erased_and_none_of_its_words(log: Log, clock: Clock) -> None:
    release(log, entry("甲"), entry("乙"))
    clock.advance(days=1)
    release(log, entry("甲", "2"), entry("乙"), on=MIDDLE)
    log.releases.erase(records=[("fees", ids(log)["甲"])], ground="判决")
    (found,) = log.queries.differences("fees", View(release=1), View(release=2))
    assert (found.kind, found.title, found.before, found.after, found.fields) == (
        "erased",
        "",
        None,
        None,
        (),
    )


def test_a_department_that_takes_another_in_changes_no_record(log: Log, clock: Clock) -> None:
    release(log, entry("甲"))
    clock.advance(days=1)
    log.datasets.merge_parts("fees", "财政局", "民政局")
    release(log, entry("甲"), entry("乙"), on=MIDDLE, part="民政局")
    assert kinds(log, View(release=1), View()) == {"乙": "added"}


def test_a_page_goes_on_where_the_last_one_ended(log: Log) -> None:
    release(log, *(entry(name) for name in "甲乙丙丁戊"))
    nothing = View(as_of=MIDDLE - timedelta(days=4000))
    whole = [d.record for d in log.queries.differences("fees", nothing, View())]
    walked, past = [], 0
    while page := list(log.queries.differences("fees", nothing, View(), past=past, limit=2)):
        walked += [d.record for d in page]
        past = page[-1].key
    assert walked == whole
    assert len(set(whole)) == 5
    assert not list(log.queries.differences("fees", nothing, View(), kinds=["removed"]))


def test_what_takes_effect_later_differs_from_that_day_on(log: Log) -> None:
    release(log, entry("甲"))
    release(log, entry("甲", "2"), on=LATE)
    assert kinds(log, View(as_of=MIDDLE), View(as_of=LATE - timedelta(days=1))) == {}
    assert kinds(log, View(as_of=MIDDLE), View(as_of=LATE)) == {"甲": "changed"}


def obvious(before: dict[str, str], after: dict[str, str]) -> dict[str, str]:
    """Two tables side by side."""
    here = dict.fromkeys(after.keys() - before.keys(), "added")
    gone = dict.fromkeys(before.keys() - after.keys(), "gone")
    both = {name: "changed" for name in before.keys() & after.keys() if before[name] != after[name]}
    return here | gone | both


def check(story: Story) -> None:
    """Every release against every other, and a few days against one another."""
    releases = story.log.queries.releases("fees")
    views: list[tuple[View, int, int]] = [
        (View(release=r.number), n, (r.effective_on - START).days) for n, r in enumerate(releases)
    ]
    last = len(releases) - 1
    views += [(View(as_of=START + timedelta(days=day)), last, day) for day in range(0, DAYS, 3) if releases]
    for before, n, day in views:
        for after, m, other in views:
            expected = obvious(story.replay.in_force(n, day), story.replay.in_force(m, other))
            found = {}
            for d in story.log.queries.differences("fees", before, after):
                if d.kind != "erased":
                    found[d.title] = "gone" if d.kind in ("removed", "withdrawn") else d.kind
            assert found == expected, (before, after)
            totals = story.log.queries.totals("fees", before, after)
            assert sum(totals.kinds[k] for k in KINDS if k != "erased") == len(expected)
            assert totals.unchanged == totals.before - sum(k != "added" for k in expected.values())
            tallies = story.log.queries.tallies("fees", before, after)
            assert {k: sum(t[k] for t in tallies.values()) for k in KINDS} == totals.kinds
            for part, numbers in tallies.items():
                if part is not None:
                    of_part = story.log.queries.differences("fees", before, after, parts=[part])
                    assert Counter(d.kind for d in of_part) == {k: n for k, n in numbers.items() if n}


def tell(story: Story, history: list[tuple[Any, ...]]) -> None:
    for step in history:
        story.tell(step)
    check(story)


@settings(max_examples=25, deadline=None, suppress_health_check=RELAXED)
@given(history=histories)
def test_every_comparison_equals_two_replays_side_by_side(history: list[tuple[Any, ...]]) -> None:
    with a_site_on_sqlite() as story:
        tell(story, history)


@settings(max_examples=5, deadline=None, suppress_health_check=RELAXED)
@given(history=histories)
def test_every_comparison_equals_two_replays_on_postgresql(
    postgresql_server: Server, history: list[tuple[Any, ...]]
) -> None:
    with postgresql_server.database() as url, a_site(url, Path(tempfile.gettempdir())) as story:
        tell(story, history)

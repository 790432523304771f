"""Lists that are kept in memory: they show every release and every day as those that are read."""

from __future__ import annotations

from datetime import timedelta

import pytest

from publisher.log.log import Log
from publisher.log.model import RecordQuery, View
from publisher.log.predicate import And, AnyValue, HasValue
from publisher.log.queries.lists import record_list
from publisher.log.queries.lists.state_cache import NotInMemoryError, memory_only
from tests.support.log import EARLY, LATE, MIDDLE, entry, release

FIRST_KIND = And((AnyValue("kind", "=", ("甲类",)),))
SORT = (("rate", True),)


def titles(log: Log, query: RecordQuery) -> tuple[list[str], int | None]:
    page = log.queries.records("fees", query)
    return [state.title for state in page.records], page.total


def test_a_list_in_memory_shows_the_next_release_and_the_records_of_each_day(log: Log) -> None:
    rows = [entry("甲", kind="甲类", rate=1), entry("乙", kind="甲类", rate=2), entry("丙", kind="乙类")]
    release(log, *rows, on=EARLY)
    query = RecordQuery(where=FIRST_KIND, sort=SORT, facets=("kind",))
    assert titles(log, query) == (["乙", "甲"], 2)
    release(log, *rows[1:], entry("丁", kind="甲类", rate=9), on=LATE)
    titles_by_day = {
        day: titles(log, RecordQuery(view=View(as_of=day), where=FIRST_KIND, sort=SORT))
        for day in (EARLY - timedelta(1), EARLY, MIDDLE, LATE - timedelta(1), LATE, LATE + timedelta(9))
    }
    assert list(titles_by_day.values()) == [([], 0), *[(["乙", "甲"], 2)] * 3, *[(["丁", "乙"], 2)] * 2]
    at_first = RecordQuery(view=View(release=1), where=FIRST_KIND, sort=SORT)
    assert titles(log, at_first) == (["乙", "甲"], 2)
    page = log.queries.records("fees", RecordQuery(view=View(as_of=LATE), facets=("kind",)))
    assert page.facets["kind"] == (("甲类", 2), ("乙类", 1))


def test_without_patience_a_list_is_answered_from_memory_only(log: Log) -> None:
    release(log, *(entry(name, kind="甲类", rate=n) for n, name in enumerate("甲乙丙丁")))
    query = RecordQuery(where=FIRST_KIND, sort=SORT, limit=2)
    with memory_only(), pytest.raises(NotInMemoryError):
        titles(log, query)
    expected = titles(log, query)
    with memory_only():
        assert titles(log, query) == expected == (["丁", "丙"], 4)
        with pytest.raises(NotInMemoryError):
            titles(log, RecordQuery(where=FIRST_KIND, sort=SORT, statuses=("future",)))


def test_pages_behind_the_keys_in_memory_follow_without_gaps(
    log: Log, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(record_list, "_MOST_KEYS", 3)
    release(log, *(entry(f"事项{n}", kind="甲类", rate=n) for n in range(9)))
    listed: list[str] = []
    after = None
    while True:
        page = log.queries.records("fees", RecordQuery(where=FIRST_KIND, sort=SORT, limit=2, after=after))
        assert page.total == 9
        listed += [state.title for state in page.records]
        after = page.after
        if after is None:
            break
    assert listed == [f"事项{n}" for n in reversed(range(9))]
    page = log.queries.records("fees", RecordQuery(where=FIRST_KIND, sort=SORT, limit=2, offset=7))
    assert [state.title for state in page.records] == ["事项1", "事项0"]


def test_values_are_counted_among_records_that_have_another_value(log: Log) -> None:
    release(log, entry("甲", kind="甲类", rate=1), entry("乙", kind="乙类"), entry("丙", kind="乙类", rate=2))
    where = And((HasValue("rate"), AnyValue("kind", "=", ("甲类", "乙类"))))
    page = log.queries.records("fees", RecordQuery(where=where, facets=("kind",)))
    assert page.total == 2
    assert page.facets["kind"] == (("乙类", 1), ("甲类", 1))

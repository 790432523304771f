"""Queries for readers and the worker: lists, facets, pages, changes, the outbox."""

from __future__ import annotations

from collections.abc import Generator
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from publisher.log.clocks import start_of
from publisher.log.log import Log
from publisher.log.model import LogError, RecordQuery, View
from publisher.log.predicate import And, AnyValue, HasValue, Not, Or, Predicate
from tests.support.clock import Clock
from tests.support.log import EARLY, LATE, MIDDLE, entry, fees_dataset, ids, release, stage, standards


def names(log: Log, **query: Any) -> list[str]:
    page = log.queries.records("fees", RecordQuery(**query))
    assert page.total == len(page.records) or page.after is not None
    return [r.title for r in page.records]


@pytest.fixture
def filled_log(log: Log) -> Log:
    rows = [
        entry("丁", kind="甲类", rate=10, remark="x"),
        entry("丙", "2", kind="乙类", rate=2),
        entry("乙", "2", kind="甲类", rate=9),
        entry("甲", "%_' OR 1=1", place="东区"),
    ]
    release(log, *rows)
    return log


@pytest.mark.slow
@pytest.mark.parametrize(
    ("conditions", "expected"),
    [
        ([AnyValue("kind", "=", ("甲类",))], "丁乙"),
        ([AnyValue("kind", "=", ("甲类", "乙类"))], "丁丙乙"),
        ([AnyValue("rate", ">=", ("9",))], "丁乙"),
        ([AnyValue("rate", ">", ("9",)), AnyValue("rate", "<=", ("10",))], "丁"),
        ([AnyValue("rate", "<", ("10",))], "丙乙"),
        ([AnyValue("rate", "=", ("10.0",))], "丁"),
        ([Not(HasValue("kind"))], "甲"),
        ([HasValue("place")], "甲"),
        ([AnyValue("standard", "=", ("2",))], "丙乙"),
        ([AnyValue("standard", "=", ("%_' OR 1=1",))], "甲"),
        ([AnyValue("standard", "=", ("\x00\ud800",))], ""),
        ([AnyValue("kind", "=", ("\x00\ud800",))], ""),
        ([AnyValue("kind", "=", ("甲类",)), AnyValue("standard", "=", ("2",))], "乙"),
        ([AnyValue("part", "=", ("财政局",))], "丁丙乙甲"),
        ([AnyValue("part", "=", ("民政局",))], ""),
        ([Not(AnyValue("kind", "=", ("甲类",)))], "丙甲"),
        ([Not(AnyValue("place", "=", ("东区",)))], "丁丙乙"),
        ([Or((AnyValue("place", ">", ("东",)), AnyValue("rate", "=", ("2",))))], "丙甲"),
    ],
)
def test_filters_pick(filled_log: Log, conditions: list[Predicate], expected: str) -> None:
    titles = names(filled_log, where=And(tuple(conditions)))
    assert sorted(titles) == sorted(expected)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("sort", "expected"),
    [
        ((), "丁丙乙甲"),
        ((("title", True),), "甲乙丙丁"),
        ((("rate", False),), "丙乙丁甲"),
        ((("rate", True),), "丁乙丙甲"),
        ((("kind", False), ("rate", True)), "丙丁乙甲"),
        ((("standard", True), ("name", False)), "丙乙丁甲"),
        ((("place", False),), "甲丁丙乙"),
    ],
)
def test_lists_are_sorted_by_code_point_with_blanks_last_and_paged_by_key(
    filled_log: Log, sort: tuple[tuple[str, bool], ...], expected: str
) -> None:
    assert names(filled_log, sort=sort) == list(expected)
    titles: list[str] = []
    after = None
    while True:
        page = filled_log.queries.records("fees", RecordQuery(sort=sort, limit=1, after=after))
        assert page.total == 4
        titles += [r.title for r in page.records]
        if page.after is None:
            break
        after = page.after
    assert titles == list(expected)


@pytest.mark.parametrize(
    "query",
    [
        RecordQuery(where=AnyValue("nothing", "=", ("1",))),
        RecordQuery(sort=(("nothing", False),)),
        RecordQuery(where=AnyValue("rate", ">=", ("many",))),
        RecordQuery(where=AnyValue("rate", ">=", ("nan",))),
        RecordQuery(where=AnyValue("rate", "<", ("inf",))),
        RecordQuery(facets=("standard",)),
    ],
)
def test_an_invalid_query_is_refused(filled_log: Log, query: RecordQuery) -> None:
    with pytest.raises(LogError) as refused:
        filled_log.queries.records("fees", query)
    assert refused.value.code == "bad-filter"


def test_texts_that_are_read_as_no_finite_number_are_stored_as_they_are_compared(log: Log) -> None:
    kinds = ("-nan", "+NaN", "+inf", "-Infinity", "1e999", "-1e999")
    release(log, *(entry(name, kind=kind) for name, kind in zip("甲乙丙丁戊己", kinds, strict=True)))
    assert log.integrity.verify().problems == ()
    assert names(log, where=AnyValue("kind", "=", ("-nan", "1e999"))) == ["戊", "甲"]


def test_a_cursor_of_another_request_is_refused(filled_log: Log) -> None:
    with pytest.raises(LogError) as refused:
        filled_log.queries.records("fees", RecordQuery(after=("x", 1, 2)))
    assert refused.value.code == "bad-cursor"


def test_facets_count_all_values_also_of_a_field_that_is_filtered(filled_log: Log) -> None:
    query = RecordQuery(where=AnyValue("kind", "=", ("甲类",)), facets=("kind", "part"))
    facets = filled_log.queries.records("fees", query).facets
    assert facets == {"kind": (("甲类", 2), ("乙类", 1)), "part": (("财政局", 2),)}


def test_facets_and_filters_are_of_the_requested_day(filled_log: Log) -> None:
    release(filled_log, entry("丁", kind="丙类"), on=LATE)
    then = RecordQuery(view=View(as_of=MIDDLE), facets=("kind",))
    assert filled_log.queries.records("fees", then).facets["kind"] == (("甲类", 2), ("乙类", 1))
    assert names(filled_log, where=AnyValue("kind", "=", ("甲类",))) == []


def test_a_long_value_is_found_by_all_of_it(log: Log) -> None:
    long = "长" * 5_000
    release(log, entry("甲" * 3_000, kind=long), entry("乙", kind=long + "尾"))
    assert names(log, where=AnyValue("kind", "=", (long,))) == ["甲" * 3_000]


def test_a_release_pins_both_clocks(log: Log, clock: Clock) -> None:
    release(log, entry("甲", "1"), on=EARLY)
    clock.advance(days=1)
    release(log, entry("甲", "2"), on=LATE)
    clock.advance(days=1)
    log.releases.correct("fees", {ids(log)["甲"]: entry("甲", "3").content}, reason="x")
    assert standards(log, View(release=1)) == {"甲": "1"}
    assert standards(log, View(release=2)) == {"甲": "2"}
    with pytest.raises(LogError) as refused:
        standards(log, View(release=1, as_of=EARLY))
    assert refused.value.code == "mixed-view"
    with pytest.raises(LogError) as refused:
        standards(log, View(release=9))
    assert refused.value.code == "no-such-release"


def test_a_number_that_no_column_can_store_is_that_of_no_release_and_no_row(log: Log) -> None:
    release(log, entry("甲"))
    number = 2**70
    stage(log, entry("乙"))
    (draft_import,) = log.drafts.imports("fees")
    assert log.drafts.rows(draft_import, [number]) == []
    for read in (
        lambda: log.queries.release("fees", number),
        lambda: log.queries.records("fees", RecordQuery(view=View(release=number))),
        lambda: log.releases.cancel("fees", number, reason="有误"),
    ):
        with pytest.raises(LogError) as refused:
            read()
        assert refused.value.code == "no-such-release"


def test_known_at_alone_returns_what_was_published_then_for_that_day(log: Log, clock: Clock) -> None:
    release(log, entry("甲", "1"), on=date(2019, 1, 1))
    release(log, entry("甲", "2"), on=date(2020, 6, 1))
    then = clock.advance(days=1)
    clock.now = datetime(2021, 1, 1, tzinfo=UTC)
    assert standards(log) == {"甲": "2"}
    assert standards(log, View(known_at=then)) == {"甲": "1"}
    assert standards(log, View(known_at=then - timedelta(days=9))) == {}


def test_a_record_has_its_position_and_its_file(log: Log) -> None:
    release(log, entry("甲", "7"))
    state = log.queries.record("fees", ids(log)["甲"])
    assert state.locator == {"sheet": "收费", "rows": [7]}
    assert [s.name for s in state.sources] == ["a workbook.xls"]
    assert (state.effective_from, state.effective_to, state.known_to) == (EARLY, None, None)


def test_find_prefers_the_exact_title(log: Log) -> None:
    release(log, entry("证照费"), entry("证照费（补办）"), entry("100%_费"))
    assert [r.title for r in log.queries.find_by_title("fees", "证照费")] == ["证照费"]
    assert [r.title for r in log.queries.find_by_title("fees", "照费")] == ["证照费", "证照费（补办）"]
    assert [r.title for r in log.queries.find_by_title("fees", "%_")] == ["100%_费"]
    assert log.queries.find_by_title("fees", "没有") == ()


def test_changes_are_read_in_both_directions_and_from_any_place(log: Log) -> None:
    release(log, entry("甲"), entry("乙"), entry("丙"))
    dataset, own = fees_dataset("others", parts=())
    log.datasets.create(dataset, own)
    release(log, entry("丁"), part=None, dataset="others")
    assert [c.sequence for c in log.queries.changes()] == [1, 2, 3, 4]
    assert [c.title for c in log.queries.changes(after=1, limit=2)] == ["乙", "丙"]
    assert [c.title for c in log.queries.changes(before=4, descending=True, limit=2)] == ["丙", "乙"]
    assert [c.title for c in log.queries.changes(dataset="others", release=1)] == ["丁"]


def test_the_validator_moves_with_releases_and_days(log: Log, clock: Clock) -> None:
    assert log.queries.validator() == (0, date(2020, 1, 1))
    release(log, entry("甲"))
    assert log.queries.validator("fees") == log.queries.validator() == (1, date(2020, 1, 1))
    clock.advance(hours=16)
    assert log.queries.validator("fees") == (1, date(2020, 1, 2))
    assert log.queries.sequence("fees") == log.queries.sequence() == 1


def test_the_validator_moves_with_a_new_name_of_a_part_even_if_the_clock_is_set_back(
    log: Log, clock: Clock
) -> None:
    release(log, entry("甲"))
    validators = [(log.queries.validator(), log.queries.validator("fees"))]
    for old, new in (("财政局", "财政和国资局"), ("财政和国资局", "财政局")):
        log.datasets.rename_part("fees", old, new)
        clock.advance(days=-1)
        validators.append((log.queries.validator(), log.queries.validator("fees")))
    assert list(map(_numbers, validators)) == sorted(set(map(_numbers, validators)))


def _numbers(pair: tuple[tuple[int, date], tuple[int, date]]) -> tuple[int, ...]:
    return tuple(number for number, _ in pair)


@pytest.mark.slow
def test_a_reader_that_stops_half_way_does_not_pin_an_old_state(log: Log) -> None:
    many = [entry(f"第{number}项") for number in range(2_500)]
    release(log, *many)
    rows = log.queries.whole_state("fees", View())
    next(rows)
    assert isinstance(rows, Generator)
    rows.close()
    release(log, *many, entry("甲"), on=MIDDLE)
    assert log.queries.sequence("fees") == 2
    assert len(list(log.queries.whole_state("fees", View()))) == 2_501


@pytest.mark.slow
def test_a_reader_sees_one_state_while_others_publish(log: Log) -> None:
    many = [entry(f"第{number}项") for number in range(2_500)]
    release(log, *many)
    rows = log.queries.whole_state("fees", View())
    next(rows)
    release(log, entry("甲"), on=MIDDLE)
    assert standards(log, View()) == {"甲": "1"}
    assert len(list(rows)) == 2_499


def test_the_outbox_lists_every_span_written_or_closed_until_it_is_done(log: Log) -> None:
    release(log, entry("甲"), entry("乙"))
    first = log.outbox.items()
    assert [i.kind for i in first] == ["span", "span", "release"]
    assert log.outbox.position() == 0
    log.outbox.mark_failed(first[0].sequence, "no room")
    assert (log.outbox.items()[0].attempts, log.outbox.items()[0].error) == (1, "no room")
    log.outbox.mark_done([first[0].sequence])
    assert log.outbox.position() == first[0].sequence
    log.subscriptions.complete_items(upto=first[-1].sequence)
    assert log.outbox.items() == ()
    release(log, entry("甲", "2"), entry("乙"), on=MIDDLE)
    span_ids = [i.key for i in log.outbox.items() if i.kind == "span"]
    spans = {s.id: s for s in log.queries.spans(ids=span_ids)}
    assert set(spans) == set(span_ids)
    assert sorted((s.content["standard"], s.known_to is None) for s in spans.values()) == [
        ("1", False),
        ("1", True),
        ("2", True),
    ]
    assert min(s.sequence for s in spans.values()) > first[-1].sequence


def test_a_release_of_future_effect_is_due_once_more_on_its_day(log: Log, clock: Clock) -> None:
    day = date(2020, 2, 1)
    release(log, entry("甲"), on=day)
    release(log, entry("乙"), part="民政局")
    assert log.outbox.first_release_to_index() == log.outbox.releases()[0].sequence
    log.subscriptions.complete_items(upto=10**9)
    assert log.outbox.items() == ()
    assert log.outbox.first_release_to_index() is None  # they do not wait for the day
    clock.now = start_of(day)
    assert [(i.kind, i.key, i.due_at) for i in log.outbox.items()] == [("release", "1", start_of(day))]


def test_spans_stream_all_states(log: Log) -> None:
    release(log, entry("甲"), entry("乙"))
    release(log, entry("甲", "2"), on=MIDDLE)
    log.releases.withdraw("fees", [ids(log)["甲"]], reason="误发")
    spans = list(log.queries.spans(dataset="fees"))
    assert {s.status for s in spans} == {"stated", "removed", "withdrawn"}
    assert {s.title for s in spans if s.status != "stated"} == {"甲", "乙"}
    assert len({s.id for s in spans}) == len(spans)
    assert all(s.content == {} for s in spans if s.status == "withdrawn")
    assert list(log.queries.spans(ids=["no.such.span", "odd"])) == []


def test_only_one_holds_the_worker_lock(log: Log) -> None:
    with log.outbox.lock() as mine:
        assert mine
        with log.outbox.lock() as other:
            assert not other
    with log.outbox.lock() as again:
        assert again


def test_two_rows_about_one_record_from_two_imports_are_distinguished(log: Log) -> None:
    stage(log, entry("甲"))
    stage(log, entry("乙"), part="民政局")
    log.releases.publish("fees", effective_on=EARLY)
    parts = {r.title: r.part for r in log.queries.records("fees", RecordQuery()).records}
    assert parts == {"甲": "财政局", "乙": "民政局"}

"""Followed searches: the hits that came or went, and when."""

from __future__ import annotations

import anyio
import pytest
from msgspec import structs

from search.contract import FOREVER, HitChange, HitChanges, SavedSearch, SearchEngine
from tests.search.documents import document, index


def touches(engine: SearchEngine, text: str, **more: object) -> HitChanges:
    return anyio.run(engine.hit_changes, SavedSearch(text, **more))  # type: ignore[arg-type]  # each test names real fields


def list_touches(engine: SearchEngine, text: str, **more: object) -> list[tuple[str, int]]:
    report = touches(engine, text, **more)
    assert report.unread_until is None
    return [(touch.record, touch.at) for touch in report.changes]


@pytest.fixture
def filled_engine(engine: SearchEngine) -> SearchEngine:
    index(
        engine,
        [
            document("a", "道路占用费", known_span=(100, 300), record="roads", body="财政局"),
            document("b", "道路占用费", "新标准", known_span=(300, FOREVER), record="roads", body="财政局"),
            document("c", "污水处理费", known_span=(200, FOREVER), record="sewage", body="住建局"),
            document("d", "占用道路的说明", known_span=(400, FOREVER), record="notes", body="财政局"),
        ],
    )
    return engine


def test_a_record_that_contains_all_words_is_reported_when_it_came_and_when_it_went(
    filled_engine: SearchEngine,
) -> None:
    assert list_touches(filled_engine, "道路占用费") == [("roads", 300), ("roads", 100)]
    assert list_touches(filled_engine, "道路占用费 新标准") == [("roads", 300)]
    assert list_touches(filled_engine, "道路占用费 污水") == []


def test_an_empty_query_follows_everything_within_the_filters(filled_engine: SearchEngine) -> None:
    assert list_touches(filled_engine, "", filters={"body": ("财政局",)}) == [
        ("notes", 400),
        ("roads", 300),
        ("roads", 100),
    ]
    assert len(list_touches(filled_engine, "", filters={"body": ("财政局", "住建局")})) == 4


def test_an_interval_includes_its_start_and_excludes_its_end(filled_engine: SearchEngine) -> None:
    assert list_touches(filled_engine, "", after=200, before=300) == [("sewage", 200)]
    assert list_touches(filled_engine, "", after=301, before=400) == []


def test_only_the_requested_spans_are_reported(filled_engine: SearchEngine) -> None:
    assert list_touches(filled_engine, "道路", spans=("b", "c")) == [("roads", 300)]
    assert list_touches(filled_engine, "道路", spans=()) == []


def test_a_withdrawn_span_is_reported_at_the_instant_of_its_withdrawal(engine: SearchEngine) -> None:
    stated = document("x", "殡葬收费", known_span=(100, FOREVER))
    index(engine, [stated])
    index(engine, [structs.replace(stated, known_to=500, version=2)])
    assert list_touches(engine, "殡葬") == [("r-x", 500), ("r-x", 100)]


def test_an_empty_index_reports_nothing(engine: SearchEngine) -> None:
    assert list_touches(engine, "") == []


def test_an_instant_that_the_limit_would_split_is_named_and_left_out(engine: SearchEngine) -> None:
    index(engine, [document(f"s{n}", "许可", known_span=(100 if n < 9 else 200, FOREVER)) for n in range(10)])
    assert touches(engine, "许可", limit=5) == HitChanges((HitChange("r-s9", 200),), unread_until=100)
    assert touches(engine, "许可", limit=1) == HitChanges((), unread_until=200)
    assert len(touches(engine, "许可", limit=11).changes) == 10

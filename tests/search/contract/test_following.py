"""Following a search: which of its hits came or went, and when."""

from __future__ import annotations

from dataclasses import replace

import anyio
import pytest

from search.contract import FOREVER, HitChange, HitChanges, SavedSearch, SearchEngine
from tests.search.documents import document, index


def touches(engine: SearchEngine, text: str, **more: object) -> HitChanges:
    return anyio.run(engine.hit_changes, SavedSearch(text, **more))  # type: ignore[arg-type]  # each test names real fields


def touched(engine: SearchEngine, text: str, **more: object) -> list[tuple[str, int]]:
    found = touches(engine, text, **more)
    assert found.unread_until is None
    return [(touch.record, touch.at) for touch in found.changes]


@pytest.fixture
def filled(engine: SearchEngine) -> SearchEngine:
    index(
        engine,
        [
            document("a", "道路占用费", known=(100, 300), record="roads", body="财政局"),
            document("b", "道路占用费", "新标准", known=(300, FOREVER), record="roads", body="财政局"),
            document("c", "污水处理费", known=(200, FOREVER), record="sewage", body="住建局"),
            document("d", "占用道路的说明", known=(400, FOREVER), record="notes", body="财政局"),
        ],
    )
    return engine


def test_what_holds_all_the_words_is_told_when_it_came_and_when_it_went(filled: SearchEngine) -> None:
    assert touched(filled, "道路占用费") == [("roads", 300), ("roads", 100)]
    assert touched(filled, "道路占用费 新标准") == [("roads", 300)]
    assert touched(filled, "道路占用费 污水") == []


def test_nothing_typed_follows_all_that_the_filters_leave(filled: SearchEngine) -> None:
    assert touched(filled, "", filters={"body": ("财政局",)}) == [
        ("notes", 400),
        ("roads", 300),
        ("roads", 100),
    ]
    assert len(touched(filled, "", filters={"body": ("财政局", "住建局")})) == 4


def test_a_stretch_of_time_holds_its_beginning_and_not_its_end(filled: SearchEngine) -> None:
    assert touched(filled, "", after=200, before=300) == [("sewage", 200)]
    assert touched(filled, "", after=301, before=400) == []


def test_of_named_spans_only_these_are_told(filled: SearchEngine) -> None:
    assert touched(filled, "道路", spans=("b", "c")) == [("roads", 300)]
    assert touched(filled, "道路", spans=()) == []


def test_a_span_that_was_withdrawn_is_told_at_the_instant_of_its_withdrawal(engine: SearchEngine) -> None:
    stated = document("x", "殡葬收费", known=(100, FOREVER))
    index(engine, [stated])
    index(engine, [replace(stated, known_to=500, version=2)])
    assert touched(engine, "殡葬") == [("r-x", 500), ("r-x", 100)]


def test_an_empty_index_tells_nothing(engine: SearchEngine) -> None:
    assert touched(engine, "") == []


def test_where_the_limit_ends_an_instant_early_it_is_named_and_none_of_it_told(engine: SearchEngine) -> None:
    index(engine, [document(f"s{n}", "许可", known=(100 if n < 9 else 200, FOREVER)) for n in range(10)])
    assert touches(engine, "许可", limit=5) == HitChanges((HitChange("r-s9", 200),), unread_until=100)
    assert touches(engine, "许可", limit=1) == HitChanges((), unread_until=200)
    assert len(touches(engine, "许可", limit=11).changes) == 10

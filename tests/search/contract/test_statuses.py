"""What was removed or withdrawn: found on request only, by both engines alike."""

from __future__ import annotations

import anyio
import pytest
from msgspec import structs

from search.chinese import thesaurus
from search.contract import ENDED, STATUS, Document, Page, Request, SavedSearch, SearchEngine, Status
from search.find import NO_FIELDS, find_ended
from search.query.field_filters import FilterFields, apply_filters
from tests.search.documents import TODAY, document, index, search, spans


def with_status(status: Status, one: Document) -> Document:
    return structs.replace(one, status=status)


DOCUMENTS = [
    document("now", "食品经营许可", record="a"),
    with_status("removed", document("gone", "食品流通许可", "食品经营", record="b")),
    with_status("withdrawn", document("error", "食品经营备案许可", record="c")),
    with_status(
        "removed", document("later", "食品经营许可变更", effective=(TODAY + 1, TODAY + 9), record="d")
    ),
]


@pytest.mark.parametrize(
    ("statuses", "expected"),
    [
        (("current",), {"now"}),
        (("current", *ENDED), {"now", "gone", "error"}),
        (ENDED, {"gone", "error"}),
        (("withdrawn",), {"error"}),
    ],
)
def test_hits_have_one_of_the_statuses_on_the_day(
    engine: SearchEngine, statuses: tuple[Status, ...], expected: set[str]
) -> None:
    index(engine, DOCUMENTS)
    page = search(engine, "食品 经营", statuses=statuses)
    assert {hit.span for hit in page.hits} == expected
    assert (page.total, {hit.status for hit in page.hits}) == (len(expected), set(statuses))
    # The sets of hits that no relevance orders.
    assert set(spans(engine, "食品 经营", statuses=statuses, sort="-date")) == expected


def test_statuses_are_counted_whichever_are_chosen(engine: SearchEngine) -> None:
    index(engine, DOCUMENTS)
    page = search(engine, "食品经营", facets=(STATUS,))
    assert {one.value: one.count for one in page.facets[STATUS]} == {
        "current": 1,
        "removed": 1,
        "withdrawn": 1,
    }


def test_what_was_removed_is_no_new_hit_of_a_saved_search(engine: SearchEngine) -> None:
    index(engine, [with_status("removed", document("gone", "食品经营许可", known_span=(50, 2**62)))])
    assert not anyio.run(engine.hit_changes, SavedSearch("食品经营", before=100)).changes


def test_only_what_contains_all_words_is_offered_as_ended(engine: SearchEngine) -> None:
    index(engine, DOCUMENTS)

    async def ended(text: str) -> set[str]:
        request = Request(text, as_of=TODAY)
        page = await find_ended(engine, request, NO_FIELDS, limit=3)
        return set() if page is None else {hit.span for hit in page.hits}

    assert anyio.run(ended, "食品经营备案") == {"error"}
    assert anyio.run(ended, "食品经营许可 危险化学品") == set()


def test_a_typed_filter_selects_values_of_the_requested_statuses(engine: SearchEngine) -> None:
    gone = with_status("removed", document("gone", "食品经营", type="其他行政许可", body="市局"))
    index(engine, [gone, document("now", "食品经营", type="行政检查", body="市局")])
    fields, request = FilterFields({"类型": "type"}), Request("食品 类型:许可", as_of=TODAY)

    async def ended() -> Page | None:
        return await find_ended(engine, request, fields, limit=3)

    page = anyio.run(ended)
    assert page is not None
    assert [hit.span for hit in page.hits] == ["gone"]


def test_a_typed_exclusion_adds_to_those_of_the_request(engine: SearchEngine) -> None:
    index(engine, [document("one", "食品", type="甲"), document("other", "食品", type="乙")])
    request = Request("食品 -类型:甲", as_of=TODAY, excluded={"type": ("乙",)})
    analyzer, lexicon = thesaurus.load_language()
    fields = FilterFields({"类型": "type"})
    narrowed = anyio.run(apply_filters, engine, request, fields, analyzer, lexicon)
    assert anyio.run(engine.search, narrowed.request).hits == ()

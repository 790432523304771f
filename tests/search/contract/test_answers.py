"""Filters, facets, order, cursors, totals, excerpts, and absurd queries."""

from __future__ import annotations

from collections import Counter
from random import Random

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from msgspec import structs

from search.contract import FOREVER, CursorError, Document, FacetValue, Request, SearchEngine
from tests.search.documents import TODAY, call, document, every_page, index, search, spans

KINDS = ("行政许可", "行政处罚", "行政检查")
DIVISIONS = (("21", "2103", "210311"), ("21", "2103", "210302"), ("34", "3405"))


def corpus(size: int = 90) -> list[Document]:
    return [
        document(
            f"s{i:03d}",
            f"第{i}项经营许可",
            "依据有关法律办理" * (i % 7),
            type=KINDS[i % 3],
            division=DIVISIONS[i % 3],
            body=f"部门{i % 10}",
            year=str(2010 + i % 5),
            day=730_000 + i % 4,
        )
        for i in range(size)
    ]


def test_an_empty_index_returns_no_hits(engine: SearchEngine) -> None:
    page = search(engine, "许可", facets=("type",))
    assert (page.hits, page.total, page.cursor, page.facets) == ((), 0, None, {"type": ()})
    assert call(engine.count) == 0
    assert call(engine.position) == 0


def test_an_empty_query_returns_everything_newest_first(engine: SearchEngine) -> None:
    index(engine, corpus())
    page = search(engine, "", limit=5, filters={"type": ("行政许可",)})
    assert page.total == 30
    assert spans(engine, " ", limit=90) == spans(engine, "", limit=90, sort="-date")


def test_values_of_one_filter_add_and_filters_narrow(engine: SearchEngine) -> None:
    index(engine, corpus())
    assert search(engine, "许可", filters={"type": ("行政许可", "行政处罚")}).total == 60
    assert search(engine, "许可", filters={"type": ("行政许可",), "year": ("2010",)}).total == 6
    assert search(engine, "许可", filters={"type": ("无此类型",)}).total == 0
    assert search(engine, "许可", filters={"no_such": ("x",)}).total == 0


def test_a_division_is_found_by_every_division_above_it(engine: SearchEngine) -> None:
    index(engine, corpus())
    totals = {
        code: search(engine, "许可", filters={"division": (code,)}).total for code in ("21", "2103", "210311")
    }
    assert totals == {"21": 60, "2103": 60, "210311": 30}


def test_facets_count_the_set_exactly(engine: SearchEngine) -> None:
    index(engine, corpus())
    page = search(engine, "许可", facets=("type", "body", "division"), filters={"year": ("2010", "2011")})
    assert page.total == 36
    assert page.facets["type"] == tuple(FacetValue(k, 12) for k in sorted(KINDS))
    assert sum(v.count for v in page.facets["body"]) == 36
    assert page.facets["division"][0] == FacetValue("21", 24)


@pytest.mark.slow
@pytest.mark.parametrize("sort", ["relevance", "date", "-date"])
@pytest.mark.parametrize("limit", [1, 7, 20, 300])
def test_a_cursor_gives_every_hit_once_and_ends(engine: SearchEngine, sort: str, limit: int) -> None:
    documents = corpus(230 if limit > 1 else 30)
    index(engine, documents)
    all_spans = every_page(engine, "经营许可", sort=sort, limit=limit)
    assert len(all_spans) == len(set(all_spans)) == len(documents)


def test_dates_order_both_ways_with_a_stable_tie_break(engine: SearchEngine) -> None:
    documents = {d.span: d for d in corpus()}
    index(engine, documents.values())
    up, down = (spans(engine, "许可", sort=sort, limit=90) for sort in ("date", "-date"))
    assert [documents[s].date for s in up] == sorted(d.date for d in documents.values())
    assert up == down[::-1]


def test_pages_do_not_shift_when_something_is_published_between_them(engine: SearchEngine) -> None:
    old = [structs.replace(d, known_from=100) for d in corpus(60)]
    index(engine, old)
    first = search(engine, "许可", limit=25, sort="-date")
    index(
        engine,
        [
            *(
                structs.replace(d, span="n" + d.span, known_from=200, date=730_009, version=5)
                for d in old[:30]
            ),
            *(structs.replace(d, known_to=200, version=6) for d in old[30:]),
        ],
    )
    all_spans = [hit.span for hit in first.hits]
    cursor = first.cursor
    while cursor:
        page = search(engine, "许可", limit=25, sort="-date", cursor=cursor)
        all_spans += [hit.span for hit in page.hits]
        cursor = page.cursor
    assert sorted(all_spans) == sorted(d.span for d in old)


@pytest.mark.parametrize("cursor", ["", "x", "....", "AAAA", "汉字", "A" * 5000])
def test_a_cursor_that_was_not_issued_is_refused(engine: SearchEngine, cursor: str) -> None:
    index(engine, corpus(30))
    with pytest.raises(CursorError):
        search(engine, "许可", cursor=cursor)


def test_a_cursor_of_another_search_is_refused(engine: SearchEngine) -> None:
    index(engine, corpus(60))
    cursor = search(engine, "许可", limit=5).cursor
    for text, options in (
        ("经营", {}),
        ("许可", {"sort": "date"}),
        ("许可", {"filters": {"year": ("2010",)}}),
    ):
        with pytest.raises(CursorError):
            search(engine, text, cursor=cursor, **options)
    assert search(engine, "许可", cursor=cursor, limit=3).hits


def test_a_past_date_shows_what_was_in_effect_then(engine: SearchEngine) -> None:
    index(
        engine,
        [
            document("old", "城市道路占用费 收费标准五元", effective=(100, 200)),
            document("new", "城市道路占用费 收费标准三元", effective=(200, 2**62)),
            document("wrong", "城市道路占用费 收费标准九元", effective=(300, 2**62), known_span=(0, 50)),
        ],
    )
    at = {day: set(spans(engine, "道路占用费", as_of=day, known_at=60)) for day in (99, 100, 199, 200, 300)}
    assert at == {99: set(), 100: {"old"}, 199: {"old"}, 200: {"new"}, 300: {"new"}}
    assert set(spans(engine, "道路占用费", as_of=300, known_at=49)) == {"new", "wrong"}
    assert set(spans(engine, "道路占用费", as_of=300, known_at=50)) == {"new"}


@pytest.mark.slow
@pytest.mark.parametrize("sort", ["relevance", "date"])
def test_pages_of_a_past_day_go_past_ten_thousand_hits_with_every_hit_once(
    engine: SearchEngine, sort: str
) -> None:
    then = (document(f"s{i:05d}", "经营许可", day=700_000 + i % 9, effective=(1, 200)) for i in range(10_300))
    index(engine, [*then, *(document(f"now{i}", "经营许可", effective=(200, FOREVER)) for i in range(30))])
    past = {"as_of": 199, "facets": ("dataset",), "highlight": False}
    all_spans = every_page(engine, "许可", sort=sort, limit=1_000, **past)
    assert len(all_spans) == len(set(all_spans)) == 10_300
    page = search(engine, "许可", limit=1, **past)
    assert (page.total, page.facets["dataset"]) == (10_300, (FacetValue("list", 10_300),))
    assert search(engine, "许可", limit=1, as_of=200).total == 30


DRAWN = Random(20151105)
HISTORY = [
    document(
        f"s{i:03d}",
        DRAWN.choice(["道路收费", "教育收费", "道路检查"]),
        type=DRAWN.choice(KINDS),
        body=(f"部门{DRAWN.randrange(4)}", f"部门{DRAWN.randrange(4)}"),
        year=str(2010 + DRAWN.randrange(3)),
        effective=(start := DRAWN.randrange(1, 50), DRAWN.choice([start + 1, start + 30, FOREVER])),
        known_span=(
            known_from := DRAWN.randrange(50),
            DRAWN.choice([known_from + 1, known_from + 20, FOREVER]),
        ),
    )
    for i in range(150)
]
FACETS = ("type", "body", "year")
CHOSEN = st.fixed_dictionaries(
    {},
    optional={
        "type": st.lists(st.sampled_from(KINDS), min_size=1, max_size=2),
        "body": st.lists(st.sampled_from(["部门0", "部门1", "部门9"]), min_size=1, max_size=2),
        "year": st.lists(st.sampled_from(["2010", "2011"]), min_size=1, max_size=1),
    },
)


def matching_documents(request: Request, open_facet: str = "") -> list[Document]:
    """Scan all documents for those that match, ignoring the filter of ``open_facet``."""
    return [
        d
        for d in HISTORY
        if request.text in d.title
        and d.effective_from <= request.as_of < d.effective_to
        and d.known_from <= request.known_at < d.known_to
        and all(set(v) & set(d.facets[f]) for f, v in request.filters.items() if f != open_facet)
        and not any(set(v) & set(d.facets[f]) for f, v in request.excluded.items())
    ]


@pytest.mark.slow
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    text=st.sampled_from(["道路", "收费", ""]),
    filters=CHOSEN,
    excluded=CHOSEN,
    day=st.integers(0, 90),
    instant=st.integers(0, 80),
)
def test_totals_and_facets_of_any_day_equal_a_full_scan_of_the_documents(
    engine: SearchEngine,
    text: str,
    filters: dict[str, list[str]],
    excluded: dict[str, list[str]],
    day: int,
    instant: int,
) -> None:
    if not call(engine.count):
        index(engine, HISTORY)
    request = Request(
        text,
        filters={name: tuple(values) for name, values in filters.items()},
        excluded={name: tuple(values) for name, values in excluded.items()},
        as_of=day,
        known_at=instant,
        limit=200,
        facets=FACETS,
    )
    page = call(engine.search, request)
    assert {hit.span for hit in page.hits} == {d.span for d in matching_documents(request)}
    assert page.total == len(page.hits)
    for name in FACETS:
        counts = Counter(
            value for d in matching_documents(request, open_facet=name) for value in set(d.facets[name])
        )
        assert {v.value: v.count for v in page.facets[name]} == counts


def test_marks_point_into_the_original_text(engine: SearchEngine) -> None:
    text = "第一条　為了規範㈠危險化學品經營許可證的頒發……第二條 危险化学品经营许可证由应急管理部门颁发。" * 3
    index(engine, [document("x", "《危險化學品》管理", text)])
    hit = search(engine, "危险化学品许可证").hits[0]
    assert hit.title.text == "《危險化學品》管理"
    assert [hit.title.text[s:e] for s, e in hit.title.marks] == ["危險化學品"]
    excerpt = hit.excerpts[0]
    assert excerpt.field == "basis"
    assert excerpt.text in text
    marked = {excerpt.text[s:e] for s, e in excerpt.marks}
    assert marked <= {"危險化學品", "危险化学品", "許可證", "许可证"}
    assert len(marked) >= 2
    assert len(excerpt.text) <= 200


def test_without_highlight_nothing_is_marked(engine: SearchEngine) -> None:
    index(engine, corpus(3))
    hit = search(engine, "许可", highlight=False).hits[0]
    assert (hit.title.marks, hit.excerpts) == ((), ())


ABSURD = [
    "AND OR NOT",
    'title:x AND (许可 OR "',
    "\\\\\\",
    "许可*?~^2",
    "' OR 1=1 --",
    "<script>许可</script>",
    "\x00\x01\x1f许可\x7f",
    "😀🎉",
    "。，；：！",
    "许" * 10_000,
    "经营许可" * 2_500,
    "\ud800",
    "经营许可\udcff",
    "a" * 10_000,
    "“",
    "“”",
    "〔2015〕",
    "第号令",
    "\u202e许可",
    "[" * 400,
]


@pytest.mark.slow
@pytest.mark.parametrize("text", ABSURD)
def test_an_absurd_query_is_answered(engine: SearchEngine, text: str) -> None:
    index(engine, corpus(5))
    page = search(engine, text, facets=("type",))
    assert page.total >= len(page.hits)


def test_a_filter_of_any_text_is_answered(engine: SearchEngine) -> None:
    index(engine, corpus(30))
    for value in ('"', "\\", "a:b", "\ud800", "", "x" * 70_000):
        assert search(engine, "许可", filters={"type": (value,)}).total == 0
    assert search(engine, "经营\udcff许可", limit=5).cursor
    assert search(engine, "许可", filters={"type": ()}).total == 0


def test_signs_alone_return_no_hits(engine: SearchEngine) -> None:
    index(engine, corpus(5))
    assert search(engine, "😀").total == 0
    assert search(engine, "。，").total == 0


def test_control_characters_do_not_hide_a_word(engine: SearchEngine) -> None:
    index(engine, corpus(5))
    assert search(engine, "\x00许可\x1f").total == 5


@pytest.mark.parametrize(
    "between", ["\u200b", "\u200d", "\u202e", "\ufe00", "\ufeff", "\U000e0100", "\u00ad"]
)
def test_invisible_characters_do_not_split_a_word(engine: SearchEngine, between: str) -> None:
    index(engine, [*corpus(5), document("apart", "许办可")])
    assert search(engine, f"许{between}可").total == 5


@pytest.mark.slow
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(text=st.text(max_size=60), sort=st.sampled_from(["relevance", "date", "-date"]))
def test_any_text_is_answered_and_its_total_is_that_of_its_pages(
    engine: SearchEngine, text: str, sort: str
) -> None:
    if not call(engine.count):
        index(engine, corpus(40))
    request = Request(text, as_of=TODAY, sort=sort, limit=17)  # type: ignore[arg-type]  # hypothesis gives a str
    total = call(engine.search, request).total
    assert len(every_page(engine, text, sort=sort, limit=17)) == total

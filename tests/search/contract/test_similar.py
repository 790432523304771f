"""Search by meaning on both engines, with the real model."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import anyio
import pytest

from search.contract import CursorError, Page, SearchEngine
from search.elastic.connection import Connection
from search.elastic.engine import ElasticsearchEngine
from search.embedded.engine import EmbeddedEngine
from search.semantic import similarity
from search.semantic.encoder import Encoded, Encoder
from tests.search.documents import TODAY, call, document, every_page, find_with_names, search
from tests.search.meaning import LISTS, QUESTION, encode, encoded_documents, fill, similar
from tests.support.servers.language_model import require_model

type Opening = Callable[[Encoder | None], SearchEngine]
"""Opens one index again, with another encoder."""

MEANT = "怎样发放残障人士补助"


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return require_model(tmp_path_factory)


@pytest.fixture(params=["embedded", pytest.param("elasticsearch", marks=pytest.mark.server)])
def opening(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Opening]:
    engines: list[SearchEngine] = []
    connection: Connection | None = None
    if request.param == "elasticsearch":
        connection = request.getfixturevalue("elasticsearch")

    def open_engine(encoder: Encoder | None) -> SearchEngine:
        if connection is None:
            engines.append(EmbeddedEngine(tmp_path / "index", encoder=encoder))
        else:
            engines.append(ElasticsearchEngine(connection, encoder=encoder))
        return engines[-1]

    yield open_engine
    for engine in engines:
        anyio.run(engine.close)


@pytest.fixture
def encoder(model: Path) -> Encoder:
    return Encoder(model)


@pytest.fixture
def engine(opening: Opening, encoder: Encoder) -> SearchEngine:
    return opening(encoder)


def test_what_the_words_do_not_find_is_similar_and_counts_nowhere(engine: SearchEngine) -> None:
    call(engine.index, LISTS)
    assert similar(engine, QUESTION) == []
    encode(engine)
    page = search(engine, QUESTION, similar=10, facets=("body",))
    assert page.total == 0
    assert page.hits == ()
    assert page.facets["body"] == ()
    assert page.similar is not None
    assert [hit.span for hit in page.similar.hits] == ["old-age"]
    assert page.similar.total == 1
    assert page.similar.cursor is None
    assert similarity.LEAST <= page.similar.hits[0].score < 1


def test_hits_are_not_similar_too(engine: SearchEngine) -> None:
    fill(engine, LISTS)
    page = search(engine, "高龄津贴", similar=10)
    assert [hit.span for hit in page.hits] == ["old-age"]
    assert page.similar is not None
    assert "old-age" not in [hit.span for hit in page.similar.hits]


@pytest.mark.slow
@pytest.mark.parametrize("text", ['"老人补贴"', "国发〔2015〕34号", "民政局", "", "   ", "-老人"])
def test_quotes_numbers_bodies_and_nothing_are_not_meant_otherwise(engine: SearchEngine, text: str) -> None:
    fill(engine, LISTS)
    assert similar(engine, text) == []


def test_the_day_the_instant_filters_and_exclusions_hold(engine: SearchEngine) -> None:
    fill(
        engine,
        [
            document("old", LISTS[0].title, LISTS[0].texts["basis"], effective=(1, 100), body="人社局"),
            document("new", LISTS[0].title, LISTS[0].texts["basis"], effective=(100, 200), body="人社局"),
            document("late", LISTS[0].title, LISTS[0].texts["basis"], known_span=(50, 60), body="民政局"),
        ],
    )
    assert similar(engine, QUESTION, as_of=50, known_at=10) == ["old"]
    assert similar(engine, QUESTION, as_of=150, known_at=10) == ["new"]
    assert sorted(similar(engine, QUESTION, as_of=150, known_at=55)) == ["late", "new"]
    assert similar(engine, QUESTION, as_of=TODAY, known_at=60) == []
    assert similar(engine, QUESTION, as_of=150, known_at=55, filters={"body": ("民政局",)}) == ["late"]
    assert similar(engine, QUESTION, as_of=150, known_at=55, excluded={"body": ("民政局",)}) == ["new"]
    assert similar(engine, f"{QUESTION} -高龄", as_of=150, known_at=55) == []


def test_pages_follow_their_cursor_without_hits_and_end(engine: SearchEngine) -> None:
    documents = [document(f"r{n:02}", f"高龄津贴{n}", LISTS[0].texts["basis"]) for n in range(7)]
    fill(engine, documents)
    first = search(engine, QUESTION, similar=3)
    spans: list[str] = []
    page: Page = first
    while True:
        assert page.similar is not None
        assert page.similar.total == 7
        spans += [hit.span for hit in page.similar.hits]
        if page.similar.cursor is None:
            break
        page = search(engine, QUESTION, similar=3, similar_cursor=page.similar.cursor)
        assert page.hits == ()
    assert sorted(spans) == sorted(d.span for d in documents)
    assert first.similar is not None
    for text, filters in (("别的", {}), (QUESTION, {"body": ("x",)})):
        with pytest.raises(CursorError):
            search(engine, text, filters=filters, similar_cursor=first.similar.cursor)
    with pytest.raises(CursorError):  # that of the hits is another one
        search(engine, QUESTION, cursor=first.similar.cursor)


def test_the_same_text_is_encoded_once_and_a_new_text_again(
    engine: SearchEngine, encoder: Encoder, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill(engine, LISTS)
    texts: list[str] = []
    plain = encoder.encode

    def encode_and_record(passages: list[str]) -> Encoded:
        texts.extend(passages)
        return plain(passages)

    monkeypatch.setattr(encoder, "encode", encode_and_record)
    closed = document("old-age", LISTS[0].title, LISTS[0].texts["basis"], version=2, effective=(1, 100))
    fill(engine, [closed, document("again", LISTS[0].title, LISTS[0].texts["basis"], version=3)])
    assert texts == []
    assert similar(engine, QUESTION) == ["again"]
    fill(engine, [document("again", "押运货币", "车辆", version=4)])
    assert texts == ["押运货币", "押运货币\n车辆"]
    assert similar(engine, QUESTION) == []
    assert encoded_documents(engine) == 4


def test_without_a_model_or_a_request_there_is_none(
    tmp_path: Path, opening: Opening, engine: SearchEngine
) -> None:
    fill(engine, LISTS)
    assert search(engine, QUESTION).similar is None
    for encoder in (None, Encoder(tmp_path / "no model")):
        plain = opening(encoder)
        assert search(plain, QUESTION, similar=10).similar is None
        assert call(plain.encode, 10) == 0
        assert call(plain.encoding_progress) is None
        one, other = (search(e, "食品经营许可") for e in (plain, engine))
        assert [hit.span for hit in one.hits] == [hit.span for hit in other.hits]


def test_pages_do_not_shift_or_repeat_while_documents_are_encoded(engine: SearchEngine) -> None:
    basis = LISTS[0].texts["basis"]
    titles = ["老年人津贴", "高龄津贴", "高龄津贴审批", "老年人补贴审批办法", "高龄津贴给付", "津贴"]
    documents = [document(f"d{n}", title, basis) for n, title in enumerate(titles)]
    fill(engine, documents[1::2])
    first = search(engine, QUESTION, similar=1)
    fill(engine, documents[::2])
    whole = similar(engine, QUESTION)
    assert sorted(whole) == [one.span for one in documents]
    assert first.similar is not None
    shown = [hit.span for hit in first.similar.hits]
    cursor = first.similar.cursor
    while cursor is not None:
        page = search(engine, QUESTION, similar=1, similar_cursor=cursor)
        assert page.similar is not None
        shown += [hit.span for hit in page.similar.hits]
        cursor = page.similar.cursor
    assert whole.index(shown[0]) > 0  # a cursor that counts would repeat it
    assert shown == whole[whole.index(shown[0]) :]


def test_an_erasure_removes_the_vectors_and_a_rebuild_keeps_the_others(
    engine: SearchEngine, encoder: Encoder, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill(engine, LISTS)
    call(engine.erase, ["old-age"])
    monkeypatch.setattr(encoder, "encode", None)
    assert similar(engine, QUESTION) == []
    assert similar(engine, "运钞车") == ["money"]
    call(engine.rebuild, LISTS[1:])
    assert similar(engine, "运钞车") == ["money"]
    assert call(engine.encode, 10) == 0
    assert encoded_documents(engine) == 2


APART = "卫星 餐饮"
"""Each word occurs, in documents that are about something else."""


def test_what_nothing_is_near_is_not_held_once_everything_is_encoded(engine: SearchEngine) -> None:
    call(engine.index, LISTS)
    assert find_with_names(engine, [], APART, similar=10).missing is None
    call(engine.encode, 2)
    assert find_with_names(engine, [], APART, similar=10).missing is None
    encode(engine)
    found = find_with_names(engine, [], APART, similar=10)
    assert found.missing is not None
    assert found.missing.words == (APART,)
    assert found.page.similar is not None
    assert found.page.similar.total == 0
    assert sorted(hit.span for hit in found.page.hits) == ["food", "money"]
    for held in ("卫星 津贴", "餐饮 经营 补贴"):
        assert find_with_names(engine, [], held, similar=10).missing is None
    assert find_with_names(engine, [], APART).missing is None  # what is similar was not asked for


@pytest.fixture
def many(engine: SearchEngine) -> SearchEngine:
    """More hits than the second stage reorders; the one that is meant has the fewest words of the query."""
    notices = [document(f"n{n:03}", f"发放补助通知{n}") for n in range(130)]
    fill(engine, [*notices, document("meant", "残疾人证发放", "为残疾人制发残疾人证的办法由残联规定。" * 3)])
    return engine


@pytest.mark.slow
def test_hits_that_are_near_by_meaning_rank_with_the_first(many: SearchEngine, opening: Opening) -> None:
    by_words = [h.span for h in search(opening(None), MEANT, limit=131).hits]
    by_meaning = [h.span for h in search(many, MEANT, limit=131).hits]
    assert by_words.index("meant") >= 100
    assert by_meaning.index("meant") < 5
    assert sorted(by_words) == sorted(by_meaning)
    for limit in (1, 40, 101):
        assert every_page(many, MEANT, limit=limit) == by_meaning

"""Search by meaning on the embedded engine, with the real model."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import anyio
import pytest

from search.contract import CursorError, Document, Page, SearchError
from search.embedded.engine import EmbeddedEngine
from search.embedded.index_folder import Generations
from search.indexed_document import span_key
from search.semantic import similarity, vector_file
from search.semantic.encoder import Encoded, Encoder
from search.semantic.vector_file import VectorFile
from tests.search.documents import TODAY, call, document, index, search
from tests.support.servers.language_model import require_model

LISTS = [
    document("old-age", "高龄津贴", "八十周岁以上老年人发放高龄津贴", body="民政局"),
    document("money", "押运货币的车辆", "押运货币的车辆应当安装卫星定位装置。", body="公安局"),
    document("food", "食品经营许可", "从事餐饮服务应当取得食品经营许可。", body="市场监管局"),
]
QUESTION = "老人补贴"
"""Shares no word with any of them."""


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return require_model(tmp_path_factory)


@pytest.fixture
def engine(tmp_path: Path, model: Path) -> Iterator[EmbeddedEngine]:
    engine = EmbeddedEngine(tmp_path / "index", encoder=Encoder(model))
    yield engine
    anyio.run(engine.close)


def encode(engine: EmbeddedEngine) -> None:
    while call(engine.encode, 2):
        pass


def fill(engine: EmbeddedEngine, documents: list[Document]) -> None:
    index(engine, documents)
    encode(engine)


def similar(engine: EmbeddedEngine, text: str, **options: object) -> list[str]:
    page = search(engine, text, **{"similar": 10, **options})
    assert page.similar is not None
    return [hit.span for hit in page.similar.hits]


def encoded_documents(engine: EmbeddedEngine) -> int:
    encoded = call(engine.encoded)
    assert encoded is not None
    return encoded.documents


def stored_bytes(folder: Path) -> bytes:
    return b"".join(path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file())


def test_what_the_words_do_not_find_is_similar_and_counts_nowhere(engine: EmbeddedEngine) -> None:
    index(engine, LISTS)
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


def test_hits_are_not_similar_too(engine: EmbeddedEngine) -> None:
    fill(engine, LISTS)
    page = search(engine, "高龄津贴", similar=10)
    assert [hit.span for hit in page.hits] == ["old-age"]
    assert page.similar is not None
    assert "old-age" not in [hit.span for hit in page.similar.hits]


def test_without_a_model_or_a_request_there_is_none(tmp_path: Path, engine: EmbeddedEngine) -> None:
    fill(engine, LISTS)
    assert search(engine, QUESTION).similar is None
    for encoder in (None, Encoder(tmp_path / "no model")):
        plain = EmbeddedEngine(tmp_path / "index", encoder=encoder)
        assert search(plain, QUESTION, similar=10).similar is None
        assert call(plain.encode, 10) == 0
        assert call(plain.encoded) is None
        one, other = (search(e, "食品经营许可") for e in (plain, engine))
        assert [hit.span for hit in one.hits] == [hit.span for hit in other.hits]


@pytest.mark.parametrize("text", ['"老人补贴"', "国发〔2015〕34号", "民政局", "", "   ", "-老人"])
def test_quotes_numbers_bodies_and_nothing_are_not_meant_otherwise(engine: EmbeddedEngine, text: str) -> None:
    fill(engine, LISTS)
    assert similar(engine, text) == []


def test_the_day_the_instant_filters_and_exclusions_hold(engine: EmbeddedEngine) -> None:
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


def test_pages_follow_their_cursor_without_hits_and_end(engine: EmbeddedEngine) -> None:
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
    engine: EmbeddedEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill(engine, LISTS)
    encoder = engine._encoder
    assert encoder is not None
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


def test_an_erasure_removes_the_vectors_from_every_file(tmp_path: Path, engine: EmbeddedEngine) -> None:
    fill(engine, LISTS)
    vectors = Generations(tmp_path / "index").vectors()
    assert vectors is not None
    erased = vectors.read("old-age")
    assert erased is not None
    needle = erased.encoded.vectors.tobytes()
    assert needle in stored_bytes(tmp_path)
    call(engine.erase, ["old-age"])
    assert needle not in stored_bytes(tmp_path)
    assert similar(engine, QUESTION) == []
    assert encoded_documents(engine) == 2
    encode(engine)
    assert encoded_documents(engine) == 2


def test_vectors_of_what_was_erased_meanwhile_are_not_written(tmp_path: Path, engine: EmbeddedEngine) -> None:
    fill(engine, LISTS)
    folder = Generations(tmp_path / "index")
    vectors = folder.vectors()
    assert vectors is not None
    late = vectors.read("old-age")
    assert late is not None
    call(engine.erase, ["old-age"])
    folder.add_vectors([late])
    assert encoded_documents(engine) == 2
    assert late.encoded.vectors.tobytes() not in stored_bytes(tmp_path)


def test_a_rebuild_keeps_the_vectors_of_what_it_contains(tmp_path: Path, engine: EmbeddedEngine) -> None:
    fill(engine, LISTS)
    call(engine.rebuild, LISTS[:2])
    assert similar(engine, QUESTION) == ["old-age"]
    assert encoded_documents(engine) == 2
    (folder,) = (tmp_path / "index").glob("g-*/vectors-*")
    assert len(list((tmp_path / "index").glob("g-*"))) == 1
    assert sorted(path.name for path in folder.iterdir()) == ["documents.jsonl", "matrix"]


def test_another_process_reads_what_was_encoded_and_only_one_encodes(
    tmp_path: Path, model: Path, engine: EmbeddedEngine
) -> None:
    index(engine, LISTS)
    other = EmbeddedEngine(tmp_path / "index", encoder=Encoder(model))
    with Generations(tmp_path / "index").lock_for_encoding() as is_locked:
        assert is_locked
        assert call(other.encode, 10) == 0
        assert encoded_documents(other) == 0
    encode(engine)
    assert similar(other, QUESTION) == ["old-age"]


def test_a_crash_leaves_what_was_complete(tmp_path: Path, engine: EmbeddedEngine) -> None:
    fill(engine, LISTS[:1])
    (folder,) = (tmp_path / "index").glob("g-*/vectors-*")
    with (folder / "matrix").open("ab") as file:
        file.write(b"half a row")
    with (folder / "documents.jsonl").open("ab") as file:
        file.write(b'["half a line"')
    fill(engine, LISTS[1:])
    assert similar(engine, QUESTION) == ["old-age"]
    reread = VectorFile(folder)
    reread.reload()
    assert len(reread) == 3
    comparison = reread.compare(Encoder(require_encoder(engine)).encode_query("食品经营许可"))
    assert comparison is not None
    assert next(comparison.nearest(-1, 10))[0][0] == "food"
    (folder / "matrix").write_bytes(b"")  # lines whose rows are gone count as missing
    assert len(reload(folder)) == 0


def require_encoder(engine: EmbeddedEngine) -> Path:
    encoder = engine._encoder
    assert encoder is not None
    return encoder._folder


def reload(folder: Path) -> VectorFile:
    file = VectorFile(folder)
    file.reload()
    return file


def test_all_documents_are_compared_in_growing_batches(tmp_path: Path, model: Path) -> None:
    encoder = Encoder(model)
    encoded = encoder.encode([f"第{n}项许可" for n in range(40)])
    documents = [
        vector_file.EncodedDocument(
            f"s{n}", 1, n, Encoded(encoded.vectors[n : n + 1], encoded.factors[n : n + 1])
        )
        for n in range(40)
    ]
    vector_file.append(tmp_path, documents)
    comparison = reload(tmp_path).compare(encoder.encode_query("第7项许可"))
    assert comparison is not None
    batches = list(comparison.nearest(-1, 3))
    assert [len(batch) for batch in batches] == [3, 12, 25]
    every = [one for batch in batches for one in batch]
    assert every[0][0] == "s7"
    similarities = [one.similarity for one in every]
    assert similarities == sorted(similarities, reverse=True)
    assert len({one.span for one in every}) == 40
    assert comparison.similarity(span_key("s7")) == every[0].similarity
    assert comparison.similarity(span_key("none")) is None


@pytest.fixture(scope="module")
def many(model: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[EmbeddedEngine, Path]]:
    """More hits than the second stage reorders; the one that is meant has the fewest words of the query."""
    folder = tmp_path_factory.mktemp("many")
    engine = EmbeddedEngine(folder, encoder=Encoder(model))
    notices = [document(f"n{n:03}", f"发放补助通知{n}") for n in range(130)]
    fill(engine, [*notices, document("meant", "残疾人证发放", "为残疾人制发残疾人证的办法由残联规定。" * 3)])
    yield engine, folder
    anyio.run(engine.close)


MEANT = "怎样发放残障人士补助"


def test_hits_that_are_near_by_meaning_rank_with_the_first(many: tuple[EmbeddedEngine, Path]) -> None:
    engine, folder = many
    by_words = [h.span for h in search(EmbeddedEngine(folder), MEANT, limit=131).hits]
    by_meaning = [h.span for h in search(engine, MEANT, limit=131).hits]
    assert by_words.index("meant") >= 100
    assert by_meaning.index("meant") < 5
    assert sorted(by_words) == sorted(by_meaning)


@pytest.mark.parametrize("limit", [1, 40, 101])
def test_pages_have_each_hit_once_also_where_near_ones_came_forward(
    many: tuple[EmbeddedEngine, Path], limit: int
) -> None:
    engine, _ = many
    whole = [h.span for h in search(engine, MEANT, limit=131).hits]
    spans: list[str] = []
    cursor = None
    while len(spans) < 131:
        page = search(engine, MEANT, limit=limit, cursor=cursor)
        assert page.total == 131
        spans += [hit.span for hit in page.hits]
        cursor = page.cursor
        if cursor is None:
            break
    assert spans == whole


def test_what_could_not_be_written_is_encoded_again(
    engine: EmbeddedEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    index(engine, LISTS)
    with monkeypatch.context() as full:
        full.setattr(engine._folder, "add_vectors", _fail)
        with pytest.raises(SearchError):
            call(engine.encode, 2)
    encode(engine)
    assert encoded_documents(engine) == len(LISTS)


def _fail(_documents: object) -> None:
    raise SearchError("the disk is full")

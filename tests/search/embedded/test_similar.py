"""Search by meaning on the embedded engine, with the real model."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import anyio
import pytest

from search.contract import SearchError
from search.embedded.engine import EmbeddedEngine
from search.embedded.index_folder import Generations
from search.indexed_document import span_key
from search.semantic import vector_file
from search.semantic.encoder import Encoded, Encoder
from search.semantic.vector_file import VectorFile
from tests.search.documents import call, index
from tests.search.meaning import LISTS, QUESTION, encode, encoded_documents, fill, similar
from tests.support.servers.language_model import require_model


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return require_model(tmp_path_factory)


@pytest.fixture
def engine(tmp_path: Path, model: Path) -> Iterator[EmbeddedEngine]:
    engine = EmbeddedEngine(tmp_path / "index", encoder=Encoder(model))
    yield engine
    anyio.run(engine.close)


def stored_bytes(folder: Path) -> bytes:
    return b"".join(path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file())


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

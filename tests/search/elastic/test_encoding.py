"""Encoding on a real cluster, beside erasures and releases."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import anyio
import pytest
from elasticsearch import Elasticsearch
from msgspec import structs

from search.chinese.analyzer import Analyzer
from search.contract import Document
from search.elastic.bulk import Line
from search.elastic.connection import Connection
from search.elastic.engine import ElasticsearchEngine
from search.semantic.encoder import Encoder
from tests.search.documents import call, document, index, spans
from tests.search.meaning import LISTS, QUESTION, encode, encoded_documents, fill, similar
from tests.support.servers.language_model import require_model

pytestmark = pytest.mark.server


@pytest.fixture
def engine(
    elasticsearch: Connection, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[ElasticsearchEngine]:
    engine = ElasticsearchEngine(elasticsearch, encoder=Encoder(require_model(tmp_path_factory)))
    yield engine
    anyio.run(engine.close)


def test_what_was_erased_or_replaced_meanwhile_stays_so(
    engine: ElasticsearchEngine, elasticsearch: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    index(engine, LISTS)
    encoding = engine._encoding
    assert encoding is not None
    plain, other = encoding._encode_documents, ElasticsearchEngine(elasticsearch)

    def change_meanwhile(documents: Sequence[Document], analyzer: Analyzer) -> list[Line]:
        lines = plain(documents, analyzer)
        call(other.erase, ["old-age"])
        index(other, [structs.replace(LISTS[1], title="另一个名称", texts={"name": "另一个名称"}, version=2)])
        return lines

    with monkeypatch.context() as meanwhile:
        meanwhile.setattr(encoding, "_encode_documents", change_meanwhile)
        call(engine.encode, 10)
    assert similar(engine, QUESTION) == []
    assert similar(engine, "运钞车") == []
    assert spans(engine, "另一个名称") == ["money"]
    encode(engine)
    assert encoded_documents(engine) == 2
    call(other.close)


def test_a_span_that_ends_keeps_its_vectors(engine: ElasticsearchEngine) -> None:
    fill(engine, LISTS)
    ended = document("old-age", LISTS[0].title, LISTS[0].texts["basis"], version=9, effective=(1, 100))
    index(engine, [ended])
    assert similar(engine, QUESTION, as_of=50) == ["old-age"]
    assert encoded_documents(engine) == len(LISTS)


def test_vectors_go_with_the_index_that_contained_them(
    engine: ElasticsearchEngine, elasticsearch: Connection, admin: Elasticsearch
) -> None:
    fill(engine, LISTS)
    (before,) = admin.indices.get(index=f"{elasticsearch.alias}-*")
    call(engine.erase, ["old-age"])
    (after,) = admin.indices.get(index=f"{elasticsearch.alias}-*")
    assert after != before
    sources = [hit["_source"] for hit in admin.search(index=after)["hits"]["hits"]]
    assert len([source for source in sources if "encoded" in source]) == len(LISTS) - 1


def test_a_cluster_without_an_index_has_nothing_to_encode(engine: ElasticsearchEngine) -> None:
    assert call(engine.encode, 10) == 0
    assert encoded_documents(engine) == 0
    assert similar(engine, QUESTION) == []

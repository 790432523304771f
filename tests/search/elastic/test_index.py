"""Behaviour on a real cluster beyond the contract: erasure, rejected documents, rebuilds, deep pages."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from elasticsearch import AsyncElasticsearch, Elasticsearch
from msgspec import structs

from schemas.definition import file_loader
from search.chinese import thesaurus
from search.chinese.analyzer import Analyzer
from search.contract import Document, RejectedError, SearchError
from search.elastic import mapping
from search.elastic.connection import Connection
from search.elastic.engine import ElasticsearchEngine
from search.elastic.indices import Indices
from tests.search.documents import call, document, index, search, spans

pytestmark = pytest.mark.server


def test_a_late_replay_does_not_restore_erased_documents(on_elasticsearch: ElasticsearchEngine) -> None:
    old = document("gone", "朱雀许可", version=3)
    index(on_elasticsearch, [old, document("kept", "玄武许可", version=4)])
    call(on_elasticsearch.erase, ["gone"])
    assert index(on_elasticsearch, [old]) == 0
    call(on_elasticsearch.rebuild, [document("kept", "玄武许可", version=4)])
    assert index(on_elasticsearch, [old]) == 0
    assert spans(on_elasticsearch, "许可") == ["kept"]
    assert call(on_elasticsearch.count) == 1


def test_erasure_deletes_every_index_that_contained_the_text(
    on_elasticsearch: ElasticsearchEngine, elasticsearch: Connection, admin: Elasticsearch
) -> None:
    index(on_elasticsearch, [document("gone", "朱雀许可"), document("kept", "玄武许可")])
    before = set(admin.indices.get(index=f"{elasticsearch.alias}-*"))
    call(on_elasticsearch.erase, ["gone"])
    assert not before & set(admin.indices.get(index=f"{elasticsearch.alias}-*"))


def test_a_document_that_is_refused_is_named_and_the_rest_is_written(
    on_elasticsearch: ElasticsearchEngine,
) -> None:
    wrong = structs.replace(document("wrong", "甲类许可"), effective_to=2**64)
    with pytest.raises(RejectedError) as caught:
        index(on_elasticsearch, [document("a", "乙类许可"), wrong, document("b", "丙类许可")])
    assert set(caught.value.rejected) == {"wrong"}
    assert "effective_to" in caught.value.rejected["wrong"]
    assert set(spans(on_elasticsearch, "许可")) == {"a", "b"}


def test_a_read_only_index_is_reported_and_no_document_is_rejected_permanently(
    on_elasticsearch: ElasticsearchEngine, elasticsearch: Connection, admin: Elasticsearch
) -> None:
    index(on_elasticsearch, [document("a", "甲类许可")])
    block = {"index.blocks.read_only_allow_delete": True}
    admin.indices.put_settings(index=elasticsearch.alias, settings=block)
    with pytest.raises(SearchError, match="只读"):
        index(on_elasticsearch, [document("b", "乙类许可")])
    assert spans(on_elasticsearch, "许可") == ["a"]
    admin.indices.put_settings(index=elasticsearch.alias, settings=dict.fromkeys(block))
    index(on_elasticsearch, [document("b", "乙类许可")])
    assert call(on_elasticsearch.count) == 2


def test_an_index_built_with_other_tokens_names_the_command_and_a_rebuild_repairs_it(
    on_elasticsearch: ElasticsearchEngine, elasticsearch: Connection, admin: Elasticsearch
) -> None:
    index(on_elasticsearch, [document("a", "甲类许可")])
    admin.indices.put_mapping(index=elasticsearch.alias, meta={"made_with": "another version"})
    newer = ElasticsearchEngine(elasticsearch)
    with pytest.raises(SearchError, match="qingdan reindex"):
        search(newer, "许可")
    call(newer.close)
    assert call(on_elasticsearch.rebuild, [document("a", "甲类许可")]) == 1
    assert spans(on_elasticsearch, "许可") == ["a"]


def test_a_further_word_that_is_kept_whole_changes_the_digest(monkeypatch: pytest.MonkeyPatch) -> None:
    analyzer, lexicon = thesaurus.load_language()
    taught = Analyzer(places=analyzer.places, dictionary=(*analyzer.words_added, "甲类许可"))
    before = mapping.compute_digest.__wrapped__()
    monkeypatch.setattr(thesaurus, "load_language", lambda: (taught, lexicon))
    assert "甲类许可" in taught.words_added
    assert mapping.compute_digest.__wrapped__() != before


@pytest.mark.parametrize("change", [{"searched": 3.5}, {"facet": True}, {"personal": True}])
def test_a_changed_search_property_of_a_field_changes_the_digest_of_the_mapping(
    change: dict[str, object], monkeypatch: pytest.MonkeyPatch
) -> None:
    catalogue = file_loader.load_catalogue("power-list")
    first, *rest = catalogue.fields
    fields = (structs.replace(first, **change), *rest)
    monkeypatch.setattr(file_loader, "list_names", lambda: ["power-list"])
    monkeypatch.setattr(file_loader, "load_catalogue", lambda _: catalogue)
    before = mapping.compute_digest.__wrapped__()
    monkeypatch.setattr(file_loader, "load_catalogue", lambda _: structs.replace(catalogue, fields=fields))
    assert mapping.compute_digest.__wrapped__() != before


def test_documents_written_during_a_rebuild_are_in_the_new_index(
    on_elasticsearch: ElasticsearchEngine, elasticsearch: Connection
) -> None:
    index(on_elasticsearch, [document("a", "甲类许可", version=1)])
    other = ElasticsearchEngine(elasticsearch)

    def log() -> Iterator[Document]:
        yield document("a", "甲类许可", version=1)
        index(other, [document("late", "乙类许可", version=2)])

    call(on_elasticsearch.rebuild, log())
    assert set(spans(on_elasticsearch, "许可")) == {"a", "late"}
    call(other.close)


def test_documents_written_during_the_swap_are_in_the_new_index(
    on_elasticsearch: ElasticsearchEngine, elasticsearch: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    index(on_elasticsearch, [document("a", "甲类许可", version=1)])
    other = ElasticsearchEngine(elasticsearch)
    swap = Indices.swap

    async def late(self: Indices, client: AsyncElasticsearch, name: str) -> None:
        await other.index([document("late", "乙类许可", version=2)])
        await swap(self, client, name)

    monkeypatch.setattr(Indices, "swap", late)
    call(on_elasticsearch.rebuild, [document("a", "甲类许可", version=1)])
    assert set(spans(on_elasticsearch, "许可")) == {"a", "late"}
    call(other.close)


def test_an_index_that_lost_documents_is_not_put_into_service(
    on_elasticsearch: ElasticsearchEngine, elasticsearch: Connection, admin: Elasticsearch
) -> None:
    index(on_elasticsearch, [document("a", "旧的许可")])

    def losing() -> Iterator[Document]:
        for number in range(3_000):
            yield document(f"n{number}", "新的许可", "依照规定办理" * 20, version=2)
        admin.indices.refresh(index=f"{elasticsearch.alias}-000002")
        assert admin.delete(index=f"{elasticsearch.alias}-000002", id="n0")["result"] == "deleted"

    with pytest.raises(SearchError, match="2999个文档，应为3000个"):
        call(on_elasticsearch.rebuild, losing())
    assert spans(on_elasticsearch, "许可") == ["a"]
    assert call(on_elasticsearch.rebuild, [document("a", "新的许可", version=2)]) == 1
    assert len(admin.indices.get(index=f"{elasticsearch.alias}-*")) == 1


def test_an_abandoned_rebuild_is_deleted_by_the_next(
    on_elasticsearch: ElasticsearchEngine, elasticsearch: Connection, admin: Elasticsearch
) -> None:
    index(on_elasticsearch, [document("a", "甲类许可")])
    admin.indices.create(index=f"{elasticsearch.alias}-000009")
    call(on_elasticsearch.rebuild, [document("a", "甲类许可")])
    assert len(admin.indices.get(index=f"{elasticsearch.alias}-*")) == 1


def test_the_mapping_is_strict_and_accepts_the_facets_of_a_sites_own_catalogue(
    on_elasticsearch: ElasticsearchEngine, elasticsearch: Connection, admin: Elasticsearch
) -> None:
    index(on_elasticsearch, [document("a", "甲类许可", own_kind="特别")])
    page = search(on_elasticsearch, "许可", facets=("own_kind",))
    assert [(v.value, v.count) for v in page.facets["own_kind"]] == [("特别", 1)]
    (definition,) = admin.indices.get_mapping(index=elasticsearch.alias).body.values()
    assert definition["mappings"]["dynamic"] == "strict"


def test_a_cursor_outlives_its_point_in_time(
    on_elasticsearch: ElasticsearchEngine, elasticsearch: Connection, admin: Elasticsearch
) -> None:
    index(on_elasticsearch, (document(f"s{i:05d}", "经营许可") for i in range(300)))
    first = search(on_elasticsearch, "许可", limit=150)
    call(on_elasticsearch.rebuild, [document(f"s{i:05d}", "经营许可") for i in range(300)])
    second = search(on_elasticsearch, "许可", limit=150, cursor=first.cursor)
    assert {h.span for h in first.hits}.isdisjoint(h.span for h in second.hits)
    assert len(second.hits) == 150


def test_no_connection_shows_a_secret() -> None:
    text = repr(Connection(("https://one.example",), api_key="a-secret-key", password="a-secret-word"))
    assert "secret" not in text

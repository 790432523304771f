"""The indexer with a real cluster: refused documents, and a cluster that is away, killed or slow."""

from __future__ import annotations

import itertools
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import date
from pathlib import Path

import anyio
import httpx
import pytest
from elasticsearch import Elasticsearch
from msgspec import structs

from publisher.indexing import indexer, span_to_document
from publisher.log.log import Log
from search.contract import Document, SearchError
from search.elastic.connection import Connection
from search.elastic.engine import ElasticsearchEngine
from tests.publisher.indexing.test_indexer import log, release
from tests.publisher.indexing.test_killed_indexer import wait_until
from tests.publisher.indexing.test_two_workers import serving
from tests.search.documents import call, document, index, search, spans
from tests.support.log import count_documents
from tests.support.problems import assert_problem
from tests.support.servers import elasticsearch as elasticsearch_server
from tests.support.servers.elasticsearch import Node

__all__ = ["log"]

pytestmark = pytest.mark.server

PASSWORD = "a-password-of-tests"
DOCUMENTS, MIDDLE = 2_500, 1_500
"""Documents that are written, and the number after which the cluster is killed; one request has about 500."""


@pytest.fixture(scope="module")
def node() -> Iterator[Node]:
    """Start a node that tests may kill; security is on."""
    elasticsearch_server.require()
    with elasticsearch_server.running(password=PASSWORD) as started:
        yield started


@pytest.fixture
def reached(node: Node, request: pytest.FixtureRequest) -> Connection:
    alias = f"t{abs(hash(request.node.name)):x}"
    return Connection(
        (node.address,),
        alias=alias,
        user="elastic",
        password=PASSWORD,
        ca=node.authority,
        timeout=3,
        deadline=10,
    )


@pytest.fixture
def engine(reached: Connection) -> Iterator[ElasticsearchEngine]:
    engine = ElasticsearchEngine(reached)
    yield engine
    anyio.run(engine.close)


def many(count: int, version: int = 1) -> Iterator[Document]:
    return (
        document(f"s{i:05d}", f"第{i}项经营许可", "依照规定办理" * 20, version=version) for i in range(count)
    )


def test_a_wrong_password_is_reported_by_the_status(
    log: Log, engine: ElasticsearchEngine, reached: Connection
) -> None:
    release(log)
    wrong = ElasticsearchEngine(replace(reached, password="wrong"))
    state = anyio.run(indexer.status, log, wrong)
    assert "password" in state.away
    assert state.pending > 0
    with pytest.raises(SearchError):
        anyio.run(indexer.run_round, log, wrong)
    anyio.run(wrong.close)
    anyio.run(indexer.run_round, log, engine)
    assert anyio.run(indexer.status, log, engine).pending == 0


def test_a_poisoned_document_is_set_aside_and_does_not_block_the_rest(
    log: Log, engine: ElasticsearchEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    release(log)
    build = span_to_document.build_document
    poisoned: list[str] = []

    def with_poison(*arguments: object) -> Document | None:
        indexed = build(*arguments)  # type: ignore[arg-type]  # handed through
        if indexed is not None and "甲项" in indexed.title:
            poisoned.append(indexed.span)
            return structs.replace(indexed, effective_to=2**64)
        return indexed

    monkeypatch.setattr(span_to_document, "build_document", with_poison)
    anyio.run(indexer.index_outbox, log, engine)
    state = anyio.run(indexer.status, log, engine)
    assert (state.documents, state.pending) == (1, 0)
    assert [item.key for item in state.set_aside] == poisoned[:1]
    assert "effective_to" in state.set_aside[0].error
    attempts = len(poisoned)
    anyio.run(indexer.run_round, log, engine)
    assert len(poisoned) == attempts
    assert anyio.run(indexer.reindex, log, engine) == 1
    assert [item.key for item in anyio.run(indexer.status, log, engine).set_aside] == poisoned[:1]
    monkeypatch.undo()
    assert anyio.run(indexer.reindex, log, engine) == 2
    assert anyio.run(indexer.status, log, engine).set_aside == ()


def test_what_was_set_aside_is_shown_no_more_when_the_record_is_written_again(
    log: Log, engine: ElasticsearchEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    build = span_to_document.build_document

    def with_poison(*arguments: object) -> Document | None:
        indexed = build(*arguments)  # type: ignore[arg-type]  # handed through
        return indexed and structs.replace(indexed, effective_to=2**64)

    release(log)
    monkeypatch.setattr(span_to_document, "build_document", with_poison)
    anyio.run(indexer.index_outbox, log, engine)
    assert len(anyio.run(indexer.status, log, engine).set_aside) == 2
    monkeypatch.undo()
    release(log, "事项名称,权力类型,行使主体\n丙项许可,行政许可,市统计局\n", day=date(2016, 1, 1))
    anyio.run(indexer.index_outbox, log, engine)  # both records end, so their spans are indexed again
    state = anyio.run(indexer.status, log, engine)
    assert (state.documents, state.set_aside) == (sum(1 for _ in log.queries.spans()), ())


@pytest.mark.parametrize(
    "seconds", [pytest.param(0, id="a moment"), pytest.param(60, id="a minute", marks=pytest.mark.soak)]
)
def test_while_the_cluster_is_away_everything_but_search_goes_on_and_catches_up_by_itself(
    log: Log, engine: ElasticsearchEngine, reached: Connection, node: Node, tmp_path: Path, seconds: int
) -> None:
    with (
        serving(tmp_path, "", reached) as (process, address),
        httpx.Client(base_url=address, timeout=30) as client,
    ):
        release(log)
        wait_until(lambda: log.outbox.due_count() == 0, process)
        assert client.get("/v1/search?q=许可").json()["total"] == 2
        node.stop()
        try:
            back = time.monotonic() + seconds
            for number in itertools.count():
                release(log, f"事项名称,权力类型,行使主体\n第{number}项许可,行政许可,市统计局\n")
                if time.monotonic() >= back:
                    break
            with pytest.raises(SearchError) as caught:
                search(engine, "许可")
            assert caught.value.retry_after > 0
            assert anyio.run(indexer.status, log, engine).away
            assert_all_but_search(client, f"第{number}项许可")
            wait_until(lambda: bool(log.outbox.items(limit=1)[0].error), process)
        finally:
            node.start()
        wait_until(lambda: log.outbox.due_count() == 0, process)
        assert anyio.run(indexer.status, log, engine).pending == 0
        assert client.get("/readyz").json()["status"] == "ok"
        hits = client.get("/v1/search?q=许可").json()["hits"]
        assert [hit["title"]["text"] for hit in hits] == [f"第{number}项许可"]
    assert call(engine.count) == count_documents(log)


def assert_all_but_search(client: httpx.Client, title: str) -> None:
    """Assert that search is unavailable, and that every other view has the newest release."""
    assert_problem(client.get("/v1/search?q=许可"), "search-unavailable")
    assert client.get("/readyz").json()["parts"] == {"log": True, "search": False}
    listed = client.get("/v1/datasets/shili/records").json()["records"]
    assert [item["title"] for item in listed] == [title]
    for path in (
        f"/v1/datasets/shili/records/{listed[0]['id']}",
        "/v1/datasets/shili/changes",
        "/v1/datasets/shili/files/csv",
        "/feeds/shili.atom",
        "/feeds/shili.rss",
        "/datasets/shili",
    ):
        assert client.get(path).status_code == 200, path


def test_a_cluster_killed_in_the_middle_of_writing_and_of_a_rebuild_loses_and_doubles_nothing(
    engine: ElasticsearchEngine, reached: Connection, node: Node
) -> None:
    """Both at once, because a start of the node takes longest."""
    rebuilt = ElasticsearchEngine(replace(reached, alias=f"{reached.alias}-rebuilt"))
    for one in (engine, rebuilt):
        index(one, [document("s00000", "旧的许可")])
    middle = threading.Barrier(2, action=node.stop)

    def until_killed() -> Iterator[Document]:
        for number, one in enumerate(many(DOCUMENTS, version=2)):
            if number == MIDDLE:
                middle.wait(timeout=120)
            yield one

    with ThreadPoolExecutor() as threads:
        attempts = [threads.submit(call, write, until_killed()) for write in (engine.index, rebuilt.rebuild)]
    for attempt in attempts:
        assert isinstance(attempt.exception(), SearchError)
    node.start()
    assert spans(rebuilt, "许可") == ["s00000"]
    for one, write in ((engine, engine.index), (rebuilt, rebuilt.rebuild)):
        assert call(write, many(DOCUMENTS, version=2)) == DOCUMENTS
        assert call(one.count) == DOCUMENTS
        assert search(one, "经营许可").total == DOCUMENTS
    anyio.run(rebuilt.close)


def test_a_slow_node_is_reported_in_time_and_nothing_is_lost(
    log: Log, engine: ElasticsearchEngine, node: Node
) -> None:
    release(log)
    index(engine, [document("a", "甲类许可")])
    node.pause()
    later = threading.Timer(60, node.resume)
    later.start()
    try:
        with pytest.raises(SearchError):
            search(engine, "许可")
        with pytest.raises(SearchError):
            anyio.run(indexer.run_round, log, engine)
    finally:
        later.cancel()
        node.resume()
    anyio.run(indexer.run_round, log, engine)
    assert anyio.run(indexer.status, log, engine).pending == 0
    assert search(engine, "许可").total == call(engine.count) == 3


def test_releases_wait_while_the_index_is_read_only(
    log: Log, engine: ElasticsearchEngine, reached: Connection
) -> None:
    release(log)
    anyio.run(indexer.run_round, log, engine)
    ca, login = str(reached.ca), (reached.user, reached.password)
    block = {"index.blocks.read_only_allow_delete": True}  # set by Elasticsearch when the disk is almost full
    with Elasticsearch(list(reached.hosts), basic_auth=login, ca_certs=ca) as admin:
        admin.indices.put_settings(index=reached.alias, settings=block)
        release(log, "事项名称,权力类型,行使主体\n丙项许可,行政许可,市统计局\n")
        with pytest.raises(SearchError, match="只读"):
            anyio.run(indexer.run_round, log, engine)
        state = anyio.run(indexer.status, log, engine)
        assert state.pending > 0
        assert not state.set_aside
        assert "只读" in state.error
        assert search(engine, "许可").total == 2
        admin.indices.put_settings(index=reached.alias, settings=dict.fromkeys(block))
    anyio.run(indexer.run_round, log, engine)
    state = anyio.run(indexer.status, log, engine)
    assert (state.pending, state.error) == (0, "")
    assert state.documents == count_documents(log)

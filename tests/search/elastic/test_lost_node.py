"""Loss of one of two nodes: search continues with replicas and fails without them."""

from __future__ import annotations

import uuid
from collections.abc import Iterator

import anyio
import pytest
from elasticsearch import Elasticsearch

from search.contract import SearchError
from search.elastic.connection import Connection
from search.elastic.engine import ElasticsearchEngine
from tests.search.documents import call, document, index, search
from tests.support.servers import elasticsearch as elasticsearch_server
from tests.support.servers.elasticsearch import Node

pytestmark = pytest.mark.server

DOCUMENTS = 300


@pytest.fixture(scope="module")
def nodes() -> Iterator[tuple[Node, Node]]:
    elasticsearch_server.require()
    with elasticsearch_server.running_pair() as started:
        yield started


def engine_on(nodes: tuple[Node, Node], *, shards: int, replicas: int) -> ElasticsearchEngine:
    """Return a filled engine that contacts the node that will be lost first."""
    hosts = (nodes[1].address, nodes[0].address)
    alias = f"t{uuid.uuid4().hex[:12]}"
    engine = ElasticsearchEngine(
        Connection(hosts, alias=alias, shards=shards, replicas=replicas, timeout=20, deadline=60)
    )
    call(engine.rebuild, [document(f"s{i:03d}", f"第{i}项经营许可") for i in range(DOCUMENTS)])
    with Elasticsearch(nodes[0].address, request_timeout=90) as admin:
        status = "green" if replicas else "yellow"
        health = admin.cluster.health(
            index=f"{alias}-*", wait_for_status=status, wait_for_nodes="2", timeout="60s"
        )
        assert not health["timed_out"]
    return engine


def test_a_lost_node_is_not_noticed_with_copies_and_half_an_index_is_an_error(
    nodes: tuple[Node, Node],
) -> None:
    """Both in one outage, because a start of a node takes longest."""
    copied = engine_on(nodes, shards=2, replicas=1)
    single = engine_on(nodes, shards=2, replicas=0)
    nodes[1].stop()
    try:
        assert search(copied, "经营许可").total == DOCUMENTS
        index(copied, [document("late", "后来的经营许可", version=2)])
        assert search(copied, "经营许可").total == call(copied.count) == DOCUMENTS + 1
        for request in (lambda: search(single, "经营许可"), lambda: call(single.count)):
            with pytest.raises(SearchError):
                request()
    finally:
        nodes[1].start()
    assert search(copied, "经营许可").total == call(copied.count) == DOCUMENTS + 1
    with Elasticsearch(nodes[0].address, request_timeout=90) as admin:
        assert not admin.cluster.health(wait_for_status="yellow", timeout="60s")["timed_out"]
    assert search(single, "经营许可").total == call(single.count) == DOCUMENTS
    anyio.run(copied.close)
    anyio.run(single.close)

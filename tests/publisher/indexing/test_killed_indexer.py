"""The indexing process is killed (``kill -9``) in its work: nothing is lost, nothing indexed twice."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import anyio
import pytest
from elasticsearch import Elasticsearch, NotFoundError

from publisher.indexing import indexer
from publisher.log.log import Log
from search.elastic.connection import Connection
from search.elastic.engine import ElasticsearchEngine
from tests.publisher.indexing.test_indexer import log, release
from tests.search.documents import call, every_page, search
from tests.support.command import QINGDAN

__all__ = ["log"]

pytestmark = pytest.mark.server

ITEMS = 2_000
MIDDLE = 300
"""Number of documents after which the process is killed; one request contains about 500."""

_PATIENCE = 120.0
_PAUSE = 0.03
"""Seconds between two looks; the processes need the processor."""


@pytest.fixture
def published(log: Log) -> Log:
    release(log, write_table())
    return log


def write_table() -> str:
    rows = (f"第{i}项经营许可,行政许可,市统计局,{'依照有关规定办理' * 20}\n" for i in range(ITEMS))
    return "事项名称,权力类型,行使主体,实施依据\n" + "".join(rows)


def start_command(
    home: Path, connection: Connection, *command: str, database: str = ""
) -> subprocess.Popen[bytes]:
    """Start ``qingdan`` as a separate process."""
    project = str(Path(__file__).resolve().parents[3])
    environment = os.environ | {
        "QINGDAN_HOME": str(home),
        "QINGDAN_SEARCH": "elasticsearch",
        "QINGDAN_ELASTICSEARCH_HOSTS": ",".join(connection.hosts),
        "QINGDAN_ELASTICSEARCH_ALIAS": connection.alias,
        "QINGDAN_ELASTICSEARCH_USER": connection.user,
        "QINGDAN_ELASTICSEARCH_PASSWORD": connection.password,
        "QINGDAN_ELASTICSEARCH_CA": str(connection.ca or ""),
        "QINGDAN_DATABASE": database,
        "PYTHONPATH": project,
    }
    return subprocess.Popen(
        [*QINGDAN, *command], env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )


def wait_until(reached: Callable[[], bool], *processes: subprocess.Popen[bytes]) -> None:
    """Wait until ``reached()``; fail if one of the processes ends before, or after the time limit."""
    end = time.monotonic() + _PATIENCE
    while not reached():
        assert all(process.poll() is None for process in processes), "one ended before"
        assert time.monotonic() < end
        time.sleep(_PAUSE)


def kill_when(process: subprocess.Popen[bytes], reached: Callable[[], bool]) -> None:
    try:
        wait_until(reached, process)
    finally:
        process.send_signal(signal.SIGKILL)
        process.wait()


def count_indexed(admin: Elasticsearch, index: str) -> int:
    try:
        stats = admin.indices.stats(index=index, metric="indexing")
    except NotFoundError:
        return 0
    # A shard that is being created has no statistics.
    return int(stats["_all"]["primaries"].get("indexing", {}).get("index_total", 0))


def assert_whole(log: Log, engine: ElasticsearchEngine, admin: Elasticsearch, alias: str) -> None:
    state = anyio.run(indexer.status, log, engine)
    assert (state.pending, state.error, state.away) == (0, "", "")
    assert state.documents == sum(1 for _ in log.queries.spans()) == ITEMS
    assert search(engine, "经营许可").total == ITEMS
    spans = every_page(engine, "经营许可", sort="date", limit=2_000, highlight=False)
    assert len(spans) == len(set(spans)) == ITEMS
    assert len(admin.indices.get(index=f"{alias}-*")) == 1


def test_a_worker_killed_in_the_middle_of_a_bulk(
    published: Log,
    tmp_path: Path,
    on_elasticsearch: ElasticsearchEngine,
    elasticsearch: Connection,
    admin: Elasticsearch,
) -> None:
    process = start_command(tmp_path, elasticsearch, "work")
    kill_when(process, lambda: count_indexed(admin, f"{elasticsearch.alias}-000001") >= MIDDLE)
    assert anyio.run(indexer.status, published, on_elasticsearch).pending >= ITEMS
    anyio.run(indexer.run_round, published, on_elasticsearch)
    assert_whole(published, on_elasticsearch, admin, elasticsearch.alias)


def test_a_reindex_killed_in_the_middle_leaves_the_old_index_in_force(
    published: Log,
    tmp_path: Path,
    on_elasticsearch: ElasticsearchEngine,
    elasticsearch: Connection,
    admin: Elasticsearch,
) -> None:
    anyio.run(indexer.run_round, published, on_elasticsearch)
    process = start_command(tmp_path, elasticsearch, "reindex")
    kill_when(process, lambda: count_indexed(admin, f"{elasticsearch.alias}-000002") >= MIDDLE)
    assert search(on_elasticsearch, "经营许可").total == call(on_elasticsearch.count) == ITEMS
    assert anyio.run(indexer.reindex, published, on_elasticsearch) == ITEMS
    assert_whole(published, on_elasticsearch, admin, elasticsearch.alias)

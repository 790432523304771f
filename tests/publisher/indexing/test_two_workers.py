"""Two processes serve one site: one indexes, the other waits and takes over when the first is killed."""

from __future__ import annotations

import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from http import HTTPStatus
from pathlib import Path
from urllib.request import urlopen

import httpx
import pytest
from elasticsearch import Elasticsearch

from publisher.log.log import Log
from search.elastic.connection import Connection
from search.elastic.engine import ElasticsearchEngine
from tests.publisher.indexing.test_indexer import open_site, release
from tests.publisher.indexing.test_killed_indexer import (
    ITEMS,
    MIDDLE,
    assert_whole,
    count_indexed,
    start_command,
    wait_until,
    write_table,
)
from tests.support.servers.http_service import free_port

pytestmark = pytest.mark.server


@pytest.fixture
def log(url: str, tmp_path: Path) -> Iterator[Log]:
    with open_site(url, tmp_path) as site:
        yield site


@contextmanager
def serving(
    home: Path, database: str, connection: Connection
) -> Iterator[tuple[subprocess.Popen[bytes], str]]:
    """Start ``qingdan serve`` → the process and its address, once it answers."""
    port = free_port()
    process = start_command(home, connection, "serve", "--work", "--port", str(port), database=database)
    address = f"http://127.0.0.1:{port}"
    try:
        wait_until(lambda: answers(address), process)
        yield process, address
    finally:
        process.send_signal(signal.SIGKILL)
        process.wait()


def answers(address: str) -> bool:
    try:
        with urlopen(f"{address}/healthz", timeout=30) as answer:  # noqa: S310 - ours
            return bool(answer.status == HTTPStatus.OK)
    except OSError:
        return False


def test_of_two_processes_one_indexes_and_nothing_is_written_twice(
    log: Log,
    url: str,
    tmp_path: Path,
    on_elasticsearch: ElasticsearchEngine,
    elasticsearch: Connection,
    admin: Elasticsearch,
) -> None:
    with (
        serving(tmp_path, url, elasticsearch) as (one, _),
        serving(tmp_path, url, elasticsearch) as (other, _),
    ):
        release(log, write_table())
        wait_until(lambda: log.outbox.due_count() == 0, one, other)
        assert_whole(log, on_elasticsearch, admin, elasticsearch.alias)
        assert count_indexed(admin, elasticsearch.alias) == ITEMS


def test_the_other_takes_over_when_the_one_that_indexes_is_killed(
    log: Log,
    url: str,
    tmp_path: Path,
    on_elasticsearch: ElasticsearchEngine,
    elasticsearch: Connection,
    admin: Elasticsearch,
) -> None:
    with (
        serving(tmp_path, url, elasticsearch) as (one, _),
        serving(tmp_path, url, elasticsearch) as (other, at),
    ):
        other.send_signal(signal.SIGSTOP)  # so that it starts first
        release(log, write_table())
        wait_until(lambda: count_indexed(admin, f"{elasticsearch.alias}-000001") >= MIDDLE, one, other)
        other.send_signal(signal.SIGCONT)
        one.send_signal(signal.SIGKILL)
        one.wait()
        assert log.outbox.due_count() >= ITEMS
        wait_until(lambda: log.outbox.due_count() == 0, other)
        assert_whole(log, on_elasticsearch, admin, elasticsearch.alias)
        assert httpx.get(f"{at}/v1/search?q=经营许可", timeout=30).json()["total"] == ITEMS

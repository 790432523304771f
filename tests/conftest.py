"""Servers that tests share: started once a session, when the first test asks."""

from __future__ import annotations

import os
import uuid
from collections.abc import Iterator

import anyio
import pytest
from elasticsearch import Elasticsearch

from search.elastic.connection import Connection
from search.elastic.engine import ElasticsearchEngine
from tests import elasticsearch_server


@pytest.fixture(scope="session")
def elasticsearch_address() -> Iterator[str]:
    """``QINGDAN_TEST_ELASTICSEARCH``, else a server of our own."""
    given = os.environ.get("QINGDAN_TEST_ELASTICSEARCH")
    if given:
        yield given.rstrip("/")
        return
    elasticsearch_server.require()
    with elasticsearch_server.running() as node:
        yield node.address


@pytest.fixture
def elasticsearch(elasticsearch_address: str) -> Iterator[Connection]:
    """A connection whose alias no other test has; its indices go when the test ends."""
    alias = f"t{uuid.uuid4().hex[:12]}"
    yield Connection((elasticsearch_address,), alias=alias)
    with Elasticsearch(elasticsearch_address) as client:
        for name in client.indices.get(index=f"{alias}-*", features=["aliases"]):
            client.indices.delete(index=name)


@pytest.fixture
def on_elasticsearch(elasticsearch: Connection) -> Iterator[ElasticsearchEngine]:
    engine = ElasticsearchEngine(elasticsearch)
    yield engine
    anyio.run(engine.close)


def pytest_sessionfinish(session: pytest.Session, exitstatus: int) -> None:
    """In CI a skipped test is a failed test."""
    reporter = session.config.pluginmanager.get_plugin("terminalreporter")
    skipped = reporter.stats.get("skipped", []) if reporter is not None else []
    if os.environ.get("CI") == "true" and skipped and exitstatus == pytest.ExitCode.OK:
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    for report in terminalreporter.stats.get("skipped", []):
        terminalreporter.write_line(f"skipped: {report.nodeid}: {report.longrepr[-1]}")

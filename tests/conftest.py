"""Servers, databases and the site that tests share."""

from __future__ import annotations

import os
import uuid
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import anyio
import httpx
import pytest
from elasticsearch import Elasticsearch

from search.elastic.connection import Connection
from search.elastic.engine import ElasticsearchEngine
from tests.support import compiled_statements, sample_site, sqlite
from tests.support.clock import Clock
from tests.support.servers import elasticsearch as elasticsearch_server
from tests.support.servers import postgresql
from tests.support.site import Site, four_releases
from tests.support.skips import pytest_sessionfinish, pytest_terminal_summary

os.environ |= {"LANG": "C.UTF-8", "LC_ALL": "", "LC_MESSAGES": ""}  # messages in Chinese, wherever tests run
compiled_statements.share()

__all__ = ["pytest_sessionfinish", "pytest_terminal_summary"]

SERVERS = {"elasticsearch_address", "postgresql_server", "postgresql_url", "node", "nodes"}
"""Fixtures that start a server. A test that uses one gets the marker ``server``."""
LONG = {"slow", "program"}
BOTH = ("sqlite", pytest.param("postgresql", marks=pytest.mark.server))


@pytest.fixture(scope="session")
def run_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Create one folder for all processes of this run."""
    own = tmp_path_factory.getbasetemp()
    return own.parent if "PYTEST_XDIST_WORKER" in os.environ else own


@pytest.fixture(scope="session")
def elasticsearch_address(run_folder: Path) -> Iterator[str]:
    """Address from ``QINGDAN_TEST_ELASTICSEARCH``, else of a server that the tests start."""
    external = os.environ.get("QINGDAN_TEST_ELASTICSEARCH")
    if external:
        yield external.rstrip("/")
        return
    with elasticsearch_server.of_the_run(run_folder) as address:
        yield address


@pytest.fixture
def elasticsearch(elasticsearch_address: str) -> Iterator[Connection]:
    """Connection with an alias of its own for each test. Its indices are deleted when the test ends."""
    alias = f"t{uuid.uuid4().hex[:12]}"
    yield Connection((elasticsearch_address,), alias=alias, deadline=30)
    with Elasticsearch(elasticsearch_address) as client:
        for name in client.indices.get(index=f"{alias}-*", features=["aliases"]):
            client.indices.delete(index=name)


@pytest.fixture
def admin(elasticsearch: Connection) -> Iterator[Elasticsearch]:
    """Elasticsearch client of the same server."""
    with Elasticsearch(list(elasticsearch.hosts), request_timeout=60) as client:
        yield client


@pytest.fixture
def on_elasticsearch(elasticsearch: Connection) -> Iterator[ElasticsearchEngine]:
    engine = ElasticsearchEngine(elasticsearch)
    yield engine
    anyio.run(engine.close)


@pytest.fixture(scope="session")
def postgresql_server(run_folder: Path) -> Iterator[postgresql.Server]:
    with postgresql.of_the_run(run_folder) as server:
        yield server


@pytest.fixture
def postgresql_url(postgresql_server: postgresql.Server) -> Iterator[str]:
    """Address of an empty PostgreSQL database."""
    with postgresql_server.database() as url:
        yield url


@pytest.fixture(params=BOTH)
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """Address of an empty database. Each test runs once on SQLite and once on PostgreSQL."""
    if request.param == "postgresql":
        address: str = request.getfixturevalue("postgresql_url")
        return address
    return sqlite.new(tmp_path / "qingdan.db")


@pytest.fixture(scope="session")
def database_kind(request: pytest.FixtureRequest) -> str:
    """Database of a test's site: SQLite, or each of both with the marker ``both_databases``."""
    return str(getattr(request, "param", "sqlite"))


@pytest.fixture
def database(request: pytest.FixtureRequest, database_kind: str) -> str:
    """Value of ``QINGDAN_DATABASE`` for a new site of that kind; empty for SQLite in the site's folder."""
    return request.getfixturevalue("postgresql_url") if database_kind == "postgresql" else ""


@pytest.fixture(scope="session")
def new_session_database(request: pytest.FixtureRequest, database_kind: str) -> Iterator[Callable[[], str]]:
    """Make the same for a site that tests share: one database for each site."""
    if database_kind != "postgresql":
        yield str
        return
    server = request.getfixturevalue("postgresql_server")
    with ExitStack() as databases:
        yield lambda: databases.enter_context(server.database())


@pytest.fixture(scope="session")
def site(new_session_database: Callable[[], str], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """The small site of four releases. Tests that write, or move its clock, open one of their own."""
    with four_releases(tmp_path_factory.mktemp("site"), database=new_session_database()) as site:
        newest = site.log.queries.last_release_sequence()
        yield site
        assert site.log.queries.last_release_sequence() == newest, "a test wrote to the site that all share"


@pytest.fixture(scope="session")
def sample_home(run_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Home of the sample site, for reading. Tests that write copy it."""
    return sample_site.copy_sample_site(run_folder, tmp_path_factory.mktemp("sample") / "site")


@pytest.fixture
def client(site: Site) -> httpx.Client:
    return site.client


@pytest.fixture
def clock() -> Clock:
    return Clock()


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "database_kind" in metafunc.fixturenames and metafunc.definition.get_closest_marker("both_databases"):
        metafunc.parametrize("database_kind", BOTH, indirect=True, scope="session")


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    # The longest first, so that no process ends long after the others.
    items.sort(key=lambda item: LONG.isdisjoint(mark.name for mark in item.iter_markers()))
    for item in items:
        if SERVERS.intersection(getattr(item, "fixturenames", ())):
            item.add_marker(pytest.mark.server)

"""The whole service on a real PostgreSQL: the log, its sources, the command and the API."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from tests.api.conftest import Site, made
from tests.store.conftest import postgresql_server
from tests.store.postgresql import Server

__all__ = ["postgresql_server"]


@pytest.fixture(scope="session")
def site(postgresql_server: Server, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """The site of the API's tests, its log on PostgreSQL."""
    with postgresql_server.database() as url, made(tmp_path_factory.mktemp("site"), database=url) as site:
        yield site


@pytest.fixture
def client(site: Site) -> httpx.Client:
    return site.client


@pytest.fixture
def database(postgresql_server: Server) -> Iterator[str]:
    """The address of an empty database."""
    with postgresql_server.database() as url:
        yield url


@pytest.fixture
def home(tmp_path: Path) -> Path:
    return tmp_path / "home"

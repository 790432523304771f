"""Both databases for every test of the log."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from publisher.log.log import Log
from tests.store import postgresql
from tests.store.site import Clock, fees_dataset


@pytest.fixture(scope="session")
def postgresql_server() -> Iterator[postgresql.Server]:
    with postgresql.running() as server:
        if server is None:
            if os.environ.get("CI") == "true":
                pytest.fail("PostgreSQL is not installed, and CI tests on it")
            pytest.skip("PostgreSQL is not installed here; CI tests on it")
        server.use_template("migrated", lambda url: Log.open(url, sources=Path("sources")).close())
        yield server


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path / 'qingdan.db'}"
        return
    with request.getfixturevalue("postgresql_server").database() as address:
        yield address


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def log(url: str, tmp_path: Path, clock: Clock) -> Iterator[Log]:
    """A site with one dataset, ``fees``, in two parts."""
    log = Log.open(url, sources=tmp_path / "sources", clock=clock)
    log.datasets.init_site("https://data.example.gov.cn", "data.example.gov.cn,2026-11-23")
    log.datasets.create(*fees_dataset())
    yield log
    log.close()

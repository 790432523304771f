"""A site with a power list and the statutes that its bases are checked against, on both databases."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path

import pytest

from publisher.log.log import Log
from tests.publisher.log.findings.checked_site import checked_log
from tests.support import sqlite
from tests.support.clock import Clock


@pytest.fixture
def log(url: str, tmp_path: Path, clock: Clock) -> Iterator[Log]:
    log = checked_log(url, tmp_path, clock)
    yield log
    log.close()


@pytest.fixture(params=["sqlite", "postgresql"])
def new_database(request: pytest.FixtureRequest) -> Callable[[Path], AbstractContextManager[str]]:
    """Make databases that are gone after their use: folder → address."""
    if request.param == "sqlite":
        return lambda folder: nullcontext(sqlite.new(folder / "qingdan.db"))
    server = request.getfixturevalue("postgresql_server")
    return lambda _: server.database()

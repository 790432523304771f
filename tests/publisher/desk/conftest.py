"""A desk over a small site: on SQLite, or on each database with the marker ``both_databases``."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support import sqlite
from tests.support.clock import Clock
from tests.support.desk import DeskSite, desk_site


@pytest.fixture
def desk(database: str, tmp_path: Path, clock: Clock) -> Iterator[DeskSite]:
    with desk_site(tmp_path, database or sqlite.new(tmp_path / "qingdan.db"), clock) as desk:
        yield desk

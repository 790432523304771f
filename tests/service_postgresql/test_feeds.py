"""What the tests of feeds and webhooks ask of a site on SQLite, asked of one on PostgreSQL."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.announcing.conftest import Desk
from tests.announcing.conftest import opened as desk_at
from tests.announcing.test_webhooks import *  # noqa: F403 - every test of that module runs here too
from tests.feeds.conftest import Service, made
from tests.feeds.test_amended import *  # noqa: F403
from tests.feeds.test_archives import test_an_archive_is_the_same_bytes_after_later_publications
from tests.feeds.test_service import *  # noqa: F403

__all__ = ["test_an_archive_is_the_same_bytes_after_later_publications"]


@pytest.fixture
def service(tmp_path: Path, database: str) -> Iterator[Service]:
    with made(tmp_path, QINGDAN_DATABASE=database) as service:
        yield service


@pytest.fixture
def desk(tmp_path: Path, database: str) -> Iterator[Desk]:
    with desk_at(tmp_path, QINGDAN_DATABASE=database) as desk:
        yield desk

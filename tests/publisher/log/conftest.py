"""A small log on both databases."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from publisher.log.log import Log
from tests.support.clock import Clock
from tests.support.log import fees_dataset


@pytest.fixture
def log(url: str, tmp_path: Path, clock: Clock) -> Iterator[Log]:
    """Site with one dataset, ``fees``, in two parts."""
    log = Log.open(url, sources=tmp_path / "sources", clock=clock)
    log.datasets.init_site("https://data.example.gov.cn", "data.example.gov.cn,2026-11-23")
    log.datasets.create(*fees_dataset())
    yield log
    log.close()

"""A log with a dataset under the two-person rule, on each database."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from publisher.log.log import Log
from tests.support.clock import Clock
from tests.support.log import fees_dataset


@pytest.fixture
def log(url: str, tmp_path: Path, clock: Clock) -> Iterator[Log]:
    log = Log.open(url, sources=tmp_path / "sources", clock=clock)
    log.datasets.init_site("https://data.example.gov.cn", "data.example.gov.cn,2020-01-01")
    log.datasets.create(*fees_dataset())
    log.datasets.change("fees", two_persons=True)
    yield log
    log.close()

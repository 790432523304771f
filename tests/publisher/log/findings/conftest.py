"""A site with a power list and the statutes that its bases are checked against, on both databases."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from publisher.log.log import Log
from tests.publisher.log.findings.checked_site import checked_log
from tests.support.clock import Clock


@pytest.fixture
def log(url: str, tmp_path: Path, clock: Clock) -> Iterator[Log]:
    log = checked_log(url, tmp_path, clock)
    yield log
    log.close()

"""A site with a plan and what shows that it was done, on both databases."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from publisher.log.log import Log
from tests.publisher.log.commitments.promising_site import promising_log
from tests.support.clock import Clock


@pytest.fixture
def log(url: str, tmp_path: Path, clock: Clock) -> Iterator[Log]:
    log = promising_log(url, tmp_path, clock)
    yield log
    log.close()

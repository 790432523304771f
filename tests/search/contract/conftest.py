"""Every engine keeps the contract of ``search/engine.py``; this fixture makes one of each."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import anyio
import pytest

from search.embedded import EmbeddedEngine
from search.engine import SearchEngine


@pytest.fixture(params=["embedded"])
def engine(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[SearchEngine]:
    made = EmbeddedEngine(tmp_path / "index")
    yield made
    anyio.run(made.close)

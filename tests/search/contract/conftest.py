"""One engine of each kind, because every engine must fulfil the contract of ``search/contract.py``."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import anyio
import pytest

from search.contract import SearchEngine
from search.embedded.engine import EmbeddedEngine


@pytest.fixture(params=["embedded", pytest.param("elasticsearch", marks=pytest.mark.server)])
def engine(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[SearchEngine]:
    search_engine: SearchEngine
    if request.param == "embedded":
        search_engine = EmbeddedEngine(tmp_path / "index")
    else:
        search_engine = request.getfixturevalue("on_elasticsearch")
    yield search_engine
    anyio.run(search_engine.close)

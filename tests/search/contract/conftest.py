"""Every engine keeps the contract of ``search/contract.py``; this fixture makes one of each."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import anyio
import pytest

from search.contract import SearchEngine
from search.embedded.engine import EmbeddedEngine


@pytest.fixture(params=["embedded", pytest.param("elasticsearch", marks=pytest.mark.server)])
def engine(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[SearchEngine]:
    made: SearchEngine
    if request.param == "embedded":
        made = EmbeddedEngine(tmp_path / "index")
    else:
        made = request.getfixturevalue("on_elasticsearch")
    yield made
    anyio.run(made.close)

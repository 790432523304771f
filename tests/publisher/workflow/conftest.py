"""An empty home folder for every test."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.command import Home


@pytest.fixture
def site(tmp_path: Path) -> Home:
    return Home(tmp_path / "home")

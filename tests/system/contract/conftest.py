"""The small site over HTTP, and npm packages of the TypeScript client."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.required import skip_or_fail
from tests.support.servers.http_service import serving
from tests.support.site import Site, four_releases

HERE = Path(__file__).parent


@pytest.fixture(scope="session")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Site, str]]:
    """Serve the site → the site and its address."""
    with four_releases(tmp_path_factory.mktemp("site")) as site, serving(site.app) as address:
        yield site, address


@pytest.fixture(scope="module")
def node_modules() -> Path:
    """Install the packages of the TypeScript client → their folder."""
    modules = HERE / "typescript" / "node_modules"
    if not modules.is_dir():
        skip_or_fail("no packages of npm: run npm ci in tests/system/contract/typescript")
    return modules

"""A real browser, and the sample site as `make demo` serves it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, sync_playwright

from tests.support.required import skip_or_fail
from tests.system.browser.served import ARGUMENTS, CHROMIUM, sample_site, without_search


@pytest.fixture(scope="module")
def browser(sample_home: Path) -> Iterator[Browser]:
    """Start one browser per module: it runs an event loop, which would disturb other tests.

    The sample is published before it begins, in a loop of its own.
    """
    if not Path(CHROMIUM).exists():
        skip_or_fail("Chromium is not installed")
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        yield chromium
        chromium.close()


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    """Start a browser for tests that serve a site of their own."""
    if not Path(CHROMIUM).exists():
        skip_or_fail("Chromium is not installed")
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        yield chromium
        chromium.close()


@pytest.fixture(scope="session")
def base() -> Iterator[str]:
    with sample_site() as address:
        yield address


@pytest.fixture(scope="session")
def base_without_search(sample_home: Path) -> Iterator[str]:
    """Serve the sample site without its search engine → its address."""
    with without_search(sample_home) as address:
        yield address

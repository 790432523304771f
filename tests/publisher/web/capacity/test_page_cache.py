"""Pages in memory: printed once for equal keys, the oldest forgotten, failures not kept."""

from __future__ import annotations

import asyncio

import pytest

from publisher.web.capacity import page_cache
from publisher.web.capacity.page_cache import PageCache


class Printer:
    def __init__(self, page: bytes = b"page") -> None:
        self.page, self.printed = page, 0

    async def __call__(self) -> bytes:
        self.printed += 1
        await asyncio.sleep(0)
        return self.page


def test_readers_at_one_time_and_later_ones_share_one_printing() -> None:
    async def story() -> None:
        pages, printer = PageCache(), Printer()
        assert await asyncio.gather(*(pages.find("home", printer) for _ in range(3))) == [b"page"] * 3
        assert await pages.find("home", printer) == b"page"
        assert printer.printed == 1
        assert await pages.find("other", Printer(b"other")) == b"other"

    asyncio.run(story())


def test_a_failure_is_not_kept() -> None:
    async def fail() -> bytes:
        raise LookupError

    async def story() -> None:
        pages = PageCache()
        with pytest.raises(LookupError):
            await pages.find("home", fail)
        assert await pages.find("home", Printer()) == b"page"

    asyncio.run(story())


def test_the_page_that_nobody_asked_for_longest_is_forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(page_cache, "_MOST", 2)

    async def story() -> None:
        pages, first, second = PageCache(), Printer(), Printer()
        await pages.find(1, first)
        await pages.find(2, second)
        await pages.find(1, first)
        await pages.find(3, Printer())
        await pages.find(1, first)
        await pages.find(2, second)
        assert (first.printed, second.printed) == (1, 2)

    asyncio.run(story())

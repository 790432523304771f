"""Pages that take long to print and that many readers request, kept in memory by what they depend on."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Awaitable, Callable, Hashable

from publisher.web.capacity.work_pools import SharedWork

_MOST = 32
"""Most pages in memory. A home page of 500 lists has 300 KiB."""


class PageCache:
    """The pages that were printed last. Equal keys mean equal bytes; readers at one time share the work."""

    def __init__(self) -> None:
        self._pages: OrderedDict[Hashable, bytes] = OrderedDict()
        self._printing: SharedWork[Hashable, bytes] = SharedWork()

    async def find(self, key: Hashable, render: Callable[[], Awaitable[bytes]]) -> bytes:
        """Return the page with a key, which ``render`` prints unless it is in memory. Raises its errors."""
        page = self._pages.get(key)
        if page is None:
            page = await self._printing.run(key, render)
        self._pages[key] = page
        self._pages.move_to_end(key)
        while len(self._pages) > _MOST:
            self._pages.popitem(last=False)
        return page

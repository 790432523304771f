"""Pages that were printed a moment ago, kept while they stand: what is read often is printed once."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Hashable

_MOST = 32 * 1024 * 1024
"""Bytes of all that is kept; what was used longest ago goes first."""
_LARGEST = 128 * 1024
"""Bytes of one page; a larger one is printed anew."""


class Kept:
    """Printed pages by their address and validity, so that what is found is what would be printed.

    All of it goes with the next release of any list, erasures among them: no page outlives what it shows.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._pages: OrderedDict[Hashable, bytes] = OrderedDict()
        self._sequence = -1
        self._size = 0

    def find(self, sequence: int, key: Hashable) -> bytes | None:
        """``sequence``: the site's newest release."""
        with self._lock:
            if sequence != self._sequence:
                self._pages.clear()
                self._sequence, self._size = sequence, 0
            page = self._pages.get(key)
            if page is not None:
                self._pages.move_to_end(key)
            return page

    def keep(self, sequence: int, key: Hashable, page: bytes) -> None:
        if len(page) > _LARGEST:
            return
        with self._lock:
            if sequence != self._sequence or key in self._pages:
                return
            self._pages[key] = page
            self._size += len(page)
            while self._size > _MOST:
                self._size -= len(self._pages.popitem(last=False)[1])

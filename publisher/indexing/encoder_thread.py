"""Encoding of what was indexed, in a thread of the worker that yields to everything else.

It waits while anything is to be indexed: on two cores an index took 7 % more time with it.
"""

from __future__ import annotations

import logging
import os
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress

import anyio

from publisher.log.log import Log
from search.contract import SearchEngine, SearchError

_STEP = 32
"""Documents that are encoded together: about a second of a core. Readers load vectors after each step."""
_POLL = 1.0
_PAUSE_AFTER_FAILURE = 30.0
_NICENESS = 10
"""Added to that of the worker, which may have more: nobody but root lowers it."""
_STOP_SECONDS = 10.0

logger = logging.getLogger(__name__)


@contextmanager
def encoding(log: Log, search: SearchEngine) -> Iterator[None]:
    """Encode in the background until the block ends. A failure is logged and tried again."""
    ended = threading.Event()
    thread = threading.Thread(target=_run, args=(log, search, ended), name="encoder", daemon=True)
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join(_STOP_SECONDS)


def _run(log: Log, search: SearchEngine, ended: threading.Event) -> None:
    if sys.platform == "linux":  # the priority is that of this thread and of those that it starts
        with suppress(OSError):  # a container may forbid it
            os.nice(_NICENESS)
    anyio.run(_encode, log, search, ended)


async def _encode(log: Log, search: SearchEngine, ended: threading.Event) -> None:
    while not ended.is_set():
        try:
            is_indexed = not log.outbox.due_count()
            waiting, pause = await search.encode(_STEP) if is_indexed else 0, _POLL
        except Exception as error:  # the worker must not end silently
            logger.warning("encoding is behind: %s", error, exc_info=not isinstance(error, SearchError))
            waiting, pause = 0, _PAUSE_AFTER_FAILURE
        if not waiting:
            ended.wait(pause)  # nothing else runs in this event loop

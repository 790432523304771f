"""Handlers that read databases, in a thread of their own."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from functools import wraps

from litestar.concurrency import sync_to_thread


def in_thread[**P, R](handler: Callable[P, R]) -> Callable[P, Awaitable[R]]:
    """Run a handler in a thread.

    Litestar's ``sync_to_thread=True`` wraps a handler once for each handler of the same path (2.25), so that
    GET of a path with a POST returns a coroutine.
    """

    @wraps(handler)
    async def run(*args: P.args, **kwargs: P.kwargs) -> R:
        return await sync_to_thread(handler, *args, **kwargs)

    return run

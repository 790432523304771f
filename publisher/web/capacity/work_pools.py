"""Pools of threads or processes with bounded queues, so that heavy work never holds up light requests.

Waiting costs no thread. A caller that disconnects leaves the queue, and its running reads are interrupted.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Hashable
from contextlib import asynccontextmanager, suppress
from functools import partial

import anyio
import msgspec
from anyio import CapacityLimiter, to_thread
from litestar.types import Receive

from publisher.log.database.interruption import Interruption, interruptible
from publisher.settings import PoolSize
from publisher.web.capacity.client_budget import charge
from publisher.web.problems import ProblemError

_LOOKUPS = 2
LONGEST_WAIT = 40.0
"""Seconds for which work waits for its turn."""


class CallerGoneError(Exception):
    """The client has disconnected, so there is nobody to respond to."""


class WorkPool:
    """Places for one kind of work, and its queue."""

    def __init__(self, size: PoolSize) -> None:
        self._size = size
        self._limiter = CapacityLimiter(size.at_once)
        self._admitted = 0

    @property
    def is_idle(self) -> bool:
        """Report whether nothing runs or waits."""
        return self._admitted == 0

    async def run[T](self, work: Callable[[], T]) -> T:
        """Run ``work`` in a thread. Raises ``too-busy`` if too much is waiting, or if it waits too long."""
        async with self.turn():
            thread = asyncio.ensure_future(to_thread.run_sync(work))
            try:
                return await asyncio.shield(thread)
            except asyncio.CancelledError:  # its place is free when the interrupted thread has ended
                await asyncio.wait((thread,))
                raise

    @asynccontextmanager
    async def turn(self) -> AsyncIterator[None]:
        """Hold one of this pool's places. Raises as :meth:`run`."""
        if self._admitted >= self._size.at_once + self._size.waiting:
            raise _too_busy()
        self._admitted += 1
        try:
            with anyio.move_on_after(LONGEST_WAIT) as wait:
                await self._limiter.acquire_on_behalf_of(token := object())
            if wait.cancelled_caught:
                raise _too_busy()
            started = time.monotonic()
            try:
                yield
            finally:
                if (pay := charge.get()) is not None:
                    pay(time.monotonic() - started)
                self._limiter.release_on_behalf_of(token)
        finally:
            self._admitted -= 1


def _too_busy() -> ProblemError:
    return ProblemError("too-busy", headers={"retry-after": "10"})


class _SharedTask[T](msgspec.Struct):
    task: asyncio.Task[T]
    interruption: Interruption
    callers: int = 0


class SharedWork[K: Hashable, T]:
    """Work that callers with equal keys share; it is interrupted when the last of them has gone."""

    def __init__(self) -> None:
        self._running: dict[K, _SharedTask[T]] = {}

    async def run(self, key: K, start: Callable[[], Awaitable[T]]) -> T:
        shared = self._running.get(key)
        if shared is None:
            interruption = Interruption()
            with interruptible(interruption):
                task = asyncio.ensure_future(start())  # copies the context
            shared = self._running[key] = _SharedTask(task, interruption)
            task.add_done_callback(partial(self._remove, key))
        shared.callers += 1
        try:
            return await asyncio.shield(shared.task)
        finally:
            shared.callers -= 1
            if shared.callers == 0 and not shared.task.done():
                self._running.pop(key, None)
                shared.interruption.interrupt()
                shared.task.cancel()

    def _remove(self, key: K, task: asyncio.Task[T]) -> None:
        if (shared := self._running.get(key)) is not None and shared.task is task:
            del self._running[key]
        if not task.cancelled():
            task.exception()  # it concerns nobody if every caller has gone


async def _wait_for_disconnect(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


class WorkPools:
    """The pools of a service."""

    def __init__(self, queries: PoolSize, files: PoolSize) -> None:
        self.queries = WorkPool(queries)
        """Lists, comparisons and features: reads that may take long."""
        self.files = WorkPool(files)
        """Generation of files, workbooks included."""
        self.lookups = CapacityLimiter(_LOOKUPS)
        """Threads that look for files in the cache, so that many requests for files leave others theirs."""
        self.shared_files: SharedWork[Hashable, None] = SharedWork()
        self._stopped = asyncio.Event()

    def stop(self) -> None:
        """End all work that is running or waiting with ``too-busy``: the service is about to end."""
        self._stopped.set()

    async def while_connected[T](self, receive: Receive, work: Callable[[], Awaitable[T]]) -> T:
        """Do ``work`` unless the client disconnects or the service stops: then its reads are interrupted.

        Raises :class:`CallerGoneError` and ``too-busy``.
        """
        interruption = Interruption()
        with interruptible(interruption):
            task = asyncio.ensure_future(work())
        watches = (
            asyncio.ensure_future(_wait_for_disconnect(receive)),
            asyncio.ensure_future(self._stopped.wait()),
        )
        try:
            await asyncio.wait((task, *watches), return_when=asyncio.FIRST_COMPLETED)
            if task.done():
                return task.result()
        finally:
            for watch in watches:
                watch.cancel()
            if not task.done():
                interruption.interrupt()
                task.cancel()
                with suppress(asyncio.CancelledError, Exception):
                    await task
        raise _too_busy() if self._stopped.is_set() else CallerGoneError

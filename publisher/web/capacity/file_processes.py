"""Processes in which files are generated, so that this work never holds the interpreter from readers."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from functools import partial

from anyio import BrokenWorkerProcess, CapacityLimiter, to_process
from anyio.from_thread import BlockingPortal, start_blocking_portal
from litestar.concurrency import sync_to_thread

from publisher.web.problems import ProblemError


class FileProcesses:
    """At most ``most`` processes. They begin with the first files, and end with the service."""

    def __init__(self, generate: Callable[..., None], most: int) -> None:
        self._generate = generate
        """A function of a module, or a partial one: it is pickled."""
        self._limiter = CapacityLimiter(most)
        self._portal: BlockingPortal | None = None

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        # An event loop of its own: uvloop runs Python between fork and exec, which hangs beside threads.
        options = {"loop_factory": asyncio.SelectorEventLoop}
        with start_blocking_portal("asyncio", options, name="file processes") as self._portal:
            try:
                yield
            finally:
                await sync_to_thread(self._portal.call, partial(self._portal.stop, cancel_remaining=True))

    async def run(self, *arguments: object) -> None:
        """Generate a file. A caller that gives up kills the process, which leaves nothing half in the cache.

        Raises what the function raises, and ``file-being-made`` if the process was killed by the system.
        """
        if self._portal is None:
            raise RuntimeError("the service has not started")
        task = self._portal.start_task_soon(self._run, *arguments)
        try:
            await asyncio.wrap_future(task)
        except BrokenWorkerProcess as error:
            raise ProblemError("file-being-made", headers={"retry-after": "5"}) from error

    async def _run(self, *arguments: object) -> None:
        await to_process.run_sync(self._generate, *arguments, cancellable=True, limiter=self._limiter)

"""Processes for heavy work (files, long queries): threads would hold the interpreter from readers."""

from __future__ import annotations

import asyncio
import pickle
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from functools import partial
from typing import Any, Literal

from anyio import BrokenWorkerProcess, CancelScope, CapacityLimiter, to_process
from anyio.from_thread import BlockingPortal, start_blocking_portal
from litestar.concurrency import sync_to_thread

from publisher.web.capacity import process_entry
from publisher.web.problems import ProblemError

type Work = Literal["file", "query", "features"]
type Perform = Callable[..., Any]
"""(:data:`Work`, its arguments) → its result. A function of a module, maybe partial: it is pickled."""

_SECONDS_OF_A_START = 2.0
"""Seconds for which work goes on after its caller has gone: a new process takes as long to start."""


class HeavyWorkProcesses:
    """At most ``most`` processes. They begin with the first work, and end when idle or with the service."""

    def __init__(self, perform: Perform, most: int) -> None:
        self._perform = perform
        self._limiter = CapacityLimiter(most)
        self._portal: BlockingPortal | None = None

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        # An event loop of its own: uvloop runs Python between fork and exec, which hangs beside threads.
        options = {"loop_factory": asyncio.SelectorEventLoop}
        with start_blocking_portal("asyncio", options, name="heavy work processes") as self._portal:
            try:
                yield
            finally:
                await sync_to_thread(self._portal.call, partial(self._portal.stop, cancel_remaining=True))

    async def run(self, work: Work, *arguments: object) -> Any:
        """Perform work in a process. If the caller gives up, the process is killed unless it ends soon.

        Raises what the function raises, and ``file-being-made`` or ``too-busy`` if the system killed it.
        """
        if self._portal is None:
            raise RuntimeError("the service has not started")
        task = self._portal.start_task_soon(self._run, work, *arguments)
        outcome = asyncio.wrap_future(task)
        try:
            return await asyncio.shield(outcome)
        except asyncio.CancelledError:
            with CancelScope(shield=True):
                await asyncio.wait((outcome,), timeout=_SECONDS_OF_A_START)
            raise
        except BrokenWorkerProcess as error:
            code = "file-being-made" if work == "file" else "too-busy"
            raise ProblemError(code, headers={"retry-after": "5"}) from error
        finally:
            outcome.cancel()

    async def _run(self, work: Work, *arguments: object) -> Any:
        called = pickle.dumps(partial(self._perform, work, *arguments))
        return await to_process.run_sync(process_entry.call, called, cancellable=True, limiter=self._limiter)

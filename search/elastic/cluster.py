"""Client of a cluster in its own event loop, with its errors translated to the contract's.

The service, its commands and its tests call from many event loops, but a client belongs to one. So the
client runs in its own thread from the first call until :meth:`Cluster.close`.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Awaitable, Callable, Coroutine, Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from importlib import import_module
from importlib.util import find_spec
from typing import Any

from elasticsearch import ApiError, AsyncElasticsearch, TransportError

from search.contract import SearchError
from search.elastic.connection import Connection
from search.elastic.response import Json

_UNREACHABLE = "无法连接搜索服务 / the search cluster cannot be reached"
_REFUSED = "搜索服务拒绝了用户名、口令或密钥 / the search cluster refuses the user, password or API key"
_BUSY = "搜索服务暂无响应 / the search cluster cannot answer now"
READ_ONLY = "搜索索引只读，磁盘可能将满 / the search index is read-only (is a disk full?)"


class Cluster:
    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._starting = threading.Lock()
        self._loop: _Loop | None = None
        self._client: AsyncElasticsearch | None = None

    async def run[*A, T](
        self, function: Callable[[AsyncElasticsearch, *A], Awaitable[T]], *arguments: *A
    ) -> T:
        """Await ``function(client, …)`` in the client's event loop. Raises :class:`SearchError`."""
        return await asyncio.wrap_future(self.start(function, *arguments))

    def call[*A, T](self, function: Callable[[AsyncElasticsearch, *A], Awaitable[T]], *arguments: *A) -> T:
        """Run as :meth:`run`, for a thread without an event loop."""
        return self.start(function, *arguments).result()

    def start[*A, T](
        self, function: Callable[[AsyncElasticsearch, *A], Awaitable[T]], *arguments: *A
    ) -> Future[T]:
        """Start as :meth:`call`, without waiting."""
        with self._starting:
            if self._loop is None:
                self._loop = _Loop()
            return self._loop.start(self._run_translated(function, *arguments))

    async def _run_translated[*A, T](
        self, function: Callable[[AsyncElasticsearch, *A], Awaitable[T]], *arguments: *A
    ) -> T:
        if self._client is None:
            self._client = _create_client(self._connection)
        with translate_errors():
            return await function(self._client, *arguments)

    def close(self) -> None:
        with self._starting:
            loop, client = self._loop, self._client
            self._loop = self._client = None
        if loop is not None:
            if client is not None:
                loop.start(client.close()).result()
            loop.close()


class _Loop:
    """An event loop in its own thread. Passing a call to it takes half the time of anyio's portal."""

    def __init__(self) -> None:
        running: Future[asyncio.AbstractEventLoop] = Future()
        self._thread = threading.Thread(target=self._run, args=(running,), name="elasticsearch", daemon=True)
        self._thread.start()
        self._loop = running.result()

    def start[T](self, coroutine: Coroutine[Any, Any, T]) -> Future[T]:
        return asyncio.run_coroutine_threadsafe(coroutine, self._loop)

    def close(self) -> None:
        """Stop the loop and cancel running tasks."""
        self._loop.call_soon_threadsafe(self._ended.set)
        self._thread.join()

    def _run(self, running: Future[asyncio.AbstractEventLoop]) -> None:
        with asyncio.Runner(loop_factory=_create_loop) as runner:
            self._ended = asyncio.Event()
            running.set_result(runner.get_loop())
            runner.run(self._ended.wait())


def _create_loop() -> asyncio.AbstractEventLoop:
    """Create a loop of uvloop if it is installed: the client's part of a search takes a quarter less time.
    uvloop does not support Windows."""
    if find_spec("uvloop") is None:
        return asyncio.new_event_loop()
    loop: asyncio.AbstractEventLoop = import_module("uvloop").new_event_loop()
    return loop


def _create_client(connection: Connection) -> AsyncElasticsearch:
    login = connection.user and not connection.api_key
    trusted: dict[str, Any] = {"ca_certs": str(connection.ca)} if connection.ca else {}
    return AsyncElasticsearch(
        list(connection.hosts),
        **trusted,
        serializers={Json.mimetype: Json()},
        api_key=connection.api_key or None,
        # The client rejects a key together with a password.
        basic_auth=(connection.user, connection.password) if login else None,
        request_timeout=connection.timeout,
        # Retry on another node after a connection error. Error responses are handled by the callers.
        max_retries=len(connection.hosts),
        retry_on_status=(),
    )


@contextmanager
def translate_errors() -> Iterator[None]:
    """Translate the client's errors to :class:`SearchError`, except those of an invalid request."""
    try:
        yield
    except TransportError as error:
        raise SearchError(f"{_UNREACHABLE}: {error.message}", retry_after=10) from error
    except ApiError as error:
        if error.status_code in (401, 403) and not is_write_blocked(error):
            raise SearchError(_REFUSED, retry_after=60) from error
        if is_write_blocked(error):
            raise SearchError(READ_ONLY, retry_after=60) from error
        if error.status_code == 429 or error.status_code >= 500:
            raise SearchError(f"{_BUSY}: {error.message}", retry_after=10) from error
        raise


def is_write_blocked(error: ApiError) -> bool:
    return "cluster_block" in str(error.message)

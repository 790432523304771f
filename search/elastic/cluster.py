"""The way to a cluster: one client in an event loop of its own, and its failures in the contract's words.

The service, its commands and its tests call from many loops, and a client belongs to one; so the client
lives in a thread of its own from the first call until :meth:`Cluster.close`.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Awaitable, Callable, Iterator
from concurrent.futures import Future
from contextlib import AbstractContextManager, contextmanager
from importlib.util import find_spec
from typing import Any

from anyio.from_thread import BlockingPortal, start_blocking_portal
from elasticsearch import ApiError, AsyncElasticsearch, TransportError

from search.elastic.answers import Json
from search.elastic.connection import Connection
from search.engine import SearchError

_AWAY = "检索服务连接不上 / the search cluster cannot be reached"
_REFUSED = "检索服务不认可用户名、口令或密钥 / the search cluster refuses the user, password or API key"
_BUSY = "检索服务暂时不能答复 / the search cluster cannot answer now"
_FULL = "检索索引只读（磁盘将满？） / the search index is read-only (is a disk full?)"


class Cluster:
    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._starting = threading.Lock()
        self._running: AbstractContextManager[BlockingPortal] | None = None
        self._portal: BlockingPortal | None = None
        self._client: AsyncElasticsearch | None = None

    async def run[*A, T](self, function: Callable[[AsyncElasticsearch, *A], Awaitable[T]], *given: *A) -> T:
        """Await ``function(client, …)`` in the client's loop. Raises :class:`SearchError`."""
        return await asyncio.wrap_future(self._started().start_task_soon(self._told, function, *given))

    def call[*A, T](self, function: Callable[[AsyncElasticsearch, *A], Awaitable[T]], *given: *A) -> T:
        """:meth:`run` for a thread that has no loop."""
        return self._started().call(self._told, function, *given)

    def start[*A, T](
        self, function: Callable[[AsyncElasticsearch, *A], Awaitable[T]], *given: *A
    ) -> Future[T]:
        """:meth:`call` that does not wait."""
        return self._started().start_task_soon(self._told, function, *given)

    async def _told[*A, T](self, function: Callable[[AsyncElasticsearch, *A], Awaitable[T]], *given: *A) -> T:
        if self._client is None:
            self._client = _client(self._connection)
        with told():
            return await function(self._client, *given)

    def close(self) -> None:
        with self._starting:
            running, portal, client = self._running, self._portal, self._client
            self._running = self._portal = self._client = None
        if portal is not None and client is not None:
            portal.call(client.close)
        if running is not None:
            running.__exit__(None, None, None)

    def _started(self) -> BlockingPortal:
        with self._starting:
            if self._portal is None:
                # The client's own part of a search takes a quarter less; Windows has no uvloop.
                options = {"use_uvloop": find_spec("uvloop") is not None}
                self._running = start_blocking_portal(backend_options=options, name="elasticsearch")
                self._portal = self._running.__enter__()
            return self._portal


def _client(connection: Connection) -> AsyncElasticsearch:
    login = connection.user and not connection.api_key
    trusted: dict[str, Any] = {"ca_certs": str(connection.ca)} if connection.ca else {}
    return AsyncElasticsearch(
        list(connection.hosts),
        **trusted,
        serializers={Json.mimetype: Json()},
        api_key=connection.api_key or None,
        # The client refuses to be given both.
        basic_auth=(connection.user, connection.password) if login else None,
        request_timeout=connection.timeout,
        # Another node is tried where one is lost; what to do with a refusal is decided here.
        max_retries=len(connection.hosts),
        retry_on_status=(),
    )


@contextmanager
def told() -> Iterator[None]:
    """The client's failures as :class:`SearchError`. A request that is wrong in itself stays what it is."""
    try:
        yield
    except TransportError as error:
        raise SearchError(f"{_AWAY}: {error.message}", retry_after=10) from error
    except ApiError as error:
        if error.status_code in (401, 403) and not blocked(error):
            raise SearchError(_REFUSED, retry_after=60) from error
        if blocked(error):
            raise SearchError(_FULL, retry_after=60) from error
        if error.status_code == 429 or error.status_code >= 500:
            raise SearchError(f"{_BUSY}: {error.message}", retry_after=10) from error
        raise


def blocked(error: ApiError) -> bool:
    return "cluster_block" in str(error.message)

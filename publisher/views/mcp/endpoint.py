"""The address ``/mcp``: POST only, within the budget of the client, and not from pages of other sites."""

from __future__ import annotations

import importlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import anyio
import msgspec
from anyio.abc import TaskGroup, TaskStatus
from litestar.concurrency import sync_to_thread
from litestar.types import Receive, Send

from publisher.web.bytes_response import BytesResponse
from publisher.web.error_log import ErrorLog
from publisher.web.service import Service

if TYPE_CHECKING:
    from mcp.server.streamable_http_manager import StreamableHTTPSessionManager

PATH = "/mcp"
_INVALID_REQUEST = -32600
"""Code of JSON-RPC."""


class McpEndpoint:
    """The ASGI application. The first request loads the SDK, which takes a second."""

    def __init__(self, service: Service, errors: ErrorLog) -> None:
        base = urlsplit(service.site.base)
        self._service, self._errors, self._origin = service, errors, f"{base.scheme}://{base.netloc}"
        self._tasks: TaskGroup | None = None
        self._manager: StreamableHTTPSessionManager | None = None
        self._lock = anyio.Lock()

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        async with anyio.create_task_group() as self._tasks:
            try:
                yield
            finally:
                self._tasks.cancel_scope.cancel()

    async def __call__(self, scope: Any, receive: Receive, send: Send) -> None:
        """Answer one request. Raises ``too-many-requests``."""
        refusal = self._refuse(scope)
        if refusal is not None:
            await refusal(scope, receive, send)
            return
        with self._service.budgets.admit(scope):
            manager: Any = await self._start()
            await manager.handle_request(scope, receive, send)

    def _refuse(self, scope: Any) -> BytesResponse | None:
        if scope["method"] != "POST":
            return _refusal(405, "请用 POST。/ Use POST.", allow="POST")
        origins = [value.decode("latin-1") for name, value in scope["headers"] if name == b"origin"]
        if any(origin != self._origin for origin in origins):
            # The specification's protection against DNS rebinding; programs send no Origin.
            return _refusal(403, "不接受其他网站页面的请求。/ Not from pages of other sites.")
        if find_spec("mcp") is None:
            return _refusal(501, "未安装：pip install 'qingdan[mcp]' / Not installed.")
        return None

    async def _start(self) -> StreamableHTTPSessionManager:
        async with self._lock:
            if self._manager is None:
                if self._tasks is None:
                    raise AssertionError("the application was not started")
                server = await sync_to_thread(importlib.import_module, "publisher.views.mcp.server")
                manager = server.create_manager(self._service, self._errors)
                await self._tasks.start(_run_until_cancelled, manager)
                self._manager = manager
            return self._manager


async def _run_until_cancelled(
    manager: StreamableHTTPSessionManager, *, task_status: TaskStatus[None]
) -> None:
    async with manager.run():
        task_status.started()
        await anyio.sleep_forever()


def _refusal(status: int, message: str, **headers: str) -> BytesResponse:
    error = {"jsonrpc": "2.0", "id": None, "error": {"code": _INVALID_REQUEST, "message": message}}
    own = {"content-type": "application/json", "cache-control": "no-store", **headers}
    return BytesResponse(status, own, msgspec.json.encode(error))

"""Routes (an operation of the contract and its function), their replies, and endpoints."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path
from typing import Any, ClassVar, Literal

import msgspec
from litestar.types import HTTPScope, Receive

from openapi.operation import Operation
from publisher.web.conditional_requests import Validity
from publisher.web.file_cache import FileKey
from publisher.web.range_download import AsgiResponse
from publisher.web.service import Service


class Call(msgspec.Struct, frozen=True):
    """The properties of a request that a response depends on."""

    path: Mapping[str, str]
    query: bytes
    address: str
    """The path in the form of the contract."""
    media: str = ""
    """The negotiated media type, if the operation offers more than one; of a file its content coding."""


class Reply(msgspec.Struct, frozen=True):
    """A response that is not built yet, with the input of its ETag: a 304 never builds it.

    ``build`` returns a msgspec struct, or encoded bytes.
    """

    validity: Validity
    build: Callable[[], Any]
    headers: Mapping[str, str] = {}  # a struct copies it
    headers_of: Callable[[Any], Mapping[str, str]] | None = None
    """Headers that depend on what ``build`` returns."""
    moved_to: str = ""
    """Canonical address of the resource: the response is a redirect (308)."""


class AsyncReply(msgspec.Struct, frozen=True):
    """Like :class:`Reply`, for a response that waits: for a search engine, a thread, or its turn."""

    validity: Validity
    build: Callable[[], Awaitable[Any]]
    headers: Mapping[str, str] = {}  # a struct copies it
    headers_of: Callable[[Any], Mapping[str, str]] | None = None


class Route(msgspec.Struct, frozen=True):
    """``runs``: ``query`` for reads that may take long, with a queue of their own; ``thread`` for others.

    ``loop`` for a few keyed reads of an embedded database: 80 µs, less than switching to a thread and back.
    With a database server these run in a thread too, because the network can stall.
    ``memory`` for a query whose slow part may be in memory: then it runs in the loop, else as a query.
    ``validate-in-loop`` if only ``handle`` is that quick: a 304 is sent from the loop, and ``build`` runs in
    a thread.
    """

    operation: Operation
    handle: Callable[[Service, Call], Reply]
    runs: Literal["loop", "memory", "validate-in-loop", "thread", "query"] = "thread"


class AsyncRoute(msgspec.Struct, frozen=True):
    """``runs``: ``file`` if the response is as much work as a file that is generated."""

    operation: Operation
    handle: Callable[[Service, Call], Awaitable[AsyncReply]]
    runs: Literal["loop", "file"] = "loop"


class FileReply(msgspec.Struct, frozen=True):
    """A file from the cache, or written by ``write`` and cached."""

    validity: Validity
    key: FileKey
    write: Callable[[Path], None]
    compressible: bool
    """Sent with gzip or zstd if the client accepts it."""
    headers: Mapping[str, str]


class FileRoute(msgspec.Struct, frozen=True):
    """If the file must be generated, ``handle`` is called again, for the state of that moment."""

    operation: Operation
    handle: Callable[[Service, Call], FileReply]
    runs: ClassVar[Literal["file"]] = "file"


type AnyRoute = Route | AsyncRoute | FileRoute
type Respond = Callable[[HTTPScope, Receive, Mapping[str, str]], Awaitable[AsgiResponse]]
"""(request, its messages, values in its path) → the response. Raises errors that become problems."""


class Endpoint(msgspec.Struct, frozen=True):
    """Handler of GET, or POST for a form, of ``path``.

    ``{name}`` is one segment of it and ``{name:path}`` the rest of the path.

    ``quick``: handled without Litestar; see :class:`.Edge`.
    """

    path: str
    respond: Respond
    quick: bool = False
    suffixes: Mapping[str, Respond] = msgspec.field(default_factory=dict)
    """Handlers of ``path.suffix``, for routes that differ only in it. ``respond`` chooses one of them."""
    method: Literal["GET", "POST"] = "GET"


def route(
    operation: Operation, *, runs: Literal["loop", "memory", "thread", "query"] = "thread"
) -> Callable[[Callable[[Service, Call], Reply]], Route]:
    """Decorate the function that handles ``operation``."""

    def decorate(handle: Callable[[Service, Call], Reply]) -> Route:
        return Route(operation, handle, runs)

    return decorate


def async_route(
    operation: Operation,
) -> Callable[[Callable[[Service, Call], Awaitable[AsyncReply]]], AsyncRoute]:
    def decorate(handle: Callable[[Service, Call], Awaitable[AsyncReply]]) -> AsyncRoute:
        return AsyncRoute(operation, handle)

    return decorate

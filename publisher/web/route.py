"""What a route is: an operation of the contract and the function that answers it. Endpoints serve routes."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import msgspec
from litestar.types import HTTPScope

from openapi.operation import Operation
from publisher.web.conditional_requests import Validity
from publisher.web.file_cache import Key
from publisher.web.range_download import Sending
from publisher.web.service import Service


class Call(msgspec.Struct, frozen=True):
    """One request, as far as an answer depends on it."""

    path: Mapping[str, str]
    query: bytes
    address: str
    """The path, as the contract writes it."""
    media: str = ""
    """The media type agreed on, where the operation offers more than one."""


class Reply(msgspec.Struct, frozen=True):
    """An answer not yet built, and what its ETag is made of: a 304 never builds it.

    ``build`` gives a msgspec struct, or bytes that are ready.
    """

    validity: Validity
    build: Callable[[], Any]
    headers: Mapping[str, str] = {}  # a struct copies it


class AsyncReply(msgspec.Struct, frozen=True):
    """Like :class:`Reply`, for an answer that waits for a search engine."""

    validity: Validity
    build: Callable[[], Awaitable[Any]]
    headers: Mapping[str, str] = {}  # a struct copies it


@dataclass(frozen=True, slots=True)
class Route:
    """``runs``: ``thread`` for all that may take long, so that it never holds up other requests.

    ``loop`` for a few keyed reads of a database in this process: 80 µs, less than the hop to a thread
    and back costs. With a database elsewhere these run in a thread too, as a network may stall.
    ``asked`` where only ``handle`` is that quick: a 304 is told in the loop, and ``build`` runs in a thread.
    """

    operation: Operation
    handle: Callable[[Service, Call], Reply]
    runs: Literal["loop", "asked", "thread"] = "thread"


@dataclass(frozen=True, slots=True)
class AsyncRoute:
    """``runs``: ``loop`` where the answer mostly waits for nothing but a few keyed reads, as above."""

    operation: Operation
    handle: Callable[[Service, Call], Awaitable[AsyncReply]]
    runs: Literal["loop", "thread"] = "thread"


@dataclass(frozen=True, slots=True)
class FileReply:
    """A file that is found made, or made by ``write`` and kept."""

    validity: Validity
    key: Key
    write: Callable[[Path], None]
    squeezed: bool
    """Sent with gzip or zstd to who takes it."""
    headers: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class FileRoute:
    """``handle`` is asked again where the file must be made: of the state of that moment."""

    operation: Operation
    handle: Callable[[Service, Call], FileReply]


type AnyRoute = Route | AsyncRoute | FileRoute
type Respond = Callable[[HTTPScope, Mapping[str, str]], Awaitable[Sending]]
"""(request, names in its path) → the answer. Raises what the application turns into a problem."""


@dataclass(frozen=True, slots=True)
class Endpoint:
    """What answers a GET of ``path``, where ``{name}`` is any segment and ``{name:path}`` all that follows.

    ``quick``: answered without Litestar, whose own work for a request would take as long; see :class:`.Edge`.
    """

    path: str
    respond: Respond
    quick: bool = False


def route(
    operation: Operation, *, runs: Literal["loop", "thread"] = "thread"
) -> Callable[[Callable[[Service, Call], Reply]], Route]:
    """Make the function below it the answer to ``operation``."""

    def made(handle: Callable[[Service, Call], Reply]) -> Route:
        return Route(operation, handle, runs)

    return made


def async_route(
    operation: Operation,
) -> Callable[[Callable[[Service, Call], Awaitable[AsyncReply]]], AsyncRoute]:
    def made(handle: Callable[[Service, Call], Awaitable[AsyncReply]]) -> AsyncRoute:
        return AsyncRoute(operation, handle)

    return made

"""What a route is: an operation of the contract and the function that answers it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from pathlib import Path
from typing import Any, Literal

import msgspec

from openapi.model import Operation
from publisher.api.conditional import Validity
from publisher.exports.cache import Cache, Key
from publisher.naming import SiteNames
from publisher.store.clocks import day_at
from publisher.store.model import Dataset, Release, Site
from publisher.store.store import Store
from schemas.catalogue import Catalogue
from search.engine import SearchEngine


class Latest[K, V]:
    """What was read of each key: saves a query, and cannot go stale, since it is read anew as soon as the
    validator's sequence is another one."""

    def __init__(self) -> None:
        self._known: dict[K, tuple[int, V]] = {}

    def find(self, key: K, sequence: int, read: Callable[[K], V]) -> V:
        known = self._known.get(key)
        if known is None or known[0] != sequence:
            known = self._known[key] = (sequence, read(key))
        return known[1]


@dataclass(frozen=True, slots=True)
class _Pinned:
    release: Release
    catalogue: Catalogue
    marks: tuple[object, ...]


@dataclass(frozen=True, slots=True)
class Service:
    """What answers are made from; built once by the app factory."""

    site: Site
    store: Store
    search: SearchEngine
    names: SiteNames
    clock: Callable[[], datetime]
    version: str
    hub: str = ""
    """Who tells subscribers of feeds that something is new (WebSub); none where empty."""
    embedded: bool = True
    """The database is a file, not a server that may keep us waiting."""
    _published: Latest[str, datetime | None] = field(default_factory=Latest, repr=False)
    """Dataset → time of its newest release. All of them under the empty name."""
    _releases: Latest[tuple[str, int], _Pinned] = field(default_factory=Latest, repr=False)
    """By dataset and number."""
    _datasets: Latest[str, Dataset] = field(default_factory=Latest, repr=False)

    def published_anywhere(self, sequence: int) -> datetime | None:
        """The newest of all datasets' :meth:`published_at`; ``sequence`` is the site's validator's."""
        return self._published.find("", sequence, self._read_anywhere)

    def _read_anywhere(self, _: str) -> datetime | None:
        names = [dataset.name for dataset in self.store.datasets()]
        times = (self.published_at(name, self.store.sequence(name)) for name in names)
        return max((t for t in times if t is not None), default=None)

    def published_at(self, dataset: str, sequence: int) -> datetime | None:
        """When ``dataset`` last changed: its newest release, if any, or a later new name of a part.

        ``sequence`` is its validator's.
        """
        return self._published.find(dataset, sequence, self._read_published)

    def _read_published(self, dataset: str) -> datetime | None:
        times = [r.published_at for r in self.store.releases(dataset)]
        named = self.store.dataset(dataset).named_at
        return max([*times, *([named] if times and named else [])], default=None)

    def dataset(self, name: str) -> Dataset:
        """Its details never change, and whatever happens to its parts makes the validator grow.

        Raises ``no-such-dataset``.
        """
        return self._datasets.find(name, self.store.sequence(name), self.store.dataset)

    @property
    def files(self) -> Cache:
        """Files for downloading that were made before."""
        return Cache(self.store.files)

    def release(self, dataset: str, number: int) -> Release:
        """A release never changes but by an erasure, which is a later release of the same dataset.

        Raises ``StoreError``: ``no-such-dataset``, ``no-such-release``.
        """
        return self._pinned(dataset, number).release

    def catalogue(self, dataset: str, number: int) -> Catalogue:
        """The catalogue that a release was made with. Raises as :meth:`release`."""
        return self._pinned(dataset, number).catalogue

    def marks(self, dataset: str, number: int) -> tuple[object, ...]:
        """What came since and is told with a state of the release; see :meth:`.Asking.marks`."""
        return self._pinned(dataset, number).marks

    def _pinned(self, dataset: str, number: int) -> _Pinned:
        sequence = self.store.sequence(dataset)
        return self._releases.find((dataset, number), sequence, self._read_pinned)

    def _read_pinned(self, key: tuple[str, int]) -> _Pinned:
        dataset, number = key
        release = self.store.release(dataset, number)
        catalogue = self.store.catalogue(dataset, number)
        return _Pinned(release, catalogue, self.store.marks(dataset, release))

    def today(self) -> date:
        return day_at(self.clock())

    def link(self, path: str) -> str:
        """An address of this site; from its own base, whatever Host a request names."""
        return self.site.base + path


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

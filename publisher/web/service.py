"""What every answer needs: the log, the search engine, settings and memos."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, datetime

from publisher.indexing.site_names import SiteNames
from publisher.log.clocks import day_at
from publisher.log.log import Log
from publisher.log.model import Dataset, Release, Site
from publisher.web.file_cache import Cache
from schemas.definition.catalogue import Catalogue
from search.contract import SearchEngine


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
    log: Log
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
        names = [dataset.name for dataset in self.log.datasets.all()]
        times = (self.published_at(name, self.log.queries.sequence(name)) for name in names)
        return max((t for t in times if t is not None), default=None)

    def published_at(self, dataset: str, sequence: int) -> datetime | None:
        """When ``dataset`` last changed: its newest release, if any, or a later new name of a part.

        ``sequence`` is its validator's.
        """
        return self._published.find(dataset, sequence, self._read_published)

    def _read_published(self, dataset: str) -> datetime | None:
        times = [r.published_at for r in self.log.queries.releases(dataset)]
        named = self.log.datasets.get(dataset).named_at
        return max([*times, *([named] if times and named else [])], default=None)

    def dataset(self, name: str) -> Dataset:
        """Its details never change, and whatever happens to its parts makes the validator grow.

        Raises ``no-such-dataset``.
        """
        return self._datasets.find(name, self.log.queries.sequence(name), self.log.datasets.get)

    @property
    def files(self) -> Cache:
        """Files for downloading that were made before."""
        return Cache(self.log.files)

    def release(self, dataset: str, number: int) -> Release:
        """A release never changes but by an erasure, which is a later release of the same dataset.

        Raises ``LogError``: ``no-such-dataset``, ``no-such-release``.
        """
        return self._pinned(dataset, number).release

    def catalogue(self, dataset: str, number: int) -> Catalogue:
        """The catalogue that a release was made with. Raises as :meth:`release`."""
        return self._pinned(dataset, number).catalogue

    def marks(self, dataset: str, number: int) -> tuple[object, ...]:
        """What came since and is told with a state of the release; see :meth:`.Asking.marks`."""
        return self._pinned(dataset, number).marks

    def _pinned(self, dataset: str, number: int) -> _Pinned:
        sequence = self.log.queries.sequence(dataset)
        return self._releases.find((dataset, number), sequence, self._read_pinned)

    def _read_pinned(self, key: tuple[str, int]) -> _Pinned:
        dataset, number = key
        release = self.log.queries.release(dataset, number)
        catalogue = self.log.queries.catalogue(dataset, number)
        return _Pinned(release, catalogue, self.log.queries.marks(dataset, release))

    def today(self) -> date:
        return day_at(self.clock())

    def link(self, path: str) -> str:
        """An address of this site; from its own base, whatever Host a request names."""
        return self.site.base + path

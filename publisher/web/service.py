"""Dependencies of all responses: the log, the search engine, settings and caches."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, datetime
from importlib import metadata

import msgspec
from litestar.concurrency import sync_to_thread
from msgspec import structs

from publisher.inbox.correction_form import CorrectionForm
from publisher.inbox.follow_form import FollowForm
from publisher.indexing.site_names import SiteNames
from publisher.log.clocks import day_at, utc_now
from publisher.log.descriptions import SiteDetails
from publisher.log.log import Log
from publisher.log.model import Dataset, Release, Site, View
from publisher.log.proofs import FirstCheckpoint
from publisher.log.transparency.successions import Succession
from publisher.mac_key import read_or_replace_key
from publisher.settings import Settings
from publisher.web.capacity.client_budget import ClientBudgets
from publisher.web.capacity.heavy_work_processes import HeavyWorkProcesses
from publisher.web.capacity.page_cache import PageCache
from publisher.web.capacity.work_pools import WorkPools
from publisher.web.conditional_requests import Validity
from publisher.web.file_cache import FileCache
from publisher.web.page_cursor import CursorCodec
from schemas.definition.catalogue import Catalogue
from search.contract import SearchEngine, SearchError


class SequenceCache[K, V]:
    """Cache of one entry for each key. It is never stale: an entry is read again as soon as the validator's
    sequence changes."""

    def __init__(self) -> None:
        self._entries: dict[K, tuple[int, V]] = {}

    def find(self, key: K, sequence: int, fetch: Callable[[K], V]) -> V:
        entry = self._entries.get(key)
        if entry is None or entry[0] != sequence:
            entry = self._entries[key] = (sequence, fetch(key))
        return entry[1]


class _PinnedRelease(msgspec.Struct, frozen=True):
    release: Release
    catalogue: Catalogue
    later_changes: tuple[object, ...]
    site: SiteDetails
    """Details of the site when it was published."""


class DatedDetails(msgspec.Struct, frozen=True):
    """Details of the site, and when they were last changed; None: never."""

    details: SiteDetails
    changed_at: datetime | None


class ServiceStart(msgspec.Struct, frozen=True):
    """Facts that are determined when the service starts, and that each of its processes gets."""

    started_at: datetime
    """Nothing that depends on the program alone is newer than this."""
    takes_corrections: bool = False
    sends_mail: bool = False
    """Readers can follow changes by e-mail."""
    missing: int | None = None
    """Entries that the log lacks, if it was restored from an older backup."""
    succession: Succession | None = None
    """The last succession of the log."""


@dataclass(frozen=True, slots=True)
class Service:
    """Dependencies of all responses; built once by the app factory."""

    site: Site
    log: Log
    search: SearchEngine
    names: SiteNames
    clock: Callable[[], datetime]
    version: str
    pools: WorkPools
    cursors: CursorCodec
    budgets: ClientBudgets
    start: ServiceStart
    hub: str = ""
    """Address of the WebSub hub that notifies subscribers of feeds; empty: none."""
    shows_actor: bool = False
    """Whether the clerk of a release is public."""
    corrections: CorrectionForm | None = None
    """The form of corrections, in the process that serves it."""
    mail: FollowForm | None = None
    """The form of subscriptions by e-mail, in the process that serves it."""
    embedded: bool = True
    """The database is a file, not a server that can stall."""
    processes: HeavyWorkProcesses | None = None
    """Generate files and answer long queries; None: threads of this process do."""
    page_cache: PageCache = field(default_factory=PageCache, repr=False)
    _changed: SequenceCache[str, datetime | None] = field(default_factory=SequenceCache, repr=False)
    """Dataset → time of its last change; the empty name is that of all datasets."""
    _releases: SequenceCache[tuple[str, int], _PinnedRelease] = field(
        default_factory=SequenceCache, repr=False
    )
    """By dataset and number."""
    _of_changes: SequenceCache[tuple[str, int], Catalogue] = field(default_factory=SequenceCache, repr=False)
    """Dataset and number of a release → the catalogue for its changes, of datasets that migrated."""
    _datasets: SequenceCache[str, Dataset] = field(default_factory=SequenceCache, repr=False)
    _migrated: SequenceCache[str, bool] = field(default_factory=SequenceCache, repr=False)
    """Dataset → whether its releases have different catalogues."""
    _details: list[DatedDetails] = field(default_factory=list, repr=False)
    """At most one: those that were read last."""
    _newest_entries: SequenceCache[str, int | None] = field(default_factory=SequenceCache, repr=False)
    """Dataset → position of the entry of its newest release; the empty name is that of all datasets."""
    _checkpoints: dict[int, FirstCheckpoint] = field(default_factory=dict, repr=False)
    """Position of an entry → the first checkpoint that covers it, which never changes."""

    def site_details(self) -> DatedDetails:
        """Read the details of the site: a response that shows them has them among its tokens."""
        self._details[:] = [DatedDetails(*self.log.datasets.site_details())]
        return self._details[0]

    def pinned_details(self, details: SiteDetails, dataset: str, number: int) -> SiteDetails:
        """Return details with the names of the day of a release. Raises as :meth:`release`."""
        return details.at_release(self._pinned(dataset, number).site)

    @property
    def last_details(self) -> DatedDetails:
        """Details that were read last, for error pages: the database may be away."""
        return self._details[0] if self._details else DatedDetails(SiteDetails(), None)

    def changed_at(self) -> datetime:
        """Return the time of the last change of the site, or of the start of the service if it was later."""
        details, sequence = self.site_details(), self.log.queries.sequence()
        times = (self.datasets_changed_at(sequence), details.changed_at, self.start.started_at)
        return max(time for time in times if time is not None)

    def dated(self, validity: Validity) -> Validity:
        """Add the time of the site's last change to a validity without a time."""
        if validity.modified is not None:
            return validity
        return structs.replace(validity, modified=self.changed_at(), decides=False)

    def datasets_changed_at(self, sequence: int) -> datetime | None:
        """Return the newest :meth:`dataset_changed_at`; ``sequence``: of the site's validator."""
        return self._changed.find("", sequence, self._read_datasets_changed)

    def _read_datasets_changed(self, _: str) -> datetime | None:
        names = [dataset.name for dataset in self.log.datasets.all()]
        times = (self.dataset_changed_at(name, self.log.queries.sequence(name)) for name in names)
        return max((t for t in times if t is not None), default=None)

    def dataset_changed_at(self, dataset: str, sequence: int) -> datetime | None:
        """Return the time of the last change of ``dataset``: its newest release, or later details or parts.

        ``sequence`` is that of its validator.
        """
        return self._changed.find(dataset, sequence, self._read_dataset_changed)

    def _read_dataset_changed(self, dataset: str) -> datetime | None:
        times = [r.published_at for r in self.log.queries.releases(dataset)]
        named_at = self.log.datasets.get(dataset).named_at
        return max([*times, *([named_at] if times and named_at else [])], default=None)

    def dataset(self, name: str) -> Dataset:
        """Return a dataset. Cached, because changes of its details and parts raise the sequence.

        Raises ``no-such-dataset``.
        """
        return self._datasets.find(name, self.log.queries.sequence(name), self.log.datasets.get)

    @property
    def files(self) -> FileCache:
        """Cache of files for download."""
        return FileCache(self.log.files, self.version)

    def release(self, dataset: str, number: int) -> Release:
        """Return a release. It only changes by an erasure, which is a later release of the same dataset.

        Raises ``LogError``: ``no-such-dataset``, ``no-such-release``.
        """
        return self._pinned(dataset, number).release

    def catalogue(self, dataset: str, number: int) -> Catalogue:
        """Return the catalogue of a release. Raises as :meth:`release`."""
        return self._pinned(dataset, number).catalogue

    def catalogue_of_changes(self, dataset: str, number: int) -> Catalogue:
        """Return the catalogue as :meth:`.CatalogueQueries.catalogue_of_changes`, with its errors."""
        if not self.has_migrated(dataset):
            return self.log.queries.catalogue(dataset)
        sequence = self.log.queries.sequence(dataset)
        return self._of_changes.find(
            (dataset, number), sequence, lambda key: self.log.queries.catalogue_of_changes(*key)
        )

    def catalogue_in_view(self, dataset: str, *views: View) -> Catalogue:
        """Return the catalogue as :meth:`.CatalogueQueries.catalogue_in_view`, with its errors."""
        if self.has_migrated(dataset):
            return self.log.queries.catalogue_in_view(dataset, *views)
        return self.log.queries.catalogue(dataset)

    def has_migrated(self, dataset: str) -> bool:
        """Report whether releases of a dataset have different catalogues. Raises ``no-such-dataset``."""

        def has_several(name: str) -> bool:
            return len({release.catalogue_digest for release in self.log.queries.releases(name)}) > 1

        return self._migrated.find(dataset, self.log.queries.sequence(dataset), has_several)

    def first_checkpoint(self, release: Release) -> FirstCheckpoint | None:
        """Return the first signed checkpoint that covers a release; None: not yet signed."""
        return self._first_covering(release.entry)

    def newest_checkpoint(self, dataset: str, sequence: int) -> FirstCheckpoint | None:
        """Return the first checkpoint that covers the newest release of a dataset; None: not yet signed.

        ``sequence``: of its validator; the empty name is that of all datasets.
        """
        entry = self._newest_entries.find(
            dataset, sequence, lambda name: self.log.proofs.newest_entry(name or None)
        )
        return None if entry is None else self._first_covering(entry)

    def _first_covering(self, entry: int) -> FirstCheckpoint | None:
        checkpoint = self._checkpoints.get(entry)
        if checkpoint is None and (checkpoint := self.log.proofs.first_checkpoint(entry)) is not None:
            self._checkpoints[entry] = checkpoint
        return checkpoint

    def later_changes_key(self, dataset: str, number: int) -> tuple[object, ...]:
        """Return later changes that a state of the release shows; see :meth:`.Queries.later_changes_key`."""
        return self._pinned(dataset, number).later_changes

    def _pinned(self, dataset: str, number: int) -> _PinnedRelease:
        sequence = self.log.queries.sequence(dataset)
        return self._releases.find((dataset, number), sequence, self._read_pinned)

    def _read_pinned(self, key: tuple[str, int]) -> _PinnedRelease:
        dataset, number = key
        release = self.log.queries.release(dataset, number)
        catalogue = self.log.queries.catalogue(dataset, number)
        later_changes = self.log.queries.later_changes_key(dataset, release)
        site = self.log.datasets.site_details_at(release.entry)
        return _PinnedRelease(release, catalogue, later_changes, site)

    async def search_position(self) -> int:
        """Return the position of the index.

        Raises ``SearchError``, also if the index lacks what it once had: a result would be wrong in silence.
        """
        # The index stores an entry before it leaves the outbox, so the outbox is read first.
        completed = self.log.outbox.last_completed
        least = completed() if self.embedded else await sync_to_thread(completed)
        position = await self.search.position()
        if position < least:
            raise SearchError(
                "搜索索引不完整，工作进程正在重建 / the index is incomplete; the worker rebuilds it",
                retry_after=30,
            )
        return position

    def today(self) -> date:
        return day_at(self.clock())

    def link(self, path: str) -> str:
        """Build an address of this site from its own base, independent of the Host of a request."""
        return self.site.base + path


def create_service(
    settings: Settings, log: Log, search: SearchEngine, clock: Callable[[], datetime] = utc_now
) -> Service:
    """Create the service on which routes depend: log, search engine, names and clock. It opens nothing."""
    successions = log.recovery.successions()
    return Service(
        site=log.datasets.site(),
        log=log,
        search=search,
        names=SiteNames(log),
        clock=clock,
        version=metadata.version("qingdan"),
        budgets=ClientBudgets(settings.client_header),
        start=ServiceStart(
            clock(),
            missing=log.recovery.missing_entries(),
            succession=successions[-1] if successions else None,
        ),
        cursors=CursorCodec(read_or_replace_key(settings.cursor_key)),
        pools=WorkPools(settings.queries, settings.exports),
        hub=settings.hub,
        shows_actor=settings.shows_actor,
        embedded=settings.database.startswith("sqlite"),
    )

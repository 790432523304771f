"""Shared state of the OGC routes: datasets as collections, boundaries, pygeoapi's core."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from publisher.log.clocks import start_of
from publisher.log.model import Dataset, LogError
from publisher.views.ogc.bounding_box import Box
from publisher.views.ogc.errors import not_found
from publisher.views.ogc.item_source import ItemSource
from publisher.views.ogc.plain_pages import PlainPages
from publisher.web.service import SequenceCache, Service
from schemas.definition.catalogue import Catalogue

if TYPE_CHECKING:
    from publisher.views.ogc.boundaries import Boundaries
    from publisher.views.ogc.pygeoapi.core import Core

HOME = "/ogc"
DATA_CATALOG = "catalogue"
DIVISIONS = "divisions"
_RESERVED = (DATA_CATALOG, DIVISIONS)
_PREFIX = "dataset."
"""Names of datasets contain no dots, so no two collections share a name."""


@dataclass(frozen=True)
class Geo:
    """The state that requests share. The first request that needs pygeoapi loads it.

    ``boundaries_file``: see :mod:`publisher.views.ogc.boundaries`.
    """

    service: Service
    plain_pages: PlainPages
    boundaries_file: Path | None = None
    _extents: SequenceCache[str, tuple[date | None, date | None]] = field(
        default_factory=SequenceCache, repr=False
    )
    """Dataset → its temporal extent."""
    _catalogues: SequenceCache[str, Catalogue] = field(default_factory=SequenceCache, repr=False)
    """Dataset → its catalogue: only a release changes it."""

    @cached_property
    def core(self) -> Core:
        from publisher.views.ogc.pygeoapi.core import Core

        return Core(self.link(""))

    def check(self) -> None:
        """Read the file of boundaries now, so that an invalid file fails at start and not in a request."""
        self.boundaries  # noqa: B018 - the property is cached

    @cached_property
    def boundaries(self) -> Boundaries | None:
        """Load the boundaries. Raises ``LogError('bad-boundaries')`` for a file that cannot be used."""
        if self.boundaries_file is None:
            return None
        from publisher.views.ogc.boundaries import load

        return load(self.boundaries_file)

    def link(self, path: str) -> str:
        return self.service.link(HOME + path)

    def names(self) -> list[str]:
        """Return the names of all collections, the data catalog first."""
        divisions = [DIVISIONS] if self.boundaries_file is not None else []
        return [
            DATA_CATALOG,
            *divisions,
            *(self.collection_name(d.name) for d in self.service.log.datasets.all()),
        ]

    @staticmethod
    def collection_name(dataset: str) -> str:
        return _PREFIX + dataset if dataset in _RESERVED else dataset

    def dataset(self, collection: str) -> Dataset:
        """Get the dataset of a collection. Raises :class:`OgcError` (404) if there is none."""
        name = collection.removeprefix(_PREFIX)
        if self.collection_name(name) == collection:
            try:
                return self.service.dataset(name)
            except LogError as error:
                if error.code != "no-such-dataset":
                    raise
        raise not_found(f"没有集合 {collection[:100]}。", f"There is no collection {collection[:100]}.")

    def catalogue(self, dataset: str) -> Catalogue:
        log = self.service.log
        return self._catalogues.find(dataset, log.queries.sequence(dataset), log.queries.catalogue)

    def box(self, dataset: Dataset) -> Box | None:
        if dataset.division is None or self.boundaries is None:
            return None
        return self.boundaries.extent(dataset.division)

    def interval(self, dataset: str) -> tuple[str | None, str | None]:
        """Return the first and last time of effect, RFC 3339 in UTC; None is open or not stated."""
        log = self.service.log
        begin, end = self._extents.find(dataset, log.queries.sequence(dataset), log.queries.extent)
        return day_start(begin), day_start(end)


def is_dataset_collection(collection: str) -> bool:
    """Report whether the collection is a dataset: its items are read from the log without pygeoapi."""
    return collection not in _RESERVED


def day_start(day: date | None) -> str | None:
    """Return the beginning of a day in Asia/Shanghai, RFC 3339 in UTC."""
    return None if day is None else utc_text(start_of(day))


def utc_text(moment: datetime) -> str:
    """Format an instant as RFC 3339 in UTC."""
    return moment.astimezone(UTC).isoformat().replace("+00:00", "Z")


def resource(
    title: str,
    description: str,
    *,
    keywords: Sequence[str] = (),
    box: Sequence[float] | None = None,
    interval: tuple[str | None, str | None] | None = None,
    source: ItemSource | None = None,
    kind: str = "feature",
) -> Mapping[str, Any]:
    """Build pygeoapi's configuration of a collection. The default of ``box`` is the whole earth."""
    extents: dict[str, Any] = {"spatial": {"bbox": list(box or (-180, -90, 180, 90))}}
    if interval is not None:
        begin, end = (None if text is None else datetime.fromisoformat(text) for text in interval)
        extents["temporal"] = {"begin": begin, "end": end}
    provider = {"type": kind, "name": "publisher.views.ogc.pygeoapi.provider.LogProvider", "data": source}
    return {
        "type": "collection",
        "title": title,
        "description": description,
        "keywords": list(keywords),
        "extents": extents,
        "providers": [provider],
    }

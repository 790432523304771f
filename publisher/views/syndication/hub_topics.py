"""WebSub topics: the listed feeds that a release adds entries to."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import cache

from feeds.categories import facet_terms
from publisher.log.log import Log
from publisher.log.model import Change, Dataset
from publisher.views.syndication.formats import FEED_FORMATS
from publisher.views.syndication.scope import LISTED_FACETS, Scope, make_scope
from publisher.views.syndication.selection import CatalogueOf, announces, directions_of_change
from schemas.definition.catalogue import Catalogue
from schemas.reference import administrative_divisions

_AMENDING = ("corrected", "withdrawn")
_CHUNK = 500
"""Changes that are read at once."""


def hub_topics(log: Log, dataset: str, number: int) -> tuple[str, ...]:
    """Return the feeds' addresses, in every format; empty if the release announces nothing."""
    scopes: dict[Scope, None] = {}
    catalogue_of = cache(log.queries.catalogue)
    own, catalogue = log.datasets.get(dataset), catalogue_of(dataset, number)
    if "erased" in log.queries.release(dataset, number).counts:  # the erased content is not available
        scopes |= dict.fromkeys((make_scope(), make_scope(dataset=dataset)))
    after = 0
    while changes := log.queries.changes(dataset=dataset, release=number, after=after, limit=_CHUNK):
        for change in changes:
            if announces(make_scope(), change, catalogue_of):
                # These withdraw or update entries that earlier changes of the record added.
                older = log.queries.history(dataset, change.record) if change.kind in _AMENDING else ()
                scopes |= dict.fromkeys(
                    _scopes(change, _kinds((change, *older), catalogue_of), own, catalogue)
                )
        after = changes[-1].sequence
    base = log.datasets.site().base
    return tuple(base + topic.path(form) for topic in scopes for form in FEED_FORMATS)


def _kinds(changes: Iterable[Change], catalogue_of: CatalogueOf) -> Iterator[str]:
    for change in changes:
        yield change.kind
        yield from directions_of_change(change, catalogue_of)


def _scopes(change: Change, kinds: Iterable[str], dataset: Dataset, catalogue: Catalogue) -> Iterator[Scope]:
    unique_kinds = tuple(dict.fromkeys(kinds))
    for name in (None, dataset.name):
        yield make_scope(dataset=name)
        yield from (make_scope(dataset=name, kinds=(kind,)) for kind in unique_kinds)
    for content in (change.before, change.after):
        for facet, term, _ in facet_terms(content or {}, catalogue, dataset.division, dataset.body):
            if facet == "division":
                yield from (
                    make_scope(filters={facet: (code,)})
                    for code in administrative_divisions.list_ancestors(term)
                )
            elif facet in LISTED_FACETS:
                yield make_scope(filters={facet: (term,)})

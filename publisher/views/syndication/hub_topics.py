"""Every listed feed that a release says something new in: what a hub must be told of."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from feeds.categories import facet_terms
from feeds.fee_direction import charges_of_values
from publisher.log.log import Log
from publisher.log.model import Change, Dataset
from publisher.log.queries.feed_changes import BLOCK
from publisher.views.syndication.scope import FILED, FORMS, Scope, scope
from publisher.views.syndication.selection import tells
from schemas.definition.catalogue import Catalogue
from schemas.reference import administrative_divisions

_AMENDING = ("corrected", "withdrawn")


def topics(log: Log, dataset: str, number: int) -> tuple[str, ...]:
    """Addresses, in every format; empty where the release announces nothing."""
    scopes: dict[Scope, None] = {}
    known, catalogue = log.datasets.get(dataset), log.queries.catalogue(dataset, number)
    if "erased" in log.queries.release(dataset, number).counts:  # of whom is not known any more
        scopes |= dict.fromkeys((scope(), scope(dataset=dataset)))
    after = 0
    while changes := log.queries.changes(dataset=dataset, release=number, after=after, limit=BLOCK):
        for change in changes:
            if tells(scope(), change):
                # These take back, or bump, what was told of the record before.
                older = log.queries.history(dataset, change.record) if change.kind in _AMENDING else ()
                scopes |= dict.fromkeys(_scopes(change, _kinds((change, *older)), known, catalogue))
        after = changes[-1].sequence
    base = log.datasets.site().base
    return tuple(base + one.path(form) for one in scopes for form in FORMS)


def _kinds(changes: Iterable[Change]) -> Iterator[str]:
    for change in changes:
        yield change.kind
        yield from charges_of_values((f.before, f.after) for f in change.fields)


def _scopes(change: Change, kinds: Iterable[str], dataset: Dataset, catalogue: Catalogue) -> Iterator[Scope]:
    told = tuple(dict.fromkeys(kinds))
    for name in (None, dataset.name):
        yield scope(dataset=name)
        yield from (scope(dataset=name, kinds=(kind,)) for kind in told)
    for content in (change.before, change.after):
        for facet, term, _ in facet_terms(content or {}, catalogue, dataset.division, dataset.body):
            if facet == "division":
                yield from (
                    scope(filters={facet: (code,)}) for code in administrative_divisions.ancestors(term)
                )
            elif facet in FILED:
                yield scope(filters={facet: (term,)})

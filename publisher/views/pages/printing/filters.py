"""Filters of the lists on pages: the values of each facet, the active filters, and the next page."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import msgspec

from publisher.log.model import Dataset
from publisher.views.api.answers import common
from publisher.views.pages.printing import labels
from publisher.views.pages.printing.page_request import Visit
from schemas.reference import administrative_divisions
from schemas.reference.english_words import value_in_english
from schemas.words import BOOLEANS, FACETS, STATUSES

_VISIBLE_VALUES = 8
"""Number of a facet's values that are visible at first. The rest can be expanded."""


class Chip(msgspec.Struct, frozen=True):
    """An active filter, with the address without it."""

    title: str
    value: str
    off: str


class Choice(msgspec.Struct, frozen=True):
    title: str
    count: int
    address: str
    on: bool


class Choices(msgspec.Struct, frozen=True):
    """A facet's values with exact counts. The address of each toggles its filter."""

    name: str
    title: str
    first: Sequence[Choice]
    rest: Sequence[Choice]
    most: int = 0
    """Maximum number of values that the list counts, if it is reached: there may be more."""


def is_useful(visit: Visit, facet: common.Facet) -> bool:
    return len(facet.values) > 1 or bool(facet.values and visit.values(facet.field))


def choices(visit: Visit, facet: common.Facet, *, most: int = 0) -> Choices:
    """Return the values of a facet. ``most``: the list counts so many at most; 0: all."""
    chosen = visit.values(facet.field)
    every = [
        Choice(
            _value_title(visit, facet.field, value),
            value.count,
            visit.toggle_filter(facet.field, value.value),
            value.value in chosen,
        )
        for value in facet.values
    ]
    every.sort(key=lambda c: not c.on)  # active values stay visible
    return Choices(
        facet.field,
        facet_title(visit, facet.field, facet.title),
        every[:_VISIBLE_VALUES],
        every[_VISIBLE_VALUES:],
        most if len(every) >= most else 0,
    )


def facet_title(visit: Visit, name: str, title: str) -> str:
    return visit.t(*FACETS[name]) if name in FACETS else title


def _value_title(visit: Visit, name: str, value: common.FacetValue) -> str:
    """Return the title of a value: the facet's own, but for statuses of records and booleans."""
    if name == "status" and value.value in STATUSES:
        return labels.word_for(visit, STATUSES, value.value)
    if value.value in BOOLEANS:
        return visit.t(*BOOLEANS[value.value])
    return visit.t(value.title, value_in_english(value.title))


def chips(visit: Visit, facets: Sequence[common.Facet], datasets: Mapping[str, Dataset]) -> Iterator[Chip]:
    """Yield the active filters. ``datasets``: datasets by name, including those without results."""
    titles = {("dataset", name): visit.title_of(one) for name, one in datasets.items()}
    titles |= {(f.field, v.value): _value_title(visit, f.field, v) for f in facets for v in f.values}
    names = {f.field: facet_title(visit, f.field, f.title) for f in facets}
    for name, value in visit.pairs:
        if name in names:
            value_title = titles.get((name, value)) or (
                administrative_divisions.name_of(value) if name == "division" else None
            )
            yield Chip(names[name], value_title or value, visit.toggle_filter(name, value))


def next_page(visit: Visit, cursor: str | None) -> str | None:
    """Return the address of the next page."""
    if cursor is None:
        return None
    return visit.url(visit.path, [*visit.pairs_without("cursor"), ("cursor", cursor)])

"""Properties that filters may name, with the kind of their comparison."""

from __future__ import annotations

from functools import lru_cache

import msgspec

from publisher.log import predicate as p
from schemas.definition.catalogue import Catalogue


class Queryables(msgspec.Struct, frozen=True):
    """``kinds``: kind of each property. ``dates``: text properties that are dates, ``YYYY-MM-DD``."""

    kinds: dict[str, p.ComparisonKind]
    dates: frozenset[str] = frozenset()


@lru_cache(64)
def catalogue_queryables(catalogue: Catalogue) -> Queryables:
    """Return every published field, and the properties of a state."""
    names = (*catalogue.by_name, *p.STATE)
    kinds = {name: kind for name in names if (kind := p.comparison_kind(catalogue, name)) is not None}
    return Queryables(kinds, frozenset(f.name for f in catalogue.fields if f.type == "date"))

"""What a filter may name, and how it is compared."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

from publisher.log import predicate as p
from schemas.definition.catalogue import Catalogue


@dataclass(frozen=True)
class Queryables:
    """``kinds``: of each property. ``dates``: those texts that are dates, ``YYYY-MM-DD``."""

    kinds: dict[str, p.Kind]
    dates: frozenset[str] = frozenset()


@lru_cache(64)
def of_catalogue(catalogue: Catalogue) -> Queryables:
    """Every published field, and what a state says of itself."""
    names = (*catalogue.by_name, "part", *p.DAYS)
    kinds = {name: kind for name in names if (kind := p.comparison_kind(catalogue, name)) is not None}
    return Queryables(kinds, frozenset(f.name for f in catalogue.fields if f.type == "date"))

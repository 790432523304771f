"""From which similarity on a document is offered, and for which queries: the same for every engine."""

from __future__ import annotations

from search.query.parser import Query

LEAST = 0.62
"""Similarity (cosine) from which on a document is offered."""

MOST = 100
"""Documents that are offered at most."""

NEAREST = 100
"""Nearest documents of the day of which the hits are ranked by the second stage too. It would not put
any that is further away first."""


def is_searched_by_meaning(query: Query) -> bool:
    """Report whether a query is searched by meaning too.

    One with a quoted phrase or a document number is not, nor one of names of bodies alone.
    """
    leaves = query.leaves
    is_literal = any(word.kind in ("phrase", "number") for word in leaves)
    return not is_literal and not all(word.bodies for word in leaves)

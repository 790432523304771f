"""From which similarity on a document is offered, and for which queries: the same for every engine."""

from __future__ import annotations

from search.query.parser import Query

LEAST = 0.62
"""Similarity (cosine) from which on a document is offered."""

MOST = 100
"""Documents that are offered at most."""


def asks_by_meaning(query: Query) -> bool:
    """Report whether a query can be meant otherwise: not what is in quotes, nor a document number."""
    leaves = query.leaves
    return bool(leaves) and not any(word.kind in ("phrase", "number") for word in leaves)

"""What is shown of a hit, and how a page is bounded; the same for every engine."""

from __future__ import annotations

from collections.abc import Mapping

from search import highlight
from search.analysis import Analyzer, Folded
from search.engine import Document, FacetValue, Hit, Marked
from search.query import Query

ENOUGH = 20
"""Where fewer hits hold all the words, the set widens."""

WINDOW = 100
"""Candidates that the second stage orders anew."""

FACET_VALUES = 1_000
"""Values of a facet that are counted out, the most frequent first."""

EXCERPTS = 3

type Facets = Mapping[str, tuple[FacetValue, ...]]


def marker(asked: Query) -> highlight.Marker:
    wanted = [t for w in asked.words if w.kind != "number" for t in (w.text, *w.forms, w.taiwan)]
    numbers = [w.text for w in asked.words if w.kind == "number"]
    return highlight.Marker([*wanted, *numbers], asked.grams)


def hit(
    document: Document,
    kept: Mapping[str, str],
    score: float,
    marking: highlight.Marker | None,
    analyzer: Analyzer,
) -> Hit:
    """``kept``: each text of the document → its folded form. Without a marker nothing is marked."""
    title = Marked("title", document.title, ())
    excerpts: list[Marked] = []
    if marking is not None:
        # Where folding kept the length, the index's own copy saves folding again.
        folded = {t: Folded(f) if len(f) == len(t) else analyzer.fold(t) for t, f in kept.items()}
        title = marking.whole("title", document.title, folded[document.title])
        for field, text in document.texts.items():
            found = marking.excerpt(field, text, folded[text]) if text != document.title else None
            if found is not None:
                excerpts.append(found)
        excerpts.sort(key=lambda m: -sum(end - start for start, end in m.marks))
    return Hit(
        span=document.span,
        dataset=document.dataset,
        record=document.record,
        revision=document.revision,
        score=score,
        title=title,
        excerpts=tuple(excerpts[:EXCERPTS]),
    )


def values(counts: Mapping[str, int]) -> tuple[FacetValue, ...]:
    """The most frequent first, ties by code point."""
    return tuple(FacetValue(v, c) for v, c in sorted(counts.items(), key=lambda one: (-one[1], one[0])))

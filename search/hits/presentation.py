"""What is shown of a hit, and how a page is bounded; the same for every engine."""

from __future__ import annotations

from collections.abc import Mapping
from operator import itemgetter

from search.chinese.analyzer import Analyzer, Folded
from search.chinese.thesaurus import Lexicon
from search.contract import FacetValue, Hit, Marked, Request
from search.hits import highlighter
from search.hits.explanation import reasons
from search.indexed_document import Shown
from search.query.parser import Query

ENOUGH = 20
"""Where fewer hits hold all the words, the set widens."""

WINDOW = 100
"""Candidates that the second stage orders anew."""

FACET_VALUES = 1_000
"""Values of a facet that are counted out, the most frequent first."""

EXCERPTS = 3

type Facets = Mapping[str, tuple[FacetValue, ...]]


class Showing:
    """What one request shows of its hits."""

    def __init__(self, request: Request, asked: Query, analyzer: Analyzer, lexicon: Lexicon) -> None:
        self._explains = request.explain
        self._asked = asked
        self._analyzer = analyzer
        self._lexicon = lexicon
        wanted = [
            text
            for word in asked.leaves
            if word.kind != "number"
            for text in (word.text, *lexicon.wordings.get(word.text, word.forms), word.taiwan)
        ]
        numbers = [w for w in asked.leaves if w.kind == "number"]
        wanted += [number.text for number in numbers]
        # 2015 and 号 are no part of 鞍政发〔2015〕34号 where they stand alone.
        parts = {gram for number in numbers if number.text.endswith("号") for gram in number.forms}
        words = {word.text for word in asked.leaves if word.kind == "word" and len(word.text) == 2}
        weak = [gram for gram in asked.grams if gram not in parts and gram not in words]
        self._marker = highlighter.Marker(wanted, weak, words, analyzer.stands) if request.highlight else None

    def hit(self, document: Shown, kept: Mapping[str, str], score: float) -> Hit:
        """``kept``: each text of the document → its folded form."""
        title = Marked("title", document.title, ())
        excerpts: tuple[Marked, ...] = ()
        if self._marker is not None:
            title, excerpts = self._marked(self._marker, document, kept)
        return Hit(
            span=document.span,
            dataset=document.dataset,
            record=document.record,
            revision=document.revision,
            score=score,
            title=title,
            excerpts=excerpts,
            reasons=reasons(self._asked, document, kept, self._analyzer, self._lexicon)
            if self._explains
            else (),
        )

    def _marked(
        self, marker: highlighter.Marker, document: Shown, kept: Mapping[str, str]
    ) -> tuple[Marked, tuple[Marked, ...]]:
        # Where folding kept the length, the index's own copy saves folding again.
        folded = {t: Folded(f) if len(f) == len(t) else self._analyzer.fold(t) for t, f in kept.items()}
        excerpts: list[Marked] = []
        for field, text in document.texts.items():
            found = marker.excerpt(field, text, folded[text]) if text != document.title else None
            if found is not None:
                excerpts.append(found)
        excerpts.sort(key=lambda m: -sum(end - start for start, end in m.marks))
        title = marker.whole("title", document.title, folded[document.title])
        return title, tuple(excerpts[:EXCERPTS])


def values(counts: Mapping[str, int]) -> tuple[FacetValue, ...]:
    """The most frequent first, ties by code point."""
    by_value = sorted(counts.items())
    return tuple(FacetValue(v, c) for v, c in sorted(by_value, key=itemgetter(1), reverse=True))

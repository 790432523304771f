"""Presentation of hits and limits of a page; the same for every engine."""

from __future__ import annotations

from collections.abc import Mapping
from operator import itemgetter

from search.chinese.analyzer import Analyzer, Folded
from search.chinese.numerals import list_other_writings
from search.chinese.thesaurus import Lexicon
from search.contract import FacetValue, HighlightedText, Hit, Request
from search.hits import highlighter
from search.hits.explanation import explain_hit
from search.indexed_document import StoredDocument
from search.query.parser import Query

ENOUGH = 20
"""Minimum hits of a set. With fewer hits the search uses a wider set."""

WINDOW = 100
"""Candidates that the second stage reorders."""

EXCERPTS = 3

type Facets = Mapping[str, tuple[FacetValue, ...]]


class HitPresenter:
    """Builds the hits of one request: highlights, excerpts and reasons."""

    def __init__(self, request: Request, query: Query, analyzer: Analyzer, lexicon: Lexicon) -> None:
        self._explains = request.explain
        self._query = query
        self._analyzer = analyzer
        self._lexicon = lexicon
        texts = [
            text
            for word in query.leaves
            if word.kind != "number"
            for text in (word.text, *lexicon.wordings.get(word.text, word.forms), word.mainland)
        ]
        numbers = [w for w in query.leaves if w.kind == "number"]
        texts += [number.text for number in numbers]
        texts += [other for number in numbers for other in list_other_writings(number.text.strip("〔〕"))]
        # 2015 or 号 alone is not a match of 鞍政发〔2015〕34号.
        parts = {gram for number in numbers if number.text.endswith("号") for gram in number.grams}
        words = {word.text for word in query.leaves if word.kind == "word" and len(word.text) == 2}
        weak = [gram for gram in query.grams if gram not in parts and gram not in words]
        self._marker = (
            highlighter.Marker(texts, weak, words, analyzer.is_word_at) if request.highlight else None
        )

    def hit(self, document: StoredDocument, folded_texts: Mapping[str, str], score: float) -> Hit:
        """Build a hit. ``folded_texts``: each text of the document → its folded form."""
        title = HighlightedText("title", document.title, ())
        excerpts: tuple[HighlightedText, ...] = ()
        if self._marker is not None:
            title, excerpts = self._highlight(self._marker, document, folded_texts)
        return Hit(
            span=document.span,
            dataset=document.dataset,
            record=document.record,
            revision=document.revision,
            score=score,
            status=document.status,
            title=title,
            excerpts=excerpts,
            reasons=explain_hit(self._query, document, folded_texts, self._analyzer, self._lexicon)
            if self._explains
            else (),
        )

    def _highlight(
        self, marker: highlighter.Marker, document: StoredDocument, folded_texts: Mapping[str, str]
    ) -> tuple[HighlightedText, tuple[HighlightedText, ...]]:
        # If folding kept the length, the stored folded text can be used instead of folding again.
        folded = {
            t: Folded(f) if len(f) == len(t) else self._analyzer.fold(t) for t, f in folded_texts.items()
        }
        excerpts: list[HighlightedText] = []
        for field, text in document.texts.items():
            excerpt = marker.excerpt(field, text, folded[text]) if text != document.title else None
            if excerpt is not None:
                excerpts.append(excerpt)
        excerpts.sort(key=lambda m: -sum(end - start for start, end in m.marks))
        title = marker.whole("title", document.title, folded[document.title])
        return title, tuple(excerpts[:EXCERPTS])


def facet_values(counts: Mapping[str, int]) -> tuple[FacetValue, ...]:
    """Sort the values of a facet: the most frequent first, ties by code point."""
    by_value = sorted(counts.items())
    return tuple(FacetValue(v, c) for v, c in sorted(by_value, key=itemgetter(1), reverse=True))

"""The second stage: orders the first candidates of any engine by what their texts hold of the query.

Both engines hand in the same candidates' texts and the same counts, so both give the same order. Every
feature is a share of what the whole query is worth, so that weights mean the same for short and for long
queries. Weights were climbed on the three judged sets together (``docs/search.md`` tells what each brings).
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from math import log

import msgspec
import numpy as np

from search.chinese.analyzer import Analyzer
from search.query.parser import Query
from search.ranking.text_matrix import Booleans, Floats, Found, Integers, Texts

LONGEST_TEXT = 4_000
"""Characters of a document that are looked at."""

PASSAGE = 120
LEAD = 60
"""Characters at the beginning, where a document says what it is about."""

_AROUND = 10
_SUBJECT = re.compile(
    r"(?:.*?关于(?:审理|办理)(?P<cases>.+?)(?:等|合同|纠纷|民事|刑事|行政)*案件.*"
    r"|(?P<law>.+?)(?:监督|管理|保护|促进)*(?:暂行|试行|实施)*(?:法典|法|条例|办法|规定|细则|规则))"
)
_LAWS = ("法", "法典")
_BELOW_LAWS = ("解释", "规定", "办法", "细则", "规则")


class Terms:
    """What is looked for in texts, what it is worth, and what BM25 multiplies, with the length of texts and
    without: columns, to be multiplied with rows of documents."""

    def __init__(self, texts: Sequence[str], worths: Sequence[float], by_length: float, plain: float) -> None:
        self.texts = texts
        self.sizes = np.array([len(text) for text in texts], np.intp)
        self.worths = np.array(worths).reshape(-1, 1)
        self._by_length = 2.2 * by_length * self.worths
        self._plain = 1.3 * plain * self.worths

    def worth(self, held: Booleans) -> Floats:
        """Of the terms that each document holds, together."""
        # No product of matrices: it adds in another order at the edge, and equal documents must stay equal.
        return (self.worths * held).sum(axis=0)

    def bm25(self, counts: Integers | Floats, norm: Floats) -> Floats:
        """With k1 1.2 and b 0.75 (of which ``norm`` comes) and with k1 0.3 and b 0."""
        by_length, plain = counts / (counts + norm), counts / (counts + 0.3)
        return (self._by_length * by_length + self._plain * plain).sum(axis=0)


class Candidate(msgspec.Struct, frozen=True):
    """A document as the first stage found it."""

    number: int
    """Of the caller's own, to know it again."""
    tie: int
    """Orders documents of one score: of the span's id, so the same on every engine."""
    tier: int
    """Hits of a higher one go before: those that carry the 文号, then those that hold all the words."""
    texts: Sequence[tuple[float, str]]
    """(weight, folded text), the title first."""


@dataclass(frozen=True, slots=True)
class Statistics:
    """What is counted over the whole index."""

    documents: int
    average_length: float
    frequency: Callable[[str, str], int]
    """(stream, token) → documents that hold it."""

    def worth(self, stream: str, token: str) -> float:
        """BM25's inverse document frequency."""
        held = self.frequency(stream, token)
        return log(1 + (self.documents - held + 0.5) / (held + 0.5))


@dataclass(frozen=True, slots=True)
class Weights:
    """Of the features in a document's score."""

    grams_by_length: float
    """BM25 with k1 1.2, b 0.75: suits questions in plain words."""
    grams: float
    """BM25 with k1 0.3, b 0: suits the long names of items."""
    chars_by_length: float
    chars: float
    passage: float
    """The best stretch of some 120 characters."""
    passage_chars: float
    """Single characters in that stretch: a long document holds any of them somewhere by accident."""
    lead: float
    """The first 60 characters."""
    legal: float
    """Words of the law for what was asked in everyday ones: 出租人 for 房东."""
    words_held: float
    implied: float
    """Words that articles use for what a title calls otherwise: 罚款 for 处罚."""
    law: float
    below_law: float
    named: float
    """The title stands in the query."""
    subject: float
    """What the law is about (商标 of 商标法) stands in the query."""
    title: float
    """The query is the title, both ways."""
    length: float
    gathered: float
    """How many other articles of the same law are candidates too."""
    strict: float
    """All words of a question are held. (Outside questions such hits are a tier of their own.)"""


NAME = Weights(
    grams_by_length=0.15,
    grams=0.5,
    chars_by_length=0.4,
    chars=0.4,
    passage=0.5,
    passage_chars=0.0,
    lead=0.0,
    legal=0.3,
    words_held=0.25,
    implied=0.15,
    law=0.0,
    below_law=-0.05,
    named=0.25,
    subject=0.1,
    title=0.5,
    length=-0.05,
    gathered=0.0,
    strict=0.0,
)
"""A name, or words that someone lists."""

QUESTION = Weights(
    grams_by_length=0.4,
    grams=0.3,
    chars_by_length=0.2,
    chars=0.0,
    passage=0.5,
    passage_chars=0.8,
    lead=0.3,
    legal=1.0,
    words_held=0.25,
    implied=0.05,
    law=0.1,
    below_law=-0.05,
    named=0.25,
    subject=0.0,
    title=0.5,
    length=-0.05,
    gathered=0.04,
    strict=0.05,
)
"""A question in plain words."""


def counted_terms(query: Query, analyzer: Analyzer) -> list[tuple[str, str]]:
    """(stream, token) whose frequencies :class:`Ranking` looks up."""
    legal = [gram for term in query.legal for gram in analyzer.grams(term)]
    return [("grams", g) for g in dict.fromkeys((*query.grams, *legal))] + [("chars", c) for c in query.chars]


class Ranking:
    """One query's terms with what they are worth; scores any number of documents."""

    def __init__(
        self, query: Query, statistics: Statistics, analyzer: Analyzer, weights: Weights | None = None
    ) -> None:
        self._query = query
        self._weights = weights = weights or (QUESTION if query.asks else NAME)
        self._average = statistics.average_length
        self._analyzer = analyzer

        def worths(stream: str, tokens: Iterable[str]) -> list[float]:
            return [statistics.worth(stream, token) for token in tokens]

        grams = worths("grams", query.grams)
        legal = [max(worths("grams", analyzer.grams(term)), default=0.0) for term in query.legal]
        self._worths = grams
        self._whole = sum(grams) or 1.0
        self._grams = Terms(query.grams, grams, weights.grams_by_length, weights.grams)
        chars = worths("chars", query.chars)
        self._chars = Terms(query.chars, chars, weights.chars_by_length, weights.chars)
        self._legal = Terms(query.legal, legal, weights.legal, 0.0)
        self._wanted = frozenset(query.grams)
        self._words = [word for word in query.words if word.kind != "number"]
        place = {gram: index for index, gram in enumerate(query.grams)}
        self._forms = [
            (form, [place[g] for g in analyzer.grams(word.text) if g in place])
            for word in query.leaves
            if word.kind != "number"
            for form in (*word.forms, word.taiwan)
            if form
        ]

    def order(self, candidates: Sequence[Candidate]) -> list[tuple[float, Candidate]]:
        """Best first."""
        if not candidates:
            return []
        titles = [candidate.texts[0][1] for candidate in candidates]
        laws = [_short(title) for title in titles]
        scores = self._scores(Texts([c.texts for c in candidates], LONGEST_TEXT), titles, laws)
        tiers = np.array([candidate.tier for candidate in candidates])
        if self._query.asks:
            scores += self._weights.strict * (tiers > 0)
            tiers[tiers < 2] = 0
        ties = np.array([candidate.tie for candidate in candidates])
        order = np.lexsort((ties, -scores, -tiers)).tolist()
        return [
            (score, candidates[place]) for place, score in zip(order, scores[order].tolist(), strict=True)
        ]

    def _gathered(self, laws: Sequence[str], titles: Sequence[str]) -> dict[str, float]:
        """Law → what it is worth that so many of its articles are candidates: it is about the matter."""
        weight = self._weights.gathered
        if not weight:
            return {}
        counts = Counter(law for law, _ in set(zip(laws, titles, strict=True)) if law)
        return {law: weight * log(count) for law, count in counts.items()}

    def _scores(self, texts: Texts, titles: Sequence[str], laws: Sequence[str]) -> Floats:
        """Of each document; ``laws``: what its title calls the law, short."""
        sizes = texts.sizes / self._average
        norm = 1.2 * (0.25 + 0.75 * sizes)
        grams, chars = texts.find(self._grams.texts), texts.find(self._chars.texts)
        total = self._in_part(texts, grams, chars)
        total += self._grams.bm25(self._with_forms(texts, texts.weigh(grams)), norm)
        total += self._chars.bm25(texts.count(chars), norm)
        if self._legal.texts:
            total += self._legal.bm25(texts.count(texts.find(self._legal.texts)), norm)
        total += self._weights.title * self._entitled(texts, grams, titles)
        total /= self._whole
        total += self._weights.length * np.log(sizes + 0.05)
        total += [self._held(text) for text in texts.whole]
        others = self._gathered(laws, titles)
        worths = {law: self._law(law) + others.get(law, 0.0) for law in set(laws)}
        total += [worths[law] for law in laws]
        return total

    def _with_forms(self, texts: Texts, counts: Floats) -> Floats:
        """Another form of a word counts as its grams."""
        if self._forms:
            met = texts.count(texts.find([form for form, _ in self._forms]))
            for count, (_, numbers) in zip(met, self._forms, strict=True):
                counts[numbers] = np.maximum(counts[numbers], count)
        return counts

    def _in_part(self, texts: Texts, grams: Found, chars: Found) -> Floats:
        """What the beginning and the best passage hold."""
        weights = self._weights
        best, begins = self._passages(texts, grams)
        total = weights.passage * best
        if weights.passage_chars:
            short = texts.sizes <= PASSAGE + 2 * _AROUND
            first = texts.starts + np.where(short, 0, np.maximum(begins - _AROUND, 0))
            last = texts.starts + np.where(short, texts.sizes, begins + PASSAGE + _AROUND)
            inside = (chars.places >= first[chars.owners]) & (chars.places < last[chars.owners])
            total += weights.passage_chars * self._chars.worth(texts.held(chars, inside))
        if weights.lead:
            ends = grams.places - texts.starts[grams.owners] + self._grams.sizes[grams.numbers]
            total += weights.lead * self._grams.worth(texts.held(grams, ends <= LEAD))
        return total

    def _passages(self, texts: Texts, grams: Found) -> tuple[Floats, Integers]:
        """Of each document what the best stretch is worth, and where it begins."""
        held = texts.count(grams) > 0
        best = self._grams.worth(held)
        begins = np.zeros(len(texts.whole), np.intp)
        order = np.argsort(grams.places, kind="stable")
        places, numbers = grams.places[order], grams.numbers[order]
        first = np.searchsorted(places, texts.starts)
        last = np.searchsorted(places, texts.starts + texts.sizes)
        met = ((texts.sizes > PASSAGE) & (first < last)).nonzero()[0]
        begins[met] = places[first[met]] - texts.starts[met]
        # All that is met stands within one stretch, or is one term: then every stretch of it is the best.
        apart = (places[last[met] - 1] - places[first[met]] > PASSAGE) & (held.sum(axis=0)[met] > 1)
        for document in met[apart].tolist():
            within = slice(first[document], last[document])
            stands = list(zip(places[within].tolist(), numbers[within].tolist(), strict=True))
            best[document], begin = self._best(stands)
            begins[document] = begin - texts.starts[document]
        return best, begins

    def _best(self, met: Sequence[tuple[int, int]]) -> tuple[float, int]:
        """Of (place, number of the gram), in order: what the best stretch is worth, and where it begins."""
        worths = self._worths
        inside = [0] * len(worths)
        value = best = 0.0
        first = begin = 0
        for start, number in met:
            if not inside[number]:
                value += worths[number]
            inside[number] += 1
            while start - met[first][0] > PASSAGE:
                gone = met[first][1]
                inside[gone] -= 1
                if not inside[gone]:
                    value -= worths[gone]
                first += 1
            if value > best:
                best, begin = value, met[first][0]
        return best, begin

    def _held(self, text: str) -> float:
        held = 0
        for word in self._words:
            held += word.stands_in(text)
        share = self._weights.words_held * held / (len(self._query.words) or 1)
        for implied in self._query.implied:
            if implied in text:
                return share + self._weights.implied
        return share

    def _entitled(self, texts: Texts, grams: Found, titles: Sequence[str]) -> Floats:
        """How far the title is what was asked for, both ways."""
        covered = self._grams.worth(texts.entitled(grams))
        for place in covered.nonzero()[0].tolist():
            own = [gram for word in titles[place].split() for gram in _grams(self._analyzer, word)]
            covered[place] *= sum([gram in self._wanted for gram in own]) / len(own)
        return covered

    def _law(self, law: str) -> float:
        weights, asked = self._weights, self._query.text
        value = weights.law if law.endswith(_LAWS) else 0.0
        value += weights.below_law if law.endswith(_BELOW_LAWS) else 0.0
        value += weights.named if len(law) > 1 and law in asked else 0.0
        return value + (weights.subject if (subject := _subject(law)) and subject in asked else 0.0)


def _short(title: str) -> str:
    """What a law is called: without the state's name, a bracket, the number of an article."""
    name, *_ = title.split(maxsplit=1) or [""]
    return name.partition("(")[0].removeprefix("中华人民共和国")


@lru_cache(maxsize=4_096)
def _grams(analyzer: Analyzer, word: str) -> list[str]:
    """Titles are made of a few words: the names of laws, the numbers of articles."""
    return analyzer.grams(word)


@lru_cache(maxsize=4_096)
def _subject(short: str) -> str:
    found = _SUBJECT.fullmatch(short)
    subject = (found["cases"] or found["law"]).strip("《》") if found else ""
    return subject if len(subject) > 1 else ""

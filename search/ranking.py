"""The second stage: orders the first candidates of any engine by what their texts hold of the query.

Both engines hand in the same candidates' texts and the same counts, so both give the same order. Every
feature is a share of what the whole query is worth, so that weights mean the same for short and for long
queries. Weights were climbed on the three judged sets together (``docs/search.md`` tells what each brings).
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from math import log, sqrt

from search.analysis import Analyzer
from search.query import Query

LONGEST_TEXT = 4_000
"""Characters of a document that are looked at."""

PASSAGE = 120

_BRACKET = re.compile(r"[(\s].*", re.DOTALL)
_LAWS = ("法", "法典")
_BELOW_LAWS = ("解释", "规定", "办法", "细则", "规则")


@dataclass(frozen=True, slots=True)
class Candidate:
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

    grams_by_length: float = 0.15
    """BM25 with k1 1.2, b 0.75: suits questions in plain words."""
    grams: float = 0.5
    """BM25 with k1 0.3, b 0: suits the long names of items."""
    chars_by_length: float = 0.4
    chars: float = 0.3
    passage: float = 0.5
    """The best stretch of some 120 characters."""
    words_held: float = 0.25
    implied: float = 0.15
    """Words that articles use for what a title calls otherwise: 罚款 for 处罚."""
    law: float = 0.1
    below_law: float = -0.05
    named: float = 0.25
    """The title stands in the query."""
    title: float = 0.5
    """The query is the title, both ways."""
    length: float = -0.05
    strict: float = 0.05
    """All words of a question are held. (Outside questions such hits are a tier of their own.)"""


WEIGHTS = Weights()


class Ranking:
    """One query's terms with what they are worth; scores any number of documents."""

    def __init__(
        self, query: Query, statistics: Statistics, analyzer: Analyzer, weights: Weights = WEIGHTS
    ) -> None:
        self._query = query
        self._weights = weights
        self._average = statistics.average_length
        self._grams = [(g, statistics.worth("grams", g)) for g in query.grams]
        self._chars = [(c, statistics.worth("chars", c)) for c in query.chars]
        self._worth = sum(w for _, w in self._grams) or 1.0
        self._grams_of = analyzer.grams
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
        asks = self._query.asks
        scored = []
        for candidate in candidates:
            score = self.score(candidate) + (self._weights.strict if asks and candidate.tier else 0.0)
            tier = candidate.tier if not asks or candidate.tier > 1 else 0
            scored.append((-tier, -score, candidate.tie, candidate))
        scored.sort(key=lambda row: row[:3])
        return [(-score, candidate) for _, score, _, candidate in scored]

    def score(self, candidate: Candidate) -> float:
        texts = candidate.texts
        text = "\n".join(t for _, t in texts)[:LONGEST_TEXT]
        size = len(text) / self._average
        weights = self._weights
        met = self._met(text)
        grams = self._weighted(met, texts)
        for form, places in self._forms:
            if count := text.count(form):
                for number in places:
                    grams[number] = max(grams.get(number, 0.0), count)
        chars = {n: c for n, (char, _) in enumerate(self._chars) if (c := text.count(char))}
        total = _bm25(self._grams, grams, size, weights.grams_by_length, weights.grams)
        total += _bm25(self._chars, chars, size, weights.chars_by_length, weights.chars)
        total += weights.passage * self._passage(met)
        total /= self._worth
        total += weights.length * log(size + 0.05)
        return total + self._held(text) + self._title(texts[0][1])

    def _met(self, text: str) -> list[tuple[int, int]]:
        """(place in the text, number of the term) of every term met, not in order."""
        met = []
        for number, (gram, _) in enumerate(self._grams):
            start = text.find(gram)
            while start >= 0:
                met.append((start, number))
                start = text.find(gram, start + 1)
        return met

    def _weighted(
        self, met: Sequence[tuple[int, int]], texts: Sequence[tuple[float, str]]
    ) -> dict[int, float]:
        """Number of a term → how often it is met; in a field of weight 9 once counts as three."""
        counts: dict[int, float] = dict(Counter(number for _, number in met))
        for weight, text in texts:
            if weight > 1:
                for number in counts:
                    counts[number] += (sqrt(weight) - 1) * text.count(self._grams[number][0])
        return counts

    def _passage(self, met: list[tuple[int, int]]) -> float:
        """What the terms of the best stretch are worth."""
        met.sort()
        inside = [0] * len(self._grams)
        value = best = 0.0
        first = 0
        for start, number in met:
            if not inside[number]:
                value += self._grams[number][1]
            inside[number] += 1
            while start - met[first][0] > PASSAGE:
                gone = met[first][1]
                inside[gone] -= 1
                if not inside[gone]:
                    value -= self._grams[gone][1]
                first += 1
            best = max(best, value)
        return best

    def _held(self, text: str) -> float:
        words = self._query.words
        held = sum(word.stands_in(text) for word in words if word.kind != "number")
        share = self._weights.words_held * held / (len(words) or 1)
        implied = any(word in text for word in self._query.implied)
        return share + self._weights.implied * implied

    def _title(self, title: str) -> float:
        """How far the title is what was asked for, and the rank of a law by the kind that its title names."""
        weights = self._weights
        short = _BRACKET.sub("", title).removeprefix("中华人民共和国")
        value = weights.law if short.endswith(_LAWS) else 0.0
        value += weights.below_law if short.endswith(_BELOW_LAWS) else 0.0
        value += weights.named if len(short) > 1 and short in self._query.text else 0.0
        covered = sum(worth for gram, worth in self._grams if gram in title)
        if covered:
            grams = self._grams_of(title)
            wanted = self._query.grams
            value += weights.title * covered / self._worth * sum(g in wanted for g in grams) / len(grams)
        return value


def _bm25(
    terms: Sequence[tuple[str, float]],
    counts: Mapping[int, float],
    size: float,
    by_length: float,
    plain: float,
) -> float:
    """BM25 with k1 1.2 and b 0.75 and with k1 0.3 and b 0, each with its weight."""
    norm = 1.2 * (0.25 + 0.75 * size)
    return sum(
        terms[number][1] * (by_length * 2.2 * count / (count + norm) + plain * 1.3 * count / (count + 0.3))
        for number, count in counts.items()
    )

"""The second stage: orders the first candidates of any engine by what their texts hold of the query.

Both engines hand in the same candidates' texts and the same counts, so both give the same order. Every
feature is a share of what the whole query is worth, so that weights mean the same for short and for long
queries. Weights were climbed on the three judged sets together (``docs/search.md`` tells what each brings).
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from math import log, sqrt

from search.analysis import Analyzer
from search.query import Query

LONGEST_TEXT = 4_000
"""Characters of a document that are looked at."""

PASSAGE = 120
LEAD = 60
"""Characters at the beginning, where a document says what it is about."""

_AROUND = 10
_BRACKET = re.compile(r"[(\s].*", re.DOTALL)
_SUBJECT = re.compile(
    r"(?:.*?关于(?:审理|办理)(?P<cases>.+?)(?:等|合同|纠纷|民事|刑事|行政)*案件.*"
    r"|(?P<law>.+?)(?:监督|管理|保护|促进)*(?:暂行|试行|实施)*(?:法典|法|条例|办法|规定|细则|规则))"
)
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
        self._weights = weights or (QUESTION if query.asks else NAME)
        self._average = statistics.average_length
        self._grams = [(g, statistics.worth("grams", g)) for g in query.grams]
        self._chars = [(c, statistics.worth("chars", c)) for c in query.chars]
        self._worth = sum(w for _, w in self._grams) or 1.0
        self._grams_of = analyzer.grams
        self._legal = [
            (term, max((statistics.worth("grams", g) for g in analyzer.grams(term)), default=0.0))
            for term in query.legal
        ]
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
        laws = [_law(candidate) for candidate in candidates]
        others = self._gathered(laws, candidates)
        scored = []
        for candidate, law in zip(candidates, laws, strict=True):
            score = self.score(candidate) + (self._weights.strict if asks and candidate.tier else 0.0)
            score += others.get(law, 0.0)
            tier = candidate.tier if not asks or candidate.tier > 1 else 0
            scored.append((-tier, -score, candidate.tie, candidate))
        scored.sort(key=lambda row: row[:3])
        return [(-score, candidate) for _, score, _, candidate in scored]

    def _gathered(self, laws: Sequence[str], candidates: Sequence[Candidate]) -> dict[str, float]:
        """Law → what it is worth that so many of its articles are candidates: it is about the matter."""
        weight = self._weights.gathered
        titles = {(law, c.texts[0][1]) for law, c in zip(laws, candidates, strict=True)} if weight else set()
        counts = Counter(law for law, _ in titles if law)
        return {law: weight * log(count) for law, count in counts.items()}

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
        total += self._in_part(text, met)
        if self._legal:
            legal = {n: c for n, (term, _) in enumerate(self._legal) if (c := text.count(term))}
            total += _bm25(self._legal, legal, size, weights.legal, 0.0)
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

    def _in_part(self, text: str, met: list[tuple[int, int]]) -> float:
        """What the beginning and the best passage hold."""
        weights = self._weights
        met.sort()
        value, start = self._passage(met)
        total = weights.passage * value
        if weights.passage_chars:
            passage = text[max(0, start - _AROUND) : start + PASSAGE + _AROUND]
            whole = len(text) <= PASSAGE + 2 * _AROUND
            held = text if whole else passage
            total += weights.passage_chars * sum(worth for char, worth in self._chars if char in held)
        if weights.lead:
            lead = {number for start, number in met[: bisect_left(met, (LEAD - 1, 0))]}
            total += weights.lead * sum(self._grams[number][1] for number in lead)
        return total

    def _passage(self, met: Sequence[tuple[int, int]]) -> tuple[float, int]:
        """What the terms of the best stretch are worth, and where it begins."""
        inside = [0] * len(self._grams)
        value = best = 0.0
        first = begin = 0
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
            if value > best:
                best, begin = value, met[first][0]
        return best, begin

    def _held(self, text: str) -> float:
        words = self._query.words
        held = sum(word.stands_in(text) for word in words if word.kind != "number")
        share = self._weights.words_held * held / (len(words) or 1)
        implied = any(word in text for word in self._query.implied)
        return share + self._weights.implied * implied

    def _title(self, title: str) -> float:
        """How far the title is what was asked for, and the rank of a law by the kind that its title names."""
        weights = self._weights
        short = _short(title)
        value = weights.law if short.endswith(_LAWS) else 0.0
        value += weights.below_law if short.endswith(_BELOW_LAWS) else 0.0
        value += weights.named if len(short) > 1 and short in self._query.text else 0.0
        value += weights.subject if (subject := _subject(short)) and subject in self._query.text else 0.0
        covered = sum(worth for gram, worth in self._grams if gram in title)
        if covered:
            grams = self._grams_of(title)
            wanted = self._query.grams
            value += weights.title * covered / self._worth * sum(g in wanted for g in grams) / len(grams)
        return value


def _short(title: str) -> str:
    """What a law is called: without the state's name, a bracket, the number of an article."""
    return _BRACKET.sub("", title).removeprefix("中华人民共和国")


@lru_cache(maxsize=4_096)
def _subject(short: str) -> str:
    found = _SUBJECT.fullmatch(short)
    subject = (found["cases"] or found["law"]).strip("《》") if found else ""
    return subject if len(subject) > 1 else ""


def _law(candidate: Candidate) -> str:
    return _short(candidate.texts[0][1])


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

"""The second stage: orders the first candidates of any engine by what their texts hold of the query.

Both engines hand in the same candidates' texts and the same counts, so both give the same order. Every
feature is a share of what the whole query is worth, so that weights mean the same for short and for long
queries. Weights were climbed on the three judged sets together (``docs/search.md`` tells what each brings).
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from math import log, sqrt

import msgspec

from search.analysis import Analyzer
from search.query import Query

LONGEST_TEXT = 4_000
"""Characters of a document that are looked at."""

PASSAGE = 120
LEAD = 60
"""Characters at the beginning, where a document says what it is about."""

_AROUND = 10
_BRACKET = re.compile(r"[(\s]")
_SUBJECT = re.compile(
    r"(?:.*?关于(?:审理|办理)(?P<cases>.+?)(?:等|合同|纠纷|民事|刑事|行政)*案件.*"
    r"|(?P<law>.+?)(?:监督|管理|保护|促进)*(?:暂行|试行|实施)*(?:法典|法|条例|办法|规定|细则|规则))"
)
_LAWS = ("法", "法典")
_BELOW_LAWS = ("解释", "规定", "办法", "细则", "规则")


type Terms = Sequence[tuple[str, float, float]]
"""Of each term what BM25 multiplies: with the length of texts, and without."""

type Counts = dict[int, float]
"""Number of a term → how often it is met."""


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
        self._grams_of = analyzer.grams
        self._worths = [statistics.worth("grams", g) for g in query.grams]
        self._whole = sum(self._worths) or 1.0
        self._grams = _terms(query.grams, self._worths, weights.grams_by_length, weights.grams)
        self._worth_of_chars = [(c, statistics.worth("chars", c)) for c in query.chars]
        self._chars = _terms(
            query.chars, [w for _, w in self._worth_of_chars], weights.chars_by_length, weights.chars
        )
        legal = [
            max((statistics.worth("grams", g) for g in analyzer.grams(term)), default=0.0)
            for term in query.legal
        ]
        self._legal = _terms(query.legal, legal, weights.legal, 0.0)
        self._laws: dict[str, float] = {}
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
        asks = self._query.asks
        laws = [_short(candidate.texts[0][1]) for candidate in candidates]
        others = self._gathered(laws, candidates)
        scored = []
        for place, (candidate, law) in enumerate(zip(candidates, laws, strict=True)):
            score = self.score(candidate, law) + (self._weights.strict if asks and candidate.tier else 0.0)
            score += others.get(law, 0.0)
            tier = candidate.tier if not asks or candidate.tier > 1 else 0
            scored.append((-tier, -score, candidate.tie, place))
        scored.sort()
        return [(-score, candidates[place]) for _, score, _, place in scored]

    def _gathered(self, laws: Sequence[str], candidates: Sequence[Candidate]) -> dict[str, float]:
        """Law → what it is worth that so many of its articles are candidates: it is about the matter."""
        weight = self._weights.gathered
        if not weight:
            return {}
        titles = {(law, c.texts[0][1]) for law, c in zip(laws, candidates, strict=True)}
        counts = Counter(law for law, _ in titles if law)
        return {law: weight * log(count) for law, count in counts.items()}

    def score(self, candidate: Candidate, law: str) -> float:
        """``law``: what the title calls it, short."""
        texts = candidate.texts
        text = "\n".join([t for _, t in texts])[:LONGEST_TEXT]
        size = len(text) / self._average
        norm = 1.2 * (0.25 + 0.75 * size)
        counts, best, start = self._met(text)
        total = self._in_part(text, counts, best, start)
        for weight, part in texts:
            if weight > 1:
                more = sqrt(weight) - 1  # in a field of weight 9 once counts as three
                for number in counts:
                    counts[number] += more * part.count(self._grams[number][0])
        if self._forms:
            self._take_forms(text, counts)
        total += _bm25(self._grams, counts, norm)
        total += _bm25(self._chars, _counted(self._chars, text), norm)
        if self._legal:
            total += _bm25(self._legal, _counted(self._legal, text), norm)
        total /= self._whole
        total += self._weights.length * log(size + 0.05)
        return total + self._held(text) + self._title(texts[0][1], law, counts)

    def _met(self, text: str) -> tuple[Counts, float, int]:
        """How often each term is met, what those of the best stretch are worth, and where it begins."""
        worths = self._worths
        if len(text) <= PASSAGE:
            counts = _counted(self._grams, text)
            return counts, sum([worths[number] for number in counts]), 0
        met: list[tuple[int, int]] = []
        counts = {}
        find = text.find
        for number, (gram, _, _) in enumerate(self._grams):
            count, start = 0, find(gram)
            while start >= 0:
                met.append((start, number))
                count += 1
                start = find(gram, start + 1)
            if count:
                counts[number] = count
        met.sort()
        return counts, *self._passage(met)

    def _passage(self, met: Sequence[tuple[int, int]]) -> tuple[float, int]:
        """Of (place, number of the term), in order: what the best stretch is worth, and where it begins."""
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

    def _take_forms(self, text: str, counts: Counts) -> None:
        """Another form of a word counts as its terms."""
        for form, places in self._forms:
            if count := text.count(form):
                for number in places:
                    counts[number] = max(counts.get(number, 0.0), count)

    def _in_part(self, text: str, counts: Counts, best: float, start: int) -> float:
        """What the beginning and the best passage hold."""
        weights = self._weights
        total = weights.passage * best
        if weights.passage_chars:
            passage = text[max(0, start - _AROUND) : start + PASSAGE + _AROUND]
            held = text if len(text) <= PASSAGE + 2 * _AROUND else passage
            total += weights.passage_chars * sum([w for char, w in self._worth_of_chars if char in held])
        if weights.lead:
            lead = text[:LEAD]
            held_there = [self._worths[number] for number in counts if self._grams[number][0] in lead]
            total += weights.lead * sum(held_there)
        return total

    def _held(self, text: str) -> float:
        held = 0
        for word in self._words:
            held += word.stands_in(text)
        share = self._weights.words_held * held / (len(self._query.words) or 1)
        for implied in self._query.implied:
            if implied in text:
                return share + self._weights.implied
        return share

    def _title(self, title: str, law: str, counts: Counts) -> float:
        """How far the title is what was asked for, and the rank of a law by the kind that its title names."""
        value = self._laws.get(law)
        if value is None:
            value = self._laws[law] = self._law(law)
        covered = 0.0
        for number in counts:
            if self._grams[number][0] in title:
                covered += self._worths[number]
        if covered:
            grams = self._grams_of(title)
            wanted = self._query.grams
            asked = sum([gram in wanted for gram in grams]) / len(grams)
            value += self._weights.title * covered / self._whole * asked
        return value

    def _law(self, law: str) -> float:
        weights, asked = self._weights, self._query.text
        value = weights.law if law.endswith(_LAWS) else 0.0
        value += weights.below_law if law.endswith(_BELOW_LAWS) else 0.0
        value += weights.named if len(law) > 1 and law in asked else 0.0
        return value + (weights.subject if (subject := _subject(law)) and subject in asked else 0.0)


def _short(title: str) -> str:
    """What a law is called: without the state's name, a bracket, the number of an article."""
    return _BRACKET.split(title, maxsplit=1)[0].removeprefix("中华人民共和国")


@lru_cache(maxsize=4_096)
def _subject(short: str) -> str:
    found = _SUBJECT.fullmatch(short)
    subject = (found["cases"] or found["law"]).strip("《》") if found else ""
    return subject if len(subject) > 1 else ""


def _terms(names: Sequence[str], worths: Sequence[float], by_length: float, plain: float) -> Terms:
    pairs = zip(names, worths, strict=True)
    return [(name, 2.2 * by_length * worth, 1.3 * plain * worth) for name, worth in pairs]


def _counted(terms: Terms, text: str) -> Counts:
    return {number: count for number, (term, _, _) in enumerate(terms) if (count := text.count(term))}


def _bm25(terms: Terms, counts: Counts, norm: float) -> float:
    """BM25 with k1 1.2 and b 0.75 (of which ``norm`` comes) and with k1 0.3 and b 0."""
    total = 0.0
    for number, count in counts.items():
        _, by_length, plain = terms[number]
        total += by_length * count / (count + norm) + plain * count / (count + 0.3)
    return total

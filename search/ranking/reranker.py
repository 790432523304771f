"""Second stage of ranking: reorders an engine's first candidates by features of their texts.

Both engines pass the same texts and the same counts, so the order is the same. Scores of the query's
terms are divided by the worth of the whole query, so that feature weights suit short and long queries.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from functools import lru_cache
from math import log

import msgspec
import numpy as np

from search.chinese.analyzer import Analyzer
from search.query.parser import Query
from search.ranking.text_matrix import Booleans, Floats, Integers, Occurrences, Texts
from search.ranking.weights import Weights, choose_weights

LONGEST_TEXT = 4_000
"""Characters of a document that are examined."""

PASSAGE = 120
"""Characters of a passage."""

LEAD = 60
"""Characters of the beginning, where a document states its subject."""

_MARGIN = 10
_SUBJECT = re.compile(
    r"(?:.*?关于(?:审理|办理)(?P<cases>.+?)(?:等|合同|纠纷|民事|刑事|行政)*案件.*"
    r"|(?P<law>.+?)(?:监督|管理|保护|促进)*(?:暂行|试行|实施)*(?:法典|法|条例|办法|规定|细则|规则))"
)
_MOST_SHORT_WORDS = 2
"""Words that are looked for whole in titles: of a longer query some word distinguishes titles."""
_LAWS = ("法", "法典")
_BELOW_LAWS = ("解释", "规定", "办法", "细则", "规则")


class Terms:
    """Query terms with their worths and BM25 factors, with and without length normalisation. The arrays are
    columns, which are multiplied with rows of documents."""

    def __init__(self, texts: Sequence[str], worths: Sequence[float], by_length: float, plain: float) -> None:
        self.texts = texts
        self.sizes = np.array([len(text) for text in texts], np.intp)
        self.worths = np.array(worths).reshape(-1, 1)
        self._by_length = 2.2 * by_length * self.worths
        self._plain = 1.3 * plain * self.worths

    def worth(self, present: Booleans) -> Floats:
        """Sum the worths of the terms that each document contains."""
        # A matrix product adds in another order at its edges, which gives equal documents unequal scores.
        return (self.worths * present).sum(axis=0)

    def bm25(self, counts: Integers | Floats, norm: Floats) -> Floats:
        """Sum two BM25 variants: k1 1.2 and b 0.75 (which ``norm`` includes), and k1 0.3 and b 0."""
        by_length, plain = counts / (counts + norm), counts / (counts + 0.3)
        return (self._by_length * by_length + self._plain * plain).sum(axis=0)


class Candidate(msgspec.Struct, frozen=True):
    """A document of the first stage."""

    number: int
    """Number by which the caller identifies it."""
    tie: int
    """Orders documents of equal score. Derived from the span's id, so it is the same on every engine."""
    tier: int
    """Hits of a higher tier come first: those with the 文号, then those with all the words."""
    texts: Sequence[tuple[float, str]]
    """(weight, folded text), the title first."""
    similarity: float | None = None
    """Nearness to the query by meaning (cosine); None without a model, or if it is not encoded yet."""


class Statistics(msgspec.Struct, frozen=True):
    """Counts over the whole index."""

    documents: int
    average_length: float
    frequency: Callable[[str, str], int]
    """(stream, token) → number of documents that contain it."""

    def worth(self, stream: str, token: str) -> float:
        """Return the worth of a token: the inverse document frequency of BM25."""
        count = self.frequency(stream, token)
        return log(1 + (self.documents - count + 0.5) / (count + 0.5))


def list_frequency_terms(query: Query, analyzer: Analyzer) -> list[tuple[str, str]]:
    """List the (stream, token) pairs whose frequencies :class:`Ranking` needs."""
    legal = [gram for term in query.legal for gram in analyzer.grams(term)]
    return [("grams", g) for g in dict.fromkeys((*query.grams, *legal))] + [("chars", c) for c in query.chars]


class Ranking:
    """The terms of one query with their worths; scores any number of documents."""

    def __init__(
        self,
        query: Query,
        statistics: Statistics,
        analyzer: Analyzer,
        weights: Weights | None = None,
        *,
        by_meaning: bool = False,
    ) -> None:
        """``by_meaning``: candidates have similarities, which weigh beside their words."""
        self._query = query
        self._weights = weights = weights or choose_weights(
            query.text, asks=query.asks, by_meaning=by_meaning
        )
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
        self._query_grams = frozenset(query.grams)
        self._words = [word for word in query.words if word.kind != "number"]
        place = {gram: index for index, gram in enumerate(query.grams)}
        short = [word.text for word in self._words if word.kind == "word" and len(word.text) == 2]
        self._short_words = [place[text] for text in short if text in place][:_MOST_SHORT_WORDS]
        self._forms = [
            (form, [place[g] for g in analyzer.grams(word.text) if g in place])
            for word in query.leaves
            if word.kind != "number"
            for form in (*word.forms, word.mainland)
            if form
        ]

    def order(self, candidates: Sequence[Candidate]) -> list[tuple[float, Candidate]]:
        """Score the candidates and return them best first."""
        if not candidates:
            return []
        titles = [candidate.texts[0][1] for candidate in candidates]
        laws = [_shorten_law_name(title) for title in titles]
        scores = self._scores(Texts([c.texts for c in candidates], LONGEST_TEXT), titles, laws)
        scores += self._weights.similarity * _similarities(candidates)
        tiers = np.array([candidate.tier for candidate in candidates])
        if self._query.asks:
            scores += self._weights.strict * (tiers > 0)
            tiers[tiers < 2] = 0
        ties = np.array([candidate.tie for candidate in candidates])
        order = np.lexsort((ties, -scores, -tiers)).tolist()
        return [
            (score, candidates[place]) for place, score in zip(order, scores[order].tolist(), strict=True)
        ]

    def _same_law_bonus(self, laws: Sequence[str], titles: Sequence[str]) -> dict[str, float]:
        """Return law → bonus by the number of its articles among the candidates."""
        weight = self._weights.same_law
        if not weight:
            return {}
        counts = Counter(law for law, _ in set(zip(laws, titles, strict=True)) if law)
        return {law: weight * log(count) for law, count in counts.items()}

    def _scores(self, texts: Texts, titles: Sequence[str], laws: Sequence[str]) -> Floats:
        """Score each document. ``laws``: the short name of the law in its title."""
        sizes = texts.sizes / self._average
        norm = 1.2 * (0.25 + 0.75 * sizes)
        grams, chars = texts.find(self._grams.texts), texts.find(self._chars.texts)
        grams = self._drop_across_joints(texts, grams, titles) if self._short_words else grams
        total = self._lead_and_passage(texts, grams, chars)
        total += self._grams.bm25(self._with_forms(texts, texts.weigh(grams)), norm)
        total += self._chars.bm25(texts.count(chars), norm)
        if self._legal.texts:
            total += self._legal.bm25(texts.count(texts.find(self._legal.texts)), norm)
        total += self._weights.title * self._title_match(texts, grams, titles)
        total /= self._whole
        total += self._weights.length * np.log(sizes + 0.05)
        total += [self._word_share(text) for text in texts.whole]
        others = self._same_law_bonus(laws, titles)
        bonuses = {law: self._law_bonus(law) + others.get(law, 0.0) for law in set(laws)}
        total += [bonuses[law] for law in laws]
        return total

    def _with_forms(self, texts: Texts, counts: Floats) -> Floats:
        """Count another form of a word as the grams of the word."""
        if self._forms:
            form_counts = texts.count(texts.find([form for form, _ in self._forms]))
            for count, (_, numbers) in zip(form_counts, self._forms, strict=True):
                counts[numbers] = np.maximum(counts[numbers], count)
        return counts

    def _lead_and_passage(self, texts: Texts, grams: Occurrences, chars: Occurrences) -> Floats:
        """Score the beginning and the best passage."""
        weights = self._weights
        best, begins = self._passages(texts, grams)
        total = weights.passage * best
        if weights.passage_chars:
            short = texts.sizes <= PASSAGE + 2 * _MARGIN
            first = texts.starts + np.where(short, 0, np.maximum(begins - _MARGIN, 0))
            last = texts.starts + np.where(short, texts.sizes, begins + PASSAGE + _MARGIN)
            inside = (chars.places >= first[chars.owners]) & (chars.places < last[chars.owners])
            total += weights.passage_chars * self._chars.worth(texts.contains(chars, inside))
        if weights.lead:
            ends = grams.places - texts.starts[grams.owners] + self._grams.sizes[grams.numbers]
            total += weights.lead * self._grams.worth(texts.contains(grams, ends <= LEAD))
        return total

    def _passages(self, texts: Texts, grams: Occurrences) -> tuple[Floats, Integers]:
        """Return the worth and the start of each document's best passage."""
        present = texts.count(grams) > 0
        best = self._grams.worth(present)
        begins = np.zeros(len(texts.whole), np.intp)
        order = np.argsort(grams.places, kind="stable")
        places, numbers = grams.places[order], grams.numbers[order]
        first = np.searchsorted(places, texts.starts)
        last = np.searchsorted(places, texts.starts + texts.sizes)
        matching = ((texts.sizes > PASSAGE) & (first < last)).nonzero()[0]
        begins[matching] = places[first[matching]] - texts.starts[matching]
        # If all matches are within one passage, or of one term, the first passage is already the best.
        apart = (places[last[matching] - 1] - places[first[matching]] > PASSAGE) & (
            present.sum(axis=0)[matching] > 1
        )
        for document in matching[apart].tolist():
            within = slice(first[document], last[document])
            occurrences = list(zip(places[within].tolist(), numbers[within].tolist(), strict=True))
            best[document], begin = self._best_passage(occurrences)
            begins[document] = begin - texts.starts[document]
        return best, begins

    def _best_passage(self, occurrences: Sequence[tuple[int, int]]) -> tuple[float, int]:
        """Return the worth and the start of the best passage, from sorted (position, gram number) pairs."""
        worths = self._worths
        inside = [0] * len(worths)
        value = best = 0.0
        first = begin = 0
        for start, number in occurrences:
            if not inside[number]:
                value += worths[number]
            inside[number] += 1
            while start - occurrences[first][0] > PASSAGE:
                number_before = occurrences[first][1]
                inside[number_before] -= 1
                if not inside[number_before]:
                    value -= worths[number_before]
                first += 1
            if value > best:
                best, begin = value, occurrences[first][0]
        return best, begin

    def _word_share(self, text: str) -> float:
        count = 0
        for word in self._words:
            count += word.occurs_in(text)
        share = self._weights.words * count / (len(self._query.words) or 1)
        for implied in self._query.implied:
            if implied in text:
                return share + self._weights.implied
        return share

    def _title_match(self, texts: Texts, grams: Occurrences, titles: Sequence[str]) -> Floats:
        """Return the share of the query in the title, multiplied by the share of the title in the query."""
        covered = self._grams.worth(texts.title_contains(grams))
        for place in covered.nonzero()[0].tolist():
            own = [gram for word in titles[place].split() for gram in _cached_grams(self._analyzer, word)]
            covered[place] *= sum([gram in self._query_grams for gram in own]) / len(own)
        return covered

    def _drop_across_joints(self, texts: Texts, grams: Occurrences, titles: Sequence[str]) -> Occurrences:
        """Drop occurrences in titles that are not words there: 公安 across the joint of 办公安置用房."""
        short = np.isin(grams.numbers, self._short_words) & texts.is_in_title(grams)
        keep = np.ones(len(grams.places), np.bool_)
        for place in short.nonzero()[0].tolist():
            owner = grams.owners[place]
            start = int(grams.places[place] - texts.starts[owner])
            keep[place] = self._analyzer.is_word_at(titles[owner], start, start + 2)
        return grams if keep.all() else grams.where(keep)

    def _law_bonus(self, law: str) -> float:
        weights, query_text = self._weights, self._query.text
        value = weights.law if law.endswith(_LAWS) else 0.0
        value += weights.below_law if law.endswith(_BELOW_LAWS) else 0.0
        value += weights.title_in_query if len(law) > 1 and law in query_text else 0.0
        return value + (weights.subject if (subject := _find_subject(law)) and subject in query_text else 0.0)


def _similarities(candidates: Sequence[Candidate]) -> Floats:
    """Return the similarity of each candidate; of one that is not encoded yet, the mean of the others."""
    values = np.array([candidate.similarity for candidate in candidates], np.float64)
    is_known = ~np.isnan(values)
    return np.where(is_known, values, values[is_known].mean() if is_known.any() else 0.0)


def _shorten_law_name(title: str) -> str:
    """Shorten the name of a law: without the state's name, brackets and the number of an article."""
    name, *_ = title.split(maxsplit=1) or [""]
    return name.partition("(")[0].removeprefix("中华人民共和国")


@lru_cache(maxsize=4_096)
def _cached_grams(analyzer: Analyzer, word: str) -> list[str]:
    """Return the grams of a word of a title. Few distinct words occur: names of laws, numbers of articles."""
    return analyzer.grams(word)


@lru_cache(maxsize=4_096)
def _find_subject(short: str) -> str:
    match = _SUBJECT.fullmatch(short)
    subject = (match["cases"] or match["law"]).strip("《》") if match else ""
    return subject if len(subject) > 1 else ""

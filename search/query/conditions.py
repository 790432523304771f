"""Conditions on documents as a tree, which each engine translates to its own query language."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Literal

import msgspec

from search.chinese.analyzer import Analyzer, is_han
from search.contract import STATUS, Match, Request, SavedSearch
from search.query.parser import Query, Word, is_code

TIER = 100_000.0
"""Score bonus, larger than any sum of term scores. Added once to a hit with all the words if the set is
wider, twice for a matching 文号, and twice more if that 文号 is the document's own."""

type KnownBound = Literal["known_from", "known_to"]
"""Field of a document with the instant from which, or until which, it was known."""

type Frequency = Callable[[str, str], int]
"""(stream, token) → number of documents that contain it."""


class Term(msgspec.Struct, frozen=True):
    """Documents that contain ``token`` in a field, scored by BM25 if the field is a token stream."""

    field: str
    token: str


class Beginning(msgspec.Struct, frozen=True):
    """Documents with a token in a field that begins with ``start``, which is of small letters and digits."""

    field: str
    start: str


class Phrase(msgspec.Struct, frozen=True):
    """Documents with these grams at these positions of one text, relative to any start."""

    grams: tuple[tuple[int, str], ...]


class Between(msgspec.Struct, frozen=True):
    """Documents with a number field within bounds, both inclusive; None is open."""

    field: str
    low: int | None = None
    high: int | None = None


class Among(msgspec.Struct, frozen=True):
    """Documents whose field has one of many values, compared as a whole."""

    field: str
    values: tuple[str, ...]


class Every(msgspec.Struct, frozen=True):
    """Documents that match all parts."""

    parts: tuple[Condition, ...]


class Some(msgspec.Struct, frozen=True):
    """Documents that match at least ``least`` of the parts; none if there are no parts."""

    parts: tuple[Condition, ...]
    least: int = 1


class Except(msgspec.Struct, frozen=True):
    """Documents that match ``part`` and not ``dropped``."""

    part: Condition
    dropped: Condition


class Boosted(msgspec.Struct, frozen=True):
    """Documents that match ``part``, their score multiplied by ``factor``."""

    part: Condition
    factor: float


class Constant(msgspec.Struct, frozen=True):
    """Documents that match ``part``, all with the same score."""

    part: Condition
    score: float


class Ranked(msgspec.Struct, frozen=True):
    """Documents of ``members``, scored by the sum of the ``scoring`` conditions that they match."""

    members: Condition
    scoring: tuple[Condition, ...]


type Condition = (
    Term | Beginning | Phrase | Between | Among | Every | Some | Except | Boosted | Constant | Ranked
)

NOTHING = Some(())


def list_frequency_tokens(query: Query) -> list[tuple[str, str]]:
    """List the (stream, token) pairs whose frequencies :class:`HitSets` needs."""
    excluded = (leaf for group in query.excluded for word in group for leaf in word.leaves())
    converted = (word for word in (*query.leaves, *excluded) if word.mainland)
    return [("words", text) for word in converted for text in (word.text, word.mainland)]


class HitSets:
    """Conditions of one request against one state of an index: the sets of hits, and their ranking.

    ``within``: a condition that every hit also matches (:func:`build_present_condition`,
    :func:`build_change_condition`). ``all_words``: documents with fewer words are not hits.
    """

    def __init__(
        self,
        frequency: Frequency,
        analyzer: Analyzer,
        within: Condition,
        query: Query,
        *,
        all_words: bool = False,
    ) -> None:
        self._all_words = all_words
        self._frequency = frequency
        self._analyzer = analyzer
        self._query = query
        self._within = within
        self._clauses = [self._word_clause(word) for word in query.words]
        self._specific = [
            clause for word, clause in zip(query.words, self._clauses, strict=True) if not word.generic
        ]
        self._excluded = [
            _combine_all([self._word_clause(word) for word in group]) for group in query.excluded
        ]

    def sets(self) -> list[Match]:
        """List the possible sets, narrowest first. A query of one word has one set."""
        if self._all_words:
            return ["all"]
        sets: list[Match] = ["all", "most", "any"]
        return sets if len(self._clauses) > 2 else sets[:: 2 if len(self._clauses) == 2 else 3]

    def members(self, match: Match, within: Condition | None = None) -> Condition:
        """Return the documents of the set ``match``, unordered. ``within`` replaces the request's own."""
        members = within or self._within
        if self._clauses:
            members = _combine_all([self._words_condition(match), members])
        elif not self._query.blank and not self._excluded:
            return NOTHING
        return Except(members, _combine_any(self._excluded)) if self._excluded else members

    def all_allowed(self) -> Condition:
        """Return the documents of the request that are not excluded, whatever words they contain."""
        return Except(self._within, _combine_any(self._excluded)) if self._excluded else self._within

    def outside(self, match: Match) -> Condition:
        """Return those of :meth:`all_allowed` that are not in the set ``match``."""
        return Except(self.all_allowed(), self._words_condition(match)) if self._clauses else NOTHING

    def ranked_members(self, match: Match) -> Condition:
        """Return the same documents, scored: those with all the words first, then by their terms."""
        scoring = list(self._scoring())
        if match != "all":
            scoring.insert(0, Constant(self._words_condition("all"), TIER))
        return Ranked(self.members(match), tuple(scoring))

    def members_from(self, match: Match, last: int, *, descending: bool) -> Condition:
        """Return the members from the order key ``last`` on, inclusive."""
        low, high = (None, last) if descending else (last, None)
        return _combine_all([self.members(match), Between("order", low, high)])

    def _words_condition(self, match: Match) -> Condition:
        if match == "all":
            return _combine_all(self._clauses)
        # A wider set has a word that says what is meant, and not 申请 or 收费 alone.
        specific = _combine_any(self._specific or self._clauses)
        if match == "any":
            return specific
        most = Some(tuple(self._clauses), two_thirds(len(self._clauses)))
        return most if len(self._specific) in (0, len(self._clauses)) else Every((most, specific))

    def _scoring(self) -> Iterable[Condition]:
        for gram in self._query.grams:
            yield Term("grams", gram)
            yield Boosted(Term("title", gram), 0.3)
        for term in self._query.terms:
            yield Term("words", term)
        for term in self._query.legal:
            yield Boosted(self._phrase_condition(term), 0.5)
        for word in self._query.leaves:
            if word.kind == "number":
                yield Constant(Term("number", word.text), 2 * TIER)
                yield Constant(Term("own_number", word.text), 2 * TIER)
            for form in word.forms:
                yield self._phrase_condition(form)

    def _word_clause(self, word: Word) -> Condition:
        """Return the documents that contain a word in any of its accepted forms."""
        if word.choices:
            return _combine_any(
                [_combine_all([self._word_clause(w) for w in choice]) for choice in word.choices]
            )
        if word.kind == "number":
            return _combine_any([Term("number", word.text), _match_adjacent_grams(word.grams)])
        alternatives = [self._phrase_condition(form) for form in (*word.forms, *self._mainland_forms(word))]
        alternatives += [Term("facets.body", body) for body in word.bodies]
        if is_code(word.text) and word.kind == "characters":
            return _combine_any([Beginning("grams", word.text), *alternatives])
        whole = word.kind == "word" or word.text in self._analyzer.places
        return _combine_any(
            [Term("words", word.text) if whole else self._phrase_condition(word.text), *alternatives]
        )

    def _mainland_forms(self, word: Word) -> tuple[str, ...]:
        """Return the mainland wording if it is much more frequent: 软体 (of animals) is rare, 软件 is not."""
        if not word.mainland:
            return ()
        typed, other = (self._frequency("words", w) for w in (word.text, word.mainland))
        return (word.mainland,) if other > 10 * typed else ()

    def _phrase_condition(self, text: str) -> Condition:
        """Return the documents that contain ``text`` as a run of characters, ignoring signs and spaces."""
        if len(text) == 2 and text in self._analyzer.places:
            return Term("words", text)
        return _match_adjacent_grams(self._analyzer.grams(text))


def _match_adjacent_grams(grams: Sequence[str]) -> Condition:
    """Match adjacent grams. A single Han character is part of another gram in a longer text (类 of a类 in
    a类许可), so it is matched in the stream of characters."""
    lone = [g for g in grams if len(g) == 1 and is_han(g)]
    parts: list[Condition] = [Term("chars", g) for g in lone]
    placed = tuple((i, g) for i, g in enumerate(grams) if g not in lone)
    if len(placed) == 1:
        parts.append(Term("grams", placed[0][1]))
    elif placed:
        parts.append(Phrase(placed))
    return _combine_all(parts) if parts else NOTHING


def build_present_condition(request: Request, known_at: int, open_facet: str | None = None) -> Condition:
    """Match documents of the request's day and statuses, as known at an instant, that pass its filters.
    The filter of ``open_facet`` is ignored."""
    day = request.as_of
    bounds = (
        Between("effective_from", high=day),
        Between("effective_to", low=day + 1),
        Between("known_from", high=known_at),
        Between("known_to", low=known_at + 1),
    )
    filter_values = {**request.filters, STATUS: request.statuses}
    chosen = {name: values for name, values in filter_values.items() if name != open_facet}
    return _exclude(Every((*bounds, *_build_value_conditions(chosen))), request.excluded)


type FacetConditions = Mapping[str, Condition | None]
"""Facet → condition within which its values are counted; None for the set of hits."""


def build_facet_conditions(request: Request, known_at: int) -> FacetConditions:
    """Return the condition of each facet. A facet that the request filters by is counted without that
    filter, so that its other values can still be chosen."""
    return {
        name: build_present_condition(request, known_at, name)
        if name in request.filters or name == STATUS
        else None
        for name in request.facets
    }


def build_change_condition(saved: SavedSearch, bound: KnownBound) -> Condition:
    """Match documents that began (``known_from``) or ceased (``known_to``) to be known in the period."""
    parts: list[Condition] = [Between(bound, low=saved.after, high=saved.before - 1)]
    if saved.spans is not None:
        parts.append(Among("span", saved.spans))
    parts.append(Term(f"facets.{STATUS}", "current"))
    return _exclude(Every((*parts, *_build_value_conditions(saved.filters))), saved.excluded)


def _exclude(condition: Condition, excluded: Mapping[str, tuple[str, ...]]) -> Condition:
    return Except(condition, Some(tuple(_build_value_conditions(excluded)))) if excluded else condition


def _build_value_conditions(filters: Mapping[str, tuple[str, ...]]) -> Iterator[Condition]:
    for name, values in filters.items():
        # A lone surrogate, as from a command line, is not valid text.
        plain = [value.encode(errors="replace").decode() for value in values]
        yield _combine_any([Term(f"facets.{name}", value) for value in plain])


def two_thirds(words: int) -> int:
    """Return two thirds of a number of words, rounded up: the minimum for the set ``most``."""
    return -(-2 * words // 3)


def _combine_all(parts: Sequence[Condition]) -> Condition:
    return parts[0] if len(parts) == 1 else Every(tuple(parts))


def _combine_any(parts: Sequence[Condition]) -> Condition:
    return parts[0] if len(parts) == 1 else Some(tuple(parts))

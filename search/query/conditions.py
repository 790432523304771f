"""What a request asks of an index, as a tree of conditions that each engine spells in its own way."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from search.chinese.analyzer import Analyzer, is_han
from search.contract import Followed, Match, Request
from search.query.parser import Query, Word

TIER = 100_000.0
"""Added once to the score of a hit that holds all the words where the set is wider, twice for a 文号 that it
carries and twice more for its own; no sum of term scores comes near."""

type Frequency = Callable[[str, str], int]
"""(stream, token) → documents that hold it."""


@dataclass(frozen=True, slots=True)
class Term:
    """Documents that hold ``token`` in a field, scored by BM25 where the field is a stream of tokens."""

    field: str
    token: str


@dataclass(frozen=True, slots=True)
class Phrase:
    """Grams at these places of one text, counted from any place on."""

    grams: tuple[tuple[int, str], ...]


@dataclass(frozen=True, slots=True)
class Between:
    """A number field within bounds, both inclusive; None is open."""

    field: str
    low: int | None = None
    high: int | None = None


@dataclass(frozen=True, slots=True)
class Among:
    """A field that holds one of many whole values."""

    field: str
    values: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Every:
    parts: tuple[Condition, ...]


@dataclass(frozen=True, slots=True)
class Some:
    """At least ``least`` of the parts. Of no parts, nothing."""

    parts: tuple[Condition, ...]
    least: int = 1


@dataclass(frozen=True, slots=True)
class Except:
    """What holds ``part`` and not ``dropped``."""

    part: Condition
    dropped: Condition


@dataclass(frozen=True, slots=True)
class Boosted:
    part: Condition
    factor: float


@dataclass(frozen=True, slots=True)
class Constant:
    part: Condition
    score: float


@dataclass(frozen=True, slots=True)
class Ranked:
    """The documents of ``members``, unscored; whichever of ``scoring`` they hold adds its score."""

    members: Condition
    scoring: tuple[Condition, ...]


type Condition = Term | Phrase | Between | Among | Every | Some | Except | Boosted | Constant | Ranked

NOTHING = Some(())


def wanted(query: Query) -> list[tuple[str, str]]:
    """(stream, token) whose frequencies :class:`Asked` looks up."""
    excluded = (leaf for group in query.excluded for word in group for leaf in word.leaves())
    taiwans = (word for word in (*query.leaves, *excluded) if word.taiwan)
    return [("words", text) for word in taiwans for text in (word.text, word.taiwan)]


class Asked:
    """A request against one state of an index: the sets of hits, and the query that ranks them.

    ``within``: what every hit is besides (:func:`present`, :func:`of_change`).
    """

    def __init__(self, frequency: Frequency, analyzer: Analyzer, within: Condition, query: Query) -> None:
        self._frequency = frequency
        self._analyzer = analyzer
        self._query = query
        self._filters = within
        self._clauses = [self._clause(word) for word in query.words]
        self._excluded = [_all([self._clause(word) for word in group]) for group in query.excluded]

    def sets(self) -> list[Match]:
        """The sets that may be named, the narrowest first. One word makes one set."""
        sets: list[Match] = ["all", "most", "any"]
        return sets if len(self._clauses) > 2 else sets[:: 2 if len(self._clauses) == 2 else 3]

    def members(self, match: Match, within: Condition | None = None) -> Condition:
        """The documents that ``match`` names, without order; ``within`` for another than the request's."""
        found = within or self._filters
        if self._clauses:
            found = _all([self._held(match), found])
        elif not self._query.blank and not self._excluded:
            return NOTHING
        return Except(found, _any(self._excluded)) if self._excluded else found

    def ranked(self, match: Match) -> Condition:
        """The same documents, scored: first those that hold all the words, then by their terms."""
        scoring = list(self._scoring())
        if match != "all":
            scoring.insert(0, Constant(self._held("all"), TIER))
        return Ranked(self.members(match), tuple(scoring))

    def before(self, match: Match, last: int, *, descending: bool) -> Condition:
        """Members from the order key ``last`` on, itself included."""
        low, high = (None, last) if descending else (last, None)
        return _all([self.members(match), Between("order", low, high)])

    def _held(self, match: Match) -> Condition:
        if match == "all":
            return _all(self._clauses)
        if match == "any":
            return _any(self._clauses)
        return Some(tuple(self._clauses), most(len(self._clauses)))

    def _scoring(self) -> Iterable[Condition]:
        for gram in self._query.grams:
            yield Term("grams", gram)
            yield Boosted(Term("title", gram), 0.3)
        for term in self._query.terms:
            yield Term("words", term)
        for term in self._query.legal:
            yield Boosted(self._phrase(term), 0.5)
        for word in self._query.leaves:
            if word.kind == "number":
                yield Constant(Term("number", word.text), 2 * TIER)
                yield Constant(Term("own_number", word.text), 2 * TIER)
            for form in word.forms if word.kind != "number" else ():
                yield self._phrase(form)

    def _clause(self, word: Word) -> Condition:
        """Documents that hold a word, in one of the ways that count."""
        if word.choices:
            return _any([_all([self._clause(w) for w in choice]) for choice in word.choices])
        if word.kind == "number":
            return _any([Term("number", word.text), _run(word.forms)])
        ways = [self._phrase(form) for form in (*word.forms, *self._taiwan(word))]
        ways += [Term("facets.body", body) for body in word.bodies]
        whole = word.kind == "word" or word.text in self._analyzer.places
        return _any([Term("words", word.text) if whole else self._phrase(word.text), *ways])

    def _taiwan(self, word: Word) -> tuple[str, ...]:
        """The mainland's wording, where it is much the commoner: 软体 (of animals) is rare, 软件 is meant."""
        if not word.taiwan:
            return ()
        typed, other = (self._frequency("words", w) for w in (word.text, word.taiwan))
        return (word.taiwan,) if other > 10 * typed else ()

    def _phrase(self, text: str) -> Condition:
        """Documents that hold ``text`` as a run of characters; signs and spaces do not count."""
        if len(text) == 2 and text in self._analyzer.places:
            return Term("words", text)
        return _run(self._analyzer.grams(text))


def _run(grams: Sequence[str]) -> Condition:
    """Grams side by side. A lone character is the beginning of another gram in a longer text (类 of
    a类 in a类许可), so it is asked of the characters."""
    lone = [g for g in grams if len(g) == 1 and is_han(g)]
    parts: list[Condition] = [Term("chars", g) for g in lone]
    placed = tuple((i, g) for i, g in enumerate(grams) if g not in lone)
    if len(placed) == 1:
        parts.append(Term("grams", placed[0][1]))
    elif placed:
        parts.append(Phrase(placed))
    return _all(parts) if parts else NOTHING


def present(request: Request, known_at: int, open_facet: str | None = None) -> Condition:
    """In effect on the request's day, as known at an instant, and with the values that it filters by; any
    value of ``open_facet``."""
    day = request.as_of
    clocks = (
        Between("effective_from", high=day),
        Between("effective_to", low=day + 1),
        Between("known_from", high=known_at),
        Between("known_to", low=known_at + 1),
    )
    chosen = {name: values for name, values in request.filters.items() if name != open_facet}
    filters = Every((*clocks, *_valued(chosen)))
    return Except(filters, Some(tuple(_valued(request.excluded)))) if request.excluded else filters


type Counting = Mapping[str, Condition | None]
"""Facet → what it is counted within; None for what every hit is."""


def counting(request: Request, known_at: int) -> Counting:
    """A facet that the request filters by is counted as if it did not, so that its other values stay open."""
    return {
        name: present(request, known_at, name) if name in request.filters else None for name in request.facets
    }


def of_change(followed: Followed, clock: Literal["known_from", "known_to"]) -> Condition:
    """Began (``known_from``) or ceased (``known_to``) to be known in the time that is followed."""
    parts: list[Condition] = [Between(clock, low=followed.after, high=followed.before - 1)]
    if followed.spans is not None:
        parts.append(Among("span", followed.spans))
    found = Every((*parts, *_valued(followed.filters)))
    return Except(found, Some(tuple(_valued(followed.excluded)))) if followed.excluded else found


def _valued(filters: Mapping[str, tuple[str, ...]]) -> Iterator[Condition]:
    for name, values in filters.items():
        # What is no text at all (half a surrogate pair, from a command line) is no value either.
        plain = [value.encode(errors="replace").decode() for value in values]
        yield _any([Term(f"facets.{name}", value) for value in plain])


def most(words: int) -> int:
    """How many of a query's words are most of them: two thirds, rounded up."""
    return -(-2 * words // 3)


def _all(parts: Sequence[Condition]) -> Condition:
    return parts[0] if len(parts) == 1 else Every(tuple(parts))


def _any(parts: Sequence[Condition]) -> Condition:
    return parts[0] if len(parts) == 1 else Some(tuple(parts))

"""Field filters among what a person typed: ``部门:财政局 类型:行政许可 -地区:海城 文号:2015 34``."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence, Set
from dataclasses import dataclass, field, replace

from schemas.reference import administrative_divisions
from search.chinese.analyzer import Analyzer
from search.chinese.thesaurus import Lexicon
from search.contract import FacetValue, Request, SearchEngine
from search.query.name_index import key

_FIELD = re.compile(
    r"(?<!\S)(?P<minus>[-－−])?(?P<name>[^\s:：\"“”-][^\s:：\"“”]*)[:：]\s*"
    r"(?:[\"“](?P<quoted>[^\"“”]+)[\"”]|(?P<value>[^\s\"“”]+))"
)
_DIGITS = re.compile(r"[0-9０-９]{1,3}")

NUMBER = "number"
"""Stands for the 发文字号 among the fields; it is text, not a facet."""


_YES_NO = {"是": "true", "有": "true", "否": "false", "无": "false"}


@dataclass(frozen=True, slots=True)
class Fields:
    """What people may filter by."""

    names: Mapping[str, str] = field(default_factory=dict)
    """Name that people type, in small letters → facet, or :data:`NUMBER`."""
    titles: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    """Facet → value → how people call it, where its values are codes."""


@dataclass(frozen=True, slots=True)
class Chosen:
    """One field filter as typed."""

    facet: str
    value: str
    excluded: bool
    typed: str


@dataclass(frozen=True, slots=True)
class Narrowed:
    """A request whose field filters are filters, and what is left as text."""

    request: Request
    typed: tuple[str, ...]
    """The field filters as they were typed."""

    def with_text(self, text: str) -> str:
        """What to type for the same filters and another text."""
        return " ".join([*self.typed, text])


async def narrowed(
    engine: SearchEngine,
    request: Request,
    fields: Fields,
    analyzer: Analyzer,
    lexicon: Lexicon,
) -> Narrowed:
    """A value stands for every value of the facet that is it, is another name of it or holds it as a whole
    word; a name that is no field's stays text. Where nothing fits, nothing is found.
    """
    chosen, text = split(request.text, fields.names)
    if not chosen:
        return Narrowed(replace(request, text=text), ())
    facets = tuple(dict.fromkeys(one.facet for one in chosen))
    known = await engine.search(
        Request("", as_of=request.as_of, known_at=request.known_at, limit=1, facets=facets, highlight=False)
    )
    values = {name: _named(known.facets[name], fields.titles.get(name, {})) for name in facets}
    wanted: dict[str, list[str]] = {}
    excluded: dict[str, list[str]] = {}
    for one in chosen:
        fitting = fits(one, values[one.facet], analyzer, lexicon)
        (excluded if one.excluded else wanted).setdefault(one.facet, []).extend(fitting or [one.value])
    filters = dict(request.filters)
    for name, found in wanted.items():
        both = filters.get(name)
        filters[name] = tuple(dict.fromkeys(v for v in found if both is None or v in both))
    without = {name: tuple(dict.fromkeys(found)) for name, found in excluded.items()}
    return Narrowed(
        replace(request, text=text, filters=filters, excluded=without), tuple(one.typed for one in chosen)
    )


def split(text: str, fields: Mapping[str, str]) -> tuple[list[Chosen], str]:
    """The field filters of a text, and the rest of it."""
    chosen: list[Chosen] = []

    def taken(match: re.Match[str]) -> str:
        facet = fields.get(match["name"].lower())
        value = (match["quoted"] or match["value"]).strip()
        if facet is None or not value:
            return match[0]
        if facet == NUMBER:
            number = f"{value}号" if _DIGITS.fullmatch(value) else value
            return f"{match['minus'] or ''}“{number}”"
        chosen.append(Chosen(facet, value, match["minus"] is not None, match[0]))
        return ""

    rest = _FIELD.sub(taken, text)
    return chosen, rest.strip() if chosen else rest


def _named(counted: Iterable[FacetValue], titles: Mapping[str, str]) -> list[tuple[str, str]]:
    """(what people call it, value) of each value, by every name."""
    values = [one.value for one in counted]
    return [(v, v) for v in values] + [(titles[v], v) for v in values if titles.get(v, v) != v]


def fits(one: Chosen, known: Sequence[tuple[str, str]], analyzer: Analyzer, lexicon: Lexicon) -> list[str]:
    """The values of a facet that a typed one stands for. ``known``: (what people call it, value)."""
    if one.facet == "division":
        codes = {
            administrative_divisions.compact(one.value),
            *map(administrative_divisions.compact, administrative_divisions.find(one.value)),
        }
        return [value for _, value in known if value in codes]
    value = _YES_NO.get(one.value, one.value)
    typed = key(analyzer.fold_text(value))
    forms = (typed, *map(key, lexicon.forms.get(typed, ())))
    folded = [(analyzer.fold_text(name), value) for name, value in known]
    same = [value for name, value in folded if key(name) == typed]
    return same or [value for name, value in folded if _holds(name, forms, analyzer)]


def _holds(folded: str, forms: Iterable[str], analyzer: Analyzer) -> bool:
    """Whether one of ``forms`` stands in a text from the beginning of one of its words to the end of
    another: 民政 is not in 人民政府, 鞍山市财政局 not in 马鞍山市财政局."""
    starts = analyzer.joints(folded)
    words = set(analyzer.words(folded))
    return any(form in words or _stands(folded, form, starts) for form in forms if form)


def _stands(folded: str, form: str, starts: Set[int]) -> bool:
    at = folded.find(form)
    while at >= 0:
        if at in starts and (at + len(form) in starts or len(form) > 2):
            return True
        at = folded.find(form, at + 1)
    return False

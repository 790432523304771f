"""Field filters in a typed query: ``部门:财政局 类型:行政许可 -地区:海城 文号:2015 34``."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence, Set
from functools import lru_cache
from itertools import chain

import msgspec
from msgspec import structs

from schemas.reference import administrative_divisions
from schemas.words import BOOLEANS
from search.chinese.analyzer import Analyzer
from search.chinese.thesaurus import Lexicon
from search.contract import FacetValue, Request, SearchEngine
from search.query.name_index import comparison_key
from search.query.parser import LONGEST

_FIELD = re.compile(
    r"(?<!\S)(?P<minus>[-－−])?(?P<name>[^\s:：\"“”-][^\s:：\"“”]*)[:：]\s*"
    r"(?:[\"“](?P<quoted>[^\"“”]+)[\"”]|(?P<value>[^\s\"“”]+))"
)
_DIGITS = re.compile(r"[0-9０-９]{1,3}")

NUMBER = "number"
"""The field 发文字号, which is searched as text and is not a facet."""
_MOST_VALUES = 65_535
"""Values of a facet that are compared with a typed one: all that an engine counts."""

_YES_NO = {words.zh: value for value, words in BOOLEANS.items()} | {"有": "true", "无": "false"}


class FilterFields(msgspec.Struct, frozen=True):
    """Fields that a query may filter by."""

    names: Mapping[str, str] = msgspec.field(default_factory=dict)
    """Name of a field as typed → facet, or :data:`NUMBER`."""
    titles: Mapping[str, Mapping[str, str]] = msgspec.field(default_factory=dict)
    """Facet → value → its title, for facets whose values are codes."""


class FieldFilter(msgspec.Struct, frozen=True):
    """One field filter as typed."""

    facet: str
    value: str
    excluded: bool
    typed: str


class FilteredRequest(msgspec.Struct, frozen=True):
    """A request whose field filters were moved from its text to its filters."""

    request: Request
    typed: tuple[str, ...]
    """The field filters as they were typed."""

    def with_text(self, text: str) -> str:
        """Return the query to type for the same filters and another text."""
        return " ".join([*self.typed, text])


async def apply_filters(
    engine: SearchEngine,
    request: Request,
    fields: FilterFields,
    analyzer: Analyzer,
    lexicon: Lexicon,
) -> FilteredRequest:
    """Move field filters of the first :data:`LONGEST` characters of the text to the filters of the request.

    A typed value selects the values of the facet that equal it; if none does, those that contain it, or
    another name of it, as whole words. An unknown field name stays text. A filter whose value matches
    none leaves no hits; such an exclusion excludes nothing.
    """
    chosen, text = split_filters(request.text[:LONGEST], fields.names, analyzer)
    if not chosen:
        return FilteredRequest(structs.replace(request, text=text), ())
    facets = tuple(dict.fromkeys(field_filter.facet for field_filter in chosen))
    everything = Request("", statuses=request.statuses, as_of=request.as_of, known_at=request.known_at)
    counting = structs.replace(everything, limit=1, facets=facets, facet_values=_MOST_VALUES, highlight=False)
    page = await engine.search(counting)
    values = {name: _list_names_of_values(page.facets[name], fields.titles.get(name, {})) for name in facets}
    included: dict[str, list[str]] = {}
    excluded = {name: list(values_of_facet) for name, values_of_facet in request.excluded.items()}
    for field_filter in chosen:
        fitting = find_matching_values(field_filter, values[field_filter.facet], analyzer, lexicon)
        (excluded if field_filter.excluded else included).setdefault(field_filter.facet, []).extend(
            fitting or [field_filter.value]
        )
    filters = dict(request.filters)
    for name, values_of_facet in included.items():
        present = filters.get(name)
        filters[name] = tuple(dict.fromkeys(v for v in values_of_facet if present is None or v in present))
    exclusions = {name: tuple(dict.fromkeys(values_of_facet)) for name, values_of_facet in excluded.items()}
    return FilteredRequest(
        structs.replace(request, text=text, filters=filters, excluded=exclusions),
        tuple(field_filter.typed for field_filter in chosen),
    )


def split_filters(text: str, fields: Mapping[str, str], analyzer: Analyzer) -> tuple[list[FieldFilter], str]:
    """Split a text into its field filters and the rest. The names of fields are compared folded."""
    chosen: list[FieldFilter] = []
    if _FIELD.search(text) is None:
        return chosen, text
    facets = {analyzer.fold_text(name): facet for name, facet in fields.items()}

    def extract(match: re.Match[str]) -> str:
        facet = facets.get(analyzer.fold_text(match["name"]))
        value = (match["quoted"] or match["value"]).strip()
        if facet is None or not value:
            return match[0]
        if facet == NUMBER:
            number = f"{value}号" if _DIGITS.fullmatch(value) else value
            return f"{match['minus'] or ''}“{number}”"
        chosen.append(FieldFilter(facet, value, match["minus"] is not None, match[0]))
        return ""

    rest = _FIELD.sub(extract, text)
    return chosen, rest.strip() if chosen else rest


def _list_names_of_values(
    facet_values: Iterable[FacetValue], titles: Mapping[str, str]
) -> list[tuple[str, str]]:
    """List (name, value) for each value, under its code and under its title."""
    values = [facet_value.value for facet_value in facet_values]
    return [(v, v) for v in values] + [(titles[v], v) for v in values if titles.get(v, v) != v]


def find_matching_values(
    field_filter: FieldFilter, names: Sequence[tuple[str, str]], analyzer: Analyzer, lexicon: Lexicon
) -> list[str]:
    """List the values of a facet that a typed filter selects. ``names``: (name, value)."""
    value = analyzer.fold_text(field_filter.value)
    if field_filter.facet == "division":
        names_of_place = (field_filter.value, value)  # 乾县 is its own name, which folding changes
        places = [value, *chain(*map(administrative_divisions.find_codes, names_of_place))]
        codes = set(map(administrative_divisions.shorten_code, places))
        return [value for _, value in names if value in codes]
    typed = comparison_key(_YES_NO.get(value, value))
    forms = (typed, *map(comparison_key, lexicon.forms.get(typed, ())))
    folded = [(analyzer.fold_text(name), value) for name, value in names]
    equal = [value for name, value in folded if comparison_key(name) == typed]
    return equal or [value for name, value in folded if _contains_form(name, forms, analyzer)]


@lru_cache(maxsize=4_096)
def _cut(folded: str, analyzer: Analyzer) -> tuple[Set[int], Set[str]]:
    """Return the boundaries and the words of a value, of which a site has few."""
    return analyzer.word_boundaries(folded), frozenset(analyzer.words(folded))


def _contains_form(folded: str, forms: Iterable[str], analyzer: Analyzer) -> bool:
    """Report whether a text contains one of ``forms`` as whole words.

    民政 is not in 人民政府, 鞍山市财政局 is not in 马鞍山市财政局.
    """
    boundaries, words = _cut(folded, analyzer)
    return any(form in words or _contains_words(folded, form, boundaries) for form in forms if form)


def _contains_words(folded: str, form: str, boundaries: Set[int]) -> bool:
    at = folded.find(form)
    while at >= 0:
        if at in boundaries and (at + len(form) in boundaries or len(form) > 2):
            return True
        at = folded.find(form, at + 1)
    return False

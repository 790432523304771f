"""Parsing of query strings to frozen values, once for each request."""

from __future__ import annotations

import difflib
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, date, datetime
from decimal import Decimal, InvalidOperation
from typing import Any
from urllib.parse import parse_qsl

import msgspec

from publisher.log.model import View
from publisher.log.predicate import And, AnyValue, HasValue, Not, Operator, Predicate
from publisher.web.problems import Fault, ProblemError
from schemas.definition.catalogue import FieldType
from schemas.words import Lang

MAX_QUERY = 8192
"""Bytes of a query string."""
MAX_LIMIT = 1000
DEFAULT_LIMIT = 20
_OPERATORS: Mapping[str, Operator] = {"eq": "=", "gte": ">=", "gt": ">", "lte": "<=", "lt": "<"}
COMPARISONS = frozenset({"gte", "gt", "lte", "lt", "exists"})
NUMBERS: frozenset[FieldType] = frozenset({"integer", "decimal", "amount", "limit"})
"""Types that are compared and sorted by number."""
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ufffe\uffff]")


class Grammar(msgspec.Struct, frozen=True):
    """Parameters of one route. ``filters``: name → type of the values to compare."""

    names: frozenset[str] = frozenset()
    filters: Mapping[str, FieldType] = msgspec.field(default_factory=dict)
    operators: frozenset[str] = frozenset()
    """Suffixes of a filter's name, for example ``gte`` in ``field.gte=``."""
    fields: frozenset[str] = frozenset()
    """Names allowed in ``fields=``."""
    facets: frozenset[str] = frozenset()
    sorts: frozenset[str] = frozenset()
    max_limit: int = MAX_LIMIT


class Filter(msgspec.Struct, frozen=True):
    """``field=`` (``eq``) and ``field.operator=``."""

    field: str
    operator: str
    values: tuple[str, ...]
    """``eq``: any of them. ``exists``: ``("true",)`` or ``("false",)``. Others: one."""

    def predicate(self) -> Predicate:
        if self.operator == "exists":
            has_value = HasValue(self.field)
            return has_value if self.values == ("true",) else Not(has_value)
        return AnyValue(self.field, _OPERATORS[self.operator], self.values)


class Parameters(msgspec.Struct, frozen=True):
    """A parsed query. Absent parameters have their defaults."""

    view: View = msgspec.field(default_factory=View)
    filters: tuple[Filter, ...] = ()
    sort: tuple[tuple[str, bool], ...] = ()
    """(field, descending)."""
    fields: tuple[str, ...] | None = None
    facets: tuple[str, ...] = ()
    limit: int = DEFAULT_LIMIT
    cursor: str | None = None
    text: str = ""
    after: int | None = None
    before: int | None = None
    start: View | None = None
    end: View | None = None
    """The two states of a comparison."""
    archive: int | None = None
    """Sequence of the first change of a feed archive."""
    headers: Lang = "zh"
    """The language of a file's headings."""
    explain: bool = False
    versions: bool = False

    def values_of(self, name: str) -> tuple[str, ...]:
        """List all values of filters with this name."""
        return tuple(value for f in self.filters if f.field == name for value in f.values)

    def condition(self, *, without: str) -> Predicate | None:
        """Combine all filters except those of one name."""
        must = tuple(f.predicate() for f in self.filters if f.field != without)
        return And(must) if must else None


NO_PARAMETERS = Parameters()


def parse(raw: bytes, grammar: Grammar) -> Parameters:
    """Parse a query string. Raises ``invalid-parameters`` with one fault for each wrong parameter."""
    return parse_pairs(split(raw), grammar) if raw else NO_PARAMETERS


def parse_pairs(query: Mapping[str, list[str]], grammar: Grammar) -> Parameters:
    """Parse a query that was split before. Raises as :func:`parse`."""
    if not query:
        return NO_PARAMETERS
    parser = _QueryParser(grammar)
    for name, values in query.items():
        parser.add(name, values)
    return parser.finish()


def split(raw: bytes) -> dict[str, list[str]]:
    """Split a query string into names with their values, in order.

    Control characters in ``q``, which people type, are replaced by blanks. Raises ``invalid-parameters`` for
    invalid UTF-8 and for control characters elsewhere, and ``query-too-long``.
    """
    if len(raw) > MAX_QUERY:
        raise ProblemError("query-too-long")
    try:
        pairs = parse_qsl(raw.decode(), keep_blank_values=True, errors="strict", max_num_fields=200)
    except UnicodeDecodeError as error:
        raise bad_value("", "不是有效的 UTF-8 百分号编码。", "Not percent-encoded UTF-8.") from error
    except ValueError as error:
        raise bad_value("", "参数过多，最多200个。", "Too many parameters; at most 200.") from error
    checked: list[tuple[str, str]] = []
    for name, text in pairs:
        value = _CONTROL.sub(" ", text) if name == "q" else text
        if _CONTROL.search(name) or _CONTROL.search(value):
            printable = _CONTROL.sub("�", name)[:80]
            raise bad_value(printable, "含有控制字符。", "Contains a control character.")
        checked.append((name, value))
    return group(checked)


def group(pairs: Iterable[tuple[str, str]]) -> dict[str, list[str]]:
    """Group values by name, both in their original order."""
    values: dict[str, list[str]] = {}
    for name, value in pairs:
        values.setdefault(name, []).append(value)
    return values


def pairs(raw: bytes) -> list[tuple[str, str]]:
    """List names and values of a query that :func:`parse` accepted."""
    return parse_qsl(raw.decode(), keep_blank_values=True)


def bad_value(parameter: str, zh: str, en: str, nearest: str | None = None) -> ProblemError:
    """Create the error for one parameter; ``nearest``: the accepted text most like the given one."""
    return invalid([Fault(parameter=parameter, code="bad-value", detail=zh, detail_en=en, nearest=nearest)])


def conflict(parameter: str, zh: str, en: str) -> ProblemError:
    """Create the error for a parameter that contradicts others or the clock."""
    return invalid([Fault(parameter=parameter, code="conflict", detail=zh, detail_en=en)])


def invalid(faults: Sequence[Fault]) -> ProblemError:
    """Create the error for these faults; its detail joins theirs."""
    return ProblemError(
        "invalid-parameters",
        " ".join(f"{fault.parameter}: {fault.detail}" for fault in faults[:5]),
        " ".join(f"{fault.parameter}: {fault.detail_en}" for fault in faults[:5]),
        errors=faults[:50],
    )


class _BadValueError(ValueError):
    def __init__(self, zh: str, en: str, nearest: str | None = None) -> None:
        super().__init__(en)
        self.zh, self.en, self.nearest = zh, en, nearest


class _QueryParser:
    """Collects parsed values and all faults, so that a client can fix them at once."""

    def __init__(self, grammar: Grammar) -> None:
        self.grammar = grammar
        self.faults: list[Fault] = []
        self.values: dict[str, Any] = {}
        self.view: dict[str, Any] = {}
        self.filters: list[Filter] = []

    def add(self, name: str, values: list[str]) -> None:
        try:
            if name in self.grammar.names:
                self._reserved(name, values)
            else:
                self._filter(name, values)
        except _BadValueError as bad:
            self._fault(name, "bad-value", bad.zh, bad.en, bad.nearest)

    def finish(self) -> Parameters:
        view = self.view
        if "release" in view and len(view) > 1:
            others = "、".join(sorted(set(view) - {"release"}))
            self._fault(
                "release",
                "conflict",
                f"release 已同时固定 as_of 与 known_at，不能与 {others} 同用。",
                f"A release pins both clocks; it does not go with {others}.",
            )
        if self.faults:
            raise invalid(self.faults)
        return Parameters(view=View(**view), filters=tuple(self.filters), **self.values)

    def _reserved(self, name: str, values: list[str]) -> None:
        if name in _LISTS:
            words = [word.strip() for value in values for word in value.split(",")]
            self.values[name] = _LISTS[name](words, self.grammar)
            return
        if len(values) > 1:
            self._fault(name, "repeated", "只能出现一次。", "May occur only once.")
            return
        target, key, parse_value = _SINGLES[name]
        if name == "limit":
            parse_value = _integer_parser(1, self.grammar.max_limit)
        (self.view if target == "view" else self.values)[key] = parse_value(values[0])

    def _filter(self, name: str, values: list[str]) -> None:
        field_name, dot, operator = name.partition(".")
        kind = self.grammar.filters.get(field_name)
        if kind is None or (dot and operator not in self.grammar.operators):
            self._unknown(name)
            return
        if operator == "exists":
            values = [_boolean(_single_value(values))]
        elif operator:
            values = [_typed(_single_value(values), kind)]
        else:
            values = [_typed(value, kind) for value in values]
        self.filters.append(Filter(field_name, operator or "eq", tuple(dict.fromkeys(values))))

    def _unknown(self, name: str) -> None:
        field_name, _, operator = name.partition(".")
        near = nearest(field_name, sorted({*self.grammar.names, *self.grammar.filters}))
        if operator and field_name in self.grammar.filters and self.grammar.operators:
            allowed = sorted(self.grammar.operators)
            near = f"{field_name}.{nearest(operator, allowed) or allowed[0]}"
        zh, en = "无法识别这个参数。", "Unknown parameter."
        if near:
            zh, en = f"无法识别这个参数，您要的可能是“{near}”。", f"Unknown parameter; did you mean “{near}”?"
        self._fault(name, "unknown", zh, en, near)

    def _fault(self, name: str, code: str, zh: str, en: str, near: str | None = None) -> None:
        self.faults.append(Fault(parameter=name[:200], code=code, detail=zh, detail_en=en, nearest=near))


def nearest(name: str, candidates: Iterable[str]) -> str | None:
    """Find the candidate most similar to ``name``, if one is similar enough."""
    matches = difflib.get_close_matches(name[:100], list(candidates), n=1, cutoff=0.5)
    return matches[0] if matches else None


def _single_value(values: list[str]) -> str:
    if len(values) > 1:
        raise _BadValueError("只能出现一次。", "May occur only once.")
    return values[0]


def _boolean(value: str) -> str:
    if value not in ("true", "false"):
        raise _BadValueError("应为 true 或 false。", "Should be true or false.")
    return value


def _truth(value: str) -> bool:
    return _boolean(value) == "true"


def _typed(value: str, kind: FieldType) -> str:
    """Convert a value to the form that the log compares. Raises ``_BadValueError`` if it does not fit."""
    if kind == "date":
        return _date(value).isoformat()
    if kind == "boolean":
        return _boolean(value)
    if kind in NUMBERS:
        try:
            number = Decimal(value)
        except InvalidOperation:
            number = Decimal("NaN")
        if not number.is_finite() or abs(number.adjusted()) > 30:
            raise _BadValueError("应为数字。", "Should be a number.")
        return format(number, "f")
    return value


def _date(value: str) -> date:
    if not re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", value):
        raise _BadValueError("应为日期，如2015-12-01。", "Should be a date such as 2015-12-01.")
    try:
        return date.fromisoformat(value)
    except ValueError:
        raise _BadValueError("日历上没有这一天。", "This day does not exist in the calendar.") from None


def _instant(value: str) -> datetime:
    """Parse an instant (RFC 3339). A space from an unencoded ``+`` is accepted."""
    try:
        moment = datetime.fromisoformat(re.sub(r" (?=[0-9]{2}:?[0-9]{2}$)", "+", value))
        if moment.tzinfo is not None and "T" in value.upper():
            return moment.astimezone(UTC)
    except (ValueError, OverflowError):
        pass
    raise _BadValueError(
        "应为带时区的时刻，如2015-12-01T08:00:00+08:00。",
        "Should be an instant with its zone, such as 2015-12-01T00:00:00Z.",
    )


def _integer_parser(smallest: int, largest: int) -> Callable[[str], int]:
    def parse_integer(value: str) -> int:
        if re.fullmatch(r"[0-9]{1,19}", value) and smallest <= int(value) <= largest:
            return int(value)
        raise _BadValueError(
            f"应为{smallest}到{largest}的整数。", f"Should be a whole number from {smallest} to {largest}."
        )

    return parse_integer


def _text(value: str) -> str:
    if not value.strip():
        raise _BadValueError("请给出搜索词。", "Enter a search term.")
    return value


def _words(words: list[str], allowed: frozenset[str]) -> tuple[str, ...]:
    for word in words:
        if word not in allowed:
            near = nearest(word, allowed)
            hint_zh, hint_en = (
                (f"，您要的可能是“{near}”。", f"; did you mean “{near}”?") if near else ("。", ".")
            )
            excerpt = word[:100]
            raise _BadValueError(
                f"这里没有“{excerpt}”{hint_zh}", f"“{excerpt}” is not available here{hint_en}", near
            )
    return tuple(dict.fromkeys(words))


def _sort(words: list[str], grammar: Grammar) -> tuple[tuple[str, bool], ...]:
    names = _words([word.removeprefix("-") for word in words], grammar.sorts)
    if len(names) != len(words):
        raise _BadValueError("同一字段只能排序一次。", "A field may be used for sorting only once.")
    return tuple((word.removeprefix("-"), word.startswith("-")) for word in words)


_LISTS: Mapping[str, Callable[[list[str], Grammar], tuple[Any, ...]]] = {
    "sort": _sort,
    "fields": lambda words, grammar: _words(words, grammar.fields),
    "facets": lambda words, grammar: _words(words, grammar.facets),
}
_SEQUENCE = _integer_parser(0, 2**63 - 1)


def _comparison_state(value: str) -> View:
    """Parse a state in one word: number of a release, day of effect, or instant of publication."""
    if re.fullmatch(r"[0-9]{1,9}", value) and int(value) > 0:
        return View(release=int(value))
    if re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", value):
        return View(as_of=_date(value))
    try:
        return View(known_at=_instant(value))
    except _BadValueError:
        raise _BadValueError(
            "应为发布的编号、日期或带时区的时刻，如3、2015-12-01、2015-12-01T08:00:00+08:00。",
            "Should be the number of a release, a day or an instant with its zone: 3, 2015-12-01, "
            "2015-12-01T00:00:00Z.",
        ) from None


def _headers(value: str) -> str:
    if value not in ("zh", "en"):
        raise _BadValueError("应为 zh 或 en。", "Should be zh or en.")
    return value


_SINGLES: Mapping[str, tuple[str, str, Callable[[str], Any]]] = {
    "limit": ("query", "limit", _integer_parser(1, MAX_LIMIT)),
    "explain": ("query", "explain", _truth),
    "versions": ("query", "versions", _truth),
    "cursor": ("query", "cursor", str),
    "as_of": ("view", "as_of", _date),
    "known_at": ("view", "known_at", _instant),
    "release": ("view", "release", _integer_parser(1, 2**31 - 1)),
    "q": ("query", "text", _text),
    "after": ("query", "after", _SEQUENCE),
    "before": ("query", "before", _SEQUENCE),
    "archive": ("query", "archive", _SEQUENCE),
    "since": ("query", "after", _SEQUENCE),
    "from": ("query", "start", _comparison_state),
    "to": ("query", "end", _comparison_state),
    "headers": ("query", "headers", _headers),
}

"""Translation of predicates to SQL over the spans of a dataset. Every value is a bound parameter."""

from __future__ import annotations

import operator
from collections.abc import Callable, Mapping, Sequence
from datetime import date
from math import inf
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    Select,
    and_,
    case,
    cast,
    exists,
    false,
    func,
    literal,
    not_,
    null,
    or_,
    select,
    true,
)
from sqlalchemy.dialects import postgresql

from publisher.log import predicate as p
from publisher.log.clocks import FOREVER
from publisher.log.database import tables as t
from publisher.log.database.connection import json_text
from publisher.log.database.storable_text import storable
from publisher.log.database.tables import TITLE_LENGTH
from publisher.log.model import LogError
from publisher.log.registry import find_parts
from publisher.log.releases.field_values import LONGEST_UNCHANGED, finite_number, indexed_fields, shorten
from schemas.definition.catalogue import Catalogue

_s, _v, _r, _values = t.span.c, t.revision.c, t.record.c, t.value.c
_others = t.value.alias("others").c
_COMPARE: Mapping[p.Operator, Callable[[Any, Any], Any]] = {
    "=": operator.eq,
    "<>": operator.ne,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}
_FEW = 20_000
"""Most revisions that are fetched one by one, instead of reading the list in its order."""


def bad_filter(field: str, zh: str, en: str) -> LogError:
    return LogError("bad-filter", f"{field}：{zh}。", f"{field}: {en}.", details=(field,))


def no_such_field(field: str) -> LogError:
    return bad_filter(field, "没有这个字段", "there is no such field")


class PredicateCompiler:
    """Compiler of predicates over the spans of one dataset.

    Raises ``LogError('bad-filter')`` for an :class:`AnyValue` or a :class:`HasValue` that does not fit the
    catalogue. Other conditions must fit it (see :func:`publisher.log.predicate.comparison_kind`).
    """

    def __init__(self, conn: Connection, dataset: int, catalogue: Catalogue) -> None:
        self._conn, self._dataset, self._catalogue = conn, dataset, catalogue
        self._sizes: dict[p.Predicate, float] = {}
        self.value_fields = frozenset(field.name for field in indexed_fields(catalogue))
        """Names of the fields in the table of values."""

    def clause(self, *predicates: p.Predicate) -> ColumnElement[bool]:
        """Condition that all predicates hold, with additional conditions that an index can evaluate."""
        hints = (_s.revision.in_(rows) for one in predicates if (rows := self._hint(one)) is not None)
        return and_(true(), *hints, *map(self.condition, predicates))

    def matches_few(self, predicates: Sequence[p.Predicate]) -> bool:
        """Report whether an index shows that only few revisions can satisfy all predicates."""
        return any(self._size(one) <= _FEW for one in predicates)

    def superset(self, predicates: Sequence[p.Predicate]) -> ColumnElement[bool]:
        """Condition, by an index, of the revisions that satisfy all predicates on the table of values.

        The index finds those of the predicate with the fewest, and the key of the table tests the others.
        """
        by_size = sorted((one for one in map(self._in_values, predicates) if one is not None), key=self._size)
        if not by_size:
            return true()
        rows = self._revisions(by_size[0])
        for other in by_size[1:]:
            same = self._revisions(other, _others).where(_others.revision == _values.revision)
            rows = rows.where(same.correlate(t.value).exists())
        return _s.revision.in_(rows)

    def _size(self, predicate: p.Predicate) -> float:
        """Count the revisions that can satisfy the predicate, up to one more than are few."""
        if predicate not in self._sizes:
            rows, size = self._selection(predicate), inf
            if rows is not None:
                sample = rows.limit(_FEW + 1).subquery()
                size = self._conn.scalar(select(func.count()).select_from(sample)) or 0
            self._sizes[predicate] = size
        return self._sizes[predicate]

    def _selection(self, predicate: p.Predicate) -> Select[Any] | None:
        decided = self._in_values(predicate)
        return self._hint(predicate) if decided is None else self._revisions(decided)

    def _in_values(self, predicate: p.Predicate) -> p.AnyValue | None:
        """Return the predicate if the table of values alone decides it."""
        if not isinstance(predicate, p.AnyValue) or predicate.field == "part":
            return None
        return predicate if predicate.field in self.value_fields else None

    def condition(self, predicate: p.Predicate) -> ColumnElement[bool]:
        match predicate:
            case p.And(of=predicates):
                return and_(true(), *map(self.condition, predicates))
            case p.Or(of=predicates):
                return or_(false(), *map(self.condition, predicates))
            case p.Not(of=opposite):
                return not_(self.condition(opposite))
            case p.TruthValue(value=value):
                return literal(1) == (null() if value is None else literal(1 if value else 0))
            case _:
                return self._leaf(predicate)

    def _leaf(self, predicate: p.Condition) -> ColumnElement[bool]:
        match predicate:
            case p.RecordIds(ids=ids):
                return _s.record.in_(select(_r.key).where(_r.id.in_([storable(i) for i in ids])))
            case p.Absent(field=field):
                return self._content_text(field).is_(None)
            case p.ListContains():
                return self._holds(predicate)
            case p.Like():
                return self._like(predicate)
            case p.Comparison():
                return self._comparison(predicate)
            case p.AnyValue():
                return self._any_value(predicate)
            case p.HasValue(field=field):
                return self._has_value(field)

    def column(self, field: str) -> ColumnElement[Any]:
        """Column for a :class:`Comparison` with the field."""
        match p.comparison_kind(self._catalogue, field):
            case "number" if field in self._catalogue.by_name:
                return self._value(field, func.min(_values.number))
            case "boolean":
                return self._value(field, func.min(_values.text))
            case _:
                return self._content_text(field)

    def sort_column(self, field: str) -> ColumnElement[Any]:
        """Column to sort a list by the field: short, so that it fits in a cursor."""
        if self._existing(field) in self.value_fields:
            return self._value(field, func.min(_values.number if self._is_number(field) else _values.text))
        return func.substr(self._content_text(field), 1, TITLE_LENGTH)

    def _is_number(self, field: str) -> bool:
        return p.comparison_kind(self._catalogue, field) == "number"

    def _comparison(self, comparison: p.Comparison) -> ColumnElement[bool]:
        value = comparison.value
        if comparison.field == "part" and comparison.operator in ("=", "<>"):  # also by a former name
            is_of_part = self._is_of_part((str(value),))
            return is_of_part if comparison.operator == "=" else not_(is_of_part)
        match p.comparison_kind(self._catalogue, comparison.field):
            case "boolean":
                value = "true" if value else "false"
            case "day":
                value = date.fromisoformat(str(value)).toordinal()
            case "number":
                value = float(value)
            case _:
                value = storable(str(value))
        return _clause(self.column(comparison.field), comparison.operator, literal(value))

    def _any_value(self, condition: p.AnyValue) -> ColumnElement[bool]:
        if condition.field == "part":
            return self._in_parts(condition)
        if condition.field in self.value_fields:
            rows = self._revisions(condition).where(_values.revision == _s.revision)
            return rows.correlate(t.span).exists()
        matches = _any_text(self._content_text(self._existing(condition.field)), condition)
        return matches.is_(true())

    def _has_value(self, field: str) -> ColumnElement[bool]:
        if field == "part":
            return _s.part.is_not(None)
        if field in self.value_fields:
            own = select(_values.revision).where(_values.revision == _s.revision, _values.field == field)
            return own.correlate(t.span).exists()
        return self._content_text(self._existing(field)).is_not(None)

    def _existing(self, field: str) -> str:
        if field not in self._catalogue.by_name:
            raise no_such_field(field)
        return field

    def _revisions(self, condition: p.AnyValue, value: Any = _values) -> Select[Any]:
        """Select the revisions that satisfy the condition. ``value``: columns of the table of values."""
        numeric = self._is_number(condition.field)
        if condition.operator == "=":
            matches: ColumnElement[bool] = value.text.in_([shorten(v) for v in condition.values])
            numbers = [n for v in condition.values if (n := finite_number(v)) is not None] if numeric else []
            matches = or_(matches, value.number.in_(numbers)) if numbers else matches
        elif numeric:
            matches = _any_number(value.number, condition)
        else:
            matches = _any_text(value.text, condition)
        return self._of_field(condition.field, value).where(matches)

    def _of_field(self, field: str, value: Any = _values) -> Select[Any]:
        return select(value.revision).where(value.dataset == self._dataset, value.field == field)

    def _in_parts(self, condition: p.AnyValue) -> ColumnElement[bool]:
        if condition.operator != "=":
            raise bad_filter("part", "只能用等于", "only equality is possible")
        return self._is_of_part(condition.values)

    def _is_of_part(self, names: Sequence[str]) -> ColumnElement[bool]:
        return _s.part.in_(find_parts(self._conn, names, dataset=self._dataset))

    def _like(self, like: p.Like) -> ColumnElement[bool]:
        column, is_sqlite = self._content_text(like.field), self._conn.dialect.name == "sqlite"
        # LIKE of SQLite ignores the case of Latin letters; GLOB does not.
        wildcards, quote = (
            ({None: "*", 1: "?"}, _escape_glob) if is_sqlite else ({None: "%", 1: "_"}, _escape_like)
        )
        pattern = literal(
            "".join(quote(piece) if isinstance(piece, str) else wildcards[piece] for piece in like.pattern)
        )
        return column.bool_op("GLOB")(pattern) if is_sqlite else column.like(pattern, escape="\\")

    def _holds(self, condition: p.ListContains) -> ColumnElement[bool]:
        """Use the content: the table of values does not contain every list, and truncates long texts."""
        column = self._content_text(condition.field)
        clauses = [self._holds_one(condition.field, value) for value in dict.fromkeys(condition.values)]
        clause = and_(true(), *clauses) if condition.every else or_(false(), *clauses)
        return case((column.is_(None), null()), else_=clause)

    def _holds_one(self, field: str, value: str) -> ColumnElement[bool]:
        column = self._content_text(field)
        if self._conn.dialect.name == "sqlite":
            items = func.json_each(column).table_valued("value", name="items")
        else:
            items = func.json_array_elements_text(cast(column, postgresql.JSON)).table_valued(
                "value", name="items"
            )
        return exists(select(literal(1)).select_from(items).where(items.c.value == literal(storable(value))))

    def _content_text(self, field: str) -> ColumnElement[Any]:
        """Value of the field in the content, as text; of a text field the text itself."""
        if field not in self._catalogue.by_name:
            if field == "part":
                return _part_name()
            if field == "release":
                return _release_number()
            day = _s.effective_from if field == "effective_from" else _s.effective_to
            return case((day >= FOREVER, null()), else_=day)
        text = json_text(self._conn, _v.content, field)
        return select(text).where(_v.key == _s.revision).correlate(t.span).scalar_subquery()

    def _value(self, field: str, column: ColumnElement[Any]) -> ColumnElement[Any]:
        mine = select(column).where(_values.revision == _s.revision, _values.field == field)
        return mine.correlate(t.span).scalar_subquery()

    def _hint(self, predicate: p.Predicate) -> Select[Any] | None:
        """Select a superset of the revisions that satisfy the predicate; None if the table has no answer."""
        match predicate:
            case p.Comparison(field=field, operator="=", value=str() as value) if (
                len(value) <= LONGEST_UNCHANGED
            ):
                values: tuple[str, ...] = (value,)
            case p.ListContains(field=field, values=values, every=False):
                pass
            case _:
                return None
        if field not in self.value_fields or p.comparison_kind(self._catalogue, field) not in (
            "text",
            "list",
        ):
            return None
        return self._of_field(field).where(_values.text.in_([shorten(v) for v in values]))


def _clause(column: ColumnElement[Any], sign: p.Operator, value: Any) -> ColumnElement[bool]:
    clause: ColumnElement[bool] = _COMPARE[sign](column, value)
    return clause


def _any_text(column: ColumnElement[Any], condition: p.AnyValue) -> ColumnElement[bool]:
    values = [storable(value) for value in condition.values]
    if condition.operator == "=":
        return column.in_(values)
    return or_(*(_clause(column, condition.operator, value) for value in values))


def _any_number(column: ColumnElement[Any], condition: p.AnyValue) -> ColumnElement[bool]:
    numbers = [finite_number(value) for value in condition.values]
    if None in numbers:
        raise bad_filter(condition.field, "应为数值", "a number is needed")
    return or_(*(_clause(column, condition.operator, number) for number in numbers))


def _part_name() -> ColumnElement[Any]:
    """Name of the part of a span; of a merged part, the name of the part it was merged into."""
    own, into = t.part.alias("own"), t.part.alias("whole")
    name = func.coalesce(into.c.name, own.c.name)
    query = select(name).select_from(own.outerjoin(into, into.c.key == own.c.merged_into))
    return query.where(own.c.key == _s.part).correlate(t.span).scalar_subquery()


def _release_number() -> ColumnElement[Any]:
    """Number of the release that brought the state."""
    query = select(t.release.c.number).where(t.release.c.sequence == _s.brought)
    return query.correlate(t.span).scalar_subquery()


def _escape_glob(text: str) -> str:
    return "".join(f"[{c}]" if c in "*?[" else c for c in storable(text))


def _escape_like(text: str) -> str:
    return storable(text).replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")

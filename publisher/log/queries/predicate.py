"""A tree of conditions on records, and its one translation to SQL: every value is a bound parameter.

A condition on a field that has no value is neither true nor false (SQL's three values, and CQL2's).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any, Literal

from sqlalchemy import (
    ColumnElement,
    Connection,
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

from publisher.log.clocks import FOREVER
from publisher.log.database import tables as t
from publisher.log.database.connection import json_text
from publisher.log.database.storable_text import plain
from publisher.log.releases.field_values import kept_fields, short
from schemas.definition.catalogue import Catalogue, FieldType

type Kind = Literal["text", "number", "boolean", "day", "list"]
type Operator = Literal["=", "<>", "<", "<=", ">", ">="]
type Scalar = str | int | float | bool

DAYS = ("effective_from", "effective_to")
"""Days of a state that may be asked about like fields, unless the catalogue has fields of these names."""

_KINDS: dict[FieldType, Kind] = {
    "integer": "number",
    "decimal": "number",
    "limit": "number",
    "amount": "number",
    "boolean": "boolean",
    "list": "list",
}
_s, _v, _r, _kept = t.span.c, t.revision.c, t.record.c, t.value.c
_INDEXED = 300
"""Texts up to this length are in the table of values as they are."""


@dataclass(frozen=True, slots=True)
class Comparison:
    """``value`` is of the field's kind; days are ``YYYY-MM-DD``."""

    field: str
    operator: Operator
    value: Scalar


@dataclass(frozen=True, slots=True)
class Like:
    """``pattern``: literal texts, ``None`` for any run of characters, ``1`` for exactly one."""

    field: str
    pattern: tuple[str | int | None, ...]


@dataclass(frozen=True, slots=True)
class Absent:
    """The field has no value. Never unknown."""

    field: str


@dataclass(frozen=True, slots=True)
class Holds:
    """A list that holds all or any of these texts."""

    field: str
    values: tuple[str, ...]
    every: bool = False


@dataclass(frozen=True, slots=True)
class Records:
    ids: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Constant:
    value: bool | None


@dataclass(frozen=True, slots=True)
class Every:
    of: tuple[Predicate, ...]


@dataclass(frozen=True, slots=True)
class Some:
    of: tuple[Predicate, ...]


@dataclass(frozen=True, slots=True)
class Opposite:
    of: Predicate


type Predicate = Comparison | Like | Absent | Holds | Records | Constant | Every | Some | Opposite


def kind(catalogue: Catalogue, field: str) -> Kind | None:
    """How a field is compared; None where it cannot be asked about: unknown, personal, or files."""
    known = catalogue.by_name.get(field)
    if known is not None:
        return None if known.personal or known.type == "files" else _KINDS.get(known.type, "text")
    if field in DAYS:
        return "day"
    return "text" if field == "part" else None


class Compiler:
    """Predicates over the spans of one dataset. The predicate must fit the catalogue (see :func:`kind`)."""

    def __init__(self, conn: Connection, dataset: int, catalogue: Catalogue) -> None:
        self._conn, self._dataset, self._catalogue = conn, dataset, catalogue
        self._kept = {field.name for field in kept_fields(catalogue)}

    def where(self, predicate: Predicate) -> ColumnElement[bool]:
        """The predicate, and beside it what an index answers of those conditions that must hold anyway."""
        must = predicate.of if isinstance(predicate, Every) else (predicate,)
        return and_(*(hint for p in must if (hint := self._hint(p)) is not None), self.condition(predicate))

    def condition(self, predicate: Predicate) -> ColumnElement[bool]:
        match predicate:
            case Every(of=of):
                return and_(true(), *map(self.condition, of))
            case Some(of=of):
                return or_(false(), *map(self.condition, of))
            case Opposite(of=of):
                return not_(self.condition(of))
            case Constant(value=value):
                return literal(1) == (null() if value is None else literal(1 if value else 0))
            case _:
                return self._leaf(predicate)

    def _leaf(self, predicate: Comparison | Like | Absent | Holds | Records) -> ColumnElement[bool]:
        match predicate:
            case Records(ids=ids):
                return _s.record.in_(select(_r.key).where(_r.id.in_([plain(i) for i in ids])))
            case Absent(field=field):
                return self._stated(field).is_(None)
            case Holds():
                return self._holds(predicate)
            case Like():
                return self._like(predicate)
            case Comparison():
                return self._compared(predicate)

    def column(self, field: str) -> ColumnElement[Any]:
        """What a field is compared and sorted by."""
        match kind(self._catalogue, field):
            case "number":
                return self._value(field, func.min(_kept.number))
            case "boolean":
                return self._value(field, func.min(_kept.text))
            case _:
                return self._stated(field)

    def _compared(self, comparison: Comparison) -> ColumnElement[bool]:
        column, value = self.column(comparison.field), comparison.value
        match kind(self._catalogue, comparison.field):
            case "boolean":
                value = "true" if value else "false"
            case "day":
                value = date.fromisoformat(str(value)).toordinal()
            case "number":
                value = float(value)
            case _:
                value = plain(str(value))
        match comparison.operator:
            case "=":
                return column == literal(value)
            case "<>":
                return column != literal(value)
            case "<":
                return column < literal(value)
            case "<=":
                return column <= literal(value)
            case ">":
                return column > literal(value)
            case ">=":
                return column >= literal(value)

    def _like(self, like: Like) -> ColumnElement[bool]:
        column = self._stated(like.field)
        if self._conn.dialect.name == "sqlite":
            # LIKE of SQLite ignores the case of Latin letters; GLOB does not.
            signs = {None: "*", 1: "?"}
            pattern = "".join(_globbed(p) if isinstance(p, str) else signs[p] for p in like.pattern)
            return column.bool_op("GLOB")(literal(pattern))
        signs = {None: "%", 1: "_"}
        pattern = "".join(_escaped(p) if isinstance(p, str) else signs[p] for p in like.pattern)
        return column.like(literal(pattern), escape="\\")

    def _holds(self, holds: Holds) -> ColumnElement[bool]:
        """Out of the content: not every list is in the table of values, and long texts are cut there."""
        column = self._stated(holds.field)
        found = [self._holds_one(holds.field, value) for value in dict.fromkeys(holds.values)]
        matched = and_(true(), *found) if holds.every else or_(false(), *found)
        return case((column.is_(None), null()), else_=matched)

    def _holds_one(self, field: str, value: str) -> ColumnElement[bool]:
        column = self._stated(field)
        if self._conn.dialect.name == "sqlite":
            items = func.json_each(column).table_valued("value", name="items")
        else:
            items = func.json_array_elements_text(cast(column, postgresql.JSON)).table_valued(
                "value", name="items"
            )
        return exists(select(literal(1)).select_from(items).where(items.c.value == literal(plain(value))))

    def _stated(self, field: str) -> ColumnElement[Any]:
        """The value out of the content, as text: of a text field the text itself."""
        if field not in self._catalogue.by_name:
            if field == "part":
                return _part_name()
            day = _s.effective_from if field == "effective_from" else _s.effective_to
            return case((day >= FOREVER, null()), else_=day)
        text = json_text(self._conn, _v.content, field)
        if self._conn.dialect.name != "sqlite":
            text = text.collate("C")
        return select(text).where(_v.key == _s.revision).correlate(t.span).scalar_subquery()

    def _value(self, field: str, column: ColumnElement[Any]) -> ColumnElement[Any]:
        mine = select(column).where(_kept.revision == _s.revision, _kept.field == field)
        return mine.correlate(t.span).scalar_subquery()

    def _hint(self, predicate: Predicate) -> ColumnElement[bool] | None:
        match predicate:
            case Comparison(field=field, operator="=", value=str() as value) if len(value) <= _INDEXED:
                values: tuple[str, ...] = (value,)
            case Holds(field=field, values=values, every=False):
                pass
            case _:
                return None
        if field not in self._kept or kind(self._catalogue, field) not in ("text", "list"):
            return None
        return _s.revision.in_(
            select(_kept.revision).where(
                _kept.dataset == self._dataset,
                _kept.field == field,
                _kept.text.in_([short(v) for v in values]),
            )
        )


def _part_name() -> ColumnElement[Any]:
    """The name of the part that a span is of; of a merged one, of the part that it is merged into."""
    own, into = t.part.alias("own"), t.part.alias("whole")
    name = func.coalesce(into.c.name, own.c.name)
    query = select(name).select_from(own.outerjoin(into, into.c.key == own.c.merged_into))
    return query.where(own.c.key == _s.part).correlate(t.span).scalar_subquery()


def _globbed(text: str) -> str:
    return "".join(f"[{c}]" if c in "*?[" else c for c in plain(text))


def _escaped(text: str) -> str:
    return plain(text).replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")

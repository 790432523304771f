"""Predicates: trees of conditions on records. ``predicate_sql`` translates them to SQL.

A condition on a field without a value is unknown (three-valued logic, as in SQL and CQL2), unless its
class states that it is never unknown.
"""

from __future__ import annotations

from typing import Literal

import msgspec

from schemas.definition.catalogue import Catalogue, FieldType

type ComparisonKind = Literal["text", "number", "boolean", "day", "list"]
type Operator = Literal["=", "<>", "<", "<=", ">", ">="]
type Scalar = str | int | float | bool

STATE: dict[str, ComparisonKind] = {
    "part": "text",
    "release": "number",
    "effective_from": "day",
    "effective_to": "day",
}
"""Properties of a state that are queried like fields, unless the catalogue has a field with the name."""

_KINDS: dict[FieldType, ComparisonKind] = {
    "integer": "number",
    "decimal": "number",
    "limit": "number",
    "amount": "number",
    "boolean": "boolean",
    "list": "list",
}


class Comparison(msgspec.Struct, frozen=True):
    """Comparison with one value of the field's kind; days are ``YYYY-MM-DD``."""

    field: str
    operator: Operator
    value: Scalar


class Like(msgspec.Struct, frozen=True):
    """Text match. ``pattern``: literal texts, ``None`` for any run of characters, ``1`` for exactly one."""

    field: str
    pattern: tuple[str | int | None, ...]


class Absent(msgspec.Struct, frozen=True):
    """The field has no value. Never unknown."""

    field: str


class ListContains(msgspec.Struct, frozen=True):
    """A list that contains any of these texts, or all of them (``every``)."""

    field: str
    values: tuple[str, ...]
    every: bool = False


class AnyValue(msgspec.Struct, frozen=True):
    """Comparison of any value of the field with any of ``values``. Never unknown.

    A list has the values of its items, an amount has its text and its number. Values are texts as the log
    stores them (``true``, ``2015-12-31``, ``3.50``); numeric fields compare as numbers. ``part`` only takes
    ``=``.
    """

    field: str
    operator: Operator
    values: tuple[str, ...]


class HasValue(msgspec.Struct, frozen=True):
    """The field has a value that :class:`AnyValue` can compare. Never unknown."""

    field: str


class RecordIds(msgspec.Struct, frozen=True):
    ids: tuple[str, ...]


class TruthValue(msgspec.Struct, frozen=True):
    value: bool | None


class And(msgspec.Struct, frozen=True):
    of: tuple[Predicate, ...]


class Or(msgspec.Struct, frozen=True):
    of: tuple[Predicate, ...]


class Not(msgspec.Struct, frozen=True):
    of: Predicate


type Condition = Comparison | Like | Absent | ListContains | AnyValue | HasValue | RecordIds
type Predicate = Condition | TruthValue | And | Or | Not


def conjuncts(predicate: Predicate | None) -> tuple[Predicate, ...]:
    """Split a predicate into the conditions that must all hold."""
    if predicate is None:
        return ()
    return predicate.of if isinstance(predicate, And) else (predicate,)


def field_names(predicate: Predicate) -> frozenset[str]:
    """List the names of the fields that a predicate depends on."""
    match predicate:
        case And(of=conditions) | Or(of=conditions):
            return frozenset().union(*map(field_names, conditions))
        case Not(of=condition):
            return field_names(condition)
        case RecordIds() | TruthValue():
            return frozenset()
        case _:
            return frozenset((predicate.field,))


def comparison_kind(catalogue: Catalogue, field: str) -> ComparisonKind | None:
    """Find the kind of comparison of a field; None if it cannot be queried: unknown, personal, or files."""
    definition = catalogue.by_name.get(field)
    if definition is not None:
        is_hidden = definition.personal or definition.type == "files"
        return None if is_hidden else _KINDS.get(definition.type, "text")
    return STATE.get(field)

"""A tree of conditions on records: the filter of every list. ``predicate_sql`` translates it.

A condition on a field that has no value is neither true nor false (SQL's three values, and CQL2's), except
where its class says that it is never unknown.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

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
class AnyValue:
    """One of the field's values compares so with one of ``values``. Never unknown.

    A list has the values of its items, an amount its text and its number. Values are texts as the log holds
    them (``true``, ``2015-12-31``, ``3.50``); a field of numbers compares as numbers. ``part`` takes ``=``.
    """

    field: str
    operator: Operator
    values: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class HasValue:
    """The field has a value that :class:`AnyValue` can compare. Never unknown."""

    field: str


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


type Condition = Comparison | Like | Absent | Holds | AnyValue | HasValue | Records
type Predicate = Condition | Constant | Every | Some | Opposite


def conjuncts(predicate: Predicate | None) -> tuple[Predicate, ...]:
    """The conditions that must all hold."""
    if predicate is None:
        return ()
    return predicate.of if isinstance(predicate, Every) else (predicate,)


def fields(predicate: Predicate) -> frozenset[str]:
    """Names of the fields that a predicate depends on."""
    match predicate:
        case Every(of=of) | Some(of=of):
            return frozenset().union(*map(fields, of))
        case Opposite(of=one):
            return fields(one)
        case Records() | Constant():
            return frozenset()
        case _:
            return frozenset((predicate.field,))


def kind(catalogue: Catalogue, field: str) -> Kind | None:
    """How a field is compared; None where it cannot be asked about: unknown, personal, or files."""
    known = catalogue.by_name.get(field)
    if known is not None:
        return None if known.personal or known.type == "files" else _KINDS.get(known.type, "text")
    if field in DAYS:
        return "day"
    return "text" if field == "part" else None

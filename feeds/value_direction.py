"""Directions of changed fees and time limits, reported only if both values compare with certainty.

The catalogue says which fields are limits, and which amounts are charges. A subsidy or a fine has none.
"""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal
from typing import Literal, get_args

from feeds.change import ChangeItem, Difference
from schemas.cells.amounts import read_amount
from schemas.cells.limit_comparison import compare_limits, read_listed_limit
from schemas.definition.catalogue import Catalogue, Field, Json

type Direction = Literal["fee-raised", "fee-lowered", "limit-shortened", "limit-lengthened"]

DIRECTION_TERMS: tuple[Direction, ...] = get_args(Direction.__value__)
"""Category terms of directions; :data:`schemas.words.DIRECTIONS` names them."""

_NO_SINGLE_SUM = frozenset({"most", "of", "kind"})
"""Parts of an amount that is a range, a bound or a rate of something, which do not compare."""
_SUSPENDED = frozenset({"停征", "暂停征收"})


def directions(item: ChangeItem) -> tuple[Direction, ...]:
    """List the directions of a changed record's fees and limits; none if values do not compare."""
    return directions_of(item, *item.differences)


def directions_of(item: ChangeItem, *differences: Difference) -> tuple[Direction, ...]:
    """List the directions of some differences of a record.

    A correction has no direction, since the fee or limit itself did not change.
    """
    if item.kind not in ("changed", "renamed"):
        return ()
    return directions_of_values(item.catalogue, ((d.field, d.before, d.after) for d in differences))


def directions_of_values(
    catalogue: Catalogue, differences: Iterable[tuple[str, Json, Json]]
) -> tuple[Direction, ...]:
    """List the directions of differences: a field's name, and its values before and after a change."""
    fields = catalogue.by_name
    terms = (_compare(fields[name], old, new) for name, old, new in differences if name in fields)
    return tuple(dict.fromkeys(term for term in terms if term))


def has_direction(field: Field) -> bool:
    """Test whether changes of a field may have a direction."""
    return not field.personal and (field.type == "limit" or field.charge)


def _compare(field: Field, old: Json, new: Json) -> Direction | None:
    if not has_direction(field):
        return None
    return _compare_limits(old, new) if field.type == "limit" else _compare_amounts(old, new)


def _compare_limits(old: Json, new: Json) -> Direction | None:
    before, after = read_listed_limit(old), read_listed_limit(new)
    comparison = before and after and compare_limits(before, after)
    return comparison.direction if comparison else None


def _compare_amounts(old: Json, new: Json) -> Direction | None:
    before, after = _read_amount(old), _read_amount(new)
    if before is None or after is None or not _same_unit(before, after) or before[0] == after[0]:
        return None
    return "fee-raised" if after[0] > before[0] else "fee-lowered"


def _read_amount(value: Json) -> tuple[Decimal, str] | None:
    """Return (amount, unit); the unit is empty if it is free of charge."""
    if isinstance(value, dict):
        if value.get("kind") == "free":
            return Decimal(0), ""
        amount, unit = value.get("amount"), value.get("unit")
        if not isinstance(amount, str) or not isinstance(unit, str) or value.keys() & _NO_SINGLE_SUM:
            return None
        return _money(amount, unit)
    if not isinstance(value, str) or len(value) > 60:
        return None
    amount_of_text = read_amount(value, "")
    if value.strip("。 ") in _SUSPENDED or (amount_of_text and amount_of_text.kind == "free"):
        return Decimal(0), ""
    if amount_of_text is None or amount_of_text.kind or amount_of_text.of:
        return None
    return _money(amount_of_text.amount, amount_of_text.unit)


def _money(amount: str, unit: str) -> tuple[Decimal, str] | None:
    # A bare number may be a count, a code or a year.
    return (Decimal(amount), unit) if "元" in unit or unit in ("%", "‰", "‱") else None


def _same_unit(before: tuple[Decimal, str], after: tuple[Decimal, str]) -> bool:
    return before[1] == after[1] or "" in (before[1], after[1])

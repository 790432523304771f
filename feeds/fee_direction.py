"""Whether a change makes something dearer: sums compared where both sides are read for certain."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from decimal import Decimal
from typing import Literal

from feeds.change import ChangeItem
from schemas.cells.quantities import read_amount
from schemas.definition.catalogue import Json

type Charge = Literal["fee-raised", "fee-lowered"]

CHARGES: dict[Charge, str] = {"fee-raised": "收费上调", "fee-lowered": "收费下调"}
"""Category term → its label."""

_NOTHING = frozenset({"免费", "免收", "不收费", "免征", "停征", "暂停征收"})


def charges(item: ChangeItem) -> tuple[Charge, ...]:
    """What a changed record's sums did; nothing where a sum, or its unit, cannot be read or differs.

    A correction raises nothing: the sum was what it was.
    """
    if item.kind not in ("changed", "renamed"):
        return ()
    known = item.catalogue.by_name
    return charges_of(
        (d.before, d.after) for d in item.differences if d.field in known and not known[d.field].personal
    )


def charges_of(pairs: Iterable[tuple[Json, Json]]) -> tuple[Charge, ...]:
    """The same of the values before and after of each field that changed."""
    return tuple(dict.fromkeys(_charges(pairs)))


def _charges(pairs: Iterable[tuple[Json, Json]]) -> Iterator[Charge]:
    for old, new in pairs:
        before, after = _sum(old), _sum(new)
        if before is None or after is None or not _alike(before, after):
            continue
        if before[0] != after[0]:
            yield "fee-raised" if after[0] > before[0] else "fee-lowered"


def _sum(value: Json) -> tuple[Decimal, str] | None:
    """(amount, unit); the unit is empty for what is free of charge."""
    if isinstance(value, dict):
        amount, unit = value.get("amount"), value.get("unit")
        if not isinstance(amount, str) or not isinstance(unit, str):
            return None
        return _money(amount, unit)
    if not isinstance(value, str) or len(value) > 60:
        return None
    if value.strip("。 ") in _NOTHING:
        return Decimal(0), ""
    found = read_amount(value, "")
    return None if found is None else _money(found.amount, found.unit)


def _money(amount: str, unit: str) -> tuple[Decimal, str] | None:
    # A bare number may be a count, a code or a year.
    return (Decimal(amount), unit) if "元" in unit or unit in ("%", "‰") else None


def _alike(before: tuple[Decimal, str], after: tuple[Decimal, str]) -> bool:
    return before[1] == after[1] or "" in (before[1], after[1])

"""Comparison of time limits: within one unit, and across units by a named rule only.

A 工作日 is not a 日, and a 日 of a text that does not say which is neither 工作日 nor 自然日. The one rule
across units is ``at-once``: 即时 is shorter than every other limit that is not 0. Checks, changes, feeds and
the history of limits compare by these rules.
"""

from __future__ import annotations

from typing import Literal, NamedTuple

from schemas.definition.catalogue import Json

AT_ONCE = "即时"
type ComparisonRule = Literal["same-unit", "at-once"]
type LimitDirection = Literal["limit-shortened", "limit-lengthened"]


class ListedLimit(NamedTuple):
    value: int
    unit: str


class LimitComparison(NamedTuple):
    """The difference of a limit from an earlier one."""

    direction: LimitDirection
    rule: ComparisonRule


def read_listed_limit(value: Json) -> ListedLimit | None:
    """Return the limit that is the value of a field; None if the value is not a limit that was read."""
    if isinstance(value, dict) and value.keys() == {"value", "unit"}:
        number, unit = value["value"], value["unit"]
        if isinstance(number, int) and not isinstance(number, bool) and isinstance(unit, str):
            return ListedLimit(number, unit)
    return None


def rule_by_which_longer(one: ListedLimit, other: ListedLimit) -> ComparisonRule | None:
    """Return the rule by which the first limit is longer; None if it is not, or if they do not compare."""
    if one.unit == other.unit:
        return "same-unit" if one.value > other.value else None
    return "at-once" if other.unit == AT_ONCE and one.value > 0 else None


def compare_limits(before: ListedLimit, now: ListedLimit) -> LimitComparison | None:
    """Return in which direction a limit changed and by which rule; None if equal or not comparable."""
    if rule := rule_by_which_longer(now, before):
        return LimitComparison("limit-lengthened", rule)
    if rule := rule_by_which_longer(before, now):
        return LimitComparison("limit-shortened", rule)
    return None

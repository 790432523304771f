"""Comparison of time limits: within one unit, and across units by a named rule only.

A 工作日 is not a 日, and a 日 of a text that does not say which is neither 工作日 nor 自然日. The one rule
across units is ``at-once``: 即时 is shorter than every other limit.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal, NamedTuple

from publisher.checks.check import Rule
from publisher.ingest.findings.kind import Bilingual
from schemas.definition.catalogue import Content, Json

AT_ONCE = "即时"
type ComparisonRule = Literal["same-unit", "at-once"]


class ListedLimit(NamedTuple):
    value: int
    unit: str


def read_listed_limit(content: Content, field: str) -> ListedLimit | None:
    """Return the limit that a record lists in a field; None if there is none that could be read."""
    return _limit(content.get(field))


def _limit(value: Json) -> ListedLimit | None:
    if isinstance(value, dict) and isinstance(value.get("value"), int) and isinstance(value.get("unit"), str):
        return ListedLimit(int(str(value["value"])), str(value["unit"]))
    return None


def rules_of_longer(message: Bilingual, same_unit: Bilingual) -> Mapping[ComparisonRule, Rule]:
    """Return the rules of a check by which a limit is longer. ``same_unit``: why, within one unit."""
    at_once = Bilingual("即时办结短于任何时限。", "At once is shorter than any other limit.")
    reasons: Mapping[ComparisonRule, Bilingual] = {"same-unit": same_unit, "at-once": at_once}
    return {name: Rule(name, "fact", message, because) for name, because in reasons.items()}


def rule_by_which_longer(one: ListedLimit, other: ListedLimit) -> ComparisonRule | None:
    """Return the rule by which the first limit is longer; None if it is not, or if they do not compare."""
    if one.unit == other.unit:
        return "same-unit" if one.value > other.value else None
    return "at-once" if other.unit == AT_ONCE else None

"""Rules of checks by which a limit is longer, one for each rule of :mod:`schemas.cells.limit_comparison`."""

from __future__ import annotations

from collections.abc import Mapping

from publisher.checks.check import Rule
from publisher.ingest.findings.kind import Bilingual
from schemas.cells.limit_comparison import ComparisonRule


def rules_of_longer(message: Bilingual, same_unit: Bilingual) -> Mapping[ComparisonRule, Rule]:
    """Return the rules by which a check finds a longer limit. ``same_unit``: the reason within one unit."""
    at_once = Bilingual("即时办结短于任何时限。", "At once is shorter than any other limit.")
    reasons: Mapping[ComparisonRule, Bilingual] = {"same-unit": same_unit, "at-once": at_once}
    return {name: Rule(name, "fact", message, because) for name, because in reasons.items()}

"""Quality of checks on labelled data: how it is measured, and sets of rows that were made for a test.

Of some checks no faulty rows of published lists are known.
"""

from __future__ import annotations

from datetime import date

import msgspec

from publisher.checks.check import LabelledSet
from publisher.ingest.findings.kind import Bilingual


class Measures[T](msgspec.Struct, frozen=True):
    """Quality on labelled data. ``missed``: what should have been found; ``wrong``: what should not."""

    positives: int
    negatives: int
    precision: float
    recall: float
    missed: tuple[T, ...]
    wrong: tuple[T, ...]


def set_with_real_rows(positives: int, negatives: int) -> LabelledSet:
    """Return the set of a check that found every made row with the fault, and no other made or real row."""
    return LabelledSet(
        Bilingual(
            "为测试而编的行，另有国家、两省和一市公开清单中的93行，都没有问题；公开清单中没有已知的问题行，"
            "所以只说明规则如预期，不能估计查全率",
            "Rows made for the test, and 93 rows of published lists of the nation, two provinces and a city "
            "that are in order. No faulty rows of published lists are known: this shows that the rules do as "
            "they say, and is not an estimate of recall",
        ),
        measured_on=date(2026, 11, 30),
        positives=positives,
        negatives=negatives,
        precision="1.00",
        recall="1.00",
    )


def set_of_made_rows(positives: int, negatives: int) -> LabelledSet:
    """Return the set of a check that found every made row with the fault, and no other made row."""
    return LabelledSet(
        Bilingual(
            "为测试而编的行；没有已知问题的公开清单可用，所以只说明规则如预期，不能估计查准率和查全率",
            "Rows made for the test. No published lists with known faults were at hand: this shows that the "
            "rules do as they say, and is not an estimate of precision or recall",
        ),
        measured_on=date(2026, 12, 1),
        positives=positives,
        negatives=negatives,
        precision="1.00",
        recall="1.00",
    )

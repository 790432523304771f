"""Derivation of the status of one commitment from the rules about it, on both clocks.

As for findings, the changes cut the clocks into cells, within which nothing changes. A rule holds from the
first day on which enough meets its condition; a commitment is done once all its rules hold.
"""

from __future__ import annotations

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby
from typing import Literal, NamedTuple

import msgspec

from publisher.log.commitments.evidence_reader import Evidence
from publisher.log.commitments.rules import Rule, due_day
from publisher.log.findings.derivation import merge_periods
from publisher.log.findings.record_states import CheckedState, Period

type Status = Literal["done", "overdue"]


class Judgement(NamedTuple):
    status: Status
    done_on: int | None
    """Ordinal of the day since when all evidence holds; after the deadline it is overdue nevertheless."""


class FirstDays(msgspec.Struct, frozen=True):
    """The first day on which a rule holds, by what was known; ``days`` has one for each of ``instants``."""

    instants: Sequence[int]
    days: Sequence[int | None]

    def at(self, instant: int) -> int | None:
        """Return the first day as known at an instant; None if the rule did not hold then."""
        place = bisect_right(self.instants, instant) - 1
        return self.days[place] if place >= 0 else None


class RuleState(msgspec.Struct, frozen=True):
    """A rule, when it is in effect, and when it holds."""

    period: Period
    rule: Rule
    first_days: FirstDays


def first_days(evidence: Iterable[Evidence], rule: Rule) -> FirstDays:
    """Return the first days on which enough objects meet the condition of a rule at the same time."""
    by_object: dict[object, list[Period]] = defaultdict(list)
    for one in evidence:
        by_object[one.object].append(one.period)
    periods = [period for own in by_object.values() for period in _without_overlaps(own)]
    instants: list[int] = []
    days: list[int | None] = []
    for instant, changes in _changes_by_instant(periods):
        first = _first_day(changes, rule)
        if not days or first != days[-1]:
            instants.append(instant)
            days.append(first)
    return FirstDays(instants, days)


def _changes_by_instant(periods: Iterable[Period]) -> Iterator[tuple[int, dict[int, int]]]:
    """Yield, for each instant in order, by how much the number of periods known then changes on each day."""
    deltas: list[tuple[int, int, int]] = []
    for p in periods:
        deltas += [(p.known_from, p.effective_from, 1), (p.known_from, p.effective_to, -1)]
        deltas += [(p.known_to, p.effective_from, -1), (p.known_to, p.effective_to, 1)]
    changes: dict[int, int] = defaultdict(int)
    for instant, group in groupby(sorted(deltas), key=lambda delta: delta[0]):
        for _, day, number in group:
            changes[day] += number
        yield instant, changes


def _without_overlaps(periods: Sequence[Period]) -> Iterator[Period]:
    """Yield periods that together cover what the given ones cover, each place once."""
    if len(periods) == 1:
        yield periods[0]
        return
    known_from: dict[tuple[int, int], int] = {}
    for instant, changes in _changes_by_instant(periods):
        covered = set(_covered_days(changes))
        for days in known_from.keys() - covered:
            yield Period(*days, known_from.pop(days), instant)
        for days in covered - known_from.keys():
            known_from[days] = instant


def _covered_days(changes: dict[int, int]) -> Iterator[tuple[int, int]]:
    """Yield first day and end of each time without a gap in which there is at least one period."""
    total, begin = 0, 0
    for day in sorted(changes):
        before, total = total, total + changes[day]
        if not before and total:
            begin = day
        elif before and not total:
            yield begin, day


def _first_day(changes: dict[int, int], rule: Rule) -> int | None:
    """Return the first day of a period that fulfils the rule and reaches beyond ``not_before``; None: none.

    ``changes``: day → by how much the number of objects grows or falls on it.
    """
    total, begin = 0, None
    for day in sorted(changes):
        if begin is not None and day > rule.not_before:
            return begin
        total += changes[day]
        begin = max(day, rule.not_before) if total >= rule.least else None
    return begin


def derive(states: Sequence[CheckedState], rules: Sequence[RuleState]) -> Iterator[tuple[Judgement, Period]]:
    """Yield the judgements on a commitment with their periods. Periods without a rule have none."""
    periods: dict[Judgement, list[Period]] = defaultdict(list)
    for state in states:
        for cell in _cells(state.period, rules):
            for judgement, period in _judge(state, rules, cell):
                periods[judgement].append(period)
    for judgement, cells in periods.items():
        for period in merge_periods(cells):
            yield judgement, period


def _cells(own: Period, rules: Sequence[RuleState]) -> Iterator[Period]:
    days, instants = set[int](), set[int]()
    for one in rules:
        days |= {one.period.effective_from, one.period.effective_to}
        instants |= {one.period.known_from, one.period.known_to, *one.first_days.instants}
    return own.cells(days, instants)


def _judge(
    state: CheckedState, rules: Sequence[RuleState], cell: Period
) -> Iterator[tuple[Judgement, Period]]:
    in_effect = [one for one in rules if one.period.contains(cell.effective_from, cell.known_from)]
    if not in_effect:
        return
    days = [one.first_days.at(cell.known_from) for one in in_effect]
    done_on = None if None in days else max(day for day in days if day is not None)
    due = due_day(state.record.content)
    if done_on is not None and (due is None or done_on <= due):
        yield from _from_day(Judgement("done", done_on), cell, done_on)
    elif due is not None and done_on is None:
        yield from _from_day(Judgement("overdue", None), cell, due + 1)
    elif due is not None and done_on is not None:
        yield from _from_day(Judgement("overdue", None), cell, due + 1, done_on)
        yield from _from_day(Judgement("overdue", done_on), cell, done_on)


def _from_day(
    judgement: Judgement, cell: Period, day: int, after: int | None = None
) -> Iterator[tuple[Judgement, Period]]:
    first = max(day, cell.effective_from)
    last = cell.effective_to if after is None else min(after, cell.effective_to)
    if first < last:
        yield judgement, Period(first, last, cell.known_from, cell.known_to)

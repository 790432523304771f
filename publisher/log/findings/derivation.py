"""Derivation of the findings of one record: its check is applied wherever something it reads may change.

The changes cut the two clocks into cells. Within a cell nothing changes, so that a check of its first day and
instant holds for all of it; equal findings of neighbouring cells are one row.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import date

import msgspec

from publisher.checks.check import Check, CheckedRecord, Knowledge, finding_id
from publisher.ingest.findings.kind import Finding
from publisher.log.findings.record_states import CheckedState, KnowledgeAt, KnownStates, Period, days_of


class FindingRow(msgspec.Struct, frozen=True):
    """A row of the table ``finding``, without its period."""

    id: str
    code: str
    rule: str
    severity: str
    dataset: int
    record: int
    part: int | None
    cites: str


def derive(
    check: Check, states: Sequence[CheckedState], known_states: KnownStates
) -> Iterator[tuple[FindingRow, Period]]:
    """Yield the findings that the states of one record have, each with its periods."""
    periods: dict[FindingRow, list[Period]] = {}
    for state in states:
        needed = _find_needed(check, state.record, known_states) if check.needs else {}
        if check.needs and not needed:
            continue
        own = states if check.needs_earlier else ()
        needed_states = list(_without_repeats(needed.values()))
        others = [*own, *needed_states]
        days = {day.toordinal() for day in check.days}
        days.update(*map(days_of, own), *map(known_states.days_of, needed_states))
        lists = known_states.list_periods if check.complete_only else ()
        for cell in _cells(state, [*(other.period for other in others), *lists], days):
            knowledge = KnowledgeAt(known_states, cell.effective_from, cell.known_from, own)
            for row in _rows_of_cell(check, state, others, knowledge, cell.effective_from):
                periods.setdefault(row, []).append(cell)
    for row, cells in periods.items():
        for period in merge_periods(cells):
            yield row, period


class _Lookups(Knowledge):
    """Knowledge without records, which notes what a check looks up."""

    def __init__(self) -> None:
        self.keys: dict[tuple[str, str], None] = {}

    def find(self, catalogue: str, key: str) -> Sequence[CheckedRecord]:
        self.keys[catalogue, key] = None
        return ()


def _find_needed(
    check: Check, record: CheckedRecord, known_states: KnownStates
) -> dict[tuple[str, str], Sequence[CheckedState]]:
    lookups = _Lookups()
    list(check.find_findings(record, lookups, date.min))  # only the lookups matter
    return {key: states for key in lookups.keys if (states := known_states.find(*key))}


def _without_repeats(groups: Iterable[Sequence[CheckedState]]) -> Iterable[CheckedState]:
    """Return the states of all groups; several keys may find the same object."""
    return {id(state): state for states in groups for state in states}.values()


def _cells(state: CheckedState, periods: Iterable[Period], stated_days: Iterable[int]) -> Iterator[Period]:
    days, instants = set(stated_days), set[int]()
    for period in periods:
        days.update((period.effective_from, period.effective_to))
        instants.update((period.known_from, period.known_to))
    return state.period.cells(days, instants)


def _rows_of_cell(
    check: Check,
    state: CheckedState,
    others: Iterable[CheckedState],
    knowledge: KnowledgeAt,
    day: int,
) -> Iterator[FindingRow]:
    revisions = {other.record.revision: other.revision for other in others}
    revisions[state.record.revision] = state.revision
    for finding in check.find_findings(state.record, knowledge, date.fromordinal(day)):
        yield FindingRow(
            finding_id(finding),
            finding.code,
            finding.rule,
            finding.severity,
            state.dataset,
            state.key,
            state.part,
            _encode_cites(finding, revisions),
        )


def _encode_cites(finding: Finding, revisions: dict[str, int]) -> str:
    cites = [(c.role, revisions[c.revision], c.field, c.item, c.start, c.end) for c in finding.cites]
    return msgspec.json.encode(cites).decode()


def merge_periods(cells: Iterable[Period]) -> list[Period]:
    """Join cells that continue each other, first in days, then in instants."""
    by_day = _join(
        sorted(cells, key=lambda c: (c.known_from, c.known_to, c.effective_from)),
        lambda one, next_: (
            (one.known_from, one.known_to) == (next_.known_from, next_.known_to)
            and one.effective_to == next_.effective_from
        ),
    )
    return _join(
        sorted(by_day, key=lambda c: (c.effective_from, c.effective_to, c.known_from)),
        lambda one, next_: (
            (one.effective_from, one.effective_to) == (next_.effective_from, next_.effective_to)
            and one.known_to == next_.known_from
        ),
    )


def _join(periods: Sequence[Period], continues: Callable[[Period, Period], bool]) -> list[Period]:
    joined: list[Period] = []
    for period in periods:
        if joined and continues(joined[-1], period):
            last = joined.pop()
            period = Period(last.effective_from, period.effective_to, last.known_from, period.known_to)  # noqa: PLW2901
        joined.append(period)
    return joined

"""Rows of the table ``commitment_status``: computed for all, or for those that releases concern."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from itertools import batched
from typing import Any, NamedTuple

import msgspec
from sqlalchemy import Connection, delete, insert, select

from publisher.log.commitments.derivation import RuleState, derive, first_days
from publisher.log.commitments.evidence_reader import EvidenceReader
from publisher.log.commitments.rules import COMMITMENTS, EVIDENCE, TaskKey, concerns, read_rule, task_key
from publisher.log.database import tables as t
from publisher.log.database.derived import commitment_tables as ct
from publisher.log.findings import finding_rows
from publisher.log.findings.record_states import CheckedState, DatasetIndex, StateReader

VERSION = 4
"""Version of the derivation: raised when it derives other statuses from the same log."""
_BATCH = 500

type Row = dict[str, Any]
"""Column → value."""
type RulesByTask = Mapping[TaskKey, Sequence[tuple[CheckedState, RuleState]]]
"""Task → the state of each record with a rule about it, and that rule."""


class Run(NamedTuple):
    """The last update of the statuses."""

    release: int
    """Sequence of the last release that was read; 0 before the first."""
    inputs: str
    """Version of the derivation, catalogues and inputs of the findings, as JSON."""


def read_run(conn: Connection) -> Run:
    row = conn.execute(select(ct.commitment_run.c.release, ct.commitment_run.c.inputs)).first()
    return Run(0, "") if row is None else Run(*row)


def current_run(conn: Connection, datasets: DatasetIndex) -> Run:
    """Return the update that is possible now: up to the release of the findings, which are evidence too."""
    findings = finding_rows.read_run(conn)
    catalogues = {name: datasets.catalogues[key].digest for key, name in datasets.names.items()}
    inputs = {"version": VERSION, "catalogues": catalogues, "findings": findings.inputs}
    return Run(findings.release, msgspec.json.encode(inputs, order="sorted").decode())


def compute_rows(
    conn: Connection, datasets: DatasetIndex, run: Run, records: frozenset[int] | None = None
) -> Iterator[Row]:
    """Yield the rows of some commitments, or of all, as of the release of a run."""
    instant = finding_rows.instant_of_release(conn, run.release)
    rules = read_rules(conn, datasets, instant)
    for states in _commitments(conn, datasets, instant) if rules else ():
        if records is not None and states[0].key not in records:
            continue
        own = rules_of(states, rules)
        for judgement, period in derive(states, own):
            yield {
                "record": states[0].key,
                "dataset": states[0].dataset,
                "status": judgement.status,
                "done_on": judgement.done_on,
                "known_from": period.known_from,
                "known_to": period.known_to,
                "effective_from": period.effective_from,
                "effective_to": period.effective_to,
            }


def read_rules(conn: Connection, datasets: DatasetIndex, instant: int) -> RulesByTask:
    """Read every rule, with when it is in effect and when it holds, by plan and task."""
    reader, evidence = StateReader(conn, datasets, instant), EvidenceReader(conn, datasets, instant)
    rules: dict[TaskKey, list[tuple[CheckedState, RuleState]]] = defaultdict(list)
    for states in reader.of_datasets(datasets.of_catalogue(EVIDENCE)):
        for state in states:
            rule = read_rule(state.record.content)
            if rule is not None:
                own = RuleState(state.period, rule, first_days(evidence.of_rule(rule), rule))
                rules[task_key(state.record.content)].append((state, own))
    return rules


def rules_of(states: Sequence[CheckedState], rules: RulesByTask) -> list[RuleState]:
    """Return the rules about a commitment in any of its states."""
    own: dict[int, RuleState] = {}
    for state in states:
        for state_of_rule, rule_state in rules.get(task_key(state.record.content), ()):
            if concerns(state_of_rule.record.content, state.record.content):
                own[id(rule_state)] = rule_state  # several states of the commitment may have the same rule
    return list(own.values())


def concerned_records(
    conn: Connection, datasets: DatasetIndex, before: Run, after: Run
) -> frozenset[int] | None:
    """List the commitments whose status releases between two runs may change; None: all."""
    b = t.release.c
    between = (b.sequence > before.release, b.sequence <= after.release)
    touched = frozenset(conn.scalars(select(b.dataset).where(*between).distinct()))
    if before.inputs != after.inputs or touched & set(datasets.of_catalogue(EVIDENCE)):
        return None
    instant = finding_rows.instant_of_release(conn, after.release)
    evidence = EvidenceReader(conn, datasets, instant)
    tasks: set[TaskKey] = set()
    for states in StateReader(conn, datasets, instant).of_datasets(datasets.of_catalogue(EVIDENCE)):
        for state in states:
            rule = read_rule(state.record.content)
            if rule and (rule.condition == "问题整改" or touched & evidence.datasets_of(rule)):
                tasks.add(task_key(state.record.content))
    records = set(finding_rows.touched_records(conn, before.release))
    if tasks:
        for states in _commitments(conn, datasets, instant):
            if any(task_key(state.record.content) in tasks for state in states):
                records.add(states[0].key)
    return frozenset(records)


def replace_rows(conn: Connection, records: frozenset[int] | None, rows: Sequence[Row], run: Run) -> None:
    """Replace the rows of some commitments, or of all, and note how far they have come."""
    status = ct.commitment_status
    if records is None:
        conn.execute(delete(status))
    for keys in batched(sorted(records or ()), _BATCH):
        conn.execute(delete(status).where(status.c.record.in_(keys)))
    for batch in batched(rows, _BATCH):
        conn.execute(insert(status), list(batch))
    conn.execute(delete(ct.commitment_run))
    conn.execute(insert(ct.commitment_run).values(id=1, **run._asdict()))


def forget(conn: Connection) -> None:
    """Delete every row, so that the next update derives all statuses again."""
    conn.execute(delete(ct.commitment_status))
    conn.execute(delete(ct.commitment_run))


def _commitments(conn: Connection, datasets: DatasetIndex, instant: int) -> Iterator[list[CheckedState]]:
    return StateReader(conn, datasets, instant).of_datasets(datasets.of_catalogue(COMMITMENTS))

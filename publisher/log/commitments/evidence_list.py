"""The evidence of one commitment in a view: each rule about it, whether it holds, and what meets it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any

import msgspec
from sqlalchemy import Connection, select

from publisher.log.commitments.derivation import first_days
from publisher.log.commitments.evidence_reader import Evidence, EvidenceReader
from publisher.log.commitments.rules import EVIDENCE, Rule, concerns_any, read_rule
from publisher.log.database import tables as t
from publisher.log.database.tables import TITLE_LENGTH
from publisher.log.findings.record_states import DatasetIndex, StateReader
from publisher.log.queries.point_in_time import Clocks
from schemas.definition.catalogue import Content

MOST = 10
"""Most releases and records that are listed for a rule."""


class RuleEvidence(msgspec.Struct, frozen=True):
    """A release or a record that meets the condition of a rule."""

    dataset: str
    release: int | None
    """Number of the release."""
    record: str | None
    title: str
    day: date
    """The first day on which it does."""


class RuleInView(msgspec.Struct, frozen=True):
    """A rule about a commitment that is in effect in a view, with what meets it."""

    dataset: str
    record: str
    content: Content
    rule: Rule
    held_since: date | None
    """First day on which it holds; None if it does not hold in the view."""
    evidence: tuple[RuleEvidence, ...]
    """Releases and records that met it first, at most :data:`MOST`; none if it does not hold."""


def list_evidence(
    conn: Connection, datasets: DatasetIndex, clocks: Clocks, contents: Sequence[Content]
) -> Sequence[RuleInView]:
    """List the rules about a commitment, of which these are the contents, that are in effect in a view."""
    reader = EvidenceReader(conn, datasets, clocks.instant)
    rules = []
    lists, s = datasets.of_catalogue(EVIDENCE), t.span.c
    tasks = {str(one.get("task", ""))[:TITLE_LENGTH] for one in contents}
    matching = select(s.record).where(s.dataset.in_(lists), s.title.in_(tasks)).distinct()
    records = sorted(conn.scalars(matching))
    for states in StateReader(conn, datasets, clocks.instant).of_datasets(lists, records):
        for state in states:
            content = state.record.content
            rule = read_rule(content)
            if (
                rule is None
                or not concerns_any(content, contents)
                or not state.period.contains(clocks.day, clocks.instant)
            ):
                continue
            evidence = reader.of_rule(rule)
            day = first_days(evidence, rule).at(clocks.instant)
            since, first = None, tuple[RuleEvidence, ...]()
            if day is not None and day <= clocks.day:
                since = date.fromordinal(day)
                first = _list_first(conn, datasets, evidence, day, clocks)
            rules.append(RuleInView(state.record.dataset, state.record.id, content, rule, since, first))
    return rules


def _list_first(
    conn: Connection, datasets: DatasetIndex, evidence: Sequence[Evidence], day: int, clocks: Clocks
) -> tuple[RuleEvidence, ...]:
    """List what met a condition on its first day, each release and record once."""
    then = (one for one in evidence if one.dataset is not None and one.period.contains(day, clocks.instant))
    earliest: dict[object, Evidence] = {}
    for one in sorted(then, key=lambda one: (one.period.effective_from, one.release or 0)):
        earliest.setdefault(one.object, one)
    first = list(earliest.values())[:MOST]
    return tuple(_describe(conn, datasets, one, clocks) for one in first)


def _describe(conn: Connection, datasets: DatasetIndex, evidence: Evidence, clocks: Clocks) -> RuleEvidence:
    b, r, s = t.release.c, t.record.c, t.span.c
    number = conn.scalar(select(b.number).where(b.sequence == evidence.release)) if evidence.release else None
    record: Any = None
    if evidence.record is not None:
        titles = select(r.id, s.title).join(t.span, s.record == r.key).where(r.key == evidence.record)
        in_view = titles.where(clocks.is_known(s), s.effective_from <= clocks.day)
        record = conn.execute(in_view.order_by(s.effective_from.desc()).limit(1)).first()
    return RuleEvidence(
        datasets.names[evidence.dataset or 0],
        number,
        record.id if record else None,
        record.title if record else "",
        date.fromordinal(evidence.period.effective_from),
    )

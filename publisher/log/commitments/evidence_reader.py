"""Evidence in what is published: the periods on both clocks in which the condition of a rule is met."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import date
from itertools import pairwise, product
from typing import Any

import msgspec
from sqlalchemy import Connection, and_, not_, select, true

from publisher.log.clocks import FOREVER, day_at, moment
from publisher.log.commitments.rules import Condition, Rule
from publisher.log.database import tables as t
from publisher.log.database.connection import among, contains
from publisher.log.database.derived import finding_tables as f
from publisher.log.database.storable_text import storable
from publisher.log.findings.record_states import CheckedState, DatasetIndex, Period, StateReader
from publisher.log.model import TAKING_EFFECT
from publisher.log.releases.release_rows import cancellations
from schemas.cells.limit_comparison import read_listed_limit, rule_by_which_longer
from schemas.reference.document_numbers import find_citations

_s, _c, _b = t.span.c, t.change.c, t.release.c
_DOCUMENTS = "policies"


class Evidence(msgspec.Struct, frozen=True):
    """A period in which one release, record or finding meets a condition."""

    period: Period
    dataset: int | None = None
    release: int | None = None
    """Sequence."""
    record: int | None = None

    @property
    def object(self) -> tuple[int | None, int | None, int | None]:
        """The record, whichever release brought it, or the release; it may have several periods."""
        return (self.dataset, None if self.record is not None else self.release, self.record)


class EvidenceReader:
    """Reads what meets conditions, as it was known at an instant. Equal rules are read once."""

    def __init__(self, conn: Connection, datasets: DatasetIndex, instant: int) -> None:
        self._conn, self._datasets, self._instant = conn, datasets, instant
        self._by_rule: dict[Rule, Sequence[Evidence]] = {}

    def of_rule(self, rule: Rule) -> Sequence[Evidence]:
        """Return the evidence that meets a rule's condition on its first day or later."""
        if rule not in self._by_rule:
            evidence = _CONDITIONS[rule.condition](self, rule)
            self._by_rule[rule] = [one for one in evidence if _is_late_enough(one, rule)]
        return self._by_rule[rule]

    def datasets_of(self, rule: Rule) -> frozenset[int]:
        """Return the keys of the datasets that a rule reads."""
        catalogue = rule.catalogue or (_DOCUMENTS if rule.condition == "文件" and not rule.source else "")
        sources = {key for key, name in self._datasets.names.items() if name == rule.source}
        return frozenset(sources | set(self._datasets.of_catalogue(catalogue) if catalogue else ()))

    def releases(self, rule: Rule) -> Iterator[Evidence]:
        """Yield the releases that took effect, for as long as a record that they changed is not withdrawn."""
        published = (_b.dataset.in_(self.datasets_of(rule)), _b.published_at <= self._instant)
        cancelled = {
            (one.dataset, one.cancels): one.published_at for one in cancellations(self._conn, *published)
        }
        rows = self._conn.execute(
            select(_b.sequence, _b.dataset, _b.number, _b.basis, _b.published_at).where(
                *published, not_(t.IS_CANCELLATION)
            )
        ).all()
        releases = {row.sequence: row for row in rows if not rule.basis or _cites(row.basis, rule.basis)}
        stands = and_(
            _s.record == _c.record,
            _s.status.in_(("stated", "removed")),
            _s.effective_from <= _c.effective_from,
            _s.effective_to > _c.effective_from,
            _s.known_from <= self._instant,
        )
        changes = (
            select(_c.release, _c.dataset, _c.effective_from, _s.known_from, _s.known_to)
            .join(t.span, stands)
            .where(among(self._conn, _c.release, releases), _c.kind.in_(TAKING_EFFECT))
            .distinct()
        )
        for row in self._conn.execute(changes).all():
            release = releases[row.release]
            known_from = max(row.known_from, release.published_at)
            known_to = min(self._end(row.known_to), cancelled.get((row.dataset, release.number), FOREVER))
            if known_from < known_to:
                period = Period(row.effective_from, FOREVER, known_from, known_to)
                yield Evidence(period, row.dataset, row.release)

    def records(self, rule: Rule) -> Iterator[Evidence]:
        """Yield the periods in which records are in force."""
        for row in self._records(rule):
            period = Period(row.effective_from, row.effective_to, row.known_from, self._end(row.known_to))
            yield Evidence(period, row.dataset, row.brought, row.record)

    def documents(self, rule: Rule) -> Iterator[Evidence]:
        """Yield the documents that are listed, from the day that they state."""
        if not rule.contains:
            return
        dates = {
            key: self._datasets.catalogues[key].date_field or "" for key in sorted(self.datasets_of(rule))
        }
        for row in self._records(rule):
            text = self._conn.scalar(
                select(t.value.c.text).where(
                    t.value.c.revision == row.revision, t.value.c.field == dates[row.dataset]
                )
            )
            day = date.fromisoformat(text).toordinal() if text else row.effective_from
            period = Period(day, FOREVER, row.known_from, self._end(row.known_to))
            yield Evidence(period, row.dataset, row.brought, row.record)

    def shortened_limits(self, rule: Rule) -> Iterator[Evidence]:
        """Yield the records one of whose time limits became shorter, from that day."""
        reader = StateReader(self._conn, self._datasets, self._instant)
        for states in reader.of_datasets(sorted(self.datasets_of(rule))):
            first: dict[tuple[int, int], int] = {}
            for before, after in product(states, states):
                interval = _known_together(before, after)
                is_named = rule.contains in after.record.catalogue.title_of(after.record.content)
                if interval and is_named and _is_shorter(before, after):
                    day = after.period.effective_from
                    first[interval] = min(day, first.get(interval, day))
            for interval, day in first.items():
                yield Evidence(Period(day, FOREVER, *interval), states[0].dataset, None, states[0].key)

    def ended_findings(self, rule: Rule) -> Iterator[Evidence]:
        """Yield the periods in which a finding that existed does not exist any more, or is an agreement."""
        c = f.finding.c
        rows = self._conn.execute(
            select(c.dataset, c.record, c.effective_from, c.effective_to, c.known_from, c.known_to)
            .where(c.id == storable(rule.finding), f.IS_PROBLEM, c.known_from <= self._instant)
            .order_by(c.known_from)
        ).all()
        instants = sorted({i for row in rows for i in (row.known_from, self._end(row.known_to))} | {FOREVER})
        for known_from, known_to in pairwise(instants):
            now = [row for row in rows if row.known_from <= known_from < self._end(row.known_to)]
            day = max(row.effective_to for row in now) if now else day_at(moment(known_from)).toordinal()
            if day < FOREVER:
                period = Period(day, FOREVER, known_from, known_to)
                yield Evidence(period, rows[0].dataset, None, rows[0].record)

    def links(self, rule: Rule) -> Iterator[Evidence]:
        """Yield the day on which a link shows the commitment done; without a day it shows nothing."""
        if rule.held_on is not None:
            yield Evidence(Period(rule.held_on, FOREVER, 0, FOREVER))

    def _records(self, rule: Rule) -> Sequence[Any]:
        is_named = contains(self._conn, _s.title, storable(rule.contains)) if rule.contains else true()
        return self._conn.execute(
            select(
                *(_s.dataset, _s.record, _s.revision, _s.brought),
                *(_s.effective_from, _s.effective_to, _s.known_from, _s.known_to),
            ).where(
                _s.dataset.in_(self.datasets_of(rule)),
                _s.status == "stated",
                _s.known_from <= self._instant,
                is_named,
            )
        ).all()

    def _end(self, known_to: int) -> int:
        return FOREVER if known_to > self._instant else known_to


_CONDITIONS: Mapping[Condition, Callable[[EvidenceReader, Rule], Iterator[Evidence]]] = {
    "发布": EvidenceReader.releases,
    "条目数": EvidenceReader.records,
    "文件": EvidenceReader.documents,
    "时限压缩": EvidenceReader.shortened_limits,
    "问题整改": EvidenceReader.ended_findings,
    "链接": EvidenceReader.links,
}


def _is_late_enough(evidence: Evidence, rule: Rule) -> bool:
    """Test whether an event is not before the rule's first day; records may be in force earlier."""
    if rule.condition == "条目数":
        return evidence.period.effective_to > rule.not_before
    return evidence.period.effective_from >= rule.not_before


def _cites(basis: str, number: str) -> bool:
    return any(one.standard == number for one in find_citations(basis))


def _known_together(before: CheckedState, after: CheckedState) -> tuple[int, int] | None:
    """Return from and until which instant both were known, the second following the first; None if never."""
    one, other = before.period, after.period
    known_from, known_to = max(one.known_from, other.known_from), min(one.known_to, other.known_to)
    return (
        (known_from, known_to) if one.effective_to == other.effective_from and known_from < known_to else None
    )


def _is_shorter(before: CheckedState, after: CheckedState) -> bool:
    for field in after.record.catalogue.fields:
        if field.type == "limit":
            was, is_ = (read_listed_limit(state.record.content.get(field.name)) for state in (before, after))
            if was and is_ and rule_by_which_longer(was, is_):
                return True
    return False

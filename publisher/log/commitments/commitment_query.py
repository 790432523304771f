"""Lists of commitments in a view, with the status that is derived for each and what is said about it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence, Set
from dataclasses import dataclass, field
from datetime import date, datetime
from itertools import batched
from typing import Any, Literal, NamedTuple

import msgspec
from sqlalchemy import ColumnElement, Connection, Select, and_, func, literal, select

from publisher.log.clocks import moment
from publisher.log.commitments.rules import COMMITMENTS, due_day, task_key
from publisher.log.commitments.statements import Statement, newest_first, newest_of_each, read_statements
from publisher.log.database import tables as t
from publisher.log.database.connection import among
from publisher.log.database.derived import commitment_tables as ct
from publisher.log.database.storable_text import storable
from publisher.log.model import LogError, View, most_frequent
from publisher.log.queries.point_in_time import Clocks
from publisher.log.queries.record_query import of_catalogue
from schemas.definition.catalogue import Content

type CommitmentStatus = Literal["done", "overdue", "undetermined"]
STATUSES: tuple[CommitmentStatus, ...] = ("done", "overdue", "undetermined")

_decode = msgspec.json.Decoder(dict[str, Any]).decode
_s, _v, _r, _d, _b, _c = t.span.c, t.revision.c, t.record.c, t.dataset.c, t.release.c, ct.commitment_status.c
_STATUS = func.coalesce(_c.status, "undetermined")
FACETS = ("plan", "section", "lead", "kind", "due_on")
"""Fields whose values are counted with a list."""
_BATCH = 500


class CommitmentQuery(msgspec.Struct, frozen=True):
    """Selection and page of commitments. Several values of a property are alternatives; none select all."""

    view: View = msgspec.field(default_factory=View)
    datasets: tuple[str, ...] | None = None
    """None: all."""
    plans: tuple[str, ...] = ()
    sections: tuple[str, ...] = ()
    bodies: tuple[str, ...] = ()
    """Lead bodies."""
    statuses: tuple[CommitmentStatus, ...] = ()
    due_from: date | None = None
    due_to: date | None = None
    """First and last day on which the deadline may be; both are included."""
    limit: int = 20
    after: int = 0
    """Key of the last commitment of the page before."""


@dataclass(frozen=True, slots=True)
class PublishedCommitment:
    key: int
    dataset: str
    id: str
    title: str
    content: Content = field(repr=False)
    release: int
    """Number of the release that brought its state."""
    status: CommitmentStatus
    done_on: date | None
    """First day on which all its evidence holds, which may be after the deadline."""
    known_from: datetime | None
    """Instant from which the status is known; None if it is undetermined."""
    due: date | None
    statements: tuple[Statement, ...]
    """Newest first."""
    contents: tuple[Content, ...] = field(default=(), repr=False)
    """Its content and those that it had before or will have, by which rules and statements name it too."""

    @property
    def is_disputed(self) -> bool:
        """Whether its newest statements, or one of them and the derived status, contradict each other.

        Done since a day contradicts only what says on that day or later that it is not done.
        """
        newest = newest_of_each(self.statements)
        done = [one.stated_on for one in newest if one.progress == "已完成"]
        not_done = [one for one in newest if one.progress not in ("已完成", "无法判断")]
        if done and any(one.stated_on >= min(done) for one in not_done):
            return True
        if self.done_on is None:
            return self.status == "overdue" and bool(done)
        # 逾期 agrees with a status that is overdue too, although it was done later.
        agrees = "逾期" if self.status == "overdue" else ""
        return any(one.stated_on >= self.done_on and one.progress != agrees for one in not_done)


class ValueCount(NamedTuple):
    """Number of commitments with a value and a status."""

    text: str
    status: CommitmentStatus
    number: int


class CommitmentPage(msgspec.Struct, frozen=True):
    commitments: tuple[PublishedCommitment, ...]
    counts: Mapping[CommitmentStatus, int]
    """Number of the commitments of the query, whatever its page, by status."""
    values: Mapping[str, Sequence[ValueCount]]
    """Field of :data:`FACETS` → its values in all commitments of the query, in the order of their first."""
    after: int | None

    def facet(self, field: str) -> tuple[tuple[str, int], ...]:
        """Return the 100 most frequent values of a field."""
        numbers: Counter[str] = Counter()
        for one in self.values[field]:
            numbers[one.text] += one.number
        return most_frequent(numbers)

    @property
    def total(self) -> int:
        return sum(self.counts.values())


class CommitmentBatch(NamedTuple):
    """A page without its counts, which cost more than a thousand commitments."""

    commitments: tuple[PublishedCommitment, ...]
    after: int | None


def find_page(conn: Connection, query: CommitmentQuery, clocks: Clocks) -> CommitmentPage:
    commitments, after = find_batch(conn, query, clocks)
    return CommitmentPage(commitments, *_count(conn, query, clocks), after)


def find_batch(conn: Connection, query: CommitmentQuery, clocks: Clocks) -> CommitmentBatch:
    rows = _select_commitments(query, clocks)
    fetched = conn.execute(rows.where(_r.key > query.after).order_by(_r.key).limit(query.limit + 1)).all()
    on_page = fetched[: query.limit]
    after = on_page[-1].key if len(fetched) > query.limit else None
    return CommitmentBatch(tuple(_build_commitments(conn, on_page, clocks)), after)


def find_keys(conn: Connection, query: CommitmentQuery, clocks: Clocks) -> Set[int]:
    """Return the keys of all commitments of a query, whatever its page."""
    return set(conn.scalars(_in_view(query, clocks)))


def find_by_keys(
    conn: Connection, keys: Collection[int], clocks: Clocks
) -> Mapping[int, PublishedCommitment]:
    rows = conn.execute(_select_commitments(CommitmentQuery(), clocks).where(among(conn, _r.key, keys))).all()
    return {one.key: one for one in _build_commitments(conn, rows, clocks)}


def _count(
    conn: Connection, query: CommitmentQuery, clocks: Clocks
) -> tuple[Mapping[CommitmentStatus, int], Mapping[str, Sequence[ValueCount]]]:
    """Count the commitments of a query by status, and by the values of each counted field and status."""
    spans = _in_view(query, clocks)
    grouped = spans.with_only_columns(_STATUS, func.count()).group_by(_STATUS)
    counts = {row[0]: row[1] for row in conn.execute(grouped).all()}
    own = t.value.alias("own")
    of_fields = and_(own.c.revision == _s.revision, own.c.field.in_(FACETS))
    by_value = (
        spans.join(own, of_fields)
        .with_only_columns(own.c.field, own.c.text, _STATUS, func.count(), func.min(_s.record))
        .group_by(own.c.field, own.c.text, _STATUS)
        .order_by(func.min(_s.record))
    )
    values: dict[str, list[ValueCount]] = {name: [] for name in FACETS}
    for name, text, status, number, _ in conn.execute(by_value).all():
        values[name].append(ValueCount(text, status, number))
    return {status: counts.get(status, 0) for status in STATUSES}, values


def find_one(conn: Connection, record: str, clocks: Clocks) -> PublishedCommitment:
    """Return a commitment in a view. Raises ``LogError('no-such-commitment')``."""
    rows = _select_commitments(CommitmentQuery(), clocks).where(_r.id == storable(record))
    for published in _build_commitments(conn, conn.execute(rows).all(), clocks):
        return published
    raise LogError("no-such-commitment", f"没有工作任务 {record}。", f"There is no commitment {record}.")


def _select_commitments(query: CommitmentQuery, clocks: Clocks) -> Select[Any]:
    return (
        _in_view(query, clocks)
        .join(t.revision, _v.key == _s.revision)
        .join(t.record, _r.key == _s.record)
        .join(t.release, _b.sequence == _s.brought)
        .where(_v.content.is_not(None))
        .with_only_columns(
            *(_r.key, _r.id, _d.name.label("dataset"), _v.content, _v.title, _b.number, _s.revision),
            *(_STATUS.label("status"), _c.done_on, _c.known_from),
        )
    )


def _in_view(query: CommitmentQuery, clocks: Clocks) -> Select[Any]:
    """Select the states of commitments in a view, with their derived status."""
    status = and_(_c.record == _s.record, clocks.in_view(_c))
    return (
        select(_s.record)
        .join_from(t.dataset, t.span, _s.dataset == _d.key)
        .outerjoin(ct.commitment_status, status)
        .where(of_catalogue(COMMITMENTS), _s.status == "stated", clocks.in_view(_s), *_conditions(query))
    )


def _conditions(query: CommitmentQuery) -> Iterator[ColumnElement[bool]]:
    if query.datasets is not None:
        yield _d.name.in_(tuple(map(storable, query.datasets)))
    for name, values in (("plan", query.plans), ("section", query.sections), ("lead", query.bodies)):
        if values:
            yield _has_value(name, t.value.c.text.in_(tuple(map(storable, values))))
    if query.statuses:
        yield _STATUS.in_(query.statuses)
    if query.due_from is not None:
        yield _has_value("due_on", t.value.c.text >= query.due_from.isoformat())
    if query.due_to is not None:
        yield _has_value("due_on", t.value.c.text <= query.due_to.isoformat())


def _has_value(name: str, condition: ColumnElement[bool]) -> ColumnElement[bool]:
    own = t.value.c
    return (
        select(literal(1))
        .where(own.revision == _s.revision, own.field == name, condition)
        .correlate(t.span)
        .exists()
    )


def _build_commitments(
    conn: Connection, rows: Sequence[Any], clocks: Clocks
) -> Iterator[PublishedCommitment]:
    others = _read_other_contents(conn, {row.key: row.revision for row in rows}, clocks)
    contents = {row.key: (_decode(row.content), *others.get(row.key, ())) for row in rows}
    texts = [str(one.get("task", "")) for own in others.values() for one in own]
    statements = read_statements(conn, clocks, [*(row.title for row in rows), *texts])
    for row in rows:
        own = contents[row.key]
        due = due_day(own[0])
        about = {task: statements.get(task, ()) for task in map(task_key, own)}
        yield PublishedCommitment(
            key=row.key,
            dataset=row.dataset,
            id=row.id,
            title=row.title,
            content=own[0],
            release=row.number,
            status=row.status,
            done_on=None if row.done_on is None else date.fromordinal(row.done_on),
            known_from=None if row.known_from is None else moment(row.known_from),
            due=None if due is None else date.fromordinal(due),
            statements=newest_first(one for each in about.values() for one in each if one.concerns(own)),
            contents=own,
        )


def _read_other_contents(
    conn: Connection, revisions: Mapping[int, int], clocks: Clocks
) -> Mapping[int, Sequence[Content]]:
    """Read the contents that commitments have on other days or had before they were corrected.

    ``revisions``: commitment → its revision in the view.
    """
    contents: dict[int, list[Content]] = {}
    select_others = (
        select(_s.record, _s.revision, _v.content)
        .join(t.revision, _v.key == _s.revision)
        .where(_s.status == "stated", _s.known_from <= clocks.instant, _v.content.is_not(None))
        .order_by(_s.sequence)
    )
    for keys in batched(revisions, _BATCH):
        for row in conn.execute(select_others.where(_s.record.in_(keys))).all():
            if row.revision != revisions[row.record]:
                contents.setdefault(row.record, []).append(_decode(row.content))
    return contents

"""Comparison of two states of a dataset in the database: only differences are fetched."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from itertools import batched
from typing import Any, Literal

import msgspec
from sqlalchemy import (
    ColumnElement,
    Connection,
    FromClause,
    Select,
    and_,
    case,
    exists,
    false,
    func,
    literal,
    or_,
    select,
)

from publisher.log import registry
from publisher.log.database import tables as t
from publisher.log.database.connection import among, stream
from publisher.log.field_changes import compare_states
from publisher.log.model import ChangeKind, FieldChange
from publisher.log.queries import history
from publisher.log.queries.point_in_time import Clocks
from publisher.log.registry import DatasetRow, find_parts
from publisher.log.releases.bitemporal_spans import count_in_force
from publisher.log.releases.release_rows import cancelled_releases
from schemas.definition.catalogue import Content

type DifferenceKind = Literal["added", "changed", "renamed", "removed", "withdrawn", "erased"]
DIFFERENCE_KINDS: tuple[DifferenceKind, ...] = (
    "added",
    "changed",
    "renamed",
    "removed",
    "withdrawn",
    "erased",
)
_BATCH = 500
_decode = msgspec.json.Decoder(dict[str, Any]).decode
_s, _r, _c, _b = t.span.c, t.record.c, t.change.c, t.release.c


class Step(msgspec.Struct, frozen=True):
    """A published change between the two states."""

    release: int
    kind: ChangeKind
    cause: str
    effective_on: date
    basis: str
    reason: str


class Difference(msgspec.Struct, frozen=True):
    """One record that is in force in only one of the states, or differs between them."""

    key: int
    """Sort key of differences, and position of a page's end."""
    record: str
    kind: DifferenceKind
    title: str
    title_before: str
    part: str | None
    part_before: str | None
    before: Content | None
    after: Content | None
    """Content in each of the states; None if not in force in it, or erased since."""
    fields: tuple[FieldChange, ...] = ()
    steps: tuple[Step, ...] = ()


class Totals(msgspec.Struct, frozen=True):
    """Numbers of records in force before and after, and of differences by kind."""

    before: int
    after: int
    unchanged: int
    kinds: Mapping[DifferenceKind, int] = msgspec.field(default_factory=dict)
    """Contains every kind, also with 0."""


type CountsByPart = Mapping[str | None, Mapping[DifferenceKind, int]]
"""Part → kind → number of differences; None: records without a part."""


class StateComparison:
    """The statement that compares two views of a dataset."""

    def __init__(self, conn: Connection, dataset: DatasetRow, before: Clocks, after: Clocks) -> None:
        self._conn, self._dataset, self._before, self._after = conn, dataset, before, after
        self._differing_spans = self._join_differing_spans()
        self._split_cancelled_releases()

    def totals(self) -> Totals:
        kind = self._kind()
        rows = self._conn.execute(
            select(kind.label("kind"), func.count())
            .select_from(self._differing_spans)
            .where(self._differs())
            .group_by(kind)
        ).all()
        kinds: dict[DifferenceKind, int] = dict.fromkeys(DIFFERENCE_KINDS, 0)
        kinds.update({row[0]: row[1] for row in rows})
        # Totals exclude erased records.
        before, after = self._in_force(self._before), self._in_force(self._after)
        unchanged = after - kinds["added"] - kinds["changed"] - kinds["renamed"]
        return Totals(before, after, unchanged, kinds)

    def _in_force(self, clocks: Clocks) -> int:
        return count_in_force(self._conn, self._dataset.key, day=clocks.day, instant=clocks.instant)

    def count_by_part(self) -> CountsByPart:
        kind, part = self._kind(), self._part()
        rows = self._conn.execute(
            select(kind.label("kind"), part.label("part"), func.count().label("number"))
            .select_from(self._differing_spans)
            .where(self._differs())
            .group_by(kind, part)
        ).all()
        names = registry.part_names(self._conn, self._dataset.key)
        counts_by_part: dict[str | None, dict[DifferenceKind, int]] = {}
        for row in rows:
            counts = counts_by_part.setdefault(names.get(row.part), dict.fromkeys(DIFFERENCE_KINDS, 0))
            counts[row.kind] += row.number
        return dict(sorted(counts_by_part.items(), key=lambda item: (-sum(item[1].values()), item[0] or "")))

    def differences(
        self,
        places: Mapping[str, int],
        kinds: Sequence[DifferenceKind],
        parts: Sequence[str],
        past: int,
        limit: int | None,
    ) -> Iterator[Difference]:
        """Yield the differences. ``places``: of the fields of both states, in order."""
        names = registry.part_names(self._conn, self._dataset.key)
        query = self._rows(past)
        if kinds:
            query = query.where(self._kind().in_(kinds))
        if parts:
            query = query.where(self._part().in_(find_parts(self._conn, parts, dataset=self._dataset.key)))
        if limit is not None:
            query = query.limit(limit)
        for batch in batched(stream(self._conn, query), _BATCH):
            steps = self._steps([row.key for row in batch])
            for row in batch:
                yield _difference(row, names, places, steps.get(row.key, ()))

    # --- the statement ----------------------------------------------------------------------------

    def _join_differing_spans(self) -> FromClause:
        """Join the records whose spans differ, one row with both spans each. Sets the columns of the join."""
        in_before, in_after = self._before.in_view(_s), self._after.in_view(_s)
        count_before, count_after = case((in_before, 1), else_=0), case((in_after, 1), else_=0)

        def column_of(state: ColumnElement[bool], column: ColumnElement[Any]) -> ColumnElement[Any]:
            return func.max(case((state, column)))

        differing = (
            select(
                _s.record,
                column_of(in_before, _s.status).label("status_before"),
                column_of(in_after, _s.status).label("status_after"),
                column_of(in_before, _s.revision).label("revision_before"),
                column_of(in_after, _s.revision).label("revision_after"),
                column_of(in_before, _s.part).label("part_before"),
                column_of(in_after, _s.part).label("part_after"),
            )
            .where(_s.dataset == self._dataset.key, count_before != count_after)
            .group_by(_s.record)
            .subquery("differing")
        )
        self._differing = differing.c
        self._old, self._new = t.revision.alias("old").c, t.revision.alias("new").c
        self._part_old, self._part_new = t.part.alias("part_old").c, t.part.alias("part_new").c
        return (
            differing.join(t.record, _r.key == self._differing.record)
            .outerjoin(self._old.key.table, self._old.key == self._differing.revision_before)
            .outerjoin(self._new.key.table, self._new.key == self._differing.revision_after)
            .outerjoin(self._part_old.key.table, self._part_old.key == self._differing.part_before)
            .outerjoin(self._part_new.key.table, self._part_new.key == self._differing.part_after)
        )

    def _differs(self) -> ColumnElement[bool]:
        """Condition: in force in one state only, or in both with other content or another part; or erased."""
        in_force_before = func.coalesce(self._differing.status_before, "") == "stated"
        in_force_after = func.coalesce(self._differing.status_after, "") == "stated"
        # A merged part counts as the part that it was merged into, in every view.
        part_old = func.coalesce(self._part_old.merged_into, self._part_old.key, 0)
        part_new = func.coalesce(self._part_new.merged_into, self._part_new.key, 0)
        return or_(
            and_(or_(in_force_before, in_force_after), ~and_(in_force_before, in_force_after)),
            and_(
                in_force_before,
                in_force_after,
                or_(self._old.content != self._new.content, part_old != part_new),
            ),
            and_(
                _r.erased_by.is_not(None),
                func.coalesce(self._differing.revision_before, 0)
                != func.coalesce(self._differing.revision_after, 0),
            ),
        )

    def _kind(self) -> ColumnElement[Any]:
        return case(
            (_r.erased_by.is_not(None), "erased"),
            (func.coalesce(self._differing.status_before, "") != "stated", "added"),
            (self._differing.status_after == "withdrawn", "withdrawn"),
            (func.coalesce(self._differing.status_after, "") != "stated", "removed"),
            (self._was_renamed(), "renamed"),
            else_="changed",
        )

    def _part(self) -> ColumnElement[Any]:
        """Key of :attr:`Difference.part`."""
        now = func.coalesce(self._differing.status_after, "") == "stated"
        return case((now, self._differing.part_after), else_=self._differing.part_before)

    def _split_cancelled_releases(self) -> None:
        """Find the changes that lead from neither state to the other, and the releases that are undone.

        The later state has nothing of a release whose cancellation it knows, nor of corrections of what that
        release states. The cancellation counts if the earlier state has something of that release.
        """
        before, after = self._before, self._after
        cancelled_by: dict[int, int] = {}
        without_effect: list[int] = []
        self._undone: list[int] = []
        for one in cancelled_releases(self._conn, after.instant, _b.dataset == self._dataset.key):
            cancelled_by[one.sequence] = one.cancelled_by
            if one.published_at <= before.instant < one.cancelled_at and one.effective_on <= before.day:
                self._undone.append(one.sequence)
            else:
                without_effect.append(one.cancelled_by)
        self._without_effect: ColumnElement[bool] = false()
        if cancelled_by:
            self._without_effect = or_(
                among(self._conn, _b.sequence, (*cancelled_by, *without_effect)),
                self._corrects_cancelled(cancelled_by),
            )

    def _corrects_cancelled(self, cancelled_by: Mapping[int, int]) -> ColumnElement[bool]:
        """Condition: corrections on days of a change by a release that was cancelled after them.

        ``cancelled_by``: release → the one that cancels it. The latter restored these days.
        """
        cancelled = t.change.alias("cancelled").c
        corrected = exists().where(
            cancelled.record == _c.record,
            among(self._conn, cancelled.release, cancelled_by),
            cancelled.release < _c.release,
            _c.release < case(dict(cancelled_by), value=cancelled.release),
            cancelled.effective_from <= _c.effective_from,
            cancelled.effective_to >= _c.effective_to,
        )
        return and_(_c.kind == "corrected", corrected)

    def _was_renamed(self) -> ColumnElement[bool]:
        query = select(_c.sequence).join_from(t.change, t.release, _b.sequence == _c.release)
        renamed_back = and_(
            among(self._conn, _b.sequence, self._undone),
            _c.effective_from <= self._before.day,
            _c.effective_from <= self._after.day,
        )
        return query.where(
            _c.record == self._differing.record,
            _c.kind == "renamed",
            or_(self._between(), renamed_back) if self._undone else self._between(),
        ).exists()

    def _between(self) -> ColumnElement[bool]:
        """Condition: changes that are part of the later state, but not of the earlier one."""
        in_after = and_(_b.published_at <= self._after.instant, _c.effective_from <= self._after.day)
        in_before = and_(_b.published_at <= self._before.instant, _c.effective_from <= self._before.day)
        return and_(in_after, ~in_before, ~self._without_effect)

    def _rows(self, past: int) -> Select[Any]:
        """Select the differing records after the key ``past``."""
        differing = self._differing
        return (
            select(
                *(differing.record.label("key"), _r.id, _r.erased_by, self._kind().label("kind")),
                *(
                    differing.part_before,
                    differing.part_after,
                    differing.status_before,
                    differing.status_after,
                ),
                *(self._old.title.label("title_before"), self._new.title.label("title_after")),
                *(self._old.content.label("content_before"), self._new.content.label("content_after")),
            )
            .select_from(self._differing_spans)
            .where(self._differs(), differing.record > literal(past, t.Integer64))
            .order_by(differing.record)
        )

    def _steps(self, records: Sequence[int]) -> Mapping[int, tuple[Step, ...]]:
        steps_by_record: dict[int, list[Step]] = {}
        query = (
            select(_c.record, _c.kind, _c.cause, _c.effective_from, _b.number, _b.basis, _b.note)
            .join_from(t.change, t.release, _b.sequence == _c.release)
            .where(_c.record.in_(records), self._between())
            .order_by(_c.sequence)
        )
        for row in self._conn.execute(query).all():
            reason = row.note if row.kind in history.WITH_REASON else ""
            day = date.fromordinal(row.effective_from)
            steps_by_record.setdefault(row.record, []).append(
                Step(row.number, row.kind, row.cause, day, row.basis, reason)
            )
        return {record: tuple(steps) for record, steps in steps_by_record.items()}


def _difference(
    row: Any, parts: Mapping[int, str], order: Mapping[str, int], steps: tuple[Step, ...]
) -> Difference:
    erased = row.erased_by is not None
    in_force_before, in_force_after = row.status_before == "stated", row.status_after == "stated"
    before = _decode(row.content_before) if in_force_before and not erased else None
    after = _decode(row.content_after) if in_force_after and not erased else None
    part_before, part = parts.get(row.part_before), parts.get(row.part_after)
    return Difference(
        key=row.key,
        record=row.id,
        kind=row.kind,
        title="" if erased else (row.title_after if in_force_after else row.title_before) or "",
        title_before="" if erased or not in_force_before else row.title_before or "",
        part=part if in_force_after else part_before,
        part_before=part_before if in_force_before else None,
        before=before,
        after=after,
        fields=compare_states(before, after, order, parts=(part_before, part)),
        steps=steps,
    )

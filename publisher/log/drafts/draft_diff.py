"""Differences between a draft and the state in force: the plan as changes and counts."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import date, datetime
from typing import Any

import msgspec
from sqlalchemy import Connection, and_, func, select, update

from publisher.log import registry
from publisher.log.database import tables as t
from publisher.log.database.connection import Database, among, json_text
from publisher.log.database.temporary_tables import CHANGE_KINDS, plan
from publisher.log.drafts import staging
from publisher.log.drafts.plan import fetch_rows_in_error, locate_in_file
from publisher.log.drafts.publication_plan import plan_publication
from publisher.log.drafts.repeals import REPEAL_SIGN, find_proposals
from publisher.log.field_changes import compare_states
from publisher.log.model import Change, Conflict, DraftDiff, OnConflict, SheetCounts
from publisher.log.registry import DatasetRow
from publisher.log.transparency import successions
from schemas.definition.catalogue import Catalogue

_decode = msgspec.json.Decoder(dict[str, Any]).decode
_COUNT_NAMES = {
    "added": "added",
    "changed": "changed",
    "removed": "removed",
    "same": "unchanged",
    "stays": "unchanged",
}
_IN_CONFLICT = "conflict"
_COUNT_REMOVED_BEFORE_EFFECT = (
    select(func.count()).select_from(plan).where(plan.c.kind == "removed", plan.c.status.is_(None))
)
_COUNT_MARKED = (
    select(func.count())
    .join_from(plan, t.import_, t.import_.c.key == plan.c["import"])
    .where(plan.c.kind == "changed", t.import_.c.detected_by == REPEAL_SIGN)
)


def compute_diff(
    database: Database,
    conn: Connection,
    dataset: DatasetRow,
    catalogue: Catalogue,
    *,
    effective_on: date,
    on_conflict: OnConflict,
    without_errors: bool,
    limit: int | None,
    parts: Sequence[str] | None = None,
    now: datetime,
) -> DraftDiff:
    """Compute the differences of the draft, or of the parts of it that have imports.

    Raises ``LogError``: ``no-draft``, ``no-such-part``.
    """
    day = effective_on.toordinal()
    chosen = None if parts is None else staging.draft_imports(conn, dataset, parts)
    _, errors, warnings, _ = plan_publication(
        database, conn, dataset, catalogue, day=day, on_conflict=on_conflict, imports=chosen
    )
    if catalogue.running:
        _keep_back(conn, errors)
    leaves_out = without_errors or staging.leaves_out_errors(conn, dataset, parts)
    builder = _ChangeBuilder(
        dataset=dataset.name,
        release=successions.next_number(conn, dataset.key),
        now=now,
        parts=registry.part_names(conn, dataset.key),
        order={field.name: n for n, field in enumerate(catalogue.fields)},
    )
    counts = dict.fromkeys(("added", "changed", "removed", "unchanged", "in_error"), 0)
    for kind, count in conn.execute(select(plan.c.kind, func.count()).group_by(plan.c.kind)).all():
        counts[_COUNT_NAMES.get(kind, "in_error")] += count
    if leaves_out:
        errors = [error for error in errors if error.code != "rows-in-error"]
    if leaves_out and catalogue.running and any(counts[kind] for kind in CHANGE_KINDS):
        # They prevent the publication of nothing else. Without any change, there is nothing to publish.
        warnings = [*(error for error in errors if error.entries), *warnings]
        errors = [error for error in errors if not error.entries]
    return DraftDiff(
        added=builder.changes(conn, "added", limit),
        changed=builder.changes(conn, "changed", limit),
        removed=builder.changes(conn, "removed", limit),
        conflicts=tuple(errors),
        warnings=tuple(warnings),
        counts=counts,
        removed_before_effect=conn.scalar(_COUNT_REMOVED_BEFORE_EFFECT) or 0,
        left_out=tuple(_places_left_out(conn)) if leaves_out else (),
        sheets=tuple(_count_by_sheet(conn, builder.parts)),
        marked=conn.scalar(_COUNT_MARKED) or 0,
        repeals=tuple(
            proposal
            for proposal in find_proposals(conn, dataset, catalogue, day=day)
            if proposal.state == "proposed"
        ),
    )


def _keep_back(conn: Connection, errors: Sequence[Conflict]) -> None:
    """Mark rows in conflict, which the publication of a running catalogue keeps back or leaves out."""
    by_import: dict[int, list[int]] = {}
    for key, position in {entry for error in errors for entry in error.entries}:
        by_import.setdefault(key, []).append(position)
    for key, positions in by_import.items():
        in_conflict = (plan.c["import"] == key, among(conn, plan.c.position, positions))
        conn.execute(update(plan).where(*in_conflict).values(kind=_IN_CONFLICT))


def _places_left_out(conn: Connection) -> Iterator[Mapping[str, Any]]:
    for row in fetch_rows_in_error(conn, _IN_CONFLICT):
        yield {**locate_in_file(row), "reason": row.kind}


def _count_by_sheet(conn: Connection, parts: Mapping[int, str]) -> Iterator[SheetCounts]:
    p, e = plan.c, t.draft_entry.c
    sheet = json_text(conn, e.locator, "sheet").label("sheet")
    groups = (t.import_.c.key, t.import_.c.name, t.import_.c.part, sheet)
    rows = conn.execute(
        select(*groups, p.kind, func.count())
        .select_from(plan)
        .join(t.import_, t.import_.c.key == p["import"])
        .outerjoin(t.draft_entry, and_(e["import"] == p["import"], e.position == p.position))
        .group_by(*groups, p.kind)
    ).all()
    counts_by_sheet: dict[tuple[Any, ...], dict[str, int]] = {}
    for *group, kind, count in rows:
        counts = counts_by_sheet.setdefault(tuple(group), {})
        name = _COUNT_NAMES.get(kind, "in_error")
        counts[name] = counts.get(name, 0) + count
    for (_, name, part, sheet_name), counts in counts_by_sheet.items():
        yield SheetCounts(file=name, part=parts.get(part), sheet=sheet_name, counts=counts)


class _ChangeBuilder:
    """Converts rows of the plan to changes of the next release."""

    def __init__(
        self,
        *,
        dataset: str,
        release: int,
        now: datetime,
        parts: Mapping[int, str],
        order: Mapping[str, int],
    ) -> None:
        self._dataset, self._release, self._now = dataset, release, now
        self.parts, self._order = parts, order

    def changes(self, conn: Connection, kind: str, limit: int | None) -> tuple[Change, ...]:
        p, e, v = plan.c, t.draft_entry.c, t.revision.c
        query = (
            select(
                *(p.kind, p.cause, p.status, p.part, p.before_part, p.title, p.identity, p.effective_from),
                t.record.c.id,
                *(e.content, e.hash, v.content.label("content_before")),
            )
            .select_from(plan)
            .outerjoin(t.draft_entry, and_(e["import"] == p["import"], e.position == p.position))
            .outerjoin(t.record, t.record.c.key == p.record)
            .outerjoin(t.revision, v.key == p.before)
            .where(p.kind == kind)
            .order_by(p["import"], p.position, p.title, p.record)
            .limit(limit)
        )
        return tuple(self._change(row) for row in conn.execute(query).all())

    def _change(self, row: Any) -> Change:
        replaces = row.status == "stated" or row.kind == "removed"
        before = _decode(row.content_before) if replaces and row.content_before is not None else None
        after = None if row.content is None else _decode(row.content)
        part = self.parts.get(row.part)
        return Change(
            sequence=0,
            dataset=self._dataset,
            release=self._release,
            record=row.id or row.identity,
            kind=row.kind,
            cause=row.cause,
            title=row.title,
            part=part,
            effective_on=date.fromordinal(row.effective_from),
            published_at=self._now,
            revision=row.hash,
            before=before,
            after=after,
            fields=compare_states(before, after, self._order, parts=(self.parts.get(row.before_part), part)),
        )

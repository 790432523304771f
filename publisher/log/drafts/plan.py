"""The plan: changes of a draft against the state on its day, computed by set-based SQL statements."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec
from sqlalchemy import (
    ColumnElement,
    Connection,
    Select,
    and_,
    case,
    exists,
    false,
    func,
    insert,
    literal,
    null,
    or_,
    select,
    true,
    update,
)

from publisher.log.clocks import FOREVER
from publisher.log.database import tables as t
from publisher.log.database.connection import Database, among
from publisher.log.database.held_records import REREAD_SIGN
from publisher.log.database.temporary_tables import create_empty, plan
from publisher.log.model import OnConflict


class Window(msgspec.Struct, frozen=True):
    """An import of the draft, in effect from the draft's day until ``effective_to``."""

    key: int
    part: int | None
    family: tuple[int, ...]
    """The part and the parts merged into it; empty if the dataset has no parts."""
    mode: str
    effective_to: int = FOREVER
    reread: bool = False
    """Whether it is a stored file that was read again: every change has the cause ``reading``."""


def fill_plan(
    database: Database,
    conn: Connection,
    dataset: int,
    windows: Sequence[Window],
    *,
    day: int,
    on_conflict: OnConflict,
) -> None:
    """Fill the table ``plan`` with the change that every row of the draft makes on ``day``."""
    create_empty(conn, plan)
    names = [column.name for column in plan.c]
    for window in windows:
        conn.execute(insert(plan).from_select(names, _select_rows(dataset, window, day)))
    database.analyze(conn, plan, t.draft_entry)
    if on_conflict == "replace":
        # A harvest has thousands of imports in few parts.
        for part, family in {window.part: window.family for window in windows}.items():
            _override_later(conn, part, family, day)
    snapshots = [window for window in windows if window.mode == "snapshot"]
    for window in snapshots:
        removed = _select_removed(dataset, window, day)
        if on_conflict == "replace":
            removed = _select_removed_later(dataset, window, snapshots, day)
        conn.execute(insert(plan).from_select(names, removed))
    if on_conflict == "keep":
        _stop_before_later(conn, day)


def fetch_rows_in_error(conn: Connection, *others: str) -> Sequence[Any]:
    """Fetch kinds, locators and file names of the plan's rows in error, in the order of the files.

    ``others``: kinds of rows that are fetched besides.
    """
    p, e = plan.c, t.draft_entry.c
    return conn.execute(
        select(p.kind, e.locator, t.import_.c.name)
        .join_from(plan, t.draft_entry, and_(e["import"] == p["import"], e.position == p.position))
        .join(t.import_, t.import_.c.key == p["import"])
        .where(p.kind.in_(("error", *others)))
        .order_by(p["import"], p.position)
    ).all()


def select_planned_rows(conn: Connection, windows: Sequence[Window], *kinds: str) -> Select[Any]:
    """Select the rows of the draft that the plan has with one of these kinds, in the order of the files."""
    e, i = t.draft_entry.c, t.import_.c
    return (
        select(e["import"], e.position, e.identity, e.content, e.locator, e.title, i.name, i.part)
        .select_from(plan)
        # From the plan to its rows: with an inner join SQLite scans the plan for each row of the draft.
        .outerjoin(t.draft_entry, and_(e["import"] == plan.c["import"], e.position == plan.c.position))
        .join(t.import_, i.key == plan.c["import"])
        .where(plan.c.kind.in_(kinds), among(conn, plan.c["import"], (w.key for w in windows)))
        .order_by(plan.c["import"], plan.c.position)
    )


def locate_in_file(row: Any) -> dict[str, Any]:
    """Return the locator of a row of the draft with the name of its file."""
    return {"file": row.name, **msgspec.json.decode(row.locator)}


def on_day(span: Any, day: int) -> ColumnElement[bool]:
    """Condition of the span on a day, as known now."""
    return and_(span.known_to == FOREVER, span.effective_from <= day, span.effective_to > day)


def withdrawn_by_cancellation(span: Any) -> ColumnElement[bool]:
    """Condition of a withdrawn span whose record was never in force on its days: its release was cancelled.

    A file may bring the record back. One that was withdrawn by hand stays so, also where a cancellation wrote
    that state again.
    """
    c = t.change.c
    cancellations = select(t.release.c.sequence).where(t.IS_CANCELLATION)
    by_hand = exists().where(c.record == span.record, c.kind == "withdrawn", c.release.not_in(cancellations))
    return and_(span.brought.in_(cancellations), ~by_hand)


def continues(span: Any) -> ColumnElement[bool]:
    """Condition of a span that begins no new state: a cancellation brought it, and the record is withdrawn or
    has the same content as on the day before.
    """
    before = t.span.alias("before").c
    same = exists().where(
        before.record == span.record,
        before.known_to == FOREVER,
        before.effective_to == span.effective_from,
        before.status == span.status,
        before.revision == span.revision,
        before.part.is_not_distinct_from(span.part),
    )
    cancellations = select(t.release.c.sequence).where(t.IS_CANCELLATION)
    return and_(span.brought.in_(cancellations), or_(span.status == "withdrawn", same))


def _select_rows(dataset: int, window: Window, day: int) -> Select[Any]:
    """Select the rows of a file, as columns in the order of the table ``plan``."""
    e, r, s, v = t.draft_entry.c, t.record.c, t.span.c, t.revision.c
    same_part = in_family(s.part, window.family)
    same_text = v.content == e.content
    kind = case(
        (e.in_error, "error"),
        (s.status.is_(None), "added"),
        (and_(s.status == "withdrawn", same_text, ~withdrawn_by_cancellation(s)), "stays"),
        (s.status != "stated", "added"),
        (and_(same_text, same_part), "same"),
        else_="changed",
    )
    reading = and_(
        s.status == "stated", v.content != e.content, e.source_text != "", e.source_text == v.source_text
    )
    return (
        select(
            e["import"],
            e.position,
            e.identity,
            r.key,
            kind,
            literal("reading") if window.reread else case((reading, "reading"), else_="source"),
            case((and_(s.status == "stated", same_text), false()), else_=true()),
            s.status,
            s.revision,
            s.revision,
            literal(window.part, t.Integer64) if window.part is not None else null(),
            s.part,
            literal(day, t.Integer64),
            literal(window.effective_to, t.Integer64),
            e.title,
        )
        .select_from(
            t.draft_entry.outerjoin(t.record, and_(r.dataset == dataset, r.identity == e.identity))
            .outerjoin(t.span, and_(s.record == r.key, on_day(s, day)))
            .outerjoin(t.revision, v.key == s.revision)
        )
        .where(e["import"] == window.key)
    )


def _select_removed(dataset: int, window: Window, day: int) -> Select[Any]:
    """Select records of the part that are in force on the day and missing from its file."""
    s = t.span.c
    first, end = literal(day, t.Integer64), literal(window.effective_to, t.Integer64)
    return _select_removals(dataset, window, day, first, end).where(on_day(s, day))


def _select_removed_later(dataset: int, window: Window, replacing: Sequence[Window], day: int) -> Select[Any]:
    """Select records of the part, in force on the day or later, that are missing from its file.

    They are removed for good, except from the days on which they belong to a part that has no new list among
    ``replacing``: items move between parts. Those that only a replaced state contains never come into force.
    """
    s, other = t.span.c, t.span.alias("other").c
    replaced = sorted({part for one in replacing for part in one.family})
    is_own = func.coalesce(in_family(other.part, replaced), false())
    same_record = (other.record == s.record, other.known_to == FOREVER, other.status == "stated")
    begins = select(func.max(other.effective_from)).where(*same_record, other.effective_to > day)
    before = begins.where(other.effective_from < s.effective_from)
    own_before, moved_here = before.where(is_own).scalar_subquery(), before.where(~is_own).scalar_subquery()
    moves_away = (
        select(func.min(other.effective_from))
        .where(*same_record, ~is_own, other.effective_from > s.effective_from)
        .scalar_subquery()
    )
    is_first = func.coalesce(own_before, -1) <= func.coalesce(moved_here, -1)
    first = case((moved_here.is_not(None), s.effective_from), else_=literal(day, t.Integer64))
    end = func.coalesce(moves_away, literal(FOREVER, t.Integer64))
    removals = _select_removals(dataset, window, day, first, end)
    return removals.where(s.known_to == FOREVER, s.effective_to > day, is_first)


def _select_removals(dataset: int, window: Window, day: int, first: Any, end: Any) -> Select[Any]:
    """Select a removal for each state of the part whose record its file lacks, as columns of ``plan``."""
    s = t.span.c
    return select(
        literal(window.key, t.Integer64),
        null(),
        null(),
        s.record,
        literal("removed"),
        literal("reading" if window.reread else "source"),
        false(),
        case((on_day(s, day), s.status)),
        s.revision,
        s.revision,
        s.part,
        s.part,
        first,
        end,
        s.title,
    ).where(
        s.dataset == dataset,
        s.status == "stated",
        in_family(s.part, window.family),
        ~exists().where(plan.c.record == s.record, plan.c.position.is_not(None)),
    )


def _override_later(conn: Connection, part: int | None, family: tuple[int, ...], day: int) -> None:
    """Mark records as changed that are equal on the day but have a later state of other text or part."""
    s = t.span.c
    in_part = func.coalesce(in_family(s.part, family), false())
    replaced = (
        select(s.revision)
        .where(
            s.record == plan.c.record,
            s.known_to == FOREVER,
            s.effective_from > day,
            or_(s.status != "stated", s.revision != plan.c.revision, ~in_part),
        )
        .order_by(s.effective_from)
        .limit(1)
        .scalar_subquery()
    )
    conn.execute(
        update(plan)
        .where(plan.c.part.is_not_distinct_from(part), plan.c.kind == "same", replaced.is_not(None))
        .values(kind="changed", before=replaced)
    )


def _stop_before_later(conn: Connection, day: int) -> None:
    """End each change on the day before the next later state of its record."""
    s = t.span.c
    boundary = (
        select(func.min(s.effective_from))
        .where(s.record == plan.c.record, s.known_to == FOREVER, s.effective_from > day, ~continues(s))
        .scalar_subquery()
    )
    conn.execute(
        update(plan)
        .where(plan.c.record.is_not(None), boundary < plan.c.effective_to)
        .values(effective_to=boundary)
    )


def find_windows(
    conn: Connection, dataset: int, imports: Sequence[Any], *, day: int, on_conflict: OnConflict
) -> tuple[tuple[Window, ...], int | None]:
    """Return the imports with their periods, and a day; None if there is no such day.

    It is the first one after ``day`` on which published content begins or ends, of the parts whose whole list
    (a snapshot) is among the imports.
    """
    by_part = families(conn, dataset)
    windows: list[Window] = []
    first: int | None = None
    for row in imports:
        family = by_part[row.part]
        later = _find_later_state(conn, dataset, family, day) if row.mode == "snapshot" else None
        if later is not None:
            first = later if first is None else min(first, later)
        up_to = later if later is not None and on_conflict == "keep" else FOREVER
        reread = row.detected_by == REREAD_SIGN
        windows.append(Window(row.key, row.part, family, row.mode, up_to, reread))
    return tuple(windows), first


def _find_later_state(conn: Connection, dataset: int, family: tuple[int, ...], day: int) -> int | None:
    days = [_find_later_import(conn, dataset, family, day)]
    s = t.span.c
    later_in_dataset = exists().where(s.dataset == dataset, s.known_to == FOREVER, s.effective_from > day)
    if conn.scalar(select(later_in_dataset)):
        # An erased state cannot be removed by a file.
        of_part = [
            s.dataset == dataset,
            s.known_to == FOREVER,
            in_family(s.part, family),
            s.status != "erased",
        ]
        next_span = t.span.alias("next").c
        is_continued = exists().where(
            next_span.record == s.record,
            next_span.known_to == FOREVER,
            next_span.effective_from == s.effective_to,
            continues(next_span),
        )
        days.append(
            conn.scalar(
                select(func.min(s.effective_from)).where(*of_part, s.effective_from > day, ~continues(s))
            )
        )
        days.append(
            conn.scalar(
                select(func.min(s.effective_to)).where(
                    *of_part, s.effective_to > day, s.effective_to < FOREVER, ~is_continued
                )
            )
        )
    return min((d for d in days if d is not None), default=None)


def _find_later_import(conn: Connection, dataset: int, family: tuple[int, ...], day: int) -> int | None:
    """Find the first later day on which a file of the part took effect, with or without changes."""
    i, j = t.import_.c, t.import_.alias("newer").c
    superseded = exists().where(
        in_family(j.part, family),
        j.dataset == dataset,
        j.mode == "snapshot",
        j.release > i.release,
        j.effective_from <= i.effective_from,
        j.effective_to > i.effective_from,
    )
    first_day: int | None = conn.scalar(
        select(func.min(i.effective_from)).where(
            and_(i.dataset == dataset, in_family(i.part, family), i.mode == "snapshot"),
            i.release.is_not(None),
            i.effective_from > day,
            ~superseded,
        )
    )
    return first_day


def in_family(column: ColumnElement[Any], family: Sequence[int]) -> ColumnElement[bool]:
    """Condition of the parts of a family; of an empty family: without a part."""
    return column.in_(family) if family else column.is_(None)


def families(conn: Connection, dataset: int) -> Mapping[int | None, tuple[int, ...]]:
    """Map each part that is not merged to itself and the parts merged into it.

    None, for a dataset without parts, is mapped to no part.
    """
    rows = conn.execute(
        select(t.part.c.key, func.coalesce(t.part.c.merged_into, t.part.c.key)).where(
            t.part.c.dataset == dataset
        )
    ).all()
    members: dict[int | None, tuple[int, ...]] = {None: ()}
    for key, into in rows:
        members[into] = (*members.get(into, ()), key)
    return members

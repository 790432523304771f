"""Which later states a draft would meet: how long what it says would hold."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, and_, exists, func, select

from publisher.store import tables as t
from publisher.store.clocks import FOREVER
from publisher.store.model import OnConflict
from publisher.store.plan import Window, families, in_family


def windows(
    conn: Connection, dataset: int, imports: Sequence[Any], *, day: int, on_conflict: OnConflict
) -> tuple[tuple[Window, ...], int | None]:
    """The draft's imports, and the first later day on which one of their parts has a state already."""
    by_part = families(conn, dataset)
    result: list[Window] = []
    first: int | None = None
    for row in imports:
        family = by_part[row.part]
        later = _later_state(conn, dataset, family, day) if row.mode == "snapshot" else None
        if later is not None:
            first = later if first is None else min(first, later)
        up_to = later if later is not None and on_conflict == "keep" else FOREVER
        result.append(Window(row.key, row.part, family, row.mode, up_to))
    return tuple(result), first


def _later_state(conn: Connection, dataset: int, family: tuple[int, ...], day: int) -> int | None:
    days = [_later_import(conn, dataset, family, day)]
    s = t.span.c
    later_in_dataset = exists().where(s.dataset == dataset, s.known_to == FOREVER, s.effective_from > day)
    if conn.scalar(select(later_in_dataset)):
        # What was erased is no state that a file could take away.
        held = [s.dataset == dataset, s.known_to == FOREVER, in_family(s.part, family), s.status != "erased"]
        days.append(conn.scalar(select(func.min(s.effective_from)).where(*held, s.effective_from > day)))
        days.append(
            conn.scalar(
                select(func.min(s.effective_to)).where(*held, s.effective_to > day, s.effective_to < FOREVER)
            )
        )
    return min((d for d in days if d is not None), default=None)


def _later_import(conn: Connection, dataset: int, family: tuple[int, ...], day: int) -> int | None:
    """The day of a file of the part which says, unchanged or not, what held from then on."""
    i, j = t.import_.c, t.import_.alias("newer").c
    overtaken = exists().where(
        in_family(j.part, family),
        j.dataset == dataset,
        j.mode == "snapshot",
        j.release > i.release,
        j.effective_from <= i.effective_from,
        j.effective_to > i.effective_from,
    )
    found: int | None = conn.scalar(
        select(func.min(i.effective_from)).where(
            and_(i.dataset == dataset, in_family(i.part, family), i.mode == "snapshot"),
            i.release.is_not(None),
            i.effective_from > day,
            ~overtaken,
        )
    )
    return found

"""Rows with a name that a record has until its rename takes effect: they do not match that record."""

from __future__ import annotations

from datetime import date
from typing import Any

import msgspec
from sqlalchemy import Connection, and_, select

from publisher.log.clocks import FOREVER
from publisher.log.database import tables as t
from publisher.log.database.connection import stream
from publisher.log.database.temporary_tables import plan
from publisher.log.drafts.plan import locate_in_file
from publisher.log.model import Conflict
from publisher.log.record_identity import identity_digest
from publisher.log.registry import DatasetRow
from schemas.definition.catalogue import Catalogue

_decode = msgspec.json.Decoder(dict[str, Any]).decode


def find_earlier_names(
    conn: Connection, dataset: DatasetRow, catalogue: Catalogue, day: int
) -> list[Conflict]:
    """Find rows to add whose name another record has on the day or later, until its rename."""
    b, c, s = t.release.c, t.change.c, t.span.c
    coming = conn.scalars(
        select(b.sequence).where(
            b.dataset == dataset.key, b.effective_on > day, b.counts.contains('"renamed"')
        )
    ).all()
    if not coming:  # the usual case
        return []
    removal = plan.alias("removal")
    removed = removal.c
    states = conn.execute(
        select(t.revision.c.content, s.effective_from, s.effective_to, c.effective_from.label("renamed_on"))
        .add_columns(b.number, removed.effective_to.label("removed_to"))
        .join_from(t.change, t.span, s.record == c.record)
        .join(t.revision, t.revision.c.key == s.revision)
        .join(t.release, b.sequence == c.release)
        .outerjoin(
            removal,
            and_(removed.record == s.record, removed.kind == "removed", removed.effective_from == day),
        )
        .where(c.release.in_(coming), c.kind == "renamed", c.effective_from > day)
        .where(s.known_to == FOREVER, s.status == "stated", s.effective_to > day)
        .where(s.effective_from < c.effective_from)
        .order_by(s.effective_from.desc(), b.sequence)  # an earlier one of these may be cancelled
    ).all()
    renames = {
        identity_digest(dataset.name, catalogue.identity_of(_decode(row.content))): row
        for row in states
        if _first_day(row) < min(row.effective_to, row.renamed_on)
    }
    p, e = plan.c, t.draft_entry.c
    rows = stream(
        conn,
        select(p["import"], p.position, p.effective_to, e.identity, e.content, e.locator, t.import_.c.name)
        .join_from(plan, t.draft_entry, and_(e["import"] == p["import"], e.position == p.position))
        .join(t.import_, t.import_.c.key == p["import"])
        .where(p.kind == "added", e.identity.in_(renames))
        .order_by(p["import"], p.position),
    )
    return [
        _conflict(row, rename, catalogue)
        for row in rows
        if _first_day(rename := renames[row.identity]) < row.effective_to
    ]


def _first_day(state: Any) -> int:
    """Return the first day of a state that the draft leaves: a removal may end where a later list is kept."""
    return int(max(state.effective_from, state.removed_to or 0))


def _conflict(row: Any, rename: Any, catalogue: Catalogue) -> Conflict:
    identity = catalogue.identity_of(_decode(row.content))
    name, first = "、".join(filter(None, identity)), date.fromordinal(rename.renamed_on)
    return Conflict(
        code="renamed-later",
        message_zh=f"“{name}”是另一事项的名称，该事项由第{rename.number}次发布更名，自{first}起生效。请自该日起发布。",
        message_en=f"{name} is the name of another item until release {rename.number} renames it on {first}. "
        "Publish with effect from that day.",
        identity=identity,
        locators=(locate_in_file(row),),
        entries=((row[0], row.position),),
    )

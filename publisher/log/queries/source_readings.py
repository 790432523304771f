"""Source files of what is in force, each with the records that were read from it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec
from sqlalchemy import ColumnElement, Connection, and_, func, select

from publisher.log import registry
from publisher.log.blob_store import source_from_row
from publisher.log.clocks import FOREVER
from publisher.log.database import tables as t
from publisher.log.database.held_records import UPLOADED
from publisher.log.drafts.plan import on_day
from publisher.log.model import Source
from publisher.log.registry import DatasetRow
from schemas.definition.catalogue import Content

_decode = msgspec.json.Decoder(dict[str, Any]).decode


class RecordReading(msgspec.Struct, frozen=True):
    """A record in force as it was read, or amended by hand."""

    id: str
    identity: str
    """Digest of the identity that matches rows to it; empty if none does."""
    title: str
    content: Content
    source_text: str
    """Empty if the content was typed by hand."""
    locator: Mapping[str, Any]
    originals: Mapping[str, str]


class SourceReading(msgspec.Struct, frozen=True):
    """A file, uploaded or harvested, with the records in force of which it is the newest file."""

    source: Source
    part: str | None
    mode: str
    readable: bool
    """Whether its file can be read again: it was uploaded, and not destroyed. The next harvest reads
    harvested pages again.
    """
    newest: bool
    """The newest whole list of its part and of those merged into it: what it contains and what is in force
    should be the same.
    """
    records: tuple[RecordReading, ...]


def find_source_readings(conn: Connection, dataset: DatasetRow, day: int) -> tuple[SourceReading, ...]:
    """Find the files of the records in force on a day, and the newest list of each part, oldest first."""
    i, names = t.import_.c, registry.part_names(conn, dataset.key)
    by_import: dict[int | None, list[RecordReading]] = {}
    for row in _select_records(conn, dataset, day):
        by_import.setdefault(row.newest, []).append(
            RecordReading(
                row.id,
                row.identity or "",
                row.title,
                _decode(row.content),
                row.source_text,
                _decode(row.locator),
                _decode(row.originals),
            )
        )
    part = func.coalesce(t.part.c.merged_into, i.part)
    newest = set(
        conn.scalars(
            select(func.max(i.key))
            .select_from(t.import_.outerjoin(t.part, t.part.c.key == i.part))
            .where(i.dataset == dataset.key, _in_effect(day), i.mode == "snapshot")
            .group_by(part)
        )
    )
    of_dataset = select(t.import_).where(i.dataset == dataset.key, i.release.is_not(None))
    complete = None not in by_import  # else a whole list would remove the records without a file
    return tuple(
        SourceReading(
            source=source_from_row(row),
            part=names.get(row.part),
            mode=row.mode,
            readable=not row.destroyed and row.detected_by in UPLOADED,
            newest=complete and row.key in newest,
            records=tuple(by_import.get(row.key, ())),
        )
        for row in conn.execute(of_dataset.order_by(i.key))
        if row.key in newest or row.key in by_import
    )


def count_older_readings(conn: Connection, dataset: DatasetRow, day: int, versions: Sequence[str]) -> int:
    """Count the records in force of uploaded files that were all read by other versions of the parser.

    Harvested files do not count.
    """
    s, i = t.span.c, t.import_.c
    imported = select(t.held.c.record).join(t.import_, i.key == t.held.c["import"])
    uploaded = imported.where(i.detected_by.in_(UPLOADED), _in_effect(day))
    count = select(func.count()).where(
        s.dataset == dataset.key,
        on_day(s, day),
        s.status == "stated",
        s.record.in_(uploaded),
        s.record.not_in(uploaded.where(i.parser_version.in_(versions))),
    )
    return conn.scalar(count) or 0


def _in_effect(day: int) -> ColumnElement[bool]:
    """Condition of the published files that are in effect on a day; of a cancelled release none is."""
    i = t.import_.c
    until = func.coalesce(i.effective_to, FOREVER)  # blank in a log that was completed by an earlier version
    return and_(i.release.is_not(None), i.effective_from <= day, until > day)


def _select_records(conn: Connection, dataset: DatasetRow, day: int) -> Sequence[Any]:
    s, v, r, i = t.span.c, t.revision.c, t.record.c, t.import_.c
    newest = (
        select(func.max(t.held.c["import"]))
        .join(t.import_, i.key == t.held.c["import"])
        .where(t.held.c.record == s.record, _in_effect(day))
        .scalar_subquery()
    )
    return conn.execute(
        select(
            *(r.id, r.identity, v.title, v.content, v.source_text, v.locator, v.originals),
            newest.label("newest"),
        )
        .join_from(t.span, t.record, r.key == s.record)
        .join(t.revision, v.key == s.revision)
        .where(s.dataset == dataset.key, on_day(s, day), s.status == "stated")
        .order_by(r.key)
    ).all()

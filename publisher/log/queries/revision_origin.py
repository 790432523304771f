"""One revision of a record, where it was read, and what the log says about it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec
from sqlalchemy import Connection, func, or_, select

from publisher.log.blob_store import source_from_row
from publisher.log.database import tables as t
from publisher.log.database.storable_text import storable
from publisher.log.model import LogError, Source
from publisher.log.releases import release_document
from publisher.log.releases.amendment import no_such_record, record_erased
from publisher.log.session import DatasetKey

_decode = msgspec.json.Decoder(dict[str, Any]).decode
_r, _v, _c, _b, _i = t.record.c, t.revision.c, t.change.c, t.release.c, t.import_.c
_ROWS_AROUND = 2
_KEYS_AROUND = 50
"""Revisions of one file have consecutive keys in the order of its rows, but for unchanged ones."""
_FIRST_RELEASE = (
    select(func.min(_c.release))
    .where(_c.record == _v.record, _c.revision == _v.key)
    .correlate(t.revision)
    .scalar_subquery()
)


class SourceRow(msgspec.Struct, frozen=True):
    """A row of the source file that was published, as it was read."""

    record: str
    own: bool
    """Whether it is the row of the revision itself, and not a neighbour."""
    content: Mapping[str, Any]
    locator: Mapping[str, Any]
    originals: Mapping[str, str]

    @property
    def rows(self) -> tuple[int, ...]:
        return tuple(self.locator.get("rows") or ())


class RevisionOrigin(msgspec.Struct, frozen=True):
    """A revision of a record. ``row`` has its content, its place and its original texts."""

    dataset: str
    record: str
    title: str
    hash: str
    salt: str
    row: SourceRow
    neighbourhood: tuple[SourceRow, ...]
    """The row itself and those around it on its sheet that the same file brought, in the order of the sheet;
    empty if an amendment typed it."""
    source: Source | None
    """Its file; if an amendment typed it, the file of the state that it amends."""
    source_text: str
    """SHA-256 of the texts of its cells; empty if an amendment typed it."""
    provenance: str | None
    """Salted hash of file, locator, originals and ``source_text``."""
    release: int
    """Number of the release that brought it."""
    sequence: int
    """Site-wide sequence of the change that brought it."""
    manifest_line: bytes
    """Line of that change in the manifest of the release, with its line feed."""


def revision_origin(conn: Connection, dataset: DatasetKey, record: str, revision: str) -> RevisionOrigin:
    """Read a revision by its hash.

    Raises ``LogError``: ``no-such-record``, ``no-such-revision``, ``erased``.
    """
    owner = conn.execute(
        select(_r.key, _r.erased_by).where(_r.id == storable(record), _r.dataset == dataset.key)
    ).first()
    if owner is None:
        raise no_such_record(record)
    query = (
        select(t.revision, _v["import"].label("file"), _c.sequence, _c.release, _b.number)
        .join_from(t.revision, t.change, _c.revision == _v.key)
        .join(t.release, _b.sequence == _c.release)
        .where(_v.record == owner.key, _v.hash == storable(revision), _c.record == owner.key)
        .order_by(_c.sequence)
        .limit(1)
    )
    row = conn.execute(query).first()
    if row is None:
        raise LogError(
            "no-such-revision",
            f"记录 {record} 没有校验值为 {revision} 的修订版。",
            f"The record {record} has no revision with the hash {revision}.",
        )
    if owner.erased_by is not None or row.content is None:
        raise record_erased(record)
    own = _source_row(row, record, own=True)
    file = conn.execute(select(t.import_).where(_i.key == row.file)).first()
    return RevisionOrigin(
        dataset=dataset.name,
        record=record,
        title=row.title,
        hash=row.hash,
        salt=bytes(row.salt).hex(),
        row=own,
        neighbourhood=_neighbourhood(conn, row, own),
        source=None if file is None else source_from_row(file),
        source_text=row.source_text,
        provenance=row.provenance,
        release=row.number,
        sequence=row.sequence,
        manifest_line=b"".join(
            release_document.manifest(conn, t.change, _c.sequence, _c.sequence == row.sequence)
        ),
    )


def _source_row(row: Any, record: str, *, own: bool) -> SourceRow:
    return SourceRow(record, own, _decode(row.content), _decode(row.locator), _decode(row.originals))


def _neighbourhood(conn: Connection, row: Any, own: SourceRow) -> tuple[SourceRow, ...]:
    """List the row and those around it once each: a migration copies what a file brought.

    A copy has another key than its neighbours in the file, so they are searched around each of its revisions.
    """
    if not row.source_text:
        return ()
    if not own.rows:
        return (own,)
    copies = select(_v.key).where(
        _v.record == row.record, _v["import"] == row.file, _v.source_text == row.source_text
    )
    around = (_v.key.between(key - _KEYS_AROUND, key + _KEYS_AROUND) for key in conn.scalars(copies))
    query = (
        select(_v.key, _v.content, _v.locator, _v.originals, _r.id, _FIRST_RELEASE.label("release"))
        .join_from(t.revision, t.record, _r.key == _v.record)
        .where(or_(*around), _v.key != row.key)
        .where(_v["import"] == row.file, _v.source_text != "", _v.content.is_not(None))
    )
    nearest = sorted(conn.execute(query).all(), key=lambda other: _distance(other.release, row.release))
    near = {(own.record, own.rows): own}
    for one in (_source_row(other, other.id, own=False) for other in nearest):
        if (
            one.rows
            and one.locator.get("sheet") == own.locator.get("sheet")
            and own.rows[0] - _ROWS_AROUND <= one.rows[0] <= own.rows[-1] + _ROWS_AROUND
        ):
            near.setdefault((one.record, one.rows), one)
    return tuple(sorted(near.values(), key=lambda one: one.rows[0]))


def _distance(release: int, own: int) -> tuple[bool, int]:
    """Sort key of the release of another revision: the own one, then those before it, then those after it."""
    return release > own, abs(release - own)

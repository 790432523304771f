"""Documents and manifests of releases, format 2. ``docs/proof.md`` describes every property."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cache
from typing import Any

import msgspec
from sqlalchemy import ColumnElement, Connection, Select, Table, select

from publisher.log import registry
from publisher.log.approvals import two_persons
from publisher.log.canonical_json import new_salt, value_hash
from publisher.log.database import tables as t
from publisher.log.database.connection import stream
from publisher.log.transparency.documents import Document, day, instant, release_document

SALTED = ("actor", "note", "basis")
"""Texts of a release to which its document commits with a salt each."""


class ManifestLine(msgspec.Struct, frozen=True):
    """One change of a release. Fields are in the order of canonical JSON."""

    before: str | None
    """Hash of the replaced revision."""
    cause: str
    effective_from: str
    effective_to: str | None
    kind: str
    part: str | None
    """Name under which the part was declared; it never changes."""
    part_before: str | None
    provenance: str | None
    """Salted hash of file, locator, originals and source text of the revision."""
    record: str
    revision: str | None
    sequence: int


_encode = msgspec.json.Encoder().encode


def manifest(conn: Connection, changes: Table, sequence: ColumnElement[Any], *where: Any) -> Iterator[bytes]:
    """Yield the lines of a manifest from ``changes`` (``change``, or ``new_change`` before it is stored)."""
    rows = stream(conn, _lines(changes).add_columns(sequence).where(*where).order_by(sequence))
    for before, cause, first, end, *others in map(tuple, rows):
        line = ManifestLine(before, cause, day(first) or "", day(end), *others)
        yield _encode(line) + b"\n"


@cache  # to build these joins takes a millisecond of each publication
def _lines(changes: Table) -> Select[Any]:
    c, v, b = changes.c, t.revision.alias("v"), t.revision.alias("b")
    part, part_before = t.part.alias("p"), t.part.alias("q")
    return (
        select(
            *(b.c.hash, c.cause, c.effective_from, c.effective_to, c.kind, part.c.declared_as),
            *(part_before.c.declared_as, v.c.provenance, t.record.c.id, v.c.hash),
        )
        .join_from(changes, t.record, t.record.c.key == c.record)
        .outerjoin(v, v.c.key == c.revision)
        .outerjoin(b, b.c.key == c.before)
        .outerjoin(part, part.c.key == c.part)
        .outerjoin(part_before, part_before.c.key == c.before_part)
    )


def stored_manifest(conn: Connection, release: int) -> Iterator[bytes]:
    """Yield the lines of the manifest of a stored release."""
    return manifest(conn, t.change, t.change.c.sequence, t.change.c.release == release)


def manifest_digest(lines: Iterable[bytes]) -> str:
    digest = hashlib.sha256()
    for line in lines:
        digest.update(line)
    return digest.hexdigest()


def new_salts() -> dict[str, bytes]:
    """Create the salts of a release, by column."""
    return {f"{name}_salt": new_salt() for name in SALTED}


def build(
    conn: Connection,
    row: Mapping[str, Any],
    sources: Sequence[Mapping[str, Any]],
    *,
    manifest: str,
    details: str,
    previous: str | None,
    erased: Sequence[str],
    stored: Mapping[str, Any] | None = None,
) -> Document:
    """Build the document of a release from its row and the rows of its files.

    ``details``: digest of the dataset's document in force; ``erased``: ids of the records that it erased.
    ``stored``: the document as it was published: the source of hashes whose salt was destroyed.
    """
    dataset = conn.scalar(select(t.dataset.c.name).where(t.dataset.c.key == row["dataset"]))
    published = stored or {}
    return release_document(
        registry.site(conn).tag_authority,
        dataset=dataset,
        number=row["number"],
        sequence=row["sequence"],
        published_at=instant(row["published_at"]),
        effective_on=day(row["effective_on"]),
        **{name: _salted(row, name, published) for name in SALTED},
        catalogue=row["catalogue_digest"],
        details=details,
        counts=msgspec.json.decode(row["counts"]),
        left_out=row["left_out_hash"],
        manifest=manifest,
        erased=sorted(erased),
        parser_version=row["parser_version"],
        software_version=row["software_version"],
        sources=_sources(conn, sources, published.get("sources", ())),
        previous=previous,
        **_approval(row),
    )


def _approval(row: Mapping[str, Any]) -> Mapping[str, Any]:
    approval = two_persons.public_approval(row.get("approval"))
    return {} if approval is None else {"approval": approval}


def _salted(row: Mapping[str, Any], name: str, stored: Mapping[str, Any]) -> str | None:
    salt = row[f"{name}_salt"]
    return stored.get(name) if salt is None else value_hash(bytes(salt), row[name])


def _sources(
    conn: Connection, rows: Sequence[Mapping[str, Any]], stored: Sequence[Mapping[str, Any]]
) -> list[dict[str, Any]]:
    keys = {row["part"] for row in rows if row["part"] is not None}
    query = select(t.part.c.key, t.part.c.declared_as).where(t.part.c.key.in_(keys))
    names = {row.key: row.declared_as for row in conn.execute(query)} if keys else {}
    plain = ("digest", "media_type", "size", "detected_by", "partial", "mode", "parser_version")
    return [
        {
            **{name: row[name] for name in plain},
            "origin": _origin(row, stored[n] if n < len(stored) else {}),
            "obtained_at": instant(row["obtained_at"]),
            "part": None if row["part"] is None else names[row["part"]],
            "effective_to": day(row["effective_to"]),
        }
        for n, row in enumerate(rows)
    ]


def _origin(row: Mapping[str, Any], stored: Mapping[str, Any]) -> str | None:
    """Commit to the name and the address of a file."""
    if row["origin_salt"] is None:
        return stored.get("origin")
    return value_hash(bytes(row["origin_salt"]), {"name": row["name"], "url": row["url"]})


def source_rows(conn: Connection, which: ColumnElement[bool]) -> Sequence[Mapping[str, Any]]:
    """List the files of a release in the order in which they were staged."""
    rows = conn.execute(select(t.import_).where(which).order_by(t.import_.c.key)).mappings().all()
    return [dict(row) for row in rows]


def erased_records(conn: Connection, release: int) -> Sequence[str]:
    """List ids of the records that a release erased."""
    query = select(t.record.c.id).where(t.record.c.erased_by == release)
    return sorted(conn.scalars(query))

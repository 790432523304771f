"""Hashes of format 1: those of releases before there were entries."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, select

from publisher.log.canonical_json import canonical, canonical_line
from publisher.log.database import tables as t

FIRST = "0" * 64
"""``previous_hash`` of the first release of a site."""


def manifest_hash(lines: Iterable[Sequence[Any]]) -> str:
    """Hash the changes of a release with SHA-256: one canonical JSON array and a newline each.

    A line contains record id, kind, cause, revision hash, hash of the revision before, part, part before,
    first day and day after the last (ordinals). Lines are sorted by id. A state is the sum of all changes, so
    the chain commits to every state without listing it.
    """
    digest = hashlib.sha256()
    for line in lines:
        digest.update(canonical_line(line))
        digest.update(b"\n")
    return digest.hexdigest()


def release_hash(release: Mapping[str, Any]) -> str:
    """Hash the canonical JSON of a release document with SHA-256."""
    return hashlib.sha256(canonical(dict(release))).hexdigest()


def first_format_document(row: Mapping[str, Any], imports: Iterable[Mapping[str, Any]]) -> dict[str, Any]:
    """Build the document of format 1, which is hashed.

    The chain is of the whole site: ``previous_hash`` is that of the release with the sequence before.
    """
    names = (
        *("sequence", "dataset", "number", "published_at", "effective_on", "basis", "note", "actor"),
        *("catalogue_digest", "parser_version", "software_version", "counts", "left_out_hash"),
        *("manifest_hash", "previous_hash"),
    )
    sources = [
        {name: i[name] for name in ("digest", "name", "media_type", "size", "part", "mode", "effective_to")}
        for i in imports
    ]
    return {**{name: row[name] for name in names}, "sources": _in_safe_numbers(sources)}


def _in_safe_numbers(sources: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Replace open ends by None: JSON numbers cannot represent them exactly."""
    return [{k: (None if isinstance(v, int) and v >= 2**53 else v) for k, v in s.items()} for s in sources]


def manifest_lines(conn: Connection, release: int) -> Iterable[Sequence[Any]]:
    """Read the manifest of a release from its changes."""
    c, v, b = t.change.c, t.revision.alias("v"), t.revision.alias("b")
    rows = conn.execute(
        select(
            *(t.record.c.id, c.kind, c.cause, v.c.hash, b.c.hash),
            *(c.part, c.before_part, c.effective_from, c.effective_to),
        )
        .join_from(t.change, t.record, t.record.c.key == c.record)
        .outerjoin(v, v.c.key == c.revision)
        .outerjoin(b, b.c.key == c.before)
        .where(c.release == release)
        .order_by(t.record.c.id, c.effective_from)
    )
    return (manifest_line(row) for row in rows)


def manifest_line(row: Sequence[Any]) -> Sequence[Any]:
    *others, effective_to = row
    return (*others, None if effective_to >= 2**53 else effective_to)

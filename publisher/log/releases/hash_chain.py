"""Verification of releases, and the hashes of format 1, of releases before there were entries."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, select

from publisher.log.canonical_json import canonical, canonical_line, salted_hash
from publisher.log.database import tables as t
from publisher.log.releases import entry_checks
from publisher.log.releases.release_document import SALTED, source_rows
from publisher.log.transparency import successions

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


def verify(conn: Connection) -> Iterator[str]:
    """Check the hashes of all releases and entries against what is stored; yield what differs."""
    previous, last = FIRST, 0
    rows = conn.execute(select(t.release).order_by(t.release.c.sequence)).mappings().all()
    for row in map(dict, rows):
        where, expected = f"发布 release {row['sequence']}", last + 1 + successions.lost_at(conn, last)
        if row["sequence"] != expected:
            yield f"{where}: 之前缺少序号为{expected}的发布 release {expected} is missing before it"
        last = row["sequence"]
        if row["previous_hash"] != previous:
            yield f"{where}: 未接续前一次发布 does not follow the release before it"
        if row["left_out"] is not None and row["left_out_hash"] != salted_hash(
            bytes(row["left_out_salt"] or b""), row["left_out"].encode()
        ):
            yield f"{where}: 未采用的行已被更改 its list of rows left out was changed"
        if row["format"] == 1:
            yield from _verify_first_format(conn, where, row)
        yield from entry_checks.verify_release(conn, where, row)
        # The first release after a reseal follows the document of format 2 of the release before.
        c = t.release.c
        following = conn.scalar(
            select(c.format).where(c.sequence > row["sequence"]).order_by(c.sequence).limit(1)
        )
        previous = row["hash"] if following == 1 else row["document"]
    yield from entry_checks.verify_erased_actors(conn)
    yield from entry_checks.verify_entries(conn)


def _verify_first_format(conn: Connection, where: str, row: Mapping[str, Any]) -> Iterator[str]:
    """Check the hashes of format 1. Without the name of the clerk, only those of its manifest."""
    if row["manifest_hash"] != manifest_hash(manifest_lines(conn, row["sequence"])):
        yield f"{where}: 变化与变化清单不符 its changes are not those of its manifest"
    if any(row[f"{name}_salt"] is None for name in SALTED):
        return
    of_release = source_rows(conn, t.import_.c.release == row["sequence"])
    if release_hash(first_format_document(dict(row), of_release)) != row["hash"]:
        yield f"{where}: 自身的哈希值不符 its own hash does not match"

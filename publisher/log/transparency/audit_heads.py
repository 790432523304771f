"""Entries with the head of the desk's audit log: a rewrite of its lines contradicts what is published."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import msgspec
from sqlalchemy import Connection, select

from publisher.log.clocks import day_at, moment
from publisher.log.database import entry_tables as e
from publisher.log.transparency import documents, entry_log


class AuditHead(msgspec.Struct, frozen=True):
    """The newest line of an audit log, by which anybody can check that a later copy of it continues it."""

    size: int
    """Number of lines."""
    hash: str
    """SHA-256 of the last line, hexadecimal."""


_decode = msgspec.json.Decoder(AuditHead).decode
_c = e.entry.c
_HEADS = select(_c.position, _c.document, _c.appended_at).where(_c.kind == "audit")


def heads(conn: Connection) -> Sequence[AuditHead]:
    """List the heads that the log has, oldest first."""
    return [_decode(row.document) for row in conn.execute(_HEADS.order_by(_c.position))]


def is_due(conn: Connection, head: AuditHead, now: datetime) -> bool:
    """Test whether a head is to be appended: one with new lines, on a new day or after a release."""
    last = conn.execute(_HEADS.order_by(_c.position.desc()).limit(1)).first()
    if last is None:
        return head.size > 0
    if _decode(last.document) == head:
        return False
    if day_at(moment(last.appended_at)) != day_at(now):
        return True
    releases = select(_c.position).where(_c.kind == "release", _c.position > last.position)
    return conn.execute(releases.limit(1)).first() is not None


def append(conn: Connection, site: str, head: AuditHead, at: int) -> None:
    """Append a head. ``site``: tag authority; ``at``: microseconds since the epoch."""
    document = documents.audit_document(site, size=head.size, line_hash=head.hash, noted_at=at)
    entry_log.append_document(conn, "audit", document, at)

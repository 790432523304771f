"""The audit log: what happened at the desk, append-only, each line with the hash of the line before."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any, Literal

import msgspec
from sqlalchemy import Connection, select

from publisher.desk.accounts import tables as t
from publisher.desk.accounts.store import DeskStore
from publisher.log.canonical_json import canonical
from publisher.log.clocks import moment
from publisher.log.transparency.audit_heads import AuditHead

type Kind = Literal[
    "sign-in",
    "sign-in-failed",
    "sign-out",
    "account-added",
    "invited",
    "invitation-accepted",
    "password-changed",
    "roles-changed",
    "account-disabled",
    "token-added",
    "token-revoked",
    "imported",
    "file-exported",
    "discarded",
    "mended",
    "columns-chosen",
    "document-left-out",
    "repeals-decided",
    "submitted",
    "approved",
    "returned",
    "published",
    "cancelled",
    "contact-read",
    "correction-rejected",
    "scheduled",
    "unscheduled",
    "schedule-failed",
    "audit-exported",
    "site-changed",
    "dataset-added",
    "dataset-changed",
    "key-changed",
    "subscription-changed",
    "source-tried",
    "source-added",
]
_START = "0" * 64
"""Hash before the first line."""


class AuditEvent(msgspec.Struct, frozen=True):
    """A line of the audit log."""

    number: int
    at: datetime
    kind: str
    actor: str
    """Name of the account; empty: the command line, or a person who is not signed in."""
    subject: str
    """The account, dataset, source or subscription that it is about.

    Empty: the site, or a failed sign-in under a name that no account has."""
    address: str
    """MAC of the client's address; empty: the command line, or a publication at its scheduled time."""
    details: Mapping[str, Any]
    hash: str


def append(
    conn: Connection,
    kind: Kind,
    *,
    at: int,
    actor: str = "",
    subject: str = "",
    address: str = "",
    details: Mapping[str, Any] | None = None,
) -> None:
    """Append a line in the transaction of what it reports. ``at``: microseconds since the epoch."""
    last = head(conn)
    line = canonical(
        {
            "number": last.size + 1,
            "at": moment(at).isoformat(timespec="microseconds").replace("+00:00", "Z"),
            "kind": kind,
            "actor": actor,
            "subject": subject,
            "address": address,
            "details": dict(details or {}),
            "previous": last.hash,
        }
    )
    digest = hashlib.sha256(line).hexdigest()
    conn.execute(t.audit.insert().values(number=last.size + 1, line=line.decode(), hash=digest))


def head(conn: Connection) -> AuditHead:
    """Return the number and the hash of the newest line."""
    row = conn.execute(
        select(t.audit.c.number, t.audit.c.hash).order_by(t.audit.c.number.desc()).limit(1)
    ).first()
    return AuditHead(0, _START) if row is None else AuditHead(row.number, row.hash)


class AuditLog:
    """Reads and verifies the audit log."""

    def __init__(self, store: DeskStore) -> None:
        self._store = store

    def head(self) -> AuditHead:
        with self._store.read() as conn:
            return head(conn)

    def events(self, *, before: int | None = None, limit: int = 100) -> list[AuditEvent]:
        """List lines, the newest first. ``before``: a number to continue from."""
        n = t.audit.c.number
        query = select(t.audit).order_by(n.desc()).limit(limit)
        with self._store.read() as conn:
            rows = conn.execute(query if before is None else query.where(n < before)).all()
        return [_event(row.number, row.line, row.hash) for row in rows]

    def events_after(self, number: int) -> list[AuditEvent]:
        """List the lines after one, the oldest first."""
        n = t.audit.c.number
        with self._store.read() as conn:
            rows = conn.execute(select(t.audit).where(n > number).order_by(n)).all()
        return [_event(row.number, row.line, row.hash) for row in rows]

    def lines(self) -> Iterator[str]:
        """Yield the stored lines in their order: JSON Lines that anyone can hash again."""
        with self._store.read() as conn:
            yield from conn.scalars(select(t.audit.c.line).order_by(t.audit.c.number))

    def verify(self, *earlier: AuditHead) -> list[str]:
        """Hash all lines again → what is wrong. ``earlier``: heads that were noted, as entries of the log."""
        problems, previous, size = [], _START, 0
        noted: dict[int, set[str]] = {}
        for one in earlier:
            noted.setdefault(one.size, set()).add(one.hash)
        with self._store.read() as conn:
            for row in conn.execute(select(t.audit).order_by(t.audit.c.number)):
                size += 1
                fields = msgspec.json.decode(row.line)
                is_next = row.number == size == fields["number"] and fields["previous"] == previous
                if not is_next or hashlib.sha256(row.line.encode()).hexdigest() != row.hash:
                    problems.append(f"line {row.number}: it does not continue line {size - 1}")
                previous = row.hash
                if noted.get(size, {previous}) != {previous}:
                    problems.append(f"line {size}: it is not the head that was noted")
        if (last := max(noted, default=0)) > size:
            problems.append(f"lines {size + 1} to {last} are missing")
        return problems


def _event(number: int, line: str, digest: str) -> AuditEvent:
    fields = msgspec.json.decode(line)
    own = {name: fields[name] for name in ("kind", "actor", "subject", "address", "details")}
    return AuditEvent(number=number, at=datetime.fromisoformat(fields["at"]), hash=digest, **own)

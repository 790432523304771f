"""Entries that announce the site's keys: signed notes whose text is the document of the key.

The first is signed by its own key; each later one by the new key and the one before.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import msgspec
from sqlalchemy import Connection, select

from publisher.log import registry
from publisher.log.blob_store import digest_of
from publisher.log.canonical_json import canonical
from publisher.log.clocks import moment
from publisher.log.database import entry_tables as e
from publisher.log.transparency import documents, entry_log, signed_note
from publisher.log.transparency.signed_note import Signature, VerifierKey


class SiteKey(msgspec.Struct, frozen=True):
    """A key of the site and the time in which it signs."""

    key: VerifierKey
    position: int
    """Entry that announces it: it signs checkpoints of more entries than this."""
    valid_from: datetime
    valid_to: datetime | None
    lost: bool
    """It replaces a key that was lost, so that only itself has signed the entry."""


def site_keys(conn: Connection) -> tuple[SiteKey, ...]:
    """List the keys, oldest first."""
    rows = _rows(conn)
    ends = [*(moment(row.appended_at) for row in rows[1:]), None][: len(rows)]
    keys = []
    for row, end in zip(rows, ends, strict=True):
        statement = _statement(row.document)
        keys.append(
            SiteKey(
                VerifierKey.parse(statement["key"]),
                row.position,
                moment(row.appended_at),
                end,
                statement["lost"],
            )
        )
    return tuple(keys)


def current_key(conn: Connection) -> VerifierKey | None:
    c = e.entry.c
    text = conn.scalar(select(c.document).where(c.kind == "key").order_by(c.position.desc()).limit(1))
    return None if text is None else VerifierKey.parse(_statement(text)["key"])


def statement_text(conn: Connection, key: VerifierKey, *, lost: bool, at: int) -> str:
    """Build the text that the new key and the one before have to sign."""
    rows = _rows(conn)
    previous = digest_of(rows[-1].document.encode()) if rows else None
    document = documents.key_statement(
        registry.site(conn).tag_authority,
        origin=key.name,
        key=str(key),
        previous=previous,
        lost=lost,
        valid_from=at,
    )
    return f"{canonical(document).decode()}\n"


def append_statement(conn: Connection, text: str, signatures: Sequence[Signature], at: int) -> None:
    entry_log.append_text(conn, "key", signed_note.format_note(text, signatures), at)


def _rows(conn: Connection) -> Sequence[Any]:
    c = e.entry.c
    return conn.execute(
        select(c.position, c.document, c.appended_at).where(c.kind == "key").order_by(c.position)
    ).all()


def _statement(note: str) -> dict[str, Any]:
    statement: dict[str, Any] = msgspec.json.decode(signed_note.parse_note(note)[0])
    return statement

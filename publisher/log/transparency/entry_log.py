"""Entries and their tree in the database: appended in the transaction of what they record."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, bindparam, func, insert, select, update

from publisher.log.blob_store import digest_of
from publisher.log.canonical_json import canonical
from publisher.log.database import entry_tables as e
from publisher.log.database.prepared_statement import PreparedStatement
from publisher.log.database.tables import Integer64
from publisher.log.transparency import merkle_tree
from publisher.log.transparency.entries import FORMAT, Kind, LogEntry
from publisher.log.transparency.merkle_tree import MerkleTree

_TILE = PreparedStatement(
    select(e.tile.c.hashes).where(
        e.tile.c.level == bindparam("level"), e.tile.c.number == bindparam("number", type_=Integer64)
    )
)
_SIZE = PreparedStatement(select(func.coalesce(func.max(e.entry.c.position), -1).label("last")))


def append_document(conn: Connection, kind: Kind, document: Mapping[str, Any], at: int) -> str:
    """Append the entry of a document. → the digest of the document."""
    return append_text(conn, kind, canonical(dict(document)).decode(), at)


def append_text(conn: Connection, kind: Kind, text: str, at: int) -> str:
    """Append the entry of a document that is encoded already. → its digest."""
    digest, position = digest_of(text.encode()), size(conn)
    conn.execute(
        insert(e.entry).values(
            position=position, kind=kind, format=FORMAT, digest=digest, document=text, appended_at=at
        )
    )
    merkle_tree.append_leaf(
        lambda level, number: read_tile(conn, level, number),
        lambda level, number, hashes: _write_tile(conn, level, number, hashes),
        position,
        LogEntry(kind, FORMAT, digest).leaf_hash(),
    )
    return digest


def size(conn: Connection) -> int:
    """Count the entries."""
    row = _SIZE.first(conn, {})
    return 0 if row is None else int(row.last) + 1


def tree(conn: Connection, tree_size: int | None = None) -> MerkleTree:
    """Open the tree of the first ``tree_size`` entries, by default of all."""
    return MerkleTree(
        lambda level, number: read_tile(conn, level, number), size(conn) if tree_size is None else tree_size
    )


def read_tile(conn: Connection, level: int, number: int) -> bytes:
    """Return all hashes of a tile; empty if it does not exist."""
    row = _TILE.first(conn, {"level": level, "number": number})
    return b"" if row is None else bytes(row.hashes)


def _write_tile(conn: Connection, level: int, number: int, hashes: bytes) -> None:
    c = e.tile.c
    if len(hashes) == merkle_tree.HASH_SIZE:
        conn.execute(insert(e.tile).values(level=level, number=number, hashes=hashes))
    else:
        conn.execute(update(e.tile).where(c.level == level, c.number == number).values(hashes=hashes))


def entries(conn: Connection, first: int, end: int) -> Sequence[LogEntry]:
    """List the entries from position ``first`` to before ``end``."""
    c = e.entry.c
    rows = conn.execute(
        select(c.kind, c.format, c.digest).where(c.position >= first, c.position < end).order_by(c.position)
    )
    return [LogEntry(row.kind, row.format, row.digest) for row in rows]

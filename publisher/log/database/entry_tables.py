"""Tables of the entries: leaves of the site's Merkle tree, its tiles, checkpoints and cosignatures."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Index, Integer, LargeBinary, Table

from publisher.log.database.sealing.sealed_columns import sealed
from publisher.log.database.tables import CodePointText, Integer64, metadata

entry = Table(
    "entry",
    metadata,
    Column("position", Integer64, primary_key=True, autoincrement=False),
    Column("kind", CodePointText, nullable=False),
    Column("format", Integer, nullable=False),
    Column("digest", CodePointText, nullable=False, unique=True),
    Column("document", CodePointText),  # NULL once it was destroyed
    Column("appended_at", BigInteger, nullable=False),
    *sealed("entry", "position"),
    Index("entry_of_kind", "kind", "position"),
)
"""The entries of the site: the leaves of its Merkle tree, with their documents."""

tile = Table(
    "tile",
    metadata,
    Column("level", Integer, primary_key=True, autoincrement=False),
    Column("number", Integer64, primary_key=True, autoincrement=False),
    Column("hashes", LargeBinary, nullable=False),
)
"""Hashes of the tree, up to 256 in a row."""

checkpoint = Table(
    "checkpoint",
    metadata,
    Column("size", Integer64, primary_key=True, autoincrement=False),
    Column("root", CodePointText, nullable=False),
    Column("created_at", BigInteger, nullable=False),
    Column("note", CodePointText),  # the signed note; NULL until it is signed
    Column("signed_at", BigInteger),
    Column("extended_at", BigInteger),  # when a command added its signatures
    Column("error", CodePointText, nullable=False, server_default=""),  # why the last attempt to sign failed
    *sealed("checkpoint", "size"),
)
"""The root of the tree after each transaction that appended entries."""

cosignature = Table(
    "cosignature",
    metadata,
    Column("size", Integer64, primary_key=True, autoincrement=False),  # of the checkpoint
    Column("witness", CodePointText, primary_key=True),  # its key: NAME+ID+BASE64
    Column("line", CodePointText, nullable=False),  # as the note contains it
    Column("cosigned_at", BigInteger, nullable=False),  # by the clock of the witness
    Index("cosignature_of_witness", "witness", "size"),
    *sealed("cosignature", "size"),
)
"""Lines that witnesses added to checkpoints."""

witness = Table(
    "witness",
    metadata,
    Column("key", CodePointText, primary_key=True),
    Column("tried_at", BigInteger, nullable=False),
    Column("error", CodePointText, nullable=False),  # why the last attempt failed; empty: it did not
    *sealed("witness"),
)
"""The last attempt to obtain a cosignature of each witness."""

"""Tables of the entries: leaves of the site's Merkle tree, its tiles, checkpoints and cosignatures."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Index, Integer, LargeBinary, Table, Text

from publisher.log.database.tables import Integer64, metadata

entry = Table(
    "entry",
    metadata,
    Column("position", Integer64, primary_key=True, autoincrement=False),
    Column("kind", Text, nullable=False),
    Column("format", Integer, nullable=False),
    Column("digest", Text, nullable=False, unique=True),
    Column("document", Text),  # NULL once it was destroyed
    Column("appended_at", BigInteger, nullable=False),
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
    Column("root", Text, nullable=False),
    Column("created_at", BigInteger, nullable=False),
    Column("note", Text),  # the signed note; NULL until it is signed
    Column("signed_at", BigInteger),
    Column("extended_at", BigInteger),  # when a command added its signatures
    Column("error", Text, nullable=False, server_default=""),  # why the last attempt to sign failed
)
"""The root of the tree after each transaction that appended entries."""

cosignature = Table(
    "cosignature",
    metadata,
    Column("size", Integer64, primary_key=True, autoincrement=False),  # of the checkpoint
    Column("witness", Text, primary_key=True),  # its key: NAME+ID+BASE64
    Column("line", Text, nullable=False),  # as it stands in the note
    Column("cosigned_at", BigInteger, nullable=False),  # by the clock of the witness
    Index("cosignature_of_witness", "witness", "size"),
)
"""Lines that witnesses added to checkpoints."""

witness = Table(
    "witness",
    metadata,
    Column("key", Text, primary_key=True),
    Column("tried_at", BigInteger, nullable=False),
    Column("error", Text, nullable=False),  # why the last attempt failed; empty: it did not
)
"""The last attempt to obtain a cosignature of each witness."""

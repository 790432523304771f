"""Tables of the inbox. Instants are microseconds since the epoch, as in the log.

What the public side may not set has a default of the database, so that it need not be named in an INSERT.
"""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Column,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    Table,
    text,
)

from publisher.separate_store import StorableText

SCHEMA = "qingdan_inbox"
"""Schema on PostgreSQL; SQLite has a file instead."""
VERSION = 2
"""2 has the tables of followers."""

metadata = MetaData(schema=SCHEMA)
_EMPTY = text("''")

version = Table("version", metadata, Column("number", Integer, nullable=False))

key = Table(
    "key",
    metadata,
    Column("id", StorableText, primary_key=True),
    Column("public", LargeBinary, nullable=False),
    Column("made_at", BigInteger, nullable=False),
)
"""Public keys to which contacts are sealed; the newest is used."""

request = Table(
    "request",
    metadata,
    Column("id", StorableText, primary_key=True),
    Column("dataset", StorableText, nullable=False),
    Column("record", StorableText, nullable=False),
    Column("revision", StorableText, nullable=False),
    Column("field", StorableText, nullable=False),
    Column("value", StorableText, nullable=False),
    Column("received_at", BigInteger, nullable=False),
    Column("state", StorableText, nullable=False, server_default=text("'open'")),
    Column("reason", StorableText, nullable=False, server_default=_EMPTY),
    Column("release", Integer),
    Column("proof", StorableText, nullable=False, server_default=_EMPTY),
    Column("decided_at", BigInteger),
)
"""``value``: what the field should read. ``proof``: what was published of the proofs."""

statement = Table(
    "statement",
    metadata,
    Column("request", StorableText, ForeignKey(request.c.id), primary_key=True),
    Column("number", Integer, primary_key=True),
    Column("digest", StorableText, nullable=False),
    Column("proof", StorableText, nullable=False),
    Column("received_at", BigInteger, nullable=False),
)
"""The text of one sender; ``digest`` is keyed, so that nobody can guess a contact from it."""

contact = Table(
    "contact",
    metadata,
    Column("request", StorableText, primary_key=True),
    Column("number", Integer, primary_key=True),
    Column("key", StorableText, nullable=False),
    Column("sealed", LargeBinary, nullable=False),
    ForeignKeyConstraint(["request", "number"], [statement.c.request, statement.c.number]),
)

follower = Table(
    "follower",
    metadata,
    Column("id", StorableText, primary_key=True),
    Column("scope", StorableText, nullable=False),
    Column("pace", StorableText, nullable=False),
    Column("lang", StorableText, nullable=False),
    Column("address_code", StorableText, nullable=False),
    Column("key", StorableText, nullable=False),
    Column("sealed", LargeBinary, nullable=False),
    Column("received_at", BigInteger, nullable=False),
    Column("state", StorableText, nullable=False, server_default=text("'new'")),
    Column("since", BigInteger, nullable=False, server_default=text("0")),
    Column("told", BigInteger, nullable=False, server_default=text("0")),
    Column("due_at", BigInteger, nullable=False, server_default=text("0")),
    Column("attempts", Integer, nullable=False, server_default=text("0")),
    Column("error", StorableText, nullable=False, server_default=_EMPTY),
    Index("follower_due", "state", "pace", "told"),
    Index("follower_address", "address_code", "received_at"),
)
"""Followers of changes by e-mail. ``id`` is the hash of a token that only its mails contain; ``sealed`` holds
token and address. ``address_code`` is keyed, so that nobody can guess an address from it. ``since`` is when
the state began, ``told`` the sequence of the last release that a mail named, ``due_at`` when to try again."""

choice = Table(
    "choice",
    metadata,
    Column("follower", StorableText, primary_key=True),
    Column("choice", StorableText, primary_key=True),
    Column("chosen_at", BigInteger, nullable=False),
)
"""``confirmed`` and ``left``: what followers chose on the site. The worker carries it out."""

ACCEPTED = "accepted_request"
"""A view: what the public may read of accepted requests."""
ACCEPTED_COLUMNS = (
    *("id", "dataset", "record", "revision", "field", "value", "received_at"),
    *("reason", "release", "proof", "decided_at"),
)
accepted = Table(
    ACCEPTED, MetaData(schema=SCHEMA), *(Column(name, request.c[name].type) for name in ACCEPTED_COLUMNS)
)

READABLE = {
    "version": frozenset({"number"}),
    "key": frozenset({"id", "public", "made_at"}),
    "request": frozenset(
        {"id", "dataset", "record", "revision", "field", "state", "reason", "release", "decided_at"}
    ),
    "statement": frozenset({"request", "number", "digest"}),
    "follower": frozenset({"id", "scope", "pace", "address_code", "received_at", "state"}),
    "choice": frozenset({"follower", "choice"}),
}
"""Table → columns that the public side may read; ``docs/postgresql.md`` grants the same."""
INSERTED = {
    "request": ("id", "dataset", "record", "revision", "field", "value", "received_at"),
    "statement": ("request", "number", "digest", "proof", "received_at"),
    "contact": ("request", "number", "key", "sealed"),
    "follower": ("id", "scope", "pace", "lang", "address_code", "key", "sealed", "received_at"),
    "choice": ("follower", "choice", "chosen_at"),
}
"""Table → columns that the public side may write, in new rows only."""

"""Tables of the desk. Instants are microseconds since the epoch, as in the log."""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    ForeignKey,
    Integer,
    LargeBinary,
    MetaData,
    Table,
    UniqueConstraint,
)

from publisher.separate_store import StorableText

SCHEMA = "qingdan_desk"
"""Schema on PostgreSQL; SQLite has a file instead."""
VERSION = 6

metadata = MetaData(schema=SCHEMA)

version = Table("version", metadata, Column("number", Integer, nullable=False))

account = Table(
    "account",
    metadata,
    Column("name", StorableText, primary_key=True),
    Column("display", StorableText, nullable=False),
    Column("password", StorableText),
    Column("totp", LargeBinary),
    Column("totp_step", BigInteger),
    Column("demo", Boolean, nullable=False),
    Column("disabled_at", BigInteger),
    Column("epoch", Integer, nullable=False),
    Column("made_at", BigInteger, nullable=False),
    Column("signed_in_at", BigInteger),
)
"""``password``: argon2id hash; none before the invitation is accepted. ``totp``: sealed secret.

``totp_step``: of the last code that was used, so that none is used twice. ``epoch``: sessions of an earlier
one have ended. ``demo``: signs in by a link and without a code."""

grant = Table(
    "role_grant",
    metadata,
    Column("account", StorableText, ForeignKey(account.c.name), nullable=False),
    Column("role", StorableText, nullable=False),
    Column("dataset", StorableText, nullable=False),
    Column("part", StorableText, nullable=False),
    UniqueConstraint("account", "role", "dataset", "part"),
)
"""``dataset`` and ``part``: empty is all."""

identity = Table(
    "identity",
    metadata,
    Column("issuer", StorableText, nullable=False),
    Column("subject", StorableText, nullable=False),
    Column("account", StorableText, ForeignKey(account.c.name), nullable=False),
    UniqueConstraint("issuer", "subject"),
)
"""Accounts that sign in at a provider of identities, which calls them by ``subject``."""

link = Table(
    "link",
    metadata,
    Column("digest", StorableText, primary_key=True),
    Column("account", StorableText, ForeignKey(account.c.name), nullable=False),
    Column("purpose", StorableText, nullable=False),
    Column("expires_at", BigInteger, nullable=False),
)
"""One-time links, by the SHA-256 of their token; one that was used is deleted."""

failure = Table(
    "failure",
    metadata,
    Column("name", StorableText, primary_key=True),
    Column("count", Integer, nullable=False),
    Column("failed_at", BigInteger, nullable=False),
    Column("until", BigInteger, nullable=False),
)
"""Failed sign-ins by a MAC of the name, whether there is such an account or not."""

session = Table(
    "session",
    metadata,
    Column("id", StorableText, primary_key=True),
    Column("data", LargeBinary, nullable=False),
    Column("expires_at", BigInteger, nullable=False),
)
"""``id``: SHA-256 of the cookie, so that a copy of the table opens no session."""

token = Table(
    "token",
    metadata,
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("digest", StorableText, nullable=False, unique=True),
    Column("account", StorableText, ForeignKey(account.c.name), nullable=False),
    Column("label", StorableText, nullable=False),
    Column("dataset", StorableText, nullable=False),
    Column("part", StorableText, nullable=False),
    Column("actions", StorableText, nullable=False),
    Column("made_by", StorableText, nullable=False),
    Column("made_at", BigInteger, nullable=False),
    Column("expires_at", BigInteger, nullable=False),
    Column("revoked_at", BigInteger),
    Column("used_at", BigInteger),
)
"""Tokens of programs, by their SHA-256. ``part``: empty is all. ``actions``: joined by blanks."""

answer = Table(
    "answer",
    metadata,
    Column("caller", StorableText, nullable=False),
    Column("key", StorableText, nullable=False),
    Column("request", StorableText, nullable=False),
    Column("status", Integer, nullable=False),
    Column("media_type", StorableText, nullable=False),
    Column("body", LargeBinary, nullable=False),
    Column("made_at", BigInteger, nullable=False),
    UniqueConstraint("caller", "key"),
)
"""Answers to requests with an ``Idempotency-Key``. ``request``: SHA-256 of what was sent; ``body``: zlib."""

schedule = Table(
    "schedule",
    metadata,
    Column("submission", BigInteger, primary_key=True, autoincrement=False),
    Column("dataset", StorableText, nullable=False),
    Column("digest", StorableText, nullable=False),
    Column("account", StorableText, ForeignKey(account.c.name), nullable=False),
    Column("at", BigInteger, nullable=False),
    Column("fault_zh", StorableText, nullable=False),
    Column("fault_en", StorableText, nullable=False),
)
"""Publications that wait for their time. ``fault_zh``: why one failed then; empty: it waits."""

act = Table(
    "act",
    metadata,
    Column("number", Integer, primary_key=True),
    Column("kind", StorableText, nullable=False),
    Column("event", StorableText, nullable=False),
    Column("begun_at", BigInteger, nullable=False),
    Column("entries", BigInteger, nullable=False),
    Column("lines", BigInteger, nullable=False),
)
"""Acts on the log that have no line in the audit log yet. ``event``: JSON of the line to be."""

correction = Table(
    "correction",
    metadata,
    Column("request", StorableText, primary_key=True),
    Column("submission", BigInteger, nullable=False),
    Column("proof", StorableText, nullable=False),
)
"""Requests of readers whose correction waits for a second person. ``proof``: what is published with it."""

audit = Table(
    "audit",
    metadata,
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("line", StorableText, nullable=False),
    Column("hash", StorableText, nullable=False),
)
"""``line``: canonical JSON of an event, which contains the hash of the line before."""

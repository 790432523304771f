"""Table of the last nightly verification."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Integer, Table

from publisher.log.database.sealing.sealed_columns import sealed
from publisher.log.database.tables import CodePointText, metadata

verification_run = Table(
    "verification_run",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("began_at", BigInteger, nullable=False),
    Column("ended_at", BigInteger, nullable=False),
    Column("problems", Integer, nullable=False),
    Column("listed", CodePointText, nullable=False),  # the first of them, a JSON array of texts
    Column("error", CodePointText, nullable=False),  # why it could not be completed
    *sealed("verification_run", "id"),
)
"""One row: when the worker last verified the site, and what it found."""

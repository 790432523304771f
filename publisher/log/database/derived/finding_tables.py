"""Tables of the findings of checks, which are derived from the log."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, ForeignKey, Index, Integer, Table

from publisher.log.database.sealing.sealed_columns import sealed
from publisher.log.database.tables import CodePointText, metadata

finding = Table(
    "finding",
    metadata,
    Column("id", CodePointText, primary_key=True),
    Column("known_from", BigInteger, primary_key=True, autoincrement=False),
    Column("effective_from", BigInteger, primary_key=True, autoincrement=False),
    Column("known_to", BigInteger, nullable=False),
    Column("effective_to", BigInteger, nullable=False),
    Column("code", CodePointText, nullable=False),
    Column("rule", CodePointText, nullable=False),
    Column("severity", CodePointText, nullable=False),
    Column("dataset", ForeignKey("dataset.key"), nullable=False),
    Column("record", ForeignKey("record.key"), nullable=False, index=True),  # the record that it is about
    Column("part", BigInteger),
    # JSON: [role, revision, field, item, start, end] each; the texts stay in the revisions.
    Column("cites", CodePointText, nullable=False),
    Index("finding_listed", "known_to", "effective_to"),
)
"""Periods, on both clocks, in which a finding or an agreement exists; the one that becomes the other keeps
its id."""

IS_PROBLEM = finding.c.severity != "agrees"
"""Condition of the periods that are not those of an agreement. A finding that becomes one ends."""

finding_run = Table(
    "finding_run",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("release", BigInteger, nullable=False),  # sequence of the last release that was checked
    # JSON: versions of the checks, and catalogues (digests) and publishers of datasets
    Column("inputs", CodePointText, nullable=False),
    *sealed("finding_run", "id"),
)
"""One row: how far the findings have come."""

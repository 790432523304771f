"""Tables of the statuses of commitments, which are derived from the log."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, ForeignKey, Index, Integer, Table

from publisher.log.database.sealing.sealed_columns import sealed
from publisher.log.database.tables import CodePointText, metadata

commitment_status = Table(
    "commitment_status",
    metadata,
    Column("record", ForeignKey("record.key"), primary_key=True),
    Column("known_from", BigInteger, primary_key=True, autoincrement=False),
    Column("effective_from", BigInteger, primary_key=True, autoincrement=False),
    Column("known_to", BigInteger, nullable=False),
    Column("effective_to", BigInteger, nullable=False),
    Column("dataset", ForeignKey("dataset.key"), nullable=False),
    Column("status", CodePointText, nullable=False),  # done, overdue; without a row: undetermined
    Column("done_on", BigInteger),  # since when all its evidence holds; NULL: it does not
    Index("commitment_status_listed", "dataset", "known_to", "effective_to"),
)
"""Periods, on both clocks, in which a commitment is done or overdue."""

commitment_run = Table(
    "commitment_run",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("release", BigInteger, nullable=False),  # sequence of the last release that was read
    # JSON: version of the rules, digests of the catalogues of datasets, and the inputs of the findings
    Column("inputs", CodePointText, nullable=False),
    *sealed("commitment_run", "id"),
)
"""One row: how far the statuses have come."""

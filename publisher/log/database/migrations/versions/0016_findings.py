"""Findings of checks. They are computed after the upgrade, as for a new check."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None

WORDS = sa.Text().with_variant(sa.TEXT(collation="C"), "postgresql")
KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "finding",
        sa.Column("id", WORDS, nullable=False),
        sa.Column("known_from", sa.BigInteger(), nullable=False, autoincrement=False),
        sa.Column("effective_from", sa.BigInteger(), nullable=False, autoincrement=False),
        sa.Column("known_to", sa.BigInteger(), nullable=False),
        sa.Column("effective_to", sa.BigInteger(), nullable=False),
        sa.Column("code", WORDS, nullable=False),
        sa.Column("rule", WORDS, nullable=False),
        sa.Column("severity", WORDS, nullable=False),
        sa.Column("dataset", KEY, nullable=False),
        sa.Column("record", KEY, nullable=False),
        sa.Column("part", sa.BigInteger()),
        sa.Column("cites", WORDS, nullable=False),
        sa.ForeignKeyConstraint(["dataset"], ["dataset.key"]),
        sa.ForeignKeyConstraint(["record"], ["record.key"]),
        sa.PrimaryKeyConstraint("id", "known_from", "effective_from"),
    )
    op.create_index("ix_finding_record", "finding", ["record"])
    op.create_index("finding_listed", "finding", ["known_to", "effective_to"])
    op.create_table(
        "finding_run",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("release", sa.BigInteger(), nullable=False),
        sa.Column("inputs", WORDS, nullable=False),
        sa.Column("seal", WORDS, nullable=False, server_default=""),
        sa.PrimaryKeyConstraint("id"),
    )
    unsealed = sa.text("length(seal) < 64")
    op.create_index(
        "finding_run_unsealed", "finding_run", ["id"], sqlite_where=unsealed, postgresql_where=unsealed
    )

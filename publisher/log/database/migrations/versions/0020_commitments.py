"""Statuses of commitments. They are derived after the upgrade, as findings are."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None

WORDS = sa.Text().with_variant(sa.TEXT(collation="C"), "postgresql")
KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "commitment_status",
        sa.Column("record", KEY, nullable=False),
        sa.Column("known_from", sa.BigInteger(), nullable=False, autoincrement=False),
        sa.Column("effective_from", sa.BigInteger(), nullable=False, autoincrement=False),
        sa.Column("known_to", sa.BigInteger(), nullable=False),
        sa.Column("effective_to", sa.BigInteger(), nullable=False),
        sa.Column("dataset", KEY, nullable=False),
        sa.Column("status", WORDS, nullable=False),
        sa.Column("done_on", sa.BigInteger()),
        sa.ForeignKeyConstraint(["dataset"], ["dataset.key"]),
        sa.ForeignKeyConstraint(["record"], ["record.key"]),
        sa.PrimaryKeyConstraint("record", "known_from", "effective_from"),
    )
    op.create_index("commitment_status_listed", "commitment_status", ["dataset", "known_to", "effective_to"])
    op.create_table(
        "commitment_run",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("release", sa.BigInteger(), nullable=False),
        sa.Column("inputs", WORDS, nullable=False),
        sa.Column("seal", WORDS, nullable=False, server_default=""),
        sa.PrimaryKeyConstraint("id"),
    )
    unsealed = sa.text("length(seal) < 64")
    op.create_index(
        "commitment_run_unsealed", "commitment_run", ["id"], sqlite_where=unsealed, postgresql_where=unsealed
    )

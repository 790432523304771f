"""Runs over sources, with what each read and what failed."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0023"
down_revision = "0022"
branch_labels = None
depends_on = None

KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
WORDS = sa.Text().with_variant(sa.TEXT(collation="C"), "postgresql")


def upgrade() -> None:
    op.create_table(
        "source_run",
        sa.Column("key", KEY, nullable=False),
        sa.Column("source", WORDS, nullable=False),
        sa.Column("began_at", sa.BigInteger(), nullable=False),
        sa.Column("ended_at", sa.BigInteger(), nullable=True),
        sa.Column("report", WORDS, nullable=False),
        sa.Column("seal", WORDS, nullable=False, server_default=""),
        sa.PrimaryKeyConstraint("key"),
    )
    unsealed = sa.text("length(seal) < 64")
    op.create_index(
        "source_run_unsealed", "source_run", ["key"], sqlite_where=unsealed, postgresql_where=unsealed
    )
    op.create_index("source_run_source", "source_run", ["source"])

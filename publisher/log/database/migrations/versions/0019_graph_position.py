"""The graph is derived after a publication, and knows how far it has come. Every revision is read again."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None

WORDS = sa.Text().with_variant(sa.TEXT(collation="C"), "postgresql")


def upgrade() -> None:
    op.drop_table("graph_run")
    op.create_table(
        "graph_run",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("revision", sa.BigInteger(), nullable=False),
        sa.Column("release", sa.BigInteger(), nullable=False),
        sa.Column("seal", WORDS, nullable=False, server_default=""),
        sa.PrimaryKeyConstraint("id"),
    )
    unsealed = sa.text("length(seal) < 64")
    op.create_index(
        "graph_run_unsealed", "graph_run", ["id"], sqlite_where=unsealed, postgresql_where=unsealed
    )

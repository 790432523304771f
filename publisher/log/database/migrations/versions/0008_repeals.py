"""Decisions about proposed repeals, and since when a page answers with something else than its content."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

WORDS = sa.Text().with_variant(sa.TEXT(collation="C"), "postgresql")
KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "repeal",
        sa.Column("key", KEY, primary_key=True),
        sa.Column("dataset", KEY, sa.ForeignKey("dataset.key"), nullable=False),
        sa.Column("ended", WORDS, nullable=False),
        sa.Column("notice", WORDS, nullable=False),
        sa.Column("accepted", sa.Boolean, nullable=False),
        sa.Column("decided_at", sa.BigInteger, nullable=False),
        sa.Column("release", KEY, sa.ForeignKey("release.sequence")),
        sa.UniqueConstraint("dataset", "ended", "notice"),
    )
    op.add_column("page", sa.Column("troubled_since", sa.BigInteger))

"""Submissions of drafts and amendments to a second person, and the approval that a release states."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0021"
down_revision = "0020"
branch_labels = None
depends_on = None

KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
WORDS = sa.Text().with_variant(sa.TEXT(collation="C"), "postgresql")


def upgrade() -> None:
    op.add_column("release", sa.Column("approval", WORDS, nullable=True))
    op.create_table(
        "submission",
        sa.Column("key", KEY, nullable=False),
        sa.Column("dataset", KEY, nullable=False),
        sa.Column("kind", WORDS, nullable=False),
        sa.Column("request", WORDS, nullable=False),
        sa.Column("digest", WORDS, nullable=False),
        sa.Column("drafter", WORDS, nullable=False),
        sa.Column("submitted_at", sa.BigInteger(), nullable=False),
        sa.Column("state", WORDS, nullable=False),
        sa.Column("reviewer", WORDS, nullable=False),
        sa.Column("decided_at", sa.BigInteger(), nullable=True),
        sa.Column("reason", WORDS, nullable=False),
        sa.Column("release", KEY, nullable=True),
        sa.Column("seal", WORDS, nullable=False, server_default=""),
        sa.PrimaryKeyConstraint("key"),
        sa.ForeignKeyConstraint(["dataset"], ["dataset.key"]),
        sa.ForeignKeyConstraint(["release"], ["release.sequence"]),
    )
    unsealed = sa.text("length(seal) < 64")
    op.create_index(
        "submission_unsealed", "submission", ["key"], sqlite_where=unsealed, postgresql_where=unsealed
    )
    op.create_index("submission_dataset", "submission", ["dataset", "state"])

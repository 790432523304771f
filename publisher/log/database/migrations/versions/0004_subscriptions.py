"""Subscriptions to changes, and their deliveries."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

WORDS = sa.Text().with_variant(sa.TEXT(collation="C"), "postgresql")
KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "subscription",
        sa.Column("key", KEY, nullable=False),
        sa.Column("id", WORDS, nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("callback", sa.Text(), nullable=False),
        sa.Column("scope", sa.Text(), nullable=False),
        sa.Column("secret", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("since", sa.BigInteger(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("key"),
        sa.UniqueConstraint("id"),
    )
    op.create_table(
        "delivery",
        sa.Column("key", KEY, nullable=False),
        sa.Column("subscription", KEY, nullable=False),
        sa.Column("release", KEY, nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("due_at", sa.BigInteger(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("answer", sa.Integer()),
        sa.Column("error", sa.Text(), nullable=False),
        sa.Column("tried_at", sa.BigInteger()),
        sa.ForeignKeyConstraint(["subscription"], ["subscription.key"]),
        sa.ForeignKeyConstraint(["release"], ["release.sequence"]),
        sa.PrimaryKeyConstraint("key"),
        sa.UniqueConstraint("subscription", "release"),
    )
    op.create_index("delivery_due", "delivery", ["state", "due_at"], unique=False)

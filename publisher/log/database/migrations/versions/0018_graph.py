"""Works, citations and effects. They are derived after the upgrade (``publisher.log.citations``), because
their rules are not part of this schema.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None

WORDS = sa.Text().with_variant(sa.TEXT(collation="C"), "postgresql")


def upgrade() -> None:
    op.create_table(
        "citation",
        sa.Column("revision", sa.BigInteger(), nullable=False, autoincrement=False),
        sa.Column("field", WORDS, nullable=False),
        sa.Column("item", sa.Integer(), nullable=False, autoincrement=False),
        sa.Column("start", sa.Integer(), nullable=False, autoincrement=False),
        sa.Column("article", sa.Integer(), nullable=False, autoincrement=False),
        sa.Column("end", sa.Integer(), nullable=False),
        sa.Column("work", WORDS, nullable=False),
        sa.Column("kind", WORDS, nullable=False),
        sa.Column("place", WORDS, nullable=False),
        sa.Column("role", WORDS, nullable=False),
        sa.PrimaryKeyConstraint("revision", "field", "item", "start", "article"),
        sqlite_with_rowid=False,
    )
    op.create_index("citation_of_work", "citation", ["work", "revision"])
    op.create_table(
        "work_name",
        sa.Column("name", WORDS, nullable=False),
        sa.Column("revision", sa.BigInteger(), nullable=False, autoincrement=False),
        sa.Column("key", WORDS, nullable=False),
        sa.Column("kind", WORDS, nullable=False),
        sa.PrimaryKeyConstraint("name", "revision"),
        sqlite_with_rowid=False,
    )
    op.create_index("work_name_of_key", "work_name", ["key", "name"])
    op.create_index("work_name_of_revision", "work_name", ["revision"])
    op.create_table(
        "effect",
        sa.Column("revision", sa.BigInteger(), nullable=False, autoincrement=False),
        sa.Column("position", sa.Integer(), nullable=False, autoincrement=False),
        sa.Column("kind", WORDS, nullable=False),
        sa.Column("source", WORDS, nullable=False),
        sa.Column("target", WORDS),
        sa.Column("article", sa.Integer(), nullable=False),
        sa.Column("day", sa.BigInteger()),
        sa.Column("field", WORDS, nullable=False),
        sa.Column("item", sa.Integer(), nullable=False),
        sa.Column("start", sa.Integer(), nullable=False),
        sa.Column("end", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("revision", "position"),
        sqlite_with_rowid=False,
    )
    op.create_index("effect_of_source", "effect", ["source"])
    op.create_index("effect_on_target", "effect", ["target"])
    op.create_table(
        "graph_run",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )

"""Entries, tiles and checkpoints; salts and digests of documents of format 2.

The log fills them for a site that exists (``publisher.log.releases.reseal``), because their format is
stable and this schema is not.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

WORDS = sa.Text().with_variant(sa.TEXT(collation="C"), "postgresql")
KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    for table, column in (
        ("site", sa.Column("details", sa.Text(), nullable=False, server_default="{}")),
        ("site", sa.Column("document", sa.Text())),
        ("dataset", sa.Column("document", sa.Text())),
        ("part", sa.Column("declared_as", WORDS, nullable=False, server_default="")),
        ("release", sa.Column("format", sa.Integer(), nullable=False, server_default="1")),
        ("release", sa.Column("document", sa.Text())),
        ("release", sa.Column("actor_salt", sa.LargeBinary())),
        ("release", sa.Column("note_salt", sa.LargeBinary())),
        ("release", sa.Column("basis_salt", sa.LargeBinary())),
        ("import", sa.Column("origin_salt", sa.LargeBinary())),
        ("revision", sa.Column("provenance", sa.Text())),
    ):
        op.add_column(table, column)
    op.execute("UPDATE part SET declared_as = name")
    op.create_table(
        "entry",
        sa.Column("position", KEY, nullable=False, autoincrement=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("format", sa.Integer(), nullable=False),
        sa.Column("digest", sa.Text(), nullable=False),
        sa.Column("document", sa.Text()),
        sa.Column("appended_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("position"),
        sa.UniqueConstraint("digest"),
    )
    op.create_index("entry_of_kind", "entry", ["kind", "position"])
    op.create_table(
        "tile",
        sa.Column("level", sa.Integer(), nullable=False, autoincrement=False),
        sa.Column("number", KEY, nullable=False, autoincrement=False),
        sa.Column("hashes", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("level", "number"),
    )
    op.create_table(
        "checkpoint",
        sa.Column("size", KEY, nullable=False, autoincrement=False),
        sa.Column("root", sa.Text(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("note", sa.Text()),
        sa.Column("signed_at", sa.BigInteger()),
        sa.Column("extended_at", sa.BigInteger()),
        sa.Column("error", sa.Text(), nullable=False, server_default=""),
        sa.PrimaryKeyConstraint("size"),
    )

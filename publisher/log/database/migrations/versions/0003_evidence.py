"""Evidence: pages of sources, their responses, and notices of changes."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

WORDS = sa.Text().with_variant(sa.TEXT(collation="C"), "postgresql")
KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "page",
        sa.Column("key", KEY, nullable=False),
        sa.Column("source", WORDS, nullable=False),
        sa.Column("url", WORDS, nullable=False),
        sa.Column("role", sa.Text(), nullable=False),
        sa.Column("parent", sa.BigInteger()),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("found_at", sa.BigInteger(), nullable=False),
        sa.Column("checked_at", sa.BigInteger()),
        sa.Column("status", sa.Integer()),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("vanished_at", sa.BigInteger()),
        sa.Column("etag", sa.Text()),
        sa.Column("modified", sa.Text()),
        sa.Column("length", sa.BigInteger()),
        sa.Column("body_digest", sa.Text()),
        sa.Column("response", sa.BigInteger()),
        sa.Column("suspected_by", sa.Text()),
        sa.Column("read_digest", sa.Text()),
        sa.Column("text_digest", sa.Text()),
        sa.Column("parser_version", sa.Text(), nullable=False),
        sa.Column("number", WORDS),
        sa.Column("named", WORDS),
        sa.Column("sketch", sa.LargeBinary()),
        sa.Column("copy_of", sa.BigInteger()),
        sa.Column("erased", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("key"),
        sa.UniqueConstraint("source", "url"),
    )
    for name, column in (
        ("page_by_number", "number"),
        ("page_by_name", "named"),
        (op.f("ix_page_parent"), "parent"),
        (op.f("ix_page_copy_of"), "copy_of"),
    ):
        op.create_index(name, "page", [column], unique=False)
    op.create_table(
        "response",
        sa.Column("key", KEY, nullable=False),
        sa.Column("page", KEY, nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("status", sa.Integer(), nullable=False),
        sa.Column("digest", sa.Text(), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("body_digest", sa.Text(), nullable=False),
        sa.Column("length", sa.BigInteger(), nullable=False),
        sa.Column("destroyed", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(["page"], ["page.key"]),
        sa.PrimaryKeyConstraint("key"),
    )
    op.create_index(op.f("ix_response_page"), "response", ["page"], unique=False)
    op.create_index(op.f("ix_response_digest"), "response", ["digest"], unique=False)
    op.create_table(
        "notice",
        sa.Column("key", KEY, nullable=False),
        sa.Column("page", KEY, nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("detected_by", sa.Text(), nullable=False),
        sa.Column("before", sa.BigInteger()),
        sa.Column("after", sa.BigInteger()),
        sa.ForeignKeyConstraint(["page"], ["page.key"]),
        sa.PrimaryKeyConstraint("key"),
    )
    op.create_index(op.f("ix_notice_page"), "notice", ["page"], unique=False)
    op.create_index(op.f("ix_notice_at"), "notice", ["at"], unique=False)

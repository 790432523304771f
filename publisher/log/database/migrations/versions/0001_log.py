"""The log: sites, datasets, releases, changes, revisions, spans, the outbox and drafts."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

WORDS = sa.Text().with_variant(sa.TEXT(collation="C"), "postgresql")
KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
OPEN = sa.text("known_to = 4611686018427387904")


def upgrade() -> None:
    op.create_table(
        "catalogue",
        sa.Column("digest", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("digest"),
    )
    op.create_table(
        "outbox",
        sa.Column("sequence", KEY, autoincrement=False, nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("dataset", sa.BigInteger(), nullable=False),
        sa.Column("due_at", sa.BigInteger(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("error", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("sequence"),
    )
    op.create_table(
        "site",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("base", sa.Text(), nullable=False),
        sa.Column("tag_authority", sa.Text(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("release_sequence", sa.BigInteger(), nullable=False),
        sa.Column("change_sequence", sa.BigInteger(), nullable=False),
        sa.Column("outbox_sequence", sa.BigInteger(), nullable=False),
        sa.Column("scrub_pending", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_table(
        "source_bytes",
        sa.Column("digest", sa.Text(), nullable=False),
        sa.Column("data", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("digest"),
    )
    op.create_table(
        "tally",
        sa.Column("dataset", sa.BigInteger(), nullable=False),
        sa.Column("known_from", sa.BigInteger(), nullable=False),
        sa.Column("effective_from", sa.BigInteger(), nullable=False),
        sa.Column("records", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("dataset", "known_from", "effective_from"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "value",
        sa.Column("revision", sa.BigInteger(), nullable=False),
        sa.Column("field", WORDS, nullable=False),
        sa.Column("text", WORDS, nullable=False),
        sa.Column("number", sa.Float(precision=53), nullable=True),
        sa.Column("dataset", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("revision", "field", "text"),
        sqlite_with_rowid=False,
    )
    op.create_index("value_found", "value", ["dataset", "field", "text"], unique=False)
    op.create_table(
        "dataset",
        sa.Column("key", KEY, nullable=False),
        sa.Column("name", WORDS, nullable=False),
        sa.Column("catalogue", sa.Text(), nullable=False),
        sa.Column("catalogue_digest", sa.Text(), nullable=False),
        sa.Column("draft_catalogue", sa.Text(), nullable=True),
        sa.Column("details", sa.Text(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["catalogue_digest"],
            ["catalogue.digest"],
        ),
        sa.ForeignKeyConstraint(
            ["draft_catalogue"],
            ["catalogue.digest"],
        ),
        sa.PrimaryKeyConstraint("key"),
        sa.UniqueConstraint("name"),
    )
    op.create_table(
        "part",
        sa.Column("key", KEY, nullable=False),
        sa.Column("dataset", KEY, nullable=False),
        sa.Column("name", WORDS, nullable=False),
        sa.Column("aliases", sa.Text(), nullable=False),
        sa.Column("code", sa.Text(), nullable=True),
        sa.Column("valid_from", sa.BigInteger(), nullable=True),
        sa.Column("valid_to", sa.BigInteger(), nullable=True),
        sa.Column("merged_into", KEY, nullable=True),
        sa.ForeignKeyConstraint(
            ["dataset"],
            ["dataset.key"],
        ),
        sa.ForeignKeyConstraint(
            ["merged_into"],
            ["part.key"],
        ),
        sa.PrimaryKeyConstraint("key"),
        sa.UniqueConstraint("dataset", "name"),
    )
    op.create_table(
        "release",
        sa.Column("sequence", KEY, autoincrement=False, nullable=False),
        sa.Column("dataset", KEY, nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("published_at", sa.BigInteger(), nullable=False),
        sa.Column("effective_on", sa.BigInteger(), nullable=False),
        sa.Column("basis", sa.Text(), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.Column("catalogue_digest", sa.Text(), nullable=False),
        sa.Column("parser_version", sa.Text(), nullable=False),
        sa.Column("software_version", sa.Text(), nullable=False),
        sa.Column("counts", sa.Text(), nullable=False),
        sa.Column("left_out", sa.Text(), nullable=True),
        sa.Column("left_out_salt", sa.LargeBinary(), nullable=True),
        sa.Column("left_out_hash", sa.Text(), nullable=False),
        sa.Column("manifest_hash", sa.Text(), nullable=False),
        sa.Column("previous_hash", sa.Text(), nullable=False),
        sa.Column("hash", sa.Text(), nullable=False),
        sa.Column("erased", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(
            ["catalogue_digest"],
            ["catalogue.digest"],
        ),
        sa.ForeignKeyConstraint(
            ["dataset"],
            ["dataset.key"],
        ),
        sa.PrimaryKeyConstraint("sequence"),
        sa.UniqueConstraint("dataset", "number"),
    )
    op.create_table(
        "import",
        sa.Column("key", KEY, nullable=False),
        sa.Column("dataset", KEY, nullable=False),
        sa.Column("release", KEY, nullable=True),
        sa.Column("part", KEY, nullable=True),
        sa.Column("mode", sa.Text(), nullable=False),
        sa.Column("parser_version", sa.Text(), nullable=False),
        sa.Column("digest", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("media_type", sa.Text(), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("obtained_at", sa.BigInteger(), nullable=False),
        sa.Column("url", sa.Text(), nullable=True),
        sa.Column("detected_by", sa.Text(), nullable=False),
        sa.Column("partial", sa.Boolean(), nullable=False),
        sa.Column("destroyed", sa.Boolean(), nullable=False),
        sa.Column("left_out", sa.Text(), nullable=False),
        sa.Column("effective_from", sa.BigInteger(), nullable=True),
        sa.Column("effective_to", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(
            ["dataset"],
            ["dataset.key"],
        ),
        sa.ForeignKeyConstraint(
            ["part"],
            ["part.key"],
        ),
        sa.ForeignKeyConstraint(
            ["release"],
            ["release.sequence"],
        ),
        sa.PrimaryKeyConstraint("key"),
    )
    op.create_index("import_of_dataset", "import", ["dataset", "release"], unique=False)
    op.create_index(op.f("ix_import_digest"), "import", ["digest"], unique=False)
    op.create_index(op.f("ix_import_release"), "import", ["release"], unique=False)
    op.create_table(
        "record",
        sa.Column("key", KEY, autoincrement=False, nullable=False),
        sa.Column("id", WORDS, nullable=False),
        sa.Column("dataset", KEY, nullable=False),
        sa.Column("identity", WORDS, nullable=True),
        sa.Column("withdrawn_at", sa.BigInteger(), nullable=True),
        sa.Column("erased_by", KEY, nullable=True),
        sa.ForeignKeyConstraint(
            ["dataset"],
            ["dataset.key"],
        ),
        sa.ForeignKeyConstraint(
            ["erased_by"],
            ["release.sequence"],
        ),
        sa.PrimaryKeyConstraint("key"),
        sa.UniqueConstraint("id"),
    )
    op.create_index("record_by_identity", "record", ["dataset", "identity"], unique=True)
    op.create_table(
        "change",
        sa.Column("sequence", KEY, autoincrement=False, nullable=False),
        sa.Column("release", KEY, nullable=False),
        sa.Column("dataset", KEY, nullable=False),
        sa.Column("record", KEY, nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("cause", sa.Text(), nullable=False),
        sa.Column("revision", sa.BigInteger(), nullable=True),
        sa.Column("before", sa.BigInteger(), nullable=True),
        sa.Column("part", sa.BigInteger(), nullable=True),
        sa.Column("before_part", sa.BigInteger(), nullable=True),
        sa.Column("effective_from", sa.BigInteger(), nullable=False),
        sa.Column("effective_to", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["dataset"],
            ["dataset.key"],
        ),
        sa.ForeignKeyConstraint(
            ["record"],
            ["record.key"],
        ),
        sa.ForeignKeyConstraint(
            ["release"],
            ["release.sequence"],
        ),
        sa.PrimaryKeyConstraint("sequence"),
    )
    op.create_index("change_of_dataset", "change", ["dataset", "sequence"], unique=False)
    op.create_index(op.f("ix_change_record"), "change", ["record"], unique=False)
    op.create_index(op.f("ix_change_release"), "change", ["release"], unique=False)
    op.create_table(
        "draft_entry",
        sa.Column("import", KEY, nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("identity", WORDS, nullable=False),
        sa.Column("content", sa.Text(), nullable=False),
        sa.Column("title", WORDS, nullable=False),
        sa.Column("salt", sa.LargeBinary(), nullable=False),
        sa.Column("hash", sa.Text(), nullable=False),
        sa.Column("source_text", sa.Text(), nullable=False),
        sa.Column("locator", sa.Text(), nullable=False),
        sa.Column("originals", sa.Text(), nullable=False),
        sa.Column("in_error", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(
            ["import"],
            ["import.key"],
        ),
        sa.PrimaryKeyConstraint("import", "position"),
    )
    op.create_index("draft_entry_identity", "draft_entry", ["import", "identity"], unique=False)
    op.create_table(
        "held",
        sa.Column("record", KEY, nullable=False),
        sa.Column("import", KEY, nullable=False),
        sa.ForeignKeyConstraint(
            ["import"],
            ["import.key"],
        ),
        sa.ForeignKeyConstraint(
            ["record"],
            ["record.key"],
        ),
        sa.PrimaryKeyConstraint("record", "import"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "revision",
        sa.Column("key", KEY, autoincrement=False, nullable=False),
        sa.Column("record", KEY, nullable=False),
        sa.Column("hash", sa.Text(), nullable=False),
        sa.Column("salt", sa.LargeBinary(), nullable=True),
        sa.Column("content", sa.Text(), nullable=True),
        sa.Column("title", WORDS, nullable=False),
        sa.Column("source_text", sa.Text(), nullable=False),
        sa.Column("locator", sa.Text(), nullable=False),
        sa.Column("originals", sa.Text(), nullable=False),
        sa.Column("import", KEY, nullable=True),
        sa.Column("corrects", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(
            ["import"],
            ["import.key"],
        ),
        sa.ForeignKeyConstraint(
            ["record"],
            ["record.key"],
        ),
        sa.PrimaryKeyConstraint("key"),
    )
    op.create_index(op.f("ix_revision_record"), "revision", ["record"], unique=False)
    op.create_table(
        "span",
        sa.Column("record", KEY, nullable=False),
        sa.Column("made", sa.BigInteger(), nullable=False),
        sa.Column("effective_from", sa.BigInteger(), nullable=False),
        sa.Column("effective_to", sa.BigInteger(), nullable=False),
        sa.Column("known_from", sa.BigInteger(), nullable=False),
        sa.Column("known_to", sa.BigInteger(), nullable=False),
        sa.Column("dataset", sa.BigInteger(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("revision", sa.BigInteger(), nullable=False),
        sa.Column("part", sa.BigInteger(), nullable=True),
        sa.Column("brought", sa.BigInteger(), nullable=False),
        sa.Column("title", WORDS, nullable=False),
        sa.Column("sequence", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["record"],
            ["record.key"],
        ),
        sa.PrimaryKeyConstraint("record", "made", "effective_from"),
        sqlite_with_rowid=False,
    )
    op.create_index("span_listed", "span", ["dataset", "title", "record"], unique=False)
    op.create_index("span_of_revision", "span", ["revision"], unique=False)
    op.create_index(
        "span_open_later",
        "span",
        ["dataset", "effective_from"],
        unique=False,
        sqlite_where=OPEN,
        postgresql_where=OPEN,
    )
    op.create_index("span_written", "span", ["sequence"], unique=False)

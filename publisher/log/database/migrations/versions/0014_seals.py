"""Seals of rows that no entry determines, rows of each draft, and digests of the records of each file.

The program seals the rows that exist when the migration has ended (``publisher.log.database.sealing.seals``).
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from publisher.log.database import held_records

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None

WORDS = sa.Text().with_variant(sa.TEXT(collation="C"), "postgresql")
UNSEALED = sa.text("length(seal) < 64")
SEALED = {
    "site": "id",
    "page_failure": "page",
    "checkpoint": "size",
    "entry": "position",
    "cosignature": "size",
    "witness": "key",
    "draft_entry": "import",
    **dict.fromkeys(("dataset", "part", "import", "repeal", "page", "response", "notice"), "key"),
    **dict.fromkeys(("subscription", "delivery"), "key"),
}


def upgrade() -> None:
    op.add_column("import", sa.Column("entries", sa.Integer()))
    op.add_column("import", sa.Column("records", WORDS))
    for table, key in SEALED.items():
        op.add_column(table, sa.Column("seal", WORDS, nullable=False, server_default=""))
        _create_index(table, key)
    op.add_column("outbox", sa.Column("seal", WORDS, nullable=False, server_default=""))
    op.execute(
        'UPDATE "import" SET entries = (SELECT count(*) FROM draft_entry WHERE "import" = "import".key) '
        'WHERE "release" IS NULL'
    )
    op.create_table(
        "verification_run",
        sa.Column("id", sa.Integer(), primary_key=True),
        sa.Column("began_at", sa.BigInteger(), nullable=False),
        sa.Column("ended_at", sa.BigInteger(), nullable=False),
        sa.Column("problems", sa.Integer(), nullable=False),
        sa.Column("listed", WORDS, nullable=False),
        sa.Column("error", WORDS, nullable=False),
        sa.Column("seal", WORDS, nullable=False, server_default=""),
    )
    _create_index("verification_run", "id")
    _digest_records(op.get_bind())


def _create_index(table: str, key: str) -> None:
    op.create_index(f"{table}_unsealed", table, [key], sqlite_where=UNSEALED, postgresql_where=UNSEALED)


def _digest_records(conn: sa.Connection) -> None:
    rows = conn.execute(
        sa.text('SELECT record, "import" FROM held').execution_options(stream_results=True, yield_per=10_000)
    )
    update = sa.text('UPDATE "import" SET records = :digest WHERE key = :key')
    for source, digest in held_records.digests(rows).items():
        conn.execute(update, {"digest": digest, "key": source})

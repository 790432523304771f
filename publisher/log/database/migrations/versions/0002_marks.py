"""Columns for changes of responses without a release: names of parts and later withdrawals."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

WITHDRAWN = sa.text("withdrawn_at IS NOT NULL")


def upgrade() -> None:
    op.add_column("dataset", sa.Column("named_at", sa.BigInteger(), nullable=False, server_default="0"))
    op.create_index(
        "record_withdrawn",
        "record",
        ["dataset", "withdrawn_at"],
        sqlite_where=WITHDRAWN,
        postgresql_where=WITHDRAWN,
    )

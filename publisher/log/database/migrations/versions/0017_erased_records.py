"""Erased records are found by the release that erased them; every record was read before."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None

ERASED = sa.text("erased_by IS NOT NULL")


def upgrade() -> None:
    op.create_index("record_erased", "record", ["erased_by"], sqlite_where=ERASED, postgresql_where=ERASED)

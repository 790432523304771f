"""Seals of releases: no entry says which names of clerks are there, if the log was completed from an archive.

The program seals the rows that exist when the migration has ended (``publisher.log.database.sealing.seals``).
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None


def upgrade() -> None:
    words = sa.Text().with_variant(sa.TEXT(collation="C"), "postgresql")
    unsealed = sa.text("length(seal) < 64")
    op.add_column("release", sa.Column("seal", words, nullable=False, server_default=""))
    op.create_index(
        "release_unsealed", "release", ["sequence"], sqlite_where=unsealed, postgresql_where=unsealed
    )

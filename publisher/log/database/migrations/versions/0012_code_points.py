"""Every text column of PostgreSQL is compared by code point, whatever the locale of the database.

The rows stay as they are; PostgreSQL rebuilds the indexes of these columns.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

COLUMNS = sa.text(
    "SELECT table_name, column_name FROM information_schema.columns "
    "WHERE table_schema = current_schema() AND data_type = 'text' AND collation_name IS DISTINCT FROM 'C' "
    "ORDER BY table_name, ordinal_position"
)


def upgrade() -> None:
    connection = op.get_bind()
    if connection.dialect.name != "postgresql":
        return
    columns: dict[str, list[str]] = {}
    for table, column in connection.execute(COLUMNS):
        columns.setdefault(table, []).append(column)
    for table, names in columns.items():
        changes = ", ".join(f'ALTER COLUMN "{name}" TYPE text COLLATE "C"' for name in names)
        op.execute(f'ALTER TABLE "{table}" {changes}')

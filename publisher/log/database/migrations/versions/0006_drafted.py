"""An index that finds the imports of a draft by the name of the file."""

from __future__ import annotations

from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.drop_index("import_of_dataset", "import")
    op.create_index("import_of_dataset", "import", ["dataset", "release", "name"])

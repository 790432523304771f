"""Values of fields that a later catalogue was the first to index, for the revisions before it."""

from __future__ import annotations

from alembic import op

from publisher.log.releases import field_values

revision = "0025"
down_revision = "0024"
branch_labels = None
depends_on = None


def upgrade() -> None:
    field_values.index_earlier(op.get_bind())

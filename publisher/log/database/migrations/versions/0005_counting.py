"""An index that covers the counts of totals and facets."""

from __future__ import annotations

from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index(
        "span_counted",
        "span",
        [
            *("dataset", "revision", "part", "status"),
            *("known_from", "known_to", "effective_from", "effective_to"),
        ],
    )

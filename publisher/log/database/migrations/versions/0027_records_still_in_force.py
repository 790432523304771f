"""A record that a cancellation left in force on other days does not count as withdrawn."""

from __future__ import annotations

from alembic import op

revision = "0027"
down_revision = "0026"
branch_labels = None
depends_on = None


def upgrade() -> None:
    # After a withdrawal nothing is in force: only cancellations marked what is.
    op.execute(
        "UPDATE record SET withdrawn_at = NULL WHERE withdrawn_at IS NOT NULL AND EXISTS ("
        "SELECT 1 FROM span WHERE span.record = record.key AND span.status = 'stated' "
        "AND span.known_from <= record.withdrawn_at AND span.known_to > record.withdrawn_at)"
    )

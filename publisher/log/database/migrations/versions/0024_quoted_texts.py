"""The problems of the last verification may quote what was erased after it.

The program seals the rows again when the migration has ended (``publisher.log.database.sealing.seals``).
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0024"
down_revision = "0023"
branch_labels = None
depends_on = None

FORGOTTEN = "因依法删除，原文不再保留 not kept: something was erased since"


def upgrade() -> None:
    conn = op.get_bind()
    quoting = conn.execute(
        sa.text(
            "SELECT id, error FROM verification_run WHERE (listed <> '[]' OR error <> '') "
            "AND (EXISTS (SELECT 1 FROM record WHERE erased_by IS NOT NULL) "
            "OR EXISTS (SELECT 1 FROM entry WHERE kind = 'erasure'))"
        )
    ).first()
    if quoting is None:
        return
    conn.execute(
        sa.text("UPDATE verification_run SET listed = '[]', error = :error, seal = ''"),
        {"error": FORGOTTEN if quoting.error else ""},
    )
    # The bytes are deleted when the program has opened the log.
    conn.execute(sa.text("UPDATE site SET scrub_pending = TRUE, seal = ''"))

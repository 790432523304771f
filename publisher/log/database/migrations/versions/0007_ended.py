"""Index the documents that a document ends, like other indexed values."""

from __future__ import annotations

import json

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

LONGEST = 300


def upgrade() -> None:
    conn = op.get_bind()
    revisions = conn.execute(
        sa.text(
            "SELECT v.key, v.content, r.dataset FROM revision v JOIN record r ON r.key = v.record "
            "WHERE v.content LIKE '%\"ends\":[%'"
        )
    ).all()
    rows = [
        {"revision": key, "field": "ends", "text": text, "dataset": dataset}
        for key, content, dataset in revisions
        for text in set(map(str, json.loads(content).get("ends", ())))
        if len(text) <= LONGEST  # longer texts are not names of documents
    ]
    if rows:
        conn.execute(
            sa.text(
                "INSERT INTO value (revision, field, text, dataset) "
                "VALUES (:revision, :field, :text, :dataset)"
            ),
            rows,
        )

"""Search gets the records again that were indexed by an earlier catalogue and have other documents now."""

from __future__ import annotations

from alembic import op
from sqlalchemy import func, select, update

from publisher.log.database import tables as t
from publisher.log.releases import field_values, release_writer

revision = "0026"
down_revision = "0025"
branch_labels = None
depends_on = None


def upgrade() -> None:
    conn = op.get_bind()
    changes = field_values.catalogue_changes(conn)
    datasets = {dataset for _, dataset, catalogue, earlier in changes if earlier.change_documents(catalogue)}
    if not datasets:
        return
    before = last = conn.scalar(select(t.site.c.outbox_sequence)) or 0
    due_at = conn.scalar(select(func.max(t.release.c.published_at))) or 0
    for dataset in sorted(datasets):
        last = release_writer.renumber_spans(conn, dataset, upto=before, last=last)
        release_writer.write_span_items(conn, dataset, before, due_at)
    conn.execute(update(t.site).values(outbox_sequence=last))

"""Reseal of a site that was made before the log had entries: a document of format 2 for all that exists.

The entries are the site, its datasets as they are now, every release in order, and one entry ``reseal`` that
names the end of the chain of format 1 and the tree of all entries before it.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection, select, update

from publisher.log.canonical_json import new_salt
from publisher.log.clocks import micros
from publisher.log.database import tables as t
from publisher.log.releases import provenance, release_document
from publisher.log.session import Session
from publisher.log.transparency import description_entries, documents, entry_log


def reseal(session: Session) -> int:
    """Write the entries of a site that has none. → number of releases that were resealed."""
    with session.read() as conn:
        if not needs_reseal(conn):
            return 0
    with session.append() as conn:
        if not needs_reseal(conn):
            return 0
        now = micros(session.clock())
        _add_hashes(conn)
        description_entries.append_site(conn, now)
        for key in conn.scalars(select(t.dataset.c.key).order_by(t.dataset.c.key)).all():
            description_entries.append_dataset(conn, key, now)
        return _append_releases(conn, now)


def needs_reseal(conn: Connection) -> bool:
    has_site = conn.execute(select(t.site.c.id)).first() is not None
    return has_site and not entry_log.size(conn)


def _append_releases(conn: Connection, now: int) -> int:
    previous: str | None = None
    rows = conn.execute(select(t.release).order_by(t.release.c.sequence)).mappings().all()
    datasets = conn.execute(select(t.dataset.c.key, t.dataset.c.document))
    details = {dataset.key: dataset.document for dataset in datasets}
    for row in map(dict, rows):
        sequence = row["sequence"]
        document = release_document.build(
            conn,
            row,
            release_document.source_rows(conn, t.import_.c.release == sequence),
            manifest=release_document.manifest_digest(release_document.stored_manifest(conn, sequence)),
            details=details[row["dataset"]],
            previous=previous,
            erased=release_document.erased_records(conn, sequence),
        )
        previous = entry_log.append_document(conn, "release", document, now)
        conn.execute(update(t.release).where(t.release.c.sequence == sequence).values(document=previous))
    if rows:
        _append_reseal(conn, rows[-1], now)
    return len(rows)


def _append_reseal(conn: Connection, last: Any, now: int) -> None:
    size = entry_log.size(conn)
    document = documents.reseal_document(
        conn.scalar(select(t.site.c.tag_authority)) or "",
        head=last["hash"],
        sequence=last["sequence"],
        size=size,
        root=entry_log.tree(conn, size).root().hex(),
        resealed_at=now,
    )
    entry_log.append_document(conn, "reseal", document, now)


def _add_hashes(conn: Connection) -> None:
    """Add the salts of texts, and the hashes of where revisions are from."""
    for key in conn.scalars(select(t.release.c.sequence)).all():
        values = release_document.new_salts()
        conn.execute(update(t.release).where(t.release.c.sequence == key).values(**values))
    for key in conn.scalars(select(t.import_.c.key)).all():
        conn.execute(update(t.import_).where(t.import_.c.key == key).values(origin_salt=new_salt()))
    provenance.add_hashes(conn, after=0)

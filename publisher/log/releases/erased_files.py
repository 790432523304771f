"""What else contained erased content: imports in drafts, evidence in releases, the last verification."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from typing import Any

import msgspec
from sqlalchemy import Connection, Select, select, update

from publisher.log import registry
from publisher.log.canonical_json import canonical
from publisher.log.database import held_records
from publisher.log.database import page_tables as pt
from publisher.log.database import tables as t
from publisher.log.database.connection import among
from publisher.log.database.verification_tables import verification_run
from publisher.log.drafts import staging
from publisher.log.evidence import destroyed_pages
from publisher.log.record_identity import later_id

_POSITION_KEYS = ("file", "sheet", "row", "rows", "reason", "part")
FORGOTTEN = "因依法删除，原文不再保留 not kept: something was erased since"
"""Stands for the error of a verification that an erasure followed."""
_MOST_TURNS = 5
"""Records of one identity, one after the other, whose ids are recognised in a draft."""


def select_imports(conn: Connection, records: Sequence[int]) -> Select[Any]:
    """Select the imports of the files that contained records, as :func:`.held_records.select_files`."""
    files = held_records.select_files(lambda record: among(conn, record, records)).subquery()
    return select(files.c[1])


def digests_of_records(conn: Connection, records: Sequence[int]) -> Sequence[str]:
    """List the digests of the files that contained records."""
    i = t.import_.c
    return conn.scalars(select(i.digest).where(i.key.in_(select_imports(conn, records))).distinct()).all()


def find_drafted(conn: Connection, digests: Collection[str]) -> Sequence[Any]:
    """Find the imports of drafts of any dataset that were read from files, or from the pages of files.

    Nobody could publish them: an erasure destroys the bytes of a file wherever it was imported.
    """
    i = t.import_.c
    documents = destroyed_pages.find_pages(conn, digests).documents
    of_files = {*digests, *destroyed_pages.digests_of_pages(conn, documents)}
    query = select(i.key, i.dataset, i.name).where(i.release.is_(None), among(conn, i.digest, of_files))
    return conn.execute(query.order_by(i.key)).all()


def drop_drafted(conn: Connection, imports: Iterable[Any]) -> None:
    """Delete imports of drafts."""
    by_dataset: dict[int, list[int]] = {}
    for row in imports:
        by_dataset.setdefault(row.dataset, []).append(row.key)
    names = {row.key: row.name for row in conn.execute(select(t.dataset.c.key, t.dataset.c.name))}
    for dataset, keys in by_dataset.items():
        staging.delete_imports(conn, registry.dataset_row(conn, names[dataset]), keys)


def destroy_evidence(conn: Connection, digests: Collection[str]) -> Sequence[str]:
    """Destroy the texts of the rows that were left out of files, wherever these were imported.

    They may be the erased ones. Their positions stay in the rows of the files; the releases lose theirs with
    the salt. → digests of the files that were not destroyed before.
    """
    i, b = t.import_.c, t.release.c
    of_files = among(conn, i.digest, digests)
    query = select(i.key, i.release, i.digest, i.left_out, i.destroyed).where(of_files)
    rows = conn.execute(query.order_by(i.key)).all()
    for row in rows:
        values = {"left_out": _positions(row.left_out)}
        conn.execute(update(t.import_).where(i.key == row.key).values(values))
    releases = {row.release for row in rows if row.release is not None}
    of_releases = among(conn, b.sequence, releases)
    conn.execute(update(t.release).where(of_releases).values(left_out=None, left_out_salt=None))
    conn.execute(update(t.import_).where(of_files).values(destroyed=True))
    return sorted({row.digest for row in rows if not row.destroyed})


def destroy_again(
    conn: Connection, records: Collection[str], others: Collection[str], pages: Collection[str]
) -> Sequence[str]:
    """Destroy files in a log that was restored from before the erasure, or from before the publication.

    ``records``: digests of the files that contained erased records. ``others``: of all files and responses
    that were destroyed; ``pages``: of the addresses of pages that are never requested again. A file that the
    log knows as destroyed stays as it is: what was imported since, was imported after the erasure.
    → digests of what there was.
    """
    destroyed_before = {
        *conn.scalars(select(t.import_.c.digest).where(t.import_.c.destroyed)),
        *conn.scalars(select(pt.response.c.digest).where(pt.response.c.destroyed)),
    }
    addressed = destroyed_pages.find_addressed(conn, pages)
    responses = destroyed_pages.digests_of_pages(conn, [*addressed])
    own, exact = set(records) - destroyed_before, {*records, *others, *responses} - destroyed_before
    drafted = find_drafted(conn, own)
    i = t.import_.c
    is_exact = (i.release.is_(None), among(conn, i.digest, exact))
    exact_imports = conn.execute(select(i.key, i.dataset, i.digest).where(*is_exact)).all()
    destroyed = {row.digest for row in exact_imports}
    drop_drafted(conn, {row.key: row for row in (*drafted, *exact_imports)}.values())
    destroyed.update(destroy_evidence(conn, exact))
    destroyed_pages.destroy(conn, own)
    destroyed_pages.mark_erased(conn, [*addressed])
    destroyed.update(addressed.values())
    destroyed.update(destroyed_pages.destroy_again(conn, exact))
    return sorted(destroyed)


def drop_drafted_records(conn: Connection, dataset: int, records: Collection[str]) -> Sequence[str]:
    """Delete the imports of a draft with rows of erased records that the log has never had.

    They were published after a backup, from another file. → ids of the records.
    """
    r, e, i = t.record.c, t.draft_entry.c, t.import_.c
    unknown = set(records).difference(conn.scalars(select(r.id).where(among(conn, r.id, records))))
    if not unknown:
        return ()
    drafted = staging.in_draft(conn, dataset)
    identities = select(e.identity).join_from(t.draft_entry, t.import_, i.key == e["import"]).where(drafted)
    ids = {
        digest: next((one for one in _possible_ids(digest) if one in unknown), None)
        for digest in conn.scalars(identities.distinct())
    }
    matching = {digest: record for digest, record in ids.items() if record is not None}
    has_row = select(e["import"]).where(e["import"] == i.key, among(conn, e.identity, matching)).exists()
    drop_drafted(conn, conn.execute(select(i.key, i.dataset).where(drafted, has_row)).all())
    return sorted(matching.values())


def require_scrub(conn: Connection) -> None:
    """Note that deleted bytes are still on the disk, and forget the texts of the last verification.

    Its problems quote stored values, which may be the erased ones. Their number stays.
    """
    c = verification_run.c
    conn.execute(update(verification_run).where(c.listed != "[]").values(listed="[]"))
    conn.execute(update(verification_run).where(c.error.not_in(("", FORGOTTEN))).values(error=FORGOTTEN))
    conn.execute(update(t.site).values(scrub_pending=True))


def _possible_ids(identity: str) -> list[str]:
    return [identity, *(later_id(identity, turn) for turn in range(1, _MOST_TURNS))]


def _positions(left_out: str) -> str:
    """Return rows left out (JSON) without their texts."""
    rows = [{k: v for k, v in row.items() if k in _POSITION_KEYS} for row in msgspec.json.decode(left_out)]
    return canonical(rows).decode()

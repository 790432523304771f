"""Publication of a draft, or of parts of it, as a release."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any, Literal

import msgspec
from msgspec import structs
from sqlalchemy import Connection, and_, case, delete, exists, false, func, insert, literal, select, update

from publisher.log.database import held_records
from publisher.log.database import tables as t
from publisher.log.database.connection import Database, among, stream
from publisher.log.database.temporary_tables import CHANGE_KINDS, create_empty, new_change, plan
from publisher.log.drafts import repeal_decisions, repeals, staging
from publisher.log.drafts.plan import Window, fetch_rows_in_error
from publisher.log.drafts.publication_plan import plan_publication
from publisher.log.drafts.rows_left_out import list_with, row_left_out
from publisher.log.model import Conflict, LogError, OnConflict
from publisher.log.record_identity import later_id
from publisher.log.registry import DatasetRow
from publisher.log.releases.release_writer import ReleaseHeading, write_release
from schemas.definition.catalogue import Catalogue

type Progress = Callable[[int, int], None]
"""Called with the number of changes done so far, and of all."""


def publish(
    database: Database,
    conn: Connection,
    dataset: DatasetRow,
    catalogue: Catalogue,
    heading: ReleaseHeading,
    *,
    now: datetime,
    on_conflict: OnConflict,
    without_errors: bool,
    progress: Progress,
    parts: Sequence[str] | None = None,
) -> int | None:
    """Publish the draft, or some parts of it, and return the sequence of the release.

    If nothing changes, there is no release (None), and the imports are deleted from the draft all the same,
    unless rows in conflict are all that would change.

    Raises ``LogError``: ``no-draft``, ``conflicts``, ``rows-in-error``, ``later-effect``.
    """
    day = heading.effective_on.toordinal()
    chosen = None if parts is None else staging.imports_of_parts(conn, dataset, parts)
    windows, errors, _, marks = plan_publication(
        database, conn, dataset, catalogue, day=day, on_conflict=on_conflict, imports=chosen
    )
    # In a running catalogue, conflicts block only their own rows.
    of_rows = [conflict for conflict in errors if catalogue.running and conflict.entries]
    blocked = frozenset(entry for conflict in of_rows for entry in conflict.entries)
    others = [conflict for conflict in errors if not (catalogue.running and conflict.entries)]
    _raise_conflicts(others, without_errors=without_errors)
    if not without_errors:
        repeals.unmark(conn, marks, blocked)
    keys = _set_aside(conn, blocked, [window.key for window in windows], keep=not without_errors)
    _fill_changes(conn)
    count = conn.scalar(select(func.count()).select_from(new_change)) or 0
    progress(0, count)
    if not count:
        _raise_conflicts(of_rows, without_errors=without_errors)
        staging.delete_imports(conn, dataset, keys)
        if parts is None:
            repeal_decisions.forget_accepted(conn, dataset)
        return None
    revisions = conn.scalar(select(func.coalesce(func.max(t.revision.c.key), 0))) or 0
    _insert_records(conn, dataset)
    _insert_revisions(conn)
    progress(count // 3, count)
    _store_periods(conn, windows, day)
    _insert_held(conn)
    sequence = write_release(
        database,
        conn,
        dataset,
        catalogue,
        _with_imports(conn, heading, keys),
        now=now,
        imports=keys,
        new_revisions_after=revisions,
    )
    repeals.settle(conn, dataset, sequence, day=day, whole_draft=parts is None)
    progress(count * 9 // 10, count)
    _delete_entries(conn, dataset, catalogue, keys)
    progress(count, count)
    return sequence


def _store_periods(conn: Connection, windows: Sequence[Window], day: int) -> None:
    """Store the days on which the imports are in effect."""
    for window in windows:
        conn.execute(
            update(t.import_)
            .where(t.import_.c.key == window.key)
            .values(effective_from=day, effective_to=window.effective_to)
        )


def _delete_entries(conn: Connection, dataset: DatasetRow, catalogue: Catalogue, keys: Sequence[int]) -> None:
    """Delete the rows of published imports from the draft, whose catalogue is now that of the dataset."""
    for key in keys:
        conn.execute(delete(t.draft_entry).where(t.draft_entry.c["import"] == key))
    conn.execute(
        update(t.dataset)
        .where(t.dataset.c.key == dataset.key)
        .values(
            catalogue_digest=catalogue.digest,
            draft_catalogue=catalogue.digest if staging.draft_imports(conn, dataset) else None,
        )
    )


def _set_aside(
    conn: Connection, blocked: frozenset[tuple[int, int]], keys: Sequence[int], *, keep: bool
) -> list[int]:
    """Take rows in conflict out of the plan. → the imports to publish.

    ``keep``: the rows stay in the draft, in imports of their own; otherwise the release lists them.
    """
    e, published = t.draft_entry.c, list(keys)
    by_import: dict[int, list[int]] = {}
    for import_key, position in sorted(blocked):
        by_import.setdefault(import_key, []).append(position)
    for key in keys:
        positions = by_import.get(key, [])
        if not positions:
            continue
        in_conflict = among(conn, plan.c.position, positions)
        conn.execute(delete(plan).where(plan.c["import"] == key, in_conflict))
        of_import = (e["import"] == key, among(conn, e.position, positions))
        if keep and conn.scalar(select(func.count()).where(e["import"] == key)) == len(positions):
            published.remove(key)
        elif keep:
            copy = staging.copy_import(conn, key)
            conn.execute(update(t.draft_entry).where(*of_import).values({"import": copy}))
            staging.count_entries(conn, [copy])
        else:
            _leave_out(conn, key, conn.scalars(select(e.locator).where(*of_import)).all())
    return published


def _leave_out(conn: Connection, key: int, locators: Sequence[str]) -> None:
    """List rows in conflict among the rows that an import leaves out."""
    i = t.import_.c
    row = conn.execute(select(i.name, i.left_out).where(i.key == key)).one()
    left_out = msgspec.json.decode(row.left_out)
    left_out += (_row_left_out(row.name, locator, "conflict") for locator in locators)
    conn.execute(
        update(t.import_).where(i.key == key).values(left_out=msgspec.json.encode(left_out).decode())
    )


def _raise_conflicts(errors: Sequence[Conflict], *, without_errors: bool) -> None:
    remaining = [c for c in errors if not (without_errors and c.code == "rows-in-error")]
    if not remaining:
        return
    codes = {c.code for c in remaining}
    code = codes.pop() if len(codes) == 1 and codes <= {"later-effect", "rows-in-error"} else "conflicts"
    if len(remaining) == 1:
        raise LogError(code, remaining[0].message_zh, remaining[0].message_en, details=tuple(remaining))
    raise LogError(
        code,
        f"草稿有{len(remaining)}处冲突，未发布。请逐项处理后重新发布。",
        f"Not published: the draft has {len(remaining)} conflicts. Resolve them and publish again.",
        details=tuple(remaining),
    )


def _fill_changes(conn: Connection) -> None:
    """Copy the plan's changes to ``new_change``, numbered in the order of files and rows, removals last."""
    p = plan.c
    n = func.row_number().over(
        order_by=(
            case((p.kind == "removed", 1), else_=0),
            p["import"],
            p.position,
            p.title,
            p.record,
        )
    )
    records = select(func.coalesce(func.max(t.record.c.key), 0)).scalar_subquery()
    revisions = select(func.coalesce(func.max(t.revision.c.key), 0)).scalar_subquery()
    create_empty(conn, new_change)
    conn.execute(
        insert(new_change).from_select(
            [column.name for column in new_change.c],
            select(
                n,
                func.coalesce(p.record, records + n),
                p.kind,
                p.cause,
                case((p.kind == "removed", "removed"), else_="stated"),
                case((p.fresh, revisions + n), else_=p.revision),
                case((p.status == "stated", p.before)),
                p.part,
                case((p.status == "stated", p.before_part)),
                p.effective_from,
                p.effective_to,
                p.title,
                case((p.kind != "removed", p["import"])),
                p.position,
                case((p.record.is_(None), p.identity)),
                p.fresh,
            ).where(p.kind.in_(CHANGE_KINDS)),
        )
    )


def _insert_records(conn: Connection, dataset: DatasetRow) -> None:
    nc, r = new_change.c, t.record.c
    id_exists = exists().where(r.id == nc.identity)
    names = [r.key.name, r.id.name, r.dataset.name, r.identity.name]
    conn.execute(
        insert(t.record).from_select(
            names,
            select(nc.record, nc.identity, literal(dataset.key, t.Integer64), nc.identity)
            .where(nc.identity.is_not(None), ~id_exists)
            .order_by(nc.n),
        )
    )
    # Identities of earlier records that were renamed or erased.
    remaining = conn.execute(
        select(nc.record, nc.identity).where(nc.identity.is_not(None), ~exists().where(r.key == nc.record))
    ).all()
    for key, identity in remaining:
        conn.execute(
            insert(t.record).values(
                key=key, id=_free_id(conn, identity), dataset=dataset.key, identity=identity
            )
        )
    republished = select(nc.record).where(nc.status == "stated")
    conn.execute(
        update(t.record).where(r.withdrawn_at.is_not(None), r.key.in_(republished)).values(withdrawn_at=None)
    )


def _free_id(conn: Connection, identity: str) -> str:
    """Return the id of a later record with an identity that earlier records had."""
    turn = 1
    while conn.execute(select(t.record.c.key).where(t.record.c.id == later_id(identity, turn))).first():
        turn += 1
    return later_id(identity, turn)


def _insert_revisions(conn: Connection) -> None:
    nc, e = new_change.c, t.draft_entry.c
    names = ("hash", "salt", "content", "title", "source_text", "locator", "originals", "import")
    conn.execute(
        insert(t.revision).from_select(
            ["key", "record", *names, "corrects"],
            select(nc.revision, nc.record, *(e[name] for name in names), false())
            .join_from(
                new_change, t.draft_entry, and_(e["import"] == nc["import"], e.position == nc.position)
            )
            .where(nc.fresh)
            .order_by(nc.n),
        )
    )


def _insert_held(conn: Connection) -> None:
    """Record which file contained which record: changed ones from ``new_change``, others from ``plan``."""
    p, nc = plan.c, new_change.c
    from_changes = select(nc.record, nc["import"]).where(nc["import"].is_not(None))
    from_plan = select(p.record, p["import"]).where(p.record.is_not(None), p.position.is_not(None))
    rows = from_changes.union(from_plan)
    conn.execute(insert(t.held).from_select(["record", "import"], rows))
    for key, digest in held_records.digests(stream(conn, rows)).items():
        conn.execute(update(t.import_).where(t.import_.c.key == key).values(records=digest))


def _with_imports(conn: Connection, heading: ReleaseHeading, imports: Sequence[int]) -> ReleaseHeading:
    """Add parser versions and rows left out of the imports to the heading."""
    i = t.import_.c
    query = select(i.parser_version, i.left_out, i.part, i.name).where(among(conn, i.key, imports))
    rows = conn.execute(query.order_by(i.key)).all()
    versions = sorted({row.parser_version for row in rows if row.parser_version})
    left_out = [item for row in rows for item in msgspec.json.decode(row.left_out)]
    return structs.replace(
        heading,
        parser_version=", ".join(versions),
        # An import without the rows in error lists them already.
        left_out=list_with(left_out, _rows_in_error(conn)),
    )


def _rows_in_error(conn: Connection) -> Iterator[Mapping[str, Any]]:
    for row in fetch_rows_in_error(conn):
        yield _row_left_out(row.name, row.locator, "error")


def _row_left_out(file: str, locator: str, reason: Literal["conflict", "error"]) -> Mapping[str, Any]:
    """Return what a release says of a row that it leaves out. ``locator``: JSON of its place in the file."""
    return row_left_out({**msgspec.json.decode(locator), "file": file, "reason": reason})

"""Conflicts that prevent publication of a draft, and warnings to review before it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import batched, groupby
from typing import Any

import msgspec
from msgspec import structs
from sqlalchemy import Connection, and_, delete, func, select, tuple_

from publisher.log.database import tables as t
from publisher.log.database.connection import among
from publisher.log.database.temporary_tables import plan
from publisher.log.drafts.plan import (
    Window,
    fetch_rows_in_error,
    locate_in_file,
    on_day,
    select_planned_rows,
    withdrawn_by_cancellation,
)
from publisher.log.model import Conflict
from publisher.log.record_identity import identity_digest
from schemas.definition.catalogue import Catalogue

_BATCH = 500


def find_duplicates(
    conn: Connection, windows: Sequence[Window], catalogue: Catalogue, names: Mapping[int, str]
) -> tuple[list[Conflict], list[Conflict]]:
    """Find rows that share an identity. → errors and warnings. Deletes exact copies from the plan."""
    e = t.draft_entry.c
    of_draft = and_(among(conn, e["import"], (w.key for w in windows)), ~e.in_error)
    repeated = select(e.identity).where(of_draft).group_by(e.identity).having(func.count() > 1)
    rows = conn.execute(
        select(e["import"], e.position, e.identity, e.content, e.locator, t.import_.c.part, t.import_.c.name)
        .join_from(t.draft_entry, t.import_, t.import_.c.key == e["import"])
        .where(of_draft, e.identity.in_(repeated))
        .order_by(e.identity, e["import"], e.position)
    ).all()
    errors: list[Conflict] = []
    warnings: list[Conflict] = []
    copies: list[tuple[int, int]] = []
    for _, group in groupby(rows, key=lambda row: row.identity):
        first, *others = group
        for other in others:
            identity = catalogue.identity_of(msgspec.json.decode(first.content))
            pair = (locate_in_file(first), locate_in_file(other))
            if other.part != first.part:
                # A draft may be older than the first part of its dataset.
                parts = names.get(first.part, "—"), names.get(other.part, "—")
                conflict = _in_two_parts(identity, pair, *parts)
                errors.append(structs.replace(conflict, entries=_entries(first, other)))
            elif other.content == first.content:
                copies.append((other[0], other.position))
                warnings.append(_exact_copy(identity, pair))
            else:
                errors.append(
                    structs.replace(_same_identity(identity, pair, catalogue), entries=_entries(first, other))
                )
    for some in batched(copies, _BATCH):
        conn.execute(delete(plan).where(tuple_(plan.c["import"], plan.c.position).in_(some)))
    return errors, warnings


def find_namesakes(
    conn: Connection, windows: Sequence[Window], catalogue: Catalogue, dataset: str
) -> list[Conflict]:
    """Warn about new documents that are published although another one has their title."""
    if not (catalogue.running and catalogue.of_documents):
        return []
    rows = conn.execute(select_planned_rows(conn, windows, "added"))
    return [
        Conflict(
            code="same-title",
            message_zh=f"“{row.title}”与另一份文件同名，没有发文字号，正文不同，按另一份文件发布。请核对是否为同一文件。",
            message_en=f"“{row.title}” has the title of another document, no number and another text; it is "
            "published as a document of its own. Check whether they are one.",
            locators=(locate_in_file(row),),
        )
        for row in rows
        if row.identity != identity_digest(dataset, catalogue.identity_of(msgspec.json.decode(row.content)))
    ]


def find_foreign_records(
    conn: Connection, windows: Sequence[Window], names: Mapping[int, str], catalogue: Catalogue, day: int
) -> list[Conflict]:
    """Find rows whose record belongs to another part that neither drops it in this draft nor is closed."""
    p, e = plan.c, t.draft_entry.c
    dropping = {key for w in windows if w.mode == "snapshot" for key in w.family}
    closed = set(conn.scalars(select(t.part.c.key).where(t.part.c.valid_to <= day)))
    families = {w.key: w.family for w in windows}
    rows = conn.execute(
        select(p["import"], p.position, p.before_part, e.content, e.locator, t.import_.c.name)
        .join_from(plan, t.draft_entry, and_(e["import"] == p["import"], e.position == p.position))
        .join(t.import_, t.import_.c.key == p["import"])
        .where(
            p.kind.in_(("added", "changed", "same", "stays")),
            p.status.in_(("stated", "withdrawn")),
            p.before_part.is_not(None),
            p.before_part.is_distinct_from(p.part),
        )
        .order_by(p["import"], p.position)
    ).all()
    return [
        structs.replace(
            _owned_by_other_part(
                catalogue.identity_of(msgspec.json.decode(row.content)),
                locate_in_file(row),
                names[row.before_part],
            ),
            entries=_entries(row),
        )
        for row in rows
        if row.before_part not in dropping | closed | set(families[row[0]])
    ]


def report_rows_in_error(conn: Connection) -> list[Conflict]:
    """Report rows with an error finding."""
    rows = fetch_rows_in_error(conn)
    if not rows:
        return []
    return [
        Conflict(
            code="rows-in-error",
            message_zh=f"有{len(rows)}行数据有误。请改正，或略去这些行后发布。",
            message_en=f"{len(rows)} rows contain errors. Fix them, or exclude these rows from publication.",
            locators=tuple(locate_in_file(row) for row in rows),
        )
    ]


def find_warnings(conn: Connection, catalogue: Catalogue, day: int) -> Iterator[Conflict]:
    """Warn about withdrawn, corrected, erased and possibly renamed or renumbered records."""
    yield from _find_possible_renames(conn, catalogue)
    yield from _find_withdrawn(conn, day)
    yield from _find_undone_corrections(conn)
    yield from _find_erased(conn)


def _find_possible_renames(conn: Connection, catalogue: Catalogue) -> Iterator[Conflict]:
    """Find pairs of a removed and an added item with the same title and part, which may be one item.

    If they differ in nothing but the code, the item was probably given another code.
    """
    for row in _pair_by_title(conn):
        codes = _find_other_code(row.before, row.content, catalogue)
        if codes is not None:
            before, now = codes
            yield Conflict(
                code="renumbering-suggested",
                message_zh=f"“{row.title}”（{row.id}）的编码由“{before}”变为“{now}”，其余内容未变，可能是编码调整。"
                "如为同一事项，请先更名，否则将作为移出和新增发布。",
                message_en=f"{row.title} ({row.id}) has the code {now} instead of {before} and is otherwise "
                "unchanged. If it is one item, rename it first; else it is removed and added.",
                locators=(msgspec.json.decode(row.locator),),
            )
            continue
        yield Conflict(
            code="rename-suggested",
            message_zh=f"“{row.title}”（{row.id}）将移出清单，同名的一项将新增。如为同一事项，请先更名。",
            message_en=f"{row.title} ({row.id}) will be removed, and an item with the same title added. "
            "If they are one item, rename it first.",
            locators=(msgspec.json.decode(row.locator),),
        )


def _pair_by_title(conn: Connection) -> Sequence[Any]:
    """List removed items with an added one of the same title and part.

    Columns: title, id, locator and content of the added one, content of the removed one (before).
    """
    removed, added = plan.alias("removed"), plan.alias("added")
    return conn.execute(
        select(
            removed.c.title,
            t.record.c.id,
            t.draft_entry.c.locator,
            t.draft_entry.c.content,
            t.revision.c.content.label("before"),
        )
        .select_from(removed)
        .join(
            added,
            and_(
                added.c.title == removed.c.title,
                added.c.part.is_not_distinct_from(removed.c.part),
                added.c.kind == "added",
                added.c.record.is_(None),
            ),
        )
        .join(t.record, t.record.c.key == removed.c.record)
        .join(
            t.draft_entry,
            and_(
                t.draft_entry.c["import"] == added.c["import"], t.draft_entry.c.position == added.c.position
            ),
        )
        .outerjoin(t.revision, t.revision.c.key == removed.c.before)
        .where(removed.c.kind == "removed")
        .order_by(removed.c.title, t.record.c.id)
    ).all()


def _find_other_code(before: str | None, now: str, catalogue: Catalogue) -> tuple[str, str] | None:
    """Return the old and the new code of two contents that differ in nothing else."""
    if before is None or len(catalogue.identity) < 2:
        return None
    old, new = msgspec.json.decode(before), msgspec.json.decode(now)
    codes = catalogue.identity[0]
    if any(old.get(name) == new.get(name) for name in codes):
        return None
    rests = ({name: v for name, v in content.items() if name not in codes} for content in (old, new))
    if next(rests) != next(rests):
        return None
    texts = ("、".join(str(content.get(name, "")) for name in codes) for content in (old, new))
    return next(texts), next(texts)


def _find_withdrawn(conn: Connection, day: int) -> Iterator[Conflict]:
    p, s = plan.c, t.span.c
    rows = conn.execute(
        select(p.title, p.kind)
        .join_from(plan, t.span, and_(s.record == p.record, on_day(s, day)))
        .where(p.status == "withdrawn", p.kind.in_(("stays", "added")), ~withdrawn_by_cancellation(s))
        .order_by(p["import"], p.position)
    ).all()
    for row in rows:
        if row.kind == "stays":
            zh, en = (
                "已撤回公布，内容未变化，仍不发布",
                "was withdrawn and is unchanged: it stays withdrawn",
            )
        else:
            zh, en = (
                "曾撤回公布，内容有变化，将重新发布",
                "was withdrawn and has changed: it will be published again",
            )
        code = "withdrawn-stays" if row.kind == "stays" else "withdrawn-returns"
        yield Conflict(code=code, message_zh=f"“{row.title}”{zh}。", message_en=f"{row.title} {en}.")


def _find_undone_corrections(conn: Connection) -> Iterator[Conflict]:
    p = plan.c
    rows = conn.execute(
        select(p.title)
        .join_from(plan, t.revision, t.revision.c.key == p.before)
        .where(p.kind == "changed", p.status == "stated", p.fresh, t.revision.c.corrects)
        .order_by(p["import"], p.position)
    ).all()
    for row in rows:
        yield Conflict(
            code="correction-undone",
            message_zh=f"“{row.title}”曾经更正，本次导入的内容与更正后的不同。",
            message_en=f"{row.title} was corrected, and this import differs from the correction.",
        )


def _find_erased(conn: Connection) -> Iterator[Conflict]:
    p, r = plan.c, t.record.c
    rows = conn.execute(
        select(p.title)
        .join_from(plan, t.record, r.id == p.identity)
        .where(p.record.is_(None), p.kind == "added", r.erased_by.is_not(None))
        .order_by(p["import"], p.position)
    ).all()
    for row in rows:
        yield Conflict(
            code="erased-before",
            message_zh=f"“{row.title}”的一条记录曾依法删除，本次导入会以新记录发布同一标识。",
            message_en=f"A record of {row.title} was erased; this publishes its identity as a new record.",
        )


def _entries(*rows: Any) -> tuple[tuple[int, int], ...]:
    """Return import and position of rows whose first column is the import."""
    return tuple((row[0], row.position) for row in rows)


def _place(locator: Mapping[str, Any]) -> str:
    rows = ",".join(str(r) for r in locator.get("rows", ()))
    return " ".join(
        str(x) for x in (locator.get("file", ""), locator.get("sheet", ""), rows and f"#{rows}") if x
    )


def _exact_copy(identity: tuple[str, ...], pair: tuple[dict[str, Any], dict[str, Any]]) -> Conflict:
    return Conflict(
        code="exact-copy",
        message_zh=f"{_place(pair[1])} 与 {_place(pair[0])} 完全相同，只计一次。",
        message_en=f"{_place(pair[1])} is an exact copy of {_place(pair[0])}; it is counted once.",
        identity=identity,
        locators=pair,
    )


def _same_identity(
    identity: tuple[str, ...], pair: tuple[dict[str, Any], dict[str, Any]], catalogue: Catalogue
) -> Conflict:
    by_name = catalogue.by_name
    zh = "；或".join("、".join(by_name[n].title for n in names) for names in catalogue.identity)
    en = "; or ".join(", ".join(by_name[n].title_en for n in names) for names in catalogue.identity)
    return Conflict(
        code="same-identity",
        message_zh=f"{_place(pair[0])} 与 {_place(pair[1])} 标识相同而内容不同。请用以下字段加以区别：{zh}。",
        message_en=f"{_place(pair[0])} and {_place(pair[1])} have the same identity but different contents. "
        f"Distinguish them by: {en}.",
        identity=identity,
        locators=pair,
    )


def _in_two_parts(
    identity: tuple[str, ...], pair: tuple[dict[str, Any], dict[str, Any]], first: str, second: str
) -> Conflict:
    return Conflict(
        code="identity-in-two-parts",
        message_zh=f"“{first}”（{_place(pair[0])}）与“{second}”（{_place(pair[1])}）都有同一事项，"
        "请由其中一方删除。",
        message_en=f"{first} ({_place(pair[0])}) and {second} ({_place(pair[1])}) both contain this item; "
        "delete it from one of them.",
        identity=identity,
        locators=pair,
    )


def _owned_by_other_part(identity: tuple[str, ...], locator: dict[str, Any], other: str) -> Conflict:
    return Conflict(
        code="identity-in-two-parts",
        message_zh=f"{_place(locator)} 的事项现属“{other}”。请在同一草稿中导入该部门不含此项的清单。",
        message_en=f"{_place(locator)}: the item belongs to {other}. Import that part's list without it in "
        "the same draft.",
        identity=identity,
        locators=(locator,),
    )

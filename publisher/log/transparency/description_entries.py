"""Entries for the site's own details, and for the details and parts of datasets."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import msgspec
from sqlalchemy import Connection, select, update

from publisher.log.database import entry_tables as e
from publisher.log.database import tables as t
from publisher.log.descriptions import SiteDetails
from publisher.log.transparency import documents, entry_log
from publisher.log.transparency.documents import Document, day


class _SiteDocument(msgspec.Struct):
    details: SiteDetails


_decode_site = msgspec.json.Decoder(_SiteDocument).decode


def append_site(conn: Connection, at: int) -> None:
    """Append the site as it is now."""
    row = conn.execute(select(t.site)).one()
    document = _site_document(row, at)
    conn.execute(update(t.site).values(document=entry_log.append_document(conn, "site", document, at)))


def append_dataset(conn: Connection, key: int, at: int) -> None:
    """Append a dataset as it is now: its details, its parts and the catalogue of its next release."""
    row = conn.execute(select(t.dataset).where(t.dataset.c.key == key)).one()
    digest = entry_log.append_document(conn, "dataset", _dataset_document(conn, row, at), at)
    conn.execute(update(t.dataset).where(t.dataset.c.key == key).values(document=digest))


def site_details_at(conn: Connection, position: int) -> SiteDetails:
    """Return the details that were stated when the entry at a position was appended."""
    c = e.entry.c
    before = (c.kind == "site", c.position <= position)
    text = conn.scalar(select(c.document).where(*before).order_by(c.position.desc()).limit(1))
    return SiteDetails() if text is None else _decode_site(text).details


def verify(conn: Connection) -> Iterator[str]:
    """Compare the rows of the site and of its datasets with their newest documents."""
    for row in conn.execute(select(t.site)):
        yield from _compare(conn, "站点 site", row.document, _site_document(row, 0), ())
    for row in conn.execute(select(t.dataset).order_by(t.dataset.c.key)):
        # The catalogue is that of the newest release, and a document names it before.
        document = _dataset_document(conn, row, 0)
        yield from _compare(conn, f"数据集 dataset {row.name}", row.document, document, ("catalogue",))


def _compare(
    conn: Connection, where: str, digest: str | None, now: Document, except_: tuple[str, ...]
) -> Iterator[str]:
    text = conn.scalar(select(e.entry.c.document).where(e.entry.c.digest == digest))
    if digest is None or text is None:
        yield f"{where}: 日志中没有它的存证文件 it has no document in the log"
        return
    stored = msgspec.json.decode(text)
    for name in sorted({*now, *stored} - {"changed_at", "previous", "salt", *except_}):
        if now.get(name) != stored.get(name):
            yield f"{where}: {name} 与存证文件不符 is not that of its document"


def _site_document(row: Any, at: int) -> Document:
    return documents.site_document(
        row.tag_authority,
        base=row.base,
        details=msgspec.json.decode(row.details),
        changed_at=at,
        previous=row.document,
    )


def _dataset_document(conn: Connection, row: Any, at: int) -> Document:
    return documents.dataset_document(
        conn.scalar(select(t.site.c.tag_authority)) or "",
        dataset=row.name,
        catalogue={"name": row.catalogue, "digest": row.catalogue_digest},
        details=msgspec.json.decode(row.details),
        parts=_parts(conn, row.key),
        created_at=row.created_at,
        changed_at=at,
        previous=row.document,
    )


def _parts(conn: Connection, dataset: int) -> list[dict[str, Any]]:
    rows = conn.execute(select(t.part).where(t.part.c.dataset == dataset).order_by(t.part.c.key)).all()
    declared = {row.key: row.declared_as for row in rows}
    return [
        {
            "declared_as": row.declared_as,
            "name": row.name,
            "aliases": msgspec.json.decode(row.aliases),
            "code": row.code,
            "valid_from": day(row.valid_from),
            "valid_to": day(row.valid_to),
            "merged_into": None if row.merged_into is None else declared[row.merged_into],
        }
        for row in rows
    ]

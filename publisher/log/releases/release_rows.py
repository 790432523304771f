"""Queries for releases."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any

import msgspec
from sqlalchemy import Connection, select

from publisher.log import registry
from publisher.log.blob_store import source_from_row
from publisher.log.clocks import moment
from publisher.log.database import entry_tables as e
from publisher.log.database import tables as t
from publisher.log.model import LogError, Release

_b = t.release.c
_SALTED = ("actor", "basis", "note", "left_out")


def releases(
    conn: Connection, dataset: registry.DatasetRow, number: int | None = None
) -> tuple[Release, ...]:
    """List a dataset's releases, oldest first, or one. Raises ``LogError('no-such-release')``."""
    query = (
        select(t.release, e.entry.c.position.label("entry"))
        .outerjoin(e.entry, e.entry.c.digest == _b.document)
        .where(_b.dataset == dataset.key)
        .order_by(_b.number)
    )
    if number is not None:
        query = query.where(_b.number == number)
    rows = conn.execute(query).all()
    if number is not None and not rows:
        raise no_such_release(number)
    i = t.import_.c
    sources: dict[int, list[Any]] = {}
    of_release = select(t.import_).where(i.release.in_([row.sequence for row in rows])).order_by(i.key)
    for source in conn.execute(of_release).all():
        sources.setdefault(source.release, []).append(source)
    return tuple(_release(dataset.name, row, sources.get(row.sequence, ())) for row in rows)


def _release(dataset: str, row: Any, sources: Sequence[Any]) -> Release:
    counts = msgspec.json.decode(row.counts)
    cancels = counts.pop("cancels", None)
    left_out = msgspec.json.decode(row.left_out) if row.left_out else []
    return Release(
        sequence=row.sequence,
        dataset=dataset,
        number=row.number,
        published_at=moment(row.published_at),
        effective_on=date.fromordinal(row.effective_on),
        basis=row.basis,
        note=row.note,
        actor=row.actor,
        catalogue_digest=row.catalogue_digest,
        parser_version=row.parser_version,
        software_version=row.software_version,
        manifest_hash=row.manifest_hash,
        previous_hash=row.previous_hash,
        hash=row.hash,
        sources=tuple(source_from_row(source) for source in sources),
        left_out=tuple(left_out),
        counts=counts,
        cancels=cancels,
        erased=row.erased,
        document=row.document or "",
        entry=row.entry or 0,
        salts={name: bytes(salt).hex() for name in _SALTED if (salt := getattr(row, f"{name}_salt"))},
    )


def no_such_release(number: int) -> LogError:
    return LogError("no-such-release", f"没有第{number}次发布。", f"There is no release {number}.")

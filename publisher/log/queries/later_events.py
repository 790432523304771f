"""What happened to records after their publication: erasures."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, select

from publisher.log.clocks import moment
from publisher.log.database import tables as t
from publisher.log.registry import DatasetRow

_r, _b = t.record.c, t.release.c


@dataclass(frozen=True, slots=True)
class Erasure:
    """A record whose content was destroyed by law. Whoever keeps a copy has to destroy it too."""

    dataset: str
    record: str
    release: int
    """Number of the release that erased it."""
    erased_at: datetime
    ground: str
    """Legal ground, for example the number of a judgment."""


def erasures(
    conn: Connection, dataset: DatasetRow | None, *, release: int | None = None, limit: int | None = None
) -> tuple[Erasure, ...]:
    """List erasures, newest first, then by record: of a dataset or of all, by one release or by any."""
    erasing = select(_b.sequence).where(_b.counts.contains('"erased"'))
    if dataset is not None:
        erasing = erasing.where(_b.dataset == dataset.key)
    if release is not None:
        erasing = erasing.where(_b.number == release)
    sequences = conn.scalars(erasing).all()
    if not sequences:  # the usual case, in which the many records are not read
        return ()
    query = (
        select(t.dataset.c.name, _r.id, _b.number, _b.published_at, _b.note)
        .join_from(t.record, t.release, _b.sequence == _r.erased_by)
        .join(t.dataset, t.dataset.c.key == _r.dataset)
        .where(_r.erased_by.in_(sequences))
        .order_by(_b.sequence.desc(), _r.id)
        .limit(limit)
    )
    return tuple(
        Erasure(row.name, row.id, row.number, moment(row.published_at), row.note)
        for row in conn.execute(query).all()
    )

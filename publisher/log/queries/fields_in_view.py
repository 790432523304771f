"""The fields of a state: its contents can be older than a migration to another catalogue."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from itertools import pairwise

from msgspec import structs
from sqlalchemy import Connection, select

from publisher.log import registry
from publisher.log.database import tables as t
from publisher.log.queries.point_in_time import Clocks
from publisher.log.registry import DatasetRow
from publisher.log.session import Session
from schemas.definition.catalogue import Catalogue


def catalogue_in_view(
    conn: Connection, dataset: DatasetRow, clocks: Clocks, load: Callable[[str], Catalogue]
) -> Catalogue:
    """Return the catalogue of the newest release known, with all fields that contents of the day can have.

    A migration changes states from its day on, so earlier ones have the fields of the catalogue before it.
    """
    b = t.release.c
    rows = conn.execute(
        select(b.catalogue_digest, b.effective_on)
        .where(b.dataset == dataset.key, b.published_at <= clocks.instant)
        .order_by(b.number.desc())
    ).all()
    if not rows:
        return load(dataset.catalogue_digest)
    catalogue = load(rows[0].catalogue_digest)
    for release, before in pairwise(rows):
        if release.catalogue_digest != before.catalogue_digest and clocks.day < release.effective_on:
            catalogue = add_fields(catalogue, load(before.catalogue_digest))
    return catalogue


def read_queryable(session: Session, conn: Connection, dataset: str, clocks: Clocks) -> Catalogue:
    """Return the current catalogue of a dataset, with dropped fields that contents of the day can have."""
    row, load = registry.dataset_row(conn, dataset), partial(session.catalogue, conn)
    return add_fields(load(row.catalogue_digest), catalogue_in_view(conn, row, clocks, load))


def add_fields(catalogue: Catalogue, other: Catalogue) -> Catalogue:
    """Return a catalogue with the fields that only another one has, after its own."""
    missing = tuple(field for field in other.fields if field.name not in catalogue.by_name)
    return structs.replace(catalogue, fields=(*catalogue.fields, *missing)) if missing else catalogue

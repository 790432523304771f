"""The fields of a state: its contents can be older than a migration to another catalogue."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from functools import partial, reduce
from itertools import pairwise

from msgspec import structs
from sqlalchemy import Connection, func, select

from publisher.log import registry
from publisher.log.database import tables as t
from publisher.log.model import Release, View
from publisher.log.queries import point_in_time
from publisher.log.queries.point_in_time import Clocks
from publisher.log.registry import DatasetRow
from publisher.log.releases.release_rows import releases
from publisher.log.session import Session
from schemas.definition.catalogue import Catalogue


class CatalogueQueries:
    """The part of ``log.queries`` that returns catalogues."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def catalogue(self, dataset: str, release: int | None = None) -> Catalogue:
        """Return the current catalogue of the dataset, or the catalogue of a release.

        A field of :func:`personal_fields` is personal in that of every release.
        """
        with self._session.read() as conn:
            row, load = registry.dataset_row(conn, dataset), partial(self._session.catalogue, conn)
            if release is None:
                return load(row.catalogue_digest)
            own = load(releases(conn, row, release)[0].catalogue_digest)
            return mark_personal(own, personal_fields(conn, row, load))

    def personal_fields(self, dataset: str) -> frozenset[str]:
        """Return the fields of :func:`personal_fields`. Raises ``LogError('no-such-dataset')``."""
        with self._session.read() as conn:
            row, load = registry.dataset_row(conn, dataset), partial(self._session.catalogue, conn)
            return personal_fields(conn, row, load)

    def fields_hidden_since(self, dataset: str, release: Release) -> tuple[str, ...]:
        """List the fields that a release published and that became personal since."""
        with self._session.read() as conn:
            return self._hidden_since(conn, registry.dataset_row(conn, dataset), release)

    def _hidden_since(self, conn: Connection, row: DatasetRow, release: Release) -> tuple[str, ...]:
        load = partial(self._session.catalogue, conn)
        return _public_ones(load(release.catalogue_digest), personal_fields(conn, row, load))

    def catalogue_in_view(self, dataset: str, *views: View) -> Catalogue:
        """Return the catalogue of the first view, with all fields that contents in any of the views can have.

        A field of :func:`personal_fields` is personal here, too.
        Raises ``LogError``: ``no-such-dataset``, ``no-such-release``, ``mixed-view``.
        """
        with self._session.read() as conn:
            return read_in_views(self._session, conn, dataset, views)

    def queryable_catalogue(self, dataset: str, view: View) -> Catalogue:
        """Return the catalogue of a view as :func:`read_queryable`.

        Raises ``LogError``: ``no-such-dataset``, ``no-such-release``, ``mixed-view``.
        """
        with self._session.read() as conn:
            clocks = point_in_time.clocks(conn, dataset, view, self._session.clock())
            return read_queryable(self._session, conn, dataset, clocks)

    def catalogue_of_changes(self, dataset: str, number: int) -> Catalogue:
        """Return the catalogue of a release, with the fields that only the one before has: changes name both.

        A field of :func:`personal_fields` is personal here, too.
        Raises ``LogError``: ``no-such-dataset``, ``no-such-release``.
        """
        with self._session.read() as conn:
            row, load = registry.dataset_row(conn, dataset), partial(self._session.catalogue, conn)
            release = releases(conn, row, number)[0]
            catalogue = load(release.catalogue_digest)
            if release.previous_number is not None:
                before = releases(conn, row, release.previous_number)[0]
                catalogue = add_fields(catalogue, load(before.catalogue_digest))
            return mark_personal(catalogue, personal_fields(conn, row, load))


def read_in_views(session: Session, conn: Connection, dataset: str, views: Iterable[View]) -> Catalogue:
    """Return the catalogue of the first view, with all fields that contents in any of the views can have."""
    row, load = registry.dataset_row(conn, dataset), partial(session.catalogue, conn)
    every = (point_in_time.clocks(conn, dataset, view, session.clock()) for view in views)
    catalogue = reduce(add_fields, (catalogue_in_view(conn, row, clocks, load) for clocks in every))
    return mark_personal(catalogue, personal_fields(conn, row, load))


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
    """Return the catalogue of a state, with the fields that only the current one has.

    A field of :func:`personal_fields` is personal in every state.
    """
    row, load = registry.dataset_row(conn, dataset), partial(session.catalogue, conn)
    catalogue = add_fields(catalogue_in_view(conn, row, clocks, load), load(row.catalogue_digest))
    return mark_personal(catalogue, personal_fields(conn, row, load))


def personal_fields(
    conn: Connection, dataset: DatasetRow, load: Callable[[str], Catalogue]
) -> frozenset[str]:
    """List the personal fields of a dataset; the newest catalogue that has a field decides.

    A field that became personal and was dropped later is among them: older states still have its values.
    """
    fields: dict[str, bool] = {}
    for digest in list_catalogues(conn, dataset):
        for field in load(digest).fields:
            fields.setdefault(field.name, field.personal)
    return frozenset(name for name, personal in fields.items() if personal)


def list_catalogues(conn: Connection, dataset: DatasetRow) -> tuple[str, ...]:
    """List the digests of a dataset's catalogues: the current one, then those of releases, newest first."""
    b = t.release.c
    digests = conn.scalars(
        select(b.catalogue_digest)
        .where(b.dataset == dataset.key)
        .group_by(b.catalogue_digest)
        .order_by(func.max(b.number).desc())
    )
    return tuple(dict.fromkeys((dataset.catalogue_digest, *digests)))


def mark_personal(catalogue: Catalogue, personal: Collection[str]) -> Catalogue:
    """Return a catalogue in which these fields are personal."""
    names = _public_ones(catalogue, personal)
    if not names:
        return catalogue
    fields = (
        structs.replace(field, personal=True) if field.name in names else field for field in catalogue.fields
    )
    return structs.replace(catalogue, fields=tuple(fields))


def _public_ones(catalogue: Catalogue, names: Collection[str]) -> tuple[str, ...]:
    """List those of these fields that a catalogue has as public ones."""
    return tuple(field.name for field in catalogue.fields if field.name in names and not field.personal)


def add_fields(catalogue: Catalogue, other: Catalogue) -> Catalogue:
    """Return a catalogue with the fields that only another one has, after its own."""
    missing = tuple(field for field in other.fields if field.name not in catalogue.by_name)
    return structs.replace(catalogue, fields=(*catalogue.fields, *missing)) if missing else catalogue

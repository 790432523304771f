"""``log.changes``: the changes of the whole site as a list."""

from __future__ import annotations

from functools import partial

from sqlalchemy import Connection, select

from publisher.log import registry
from publisher.log.changes.change_directions import ChangeDirections
from publisher.log.changes.change_query import Bodies, ChangeList, ChangePage, ChangeQuery, ListedChange
from publisher.log.database import tables as t
from publisher.log.queries import fields_in_view, history
from publisher.log.registry import DatasetRow
from publisher.log.session import Session


class Changes:
    """``log.changes``: list what releases changed in any dataset, newest first.

    A change by an improved reading of the same file (cause ``reading``) is never listed.
    """

    def __init__(self, session: Session) -> None:
        self._session = session
        self._directions = ChangeDirections(session)

    def page(self, query: ChangeQuery) -> ChangePage:
        """List a page of changes with the total and the counts of the facets."""
        with self._session.read() as conn:
            return self._list(conn, query).page(history.field_order(self._session, conn))

    def newest(self, query: ChangeQuery) -> tuple[ListedChange, ...]:
        """List the newest changes of a query without counting any."""
        with self._session.read() as conn:
            rows, _ = self._list(conn, query).rows(history.field_order(self._session, conn))
            return rows

    def _list(self, conn: Connection, query: ChangeQuery) -> ChangeList:
        return ChangeList(conn, query, self._directions.read(conn), self._read_bodies(conn))

    def _read_bodies(self, conn: Connection) -> Bodies:
        bodies = {one.name: one.body for one in registry.datasets(conn)}
        fields: dict[int, tuple[str, ...]] = {}
        publishing: dict[int, str] = {}
        for key, name in conn.execute(select(t.dataset.c.key, t.dataset.c.name)).all():
            publishing[key] = bodies[name]
            if names := self._body_fields(conn, registry.dataset_row(conn, name)):
                fields[key] = names
        return Bodies(fields, publishing)

    def _body_fields(self, conn: Connection, dataset: DatasetRow) -> tuple[str, ...]:
        """List the fields by which the catalogues of a dataset name bodies, of the newest one first."""
        load = partial(self._session.catalogue, conn)
        digests = fields_in_view.list_catalogues(conn, dataset)
        names = dict.fromkeys(name for one in digests if (name := load(one).body_field))
        hidden = fields_in_view.personal_fields(conn, dataset, load) if len(names) > 1 else ()
        return tuple(name for name in names if name not in hidden)

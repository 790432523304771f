"""``log.changes``: the changes of the whole site as a list."""

from __future__ import annotations

from sqlalchemy import Connection, select

from publisher.log import registry
from publisher.log.changes.change_directions import ChangeDirections
from publisher.log.changes.change_query import Bodies, ChangeList, ChangePage, ChangeQuery, ListedChange
from publisher.log.database import tables as t
from publisher.log.queries import history
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
        d = t.dataset.c
        rows = conn.execute(select(d.key, d.name, d.catalogue_digest)).all()
        fields = {row.key: self._session.catalogue(conn, row.catalogue_digest).body_field for row in rows}
        bodies = {one.name: one.body for one in registry.datasets(conn)}
        return Bodies(
            {key: name for key, name in fields.items() if name}, {row.key: bodies[row.name] for row in rows}
        )

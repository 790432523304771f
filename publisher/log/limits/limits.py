"""``log.limits``: time limits over time."""

from __future__ import annotations

import msgspec
from sqlalchemy import Connection, select

from publisher.log.clocks import known_instant
from publisher.log.database import tables as t
from publisher.log.limits.limit_shares import LimitDataset, LimitQuery, LimitSelection, LimitShares
from publisher.log.limits.limit_steps import LimitStep, limit_fields, read_states, steps_of_field
from publisher.log.model import View
from publisher.log.queries import point_in_time
from publisher.log.registry import dataset_row
from publisher.log.session import Session


class Limits:
    """``log.limits``: read the steps of a record's limits, and count how many became shorter or longer."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def steps(self, dataset: str, record: str, view: View = View()) -> tuple[LimitStep, ...]:  # noqa: B008 - frozen
        """List the steps of a record's limits field by field, oldest first, as known in a view.

        Without ``as_of`` also those that take effect later. A record without limits, and an unknown one, has
        none. Raises ``LogError``: ``no-such-dataset``, ``no-such-release``, ``mixed-view``.
        """
        with self._session.read() as conn:
            digest = dataset_row(conn, dataset).catalogue_digest
            fields = limit_fields(self._session.catalogue(conn, digest))
            if not fields:
                return ()
            day = None if view.as_of is None else view.as_of.toordinal()
            instant = known_instant(view.known_at)
            if view.release is not None:
                clocks = point_in_time.clocks(conn, dataset, view, self._session.clock())
                day, instant = clocks.day, clocks.instant
            states = read_states(conn, dataset, [record], day, instant).get(record, [])
            return tuple(step for field in fields for step in steps_of_field(field.name, states))

    def shares(self, query: LimitQuery) -> LimitShares:
        """Count the items whose limit became shorter or longer than the first one that they listed."""
        with self._session.read() as conn:
            clocks = point_in_time.clocks(conn, None, query.view, self._session.clock())
            return LimitSelection(conn, query, self._lists(conn), clocks).shares()

    def _lists(self, conn: Connection) -> list[LimitDataset]:
        d = t.dataset.c
        lists: list[LimitDataset] = []
        for row in conn.execute(select(d.key, d.name, d.catalogue_digest, d.details)).all():
            catalogue = self._session.catalogue(conn, row.catalogue_digest)
            limits = frozenset(field.name for field in limit_fields(catalogue))
            if limits:
                body = msgspec.json.decode(row.details).get("body") or ""
                lists.append(
                    LimitDataset(row.key, row.name, limits, catalogue.body_field, catalogue.type_field, body)
                )
        return lists

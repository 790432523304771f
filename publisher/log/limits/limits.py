"""``log.limits``: time limits over time."""

from __future__ import annotations

from functools import partial

import msgspec
from sqlalchemy import Connection, func, select

from publisher.log.database import tables as t
from publisher.log.limits.limit_shares import LimitDataset, LimitQuery, LimitSelection, LimitShares
from publisher.log.limits.limit_steps import LimitStep, limit_fields, read_states, steps_of_field
from publisher.log.model import View
from publisher.log.queries import point_in_time
from publisher.log.queries.fields_in_view import catalogue_in_view, mark_personal, personal_fields
from publisher.log.queries.point_in_time import Clocks
from publisher.log.registry import dataset_row
from publisher.log.session import Session


class Limits:
    """``log.limits``: read the steps of a record's limits, and count how many became shorter or longer."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def steps(self, dataset: str, record: str, view: View = View()) -> tuple[LimitStep, ...]:  # noqa: B008 - frozen
        """List the steps of a record's limits field by field, oldest first, as known in a view.

        The fields are the public ones of the catalogue of the view. Without ``as_of`` also the steps that
        take effect later. A record without limits, and an unknown one, has none.

        Raises ``LogError``: ``no-such-dataset``, ``no-such-release``, ``mixed-view``.
        """
        with self._session.read() as conn:
            clocks = point_in_time.clocks(conn, dataset, view, self._session.clock())
            load = partial(self._session.catalogue, conn)
            row = dataset_row(conn, dataset)
            catalogue = catalogue_in_view(conn, row, clocks, load)
            fields = limit_fields(mark_personal(catalogue, personal_fields(conn, row, load)))
            if not fields:
                return ()
            has_day = view.as_of is not None or view.release is not None
            day, instant = clocks.day if has_day else None, clocks.instant
            states = read_states(conn, dataset, [record], day, instant).get(record, [])
            return tuple(step for field in fields for step in steps_of_field(field.name, states))

    def shares(self, query: LimitQuery) -> LimitShares:
        """Count the items whose limit became shorter or longer than the first one that they listed."""
        with self._session.read() as conn:
            clocks = point_in_time.clocks(conn, None, query.view, self._session.clock())
            return LimitSelection(conn, query, self._lists(conn, clocks), clocks).shares()

    def _lists(self, conn: Connection, clocks: Clocks) -> list[LimitDataset]:
        b, d, load = t.release.c, t.dataset.c, partial(self._session.catalogue, conn)
        several = func.count(b.catalogue_digest.distinct()) > 1
        migrated = set(conn.scalars(select(b.dataset).group_by(b.dataset).having(several)))
        lists: list[LimitDataset] = []
        for row in conn.execute(select(d.key, d.name, d.catalogue_digest, d.details)).all():
            catalogue = load(row.catalogue_digest)
            if row.key in migrated:
                dataset = dataset_row(conn, row.name)
                in_view = catalogue_in_view(conn, dataset, clocks, load)
                catalogue = mark_personal(in_view, personal_fields(conn, dataset, load))
            limits = frozenset(field.name for field in limit_fields(catalogue))
            if limits:
                body = msgspec.json.decode(row.details).get("body") or ""
                lists.append(
                    LimitDataset(row.key, row.name, limits, catalogue.body_field, catalogue.type_field, body)
                )
        return lists

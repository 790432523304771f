"""Changes by which a charge rose or fell, or a limit became shorter or longer."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import msgspec
from sqlalchemy import Connection, select

from feeds.value_direction import Direction, directions_of_values, has_direction
from publisher.log.database import tables as t
from publisher.log.database.connection import stream
from publisher.log.session import Session
from schemas.definition.catalogue import Catalogue, Content

WITH_DIRECTION = ("changed", "renamed")
"""Kinds of change by which a charge or limit itself changes; a correction has no direction."""
_decode = msgspec.json.Decoder(dict[str, Any]).decode
_c = t.change.c
_after, _before = t.revision.alias("after").c, t.revision.alias("before").c


class ChangeDirections:
    """Directions by the sequence of the change. A change never changes, so each is read once by a process."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._lock = threading.Lock()
        self._datasets: Sequence[int] = ()
        self._last = 0
        self._directions: dict[int, tuple[Direction, ...]] = {}

    def read(self, conn: Connection) -> Mapping[int, tuple[Direction, ...]]:
        """Return the directions of every change so far, by its sequence; changes without any are left out."""
        datasets = self._datasets_with_direction(conn)
        with self._lock:
            if datasets != self._datasets:
                self._datasets, self._last, self._directions = datasets, 0, {}
            for sequence, directions in self._unread(conn, datasets):
                self._last = sequence
                if directions:
                    self._directions[sequence] = directions
            return dict(self._directions)

    def _datasets_with_direction(self, conn: Connection) -> Sequence[int]:
        b = t.release.c
        rows = conn.execute(select(b.dataset, b.catalogue_digest).distinct().order_by(b.dataset)).all()
        datasets = dict.fromkeys(
            row.dataset
            for row in rows
            if any(map(has_direction, self._session.catalogue(conn, row.catalogue_digest).fields))
        )
        return list(datasets)

    def _unread(
        self, conn: Connection, datasets: Sequence[int]
    ) -> Iterator[tuple[int, tuple[Direction, ...]]]:
        query = (
            select(
                *(_c.sequence, t.release.c.catalogue_digest),
                *(_before.content.label("old"), _after.content.label("new")),
            )
            .join_from(t.change, _before.key.table, _before.key == _c.before)
            .join(_after.key.table, _after.key == _c.revision)
            .join(t.release, t.release.c.sequence == _c.release)
            .where(_c.sequence > self._last, _c.dataset.in_(datasets), _c.kind.in_(WITH_DIRECTION))
            .where(_before.content.is_not(None), _after.content.is_not(None))
            .order_by(_c.sequence)
        )
        rows = stream(conn, query)
        for row in rows:
            catalogue = self._session.catalogue(conn, row.catalogue_digest)
            yield row.sequence, _compare(catalogue, _decode(row.old), _decode(row.new))


def _compare(catalogue: Catalogue, old: Content, new: Content) -> tuple[Direction, ...]:
    names = [name for name in old if name in new and old[name] != new[name]]
    return directions_of_values(catalogue, ((name, old[name], new[name]) for name in names))

"""``log.graph``: works, citations and effects, now and on any day, as known at any time."""

from __future__ import annotations

from sqlalchemy import Connection

from publisher.log.citations import graph_rows
from publisher.log.citations.revision_graph import VERSION
from publisher.log.graph.passage_query import (
    PassagePage,
    PassageQuery,
    PublishedCitation,
    PublishedEffect,
    find_citations,
    find_effects,
)
from publisher.log.graph.work_query import (
    BasedRelease,
    Work,
    WorkPage,
    WorkQuery,
    based_releases,
    find_work,
    find_works,
    names_of,
)
from publisher.log.model import View
from publisher.log.queries import point_in_time
from publisher.log.session import Session


class Graph:
    """``log.graph``: list and read works, citations and effects."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._ends = graph_rows.ReleaseEnds()

    def is_current(self) -> bool:
        """Report whether every revision was read by the rules of this program."""
        with self._session.read() as conn:
            return graph_rows.is_current(conn)

    def update(self) -> bool:
        """Read the revisions that were not yet read, or all of them if the rules are new. → whether any.

        Revisions are read without the write lock, and written in batches. Each is whole, so that a process
        that ends early, or a second one at the same time, loses and doubles nothing.
        """
        is_changed = False
        while (batch := self._next_batch()) is not None:
            with self._session.write() as conn:
                graph_rows.write_batch(conn, batch)
            is_changed = True
        return is_changed

    def rebuild(self) -> None:
        """Read every revision again."""
        with self._session.write() as conn:
            graph_rows.forget(conn)
        self.update()

    def validator(self) -> tuple[int, int]:
        """Return the version of the rules and the last revision that was read; the graph differs only if
        they or the releases do.
        """
        with self._session.read() as conn:
            return VERSION, graph_rows.read_run(conn).revision

    def work(self, key: str, view: View = View()) -> Work:  # noqa: B008 - frozen
        """Return a work by any of its names. Raises ``LogError('no-such-work')`` if nothing ever named it."""
        with self._session.read() as conn:
            return find_work(conn, key, self._clocks(conn, view))

    def names(self, key: str, view: View = View()) -> tuple[str, ...]:  # noqa: B008 - frozen
        """Return the keys under which a work is cited, its own first."""
        with self._session.read() as conn:
            return names_of(conn, key, self._clocks(conn, view))

    def works(self, query: WorkQuery) -> WorkPage:
        """List works, in the order of their keys."""
        with self._session.read() as conn:
            return find_works(conn, query, self._clocks(conn, query.view))

    def citations(self, query: PassageQuery) -> PassagePage[PublishedCitation]:
        """List citations, record by record."""
        with self._session.read() as conn:
            return find_citations(conn, query, self._clocks(conn, query.view))

    def effects(self, query: PassageQuery) -> PassagePage[PublishedEffect]:
        """List effects, those that were published last first."""
        with self._session.read() as conn:
            return find_effects(conn, query, self._clocks(conn, query.view))

    def releases_on(self, work: Work, view: View = View()) -> tuple[BasedRelease, ...]:  # noqa: B008 - frozen
        """List the releases that rest on a work, newest first."""
        with self._session.read() as conn:
            return tuple(based_releases(conn, work.names, self._clocks(conn, view)))

    def _clocks(self, conn: Connection, view: View) -> point_in_time.Clocks:
        return point_in_time.clocks(conn, None, view, self._session.clock())

    def _next_batch(self) -> graph_rows.Batch | None:
        with self._session.read() as conn:
            return graph_rows.compute_batch(self._session, conn, self._ends)

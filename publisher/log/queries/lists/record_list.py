"""Pages of records with total and facets, for lists of a dataset.

The beginning of a list and its counts are kept in memory for the state that they show: most requests are for
the next page, for another day without a change in between, or from another reader of the same list.
"""

from __future__ import annotations

from array import array
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any

import msgspec
from sqlalchemy import Connection, bindparam, select

from publisher.log.database import tables as t
from publisher.log.database.prepared_statement import PreparedStatement
from publisher.log.model import RecordPage, RecordQuery, Status
from publisher.log.queries.lists.state_cache import StateCache, require_patience
from publisher.log.queries.point_in_time import Clocks
from publisher.log.queries.record_query import (
    AS_LISTED,
    BY_RECORD,
    BY_TITLE,
    IN_VIEW,
    OrderKey,
    PageRows,
    RecordSet,
    check_cursor,
    record_join,
    view_values,
)
from publisher.log.queries.record_state import COLUMNS, state_from_row
from publisher.log.session import DatasetKey
from schemas.definition.catalogue import Catalogue

type _Facets = Mapping[str, tuple[tuple[str, int], ...]]

_ROWS = PageRows(*COLUMNS)
_MOST_KEYS = 2_000
"""Keys of a list that are kept, of eight bytes each."""
_MOST_AT_ONCE = 100
"""Records of a page, and before it, that take little time: more are read only for a caller who can wait."""
_s = t.span.c


class _Beginning(msgspec.Struct, frozen=True):
    """Keys of the first records of a list in order, and the number of all its records."""

    records: array[int]
    total: int

    def page(self, query: RecordQuery) -> Sequence[int] | None:
        """Return the keys of a page and of the record behind it; None if they may not be among these."""
        start = query.offset
        if query.after is not None:
            try:
                start = self.records.index(query.after[-1]) + 1
            except ValueError:
                return None
        end = min(start + query.limit + 1, self.total)
        return self.records[start:end] if end <= len(self.records) else None


class RecordList:
    """A list of records in one view."""

    def __init__(
        self,
        conn: Connection,
        dataset: DatasetKey,
        catalogue: Callable[[], Catalogue],
        query: RecordQuery,
        clocks: Clocks,
    ) -> None:
        self._conn, self._dataset, self._query, self._clocks = conn, dataset, query, clocks
        self._set = RecordSet(conn, dataset.key, catalogue, query, clocks)

    def page(self, cache: StateCache, sequence: int) -> RecordPage:
        """Return a page. ``sequence``: of the dataset's validator.

        Raises ``LogError``: ``bad-filter``, ``bad-cursor``; and ``NotInMemoryError`` for a caller that cannot
        wait.
        """
        query = self._query
        if query.limit > _MOST_AT_ONCE or query.offset > _MOST_AT_ONCE:
            require_patience()
        if query.during is not None or "future" in query.statuses:  # they do not depend on one state alone
            require_patience()
            return self._read_in_order(
                {name: self._set.facet(name) for name in query.facets}, self._set.total
            )
        state = cache.state(self._conn, self._dataset.key, sequence, self._clocks)
        key = (state, query.statuses, query.where)
        facets = {name: cache.find((*key, name), partial(self._set.facet, name)) for name in query.facets}
        if self._set.is_all_in_force and not query.sort:  # an index has this order, and the tally the total
            return self._read_in_order(facets, self._set.total)
        check_cursor(query.after, _key_count(query.sort))
        beginning = cache.find((*key, query.sort), self._beginning)
        keys = beginning.page(query)
        if keys is None:
            require_patience()
            return self._read_in_order(facets, lambda: beginning.total)
        statement = cache.find((state, query.sort, query.limit), partial(self._statement, query.limit))
        return self._page(*self._rows(statement, keys), facets, beginning.total)

    def _read_in_order(self, facets: _Facets, total: Callable[[], int]) -> RecordPage:
        """Read a page in the order of the list."""
        return self._page(
            *self._set.page(_ROWS, self._order()), facets, total() if self._query.count else None
        )

    def _page(
        self, rows: Sequence[Any], after: tuple[Any, ...] | None, facets: _Facets, total: int | None
    ) -> RecordPage:
        status: Status | None = "future" if "future" in self._query.statuses else None
        return RecordPage(
            records=tuple(state_from_row(self._conn, self._dataset, row, status=status) for row in rows),
            total=total if self._query.count else None,
            after=after,
            facets=facets,
        )

    def _beginning(self) -> _Beginning:
        keys, total = self._set.beginning(self._order())
        return _Beginning(array("q", keys[:_MOST_KEYS]), total)

    def _statement(self, number: int) -> PreparedStatement:
        """Prepare the statement for ``number`` records by their keys, with the keys of the order."""
        keys = (key.column.label(f"order_{n}") for n, key in enumerate(self._order()))
        parameters = [bindparam(f"record_{n}", type_=t.Integer64) for n in range(number)]
        columns = select(*COLUMNS, *keys).select_from(record_join())
        return PreparedStatement(columns.where(_s.record.in_(parameters), IN_VIEW))

    def _rows(
        self, statement: PreparedStatement, keys: Sequence[int]
    ) -> tuple[Sequence[Any], tuple[Any, ...] | None]:
        """Read the records of a page → their rows, and the keys of the last one or None at the end."""
        if not keys:
            return (), None
        limit = self._query.limit
        page = keys[:limit]
        # The statement takes ``limit`` keys: a shorter page repeats its last one.
        keys_of_page = {f"record_{n}": page[min(n, len(page) - 1)] for n in range(limit)}
        values = view_values(self._dataset.key, self._clocks) | keys_of_page
        by_key = {row[-1]: row for row in statement.all(self._conn, values)}
        rows = [by_key[key] for key in page]
        return rows, tuple(rows[-1][-_key_count(self._query.sort) :]) if len(keys) > limit else None

    def _order(self) -> tuple[OrderKey, ...]:
        """Order keys; ties are in the order in which records first appeared."""
        sort = self._query.sort
        if sort == AS_LISTED:
            return BY_RECORD
        keys = tuple(
            OrderKey(_s.title, descending, always=True)
            if name in ("title", self._set.catalogue.title_field)
            else OrderKey(self._set.compiler.sort_column(name), descending)
            for name, descending in sort
        )
        return (*keys, *BY_RECORD) if keys else BY_TITLE


def _key_count(sort: Sequence[tuple[str, bool]]) -> int:
    """Count the keys of an order, of which the last one is that of the record."""
    if tuple(sort) == AS_LISTED:
        return len(BY_RECORD)
    return len(sort) + len(BY_RECORD) if sort else len(BY_TITLE)

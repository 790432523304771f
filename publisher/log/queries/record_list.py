"""Pages of records with total and facets, for lists of a dataset."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from sqlalchemy import Connection

from publisher.log.database import tables as t
from publisher.log.model import RecordPage, RecordQuery, Status
from publisher.log.queries.point_in_time import Clocks
from publisher.log.queries.record_query import AS_LISTED, BY_RECORD, BY_TITLE, OrderKey, PageRows, RecordSet
from publisher.log.queries.record_state import COLUMNS, state_from_row
from publisher.log.session import DatasetKey
from schemas.definition.catalogue import Catalogue

_ROWS = PageRows(*COLUMNS)


def record_page(
    conn: Connection,
    dataset: DatasetKey,
    catalogue: Callable[[], Catalogue],
    query: RecordQuery,
    clocks: Clocks,
) -> RecordPage:
    """Return a page of records. Raises ``LogError``: ``bad-filter``, ``bad-cursor``."""
    records = RecordSet(conn, dataset.key, catalogue, query, clocks)
    rows, after = records.page(_ROWS, _order(records, query.sort))
    status: Status | None = "future" if "future" in query.statuses else None
    return RecordPage(
        records=tuple(state_from_row(conn, dataset, row, status=status) for row in rows),
        total=records.total() if query.count else None,
        after=after,
        facets={name: records.facet(name) for name in query.facets},
    )


def _order(records: RecordSet, sort: Sequence[tuple[str, bool]]) -> tuple[OrderKey, ...]:
    """Order keys; ties are in the order in which records first appeared."""
    if tuple(sort) == AS_LISTED:
        return BY_RECORD
    keys = tuple(
        OrderKey(t.span.c.title, descending, always=True)
        if name in ("title", records.catalogue.title_field)
        else OrderKey(records.compiler.sort_column(name), descending)
        for name, descending in sort
    )
    return (*keys, *BY_RECORD) if keys else BY_TITLE

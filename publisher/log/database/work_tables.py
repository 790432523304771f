"""Tables of one transaction: what a draft would do, and what a release is going to do."""

from __future__ import annotations

from sqlalchemy import BigInteger, Boolean, Column, Connection, Index, Integer, MetaData, Table, Text, delete
from sqlalchemy.schema import CreateIndex, CreateTable

from publisher.log.database.tables import Words, span

_metadata = MetaData()

plan = Table(
    "plan",
    _metadata,
    Column("import", BigInteger),
    Column("position", Integer),
    Column("identity", Words),
    Column("record", BigInteger),
    # added, changed, removed; or nothing to do: same, stays (withdrawn), error
    Column("kind", Text),
    Column("cause", Text),
    Column("fresh", Boolean),  # the content is new and gets a revision of its own
    Column("status", Text),  # of the record on the day, before
    Column("revision", BigInteger),  # in force on the day
    Column("before", BigInteger),  # what is replaced: as a rule the same
    Column("part", BigInteger),
    Column("before_part", BigInteger),
    Column("effective_to", BigInteger),
    Column("title", Words),
    Index("plan_record", "record"),
    prefixes=["TEMPORARY"],
)
"""Every row of a draft beside the state on the draft's day, and what becomes of it."""

work = Table(
    "work",
    _metadata,
    Column("n", BigInteger),  # 1, 2, 3 …: the order of the changes
    Column("record", BigInteger),
    Column("kind", Text),
    Column("cause", Text),
    Column("status", Text),  # of the new span
    Column("revision", BigInteger),
    Column("before", BigInteger),
    Column("part", BigInteger),
    Column("before_part", BigInteger),
    Column("effective_from", BigInteger),
    Column("effective_to", BigInteger),
    Column("title", Words),
    Column("import", BigInteger),
    Column("position", Integer),
    Column("identity", Words),
    Column("fresh", Boolean),
    Index("work_record", "record"),
    prefixes=["TEMPORARY"],
)
"""The changes of the release that is being made. A span overlaps at most one of them."""

touched = Table(
    "touched",
    _metadata,
    Column("n", BigInteger),
    Column("record", BigInteger),
    Column("made", BigInteger),
    Column("effective_from", BigInteger),
    Column("work", BigInteger),
    Index("touched_span", "record", "made", "effective_from"),
    prefixes=["TEMPORARY"],
)
"""Spans that the release closes."""


old_span = Table(
    "old_span",
    _metadata,
    *(Column(column.name, column.type) for column in span.c),
    Index("old_span_row", "record", "made", "effective_from"),
    prefixes=["TEMPORARY"],
)
"""The spans as they were before a rebuild."""


def emptied(conn: Connection, table: Table) -> Table:
    """The table, this connection's own, with nothing in it."""
    conn.execute(CreateTable(table, if_not_exists=True))
    for index in table.indexes:
        conn.execute(CreateIndex(index, if_not_exists=True))
    conn.execute(delete(table))
    return table

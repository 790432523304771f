"""Temporary tables of one transaction: the plan of a draft and the changes of a release."""

from __future__ import annotations

from sqlalchemy import BigInteger, Boolean, Column, Connection, Index, Integer, MetaData, Table, delete
from sqlalchemy.schema import CreateIndex, CreateTable

from publisher.log.database.tables import CodePointText, span

_metadata = MetaData()

CHANGE_KINDS = ("added", "changed", "removed")
"""Kinds of the rows of ``plan`` that change a record."""

plan = Table(
    "plan",
    _metadata,
    Column("import", BigInteger),
    Column("position", Integer),
    Column("identity", CodePointText),
    Column("record", BigInteger),
    # added, changed, removed; without effect: same, stays (withdrawn), error
    Column("kind", CodePointText),
    Column("cause", CodePointText),
    Column("fresh", Boolean),  # the content is new and needs a revision
    Column("status", CodePointText),  # status of the record on the day, before
    Column("revision", BigInteger),  # in force on the day
    Column("before", BigInteger),  # the replaced revision: usually the same
    Column("part", BigInteger),
    Column("before_part", BigInteger),
    Column("effective_from", BigInteger),  # the draft's day; later for a removal from later days only
    Column("effective_to", BigInteger),
    Column("title", CodePointText),
    Index("plan_record", "record"),
    prefixes=["TEMPORARY"],
    postgresql_on_commit="DROP",  # the next transaction of this connection may be another process's
)
"""Every row of a draft with the state on the draft's day, and the change that it makes."""

new_change = Table(
    "new_change",
    _metadata,
    Column("n", BigInteger),  # 1, 2, 3 …: the order of the changes
    Column("record", BigInteger),
    Column("kind", CodePointText),
    Column("cause", CodePointText),
    Column("status", CodePointText),  # status of the new span
    Column("revision", BigInteger),
    Column("before", BigInteger),
    Column("part", BigInteger),
    Column("before_part", BigInteger),
    Column("effective_from", BigInteger),
    Column("effective_to", BigInteger),
    Column("title", CodePointText),
    Column("import", BigInteger),
    Column("position", Integer),
    Column("identity", CodePointText),
    Column("fresh", Boolean),
    Index("new_change_record", "record"),
    prefixes=["TEMPORARY"],
    postgresql_on_commit="DROP",  # the next transaction of this connection may be another process's
)
"""The changes of the release that is being written. Those of one record have no day in common."""

closed_span = Table(
    "closed_span",
    _metadata,
    Column("n", BigInteger),
    Column("record", BigInteger),
    Column("made", BigInteger),
    Column("effective_from", BigInteger),
    Column("change", BigInteger),  # ``new_change.n``
    Index("closed_span_row", "record", "made", "effective_from"),
    prefixes=["TEMPORARY"],
    postgresql_on_commit="DROP",  # the next transaction of this connection may be another process's
)
"""Open spans that the release closes, once for each change that overlaps them."""

old_span = Table(
    "old_span",
    _metadata,
    *(Column(column.name, column.type) for column in span.c),
    Index("old_span_row", "record", "made", "effective_from"),
    prefixes=["TEMPORARY"],
    postgresql_on_commit="DROP",  # the next transaction of this connection may be another process's
)
"""The spans before a rebuild."""


def create_empty(conn: Connection, table: Table) -> None:
    """Create the table for this connection if needed, and empty it."""
    conn.execute(CreateTable(table, if_not_exists=True))
    for index in table.indexes:
        conn.execute(CreateIndex(index, if_not_exists=True))
    conn.execute(delete(table))

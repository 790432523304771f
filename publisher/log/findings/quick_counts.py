"""Counts of findings for pages that are read often: statements that are compiled once."""

from __future__ import annotations

from sqlalchemy import Connection, bindparam, func, select

from publisher.log.database import tables as t
from publisher.log.database.derived import finding_tables as f
from publisher.log.database.prepared_statement import PreparedStatement
from publisher.log.database.storable_text import storable
from publisher.log.findings.responses import CATALOGUE
from publisher.log.queries.point_in_time import Clocks, in_view
from schemas.words import DISMISSED

_c, _r, _d, _v = f.finding.c, t.record.c, t.dataset.c, t.value.c
_DAY, _INSTANT = bindparam("day", type_=t.Integer64), bindparam("instant", type_=t.Integer64)
_BY_DATASET = PreparedStatement(
    # In a view a finding has one period.
    select(_d.name, func.count().label("number"))
    .join_from(f.finding, t.dataset, _d.key == _c.dataset)
    .where(in_view(_c, _DAY, _INSTANT), f.IS_PROBLEM)
    .group_by(_d.name)
)
_OF_RECORD = PreparedStatement(
    select(_c.record).join(t.record, _r.key == _c.record).where(_r.id == bindparam("record")).limit(1)
)
_DISMISSAL = PreparedStatement(
    select(_v.revision)
    .join(t.dataset, _d.key == _v.dataset)
    .where(_d.catalogue == CATALOGUE, _v.field == "kind", _v.text == DISMISSED)
    .limit(1)
)


def count_open(conn: Connection, dataset: str | None, clocks: Clocks) -> int:
    """Count the open findings of a dataset or of the site, also those that were dismissed."""
    rows = _BY_DATASET.all(conn, {"day": clocks.day, "instant": clocks.instant})
    return sum(row.number for row in rows if dataset in (None, row.name))


def has_findings(conn: Connection, record: str) -> bool:
    """Test whether a record ever had a finding or an agreement."""
    return _OF_RECORD.first(conn, {"record": storable(record)}) is not None


def has_dismissals(conn: Connection) -> bool:
    """Test whether any finding was ever dismissed."""
    return _DISMISSAL.first(conn, {}) is not None

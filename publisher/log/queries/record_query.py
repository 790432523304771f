"""Record queries: the join, the condition of a view, order, pages by key, totals and facets."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import date
from functools import cached_property
from typing import Any

import msgspec
from msgspec import structs
from sqlalchemy import (
    BindParameter,
    ColumnElement,
    Connection,
    FromClause,
    Select,
    and_,
    bindparam,
    case,
    exists,
    func,
    literal,
    not_,
    or_,
    select,
)

from publisher.log import registry
from publisher.log.clocks import FOREVER
from publisher.log.database import tables as t
from publisher.log.database.prepared_statement import PreparedStatement
from publisher.log.model import LogError, RecordQuery, Status
from publisher.log.predicate import conjuncts, field_names
from publisher.log.queries.point_in_time import Clocks, in_view
from publisher.log.queries.predicate_sql import PredicateCompiler, bad_filter
from publisher.log.releases.bitemporal_spans import count_in_force
from schemas.definition.catalogue import Catalogue

_s, _v, _r, _b, _i = t.span.c, t.revision.c, t.record.c, t.release.c, t.import_.c
MERGED_INTO = t.part.alias("merged_into")
_FIRST_RECORDS = 200
"""Records of a list with many that are read at once: ten pages."""
STATUSES: Mapping[str, Status] = {
    "stated": "current",
    "removed": "removed",
    "withdrawn": "withdrawn",
    "erased": "erased",
}
"""Status of a span → that of its record in a view."""

DATASET: BindParameter[int] = bindparam("dataset", type_=t.Integer64)
DAY: BindParameter[int] = bindparam("day", type_=t.Integer64)
INSTANT: BindParameter[int] = bindparam("instant", type_=t.Integer64)
IN_VIEW = in_view(_s, DAY, INSTANT)
"""Condition of a view in prepared statements; :func:`view_values` returns their parameters."""
PART = case((MERGED_INTO.c.name.is_not(None), MERGED_INTO.c.name), else_=t.part.c.name).label("part")
"""Name of the part of a span; of a merged part, the name of the part it was merged into."""


def of_catalogue(name: str) -> ColumnElement[bool]:
    """Condition of the spans of every list of a catalogue. SQLite begins with the lists, and reads no other
    spans."""
    lists = select(t.dataset.c.key).where(t.dataset.c.catalogue == name).correlate(None)
    return t.span.c.dataset.in_(lists)


def record_join(spans: FromClause = t.span) -> FromClause:
    """Join spans with record, revision, release, import and part. Databases skip the import if unused."""
    return (
        spans.join(t.record, _r.key == _s.record)
        .join(t.revision, _v.key == _s.revision)
        .join(t.release, _b.sequence == _s.brought)
        .outerjoin(t.import_, _i.key == _v["import"])
        .outerjoin(t.part, t.part.c.key == _s.part)
        .outerjoin(MERGED_INTO, MERGED_INTO.c.key == t.part.c.merged_into)
    )


def view_values(dataset: int, clocks: Clocks) -> dict[str, Any]:
    return {"dataset": dataset, "day": clocks.day, "instant": clocks.instant}


class OrderKey(msgspec.Struct, frozen=True):
    """One column of an order; its value is part of a cursor. Rows without a value come last."""

    column: ColumnElement[Any]
    descending: bool = False
    always: bool = False
    """Every row has a value, so that an index can provide the order."""

    def clause(self) -> ColumnElement[Any]:
        clause = self.column.desc() if self.descending else self.column.asc()
        return clause if self.always else clause.nulls_last()

    def is_after(self, value: Any) -> ColumnElement[bool]:
        condition = self.column < value if self.descending else self.column > value
        return condition if self.always else or_(condition, self.column.is_(None))

    def equals(self, value: Any) -> ColumnElement[bool]:
        return self.column == value if self.always else self.column.is_not_distinct_from(value)


AS_LISTED = (("listed", False),)
"""Sort in the order of the list: that of its files, with what was added later at the end."""
BY_RECORD = (OrderKey(_s.record, always=True),)
"""The order in which records first appeared."""
BY_TITLE = (OrderKey(_s.title, always=True), *BY_RECORD)


def rows_after(order: Sequence[OrderKey], after: Sequence[Any]) -> ColumnElement[bool]:
    """Condition of the rows after the last one of a page: equal in the first keys, after it in the next."""
    values = [value if isinstance(value, BindParameter) else literal(value) for value in after]
    return or_(
        *(
            and_(*(k.equals(v) for k, v in zip(order[:n], values[:n], strict=True)), key.is_after(values[n]))
            for n, key in enumerate(order)
            if after[n] is not None
        )
    )


def _page_spans(order: Sequence[OrderKey]) -> Select[Any]:
    keys = (key.column.label(f"order_{n}") for n, key in enumerate(order))
    return select(_s.record, _s.made, _s.effective_from, *keys).order_by(*(key.clause() for key in order))


def check_cursor(after: Sequence[Any] | None, keys: int) -> None:
    """Raise ``LogError('bad-cursor')`` unless a cursor has the keys of an order."""
    if after is not None and len(after) != keys:
        raise LogError("bad-cursor", "游标与查询不符。", "The cursor belongs to another query.")


class PageRows:
    """Statements for pages: these columns of :func:`record_join`, then the order keys."""

    def __init__(self, *columns: ColumnElement[Any]) -> None:
        self._columns = select(*columns)
        in_force = (
            _page_spans(BY_TITLE)
            .where(_s.dataset == DATASET, _s.status == "stated", IN_VIEW)
            .limit(bindparam("limit", type_=t.Integer64))
        )
        last = bindparam("title", type_=t.CodePointText), bindparam("record", type_=t.Integer64)
        # Prepared once, because building the statement takes longer than running it.
        self._by_offset = PreparedStatement(
            self._with_columns(in_force.offset(bindparam("offset", type_=t.Integer64)), BY_TITLE)
        )
        self._by_key = PreparedStatement(
            self._with_columns(in_force.where(rows_after(BY_TITLE, last)), BY_TITLE)
        )

    def in_force(self, conn: Connection, dataset: int, query: RecordQuery, clocks: Clocks) -> Sequence[Any]:
        """Fetch a page of all records in force by title, and one more row."""
        values = {**view_values(dataset, clocks), "limit": query.limit + 1}
        if query.after is None:
            return self._by_offset.all(conn, {**values, "offset": query.offset})
        title, record = query.after
        return self._by_key.all(conn, {**values, "title": title, "record": record})

    def of_spans(self, conn: Connection, spans: Select[Any], order: Sequence[OrderKey]) -> Sequence[Any]:
        return conn.execute(self._with_columns(spans, order)).all()

    def _with_columns(self, spans: Select[Any], order: Sequence[OrderKey]) -> Select[Any]:
        """Add all columns to the spans of a page, and only to these."""
        page = spans.subquery("page")
        keys = [structs.replace(key, column=page.c[f"order_{n}"]) for n, key in enumerate(order)]
        same = and_(
            _s.record == page.c.record, _s.made == page.c.made, _s.effective_from == page.c.effective_from
        )
        rows = self._columns.add_columns(*(key.column for key in keys))
        return rows.select_from(record_join(page.join(t.span, same))).order_by(*(k.clause() for k in keys))


class RecordSet:
    """The records of one dataset that match a query in one view."""

    def __init__(
        self,
        conn: Connection,
        dataset: int,
        catalogue: Callable[[], Catalogue],
        query: RecordQuery,
        clocks: Clocks,
    ) -> None:
        """``catalogue`` is called only if the query refers to fields."""
        self._conn, self._dataset, self._query, self._clocks = conn, dataset, query, clocks
        self._read_catalogue = catalogue

    @cached_property
    def catalogue(self) -> Catalogue:
        return self._read_catalogue()

    @cached_property
    def compiler(self) -> PredicateCompiler:
        return PredicateCompiler(self._conn, self._dataset, self.catalogue)

    def page(self, page: PageRows, order: Sequence[OrderKey]) -> tuple[Sequence[Any], tuple[Any, ...] | None]:
        """Fetch rows, and the keys of the last row or None at the end. Raises ``LogError('bad-cursor')``."""
        query = self._query
        check_cursor(query.after, len(order))
        if self.is_all_in_force and order is BY_TITLE:
            rows = page.in_force(self._conn, self._dataset, query, self._clocks)
        else:
            spans = self._spans(_page_spans(order), in_order=True)
            spans = spans.where(rows_after(order, query.after)) if query.after else spans.offset(query.offset)
            rows = page.of_spans(self._conn, spans.limit(query.limit + 1), order)
        more, rows = len(rows) > query.limit, rows[: query.limit]
        return rows, tuple(rows[-1][-len(order) :]) if more and rows else None

    def beginning(self, order: Sequence[OrderKey]) -> tuple[Sequence[int], int]:
        """Fetch the keys of the first records, and count all."""
        records = select(_s.record).order_by(*(key.clause() for key in order))
        if self._matches_few:
            keys = self._conn.scalars(self._spans(records, in_order=True)).all()
            return keys, len(keys)
        first = self._spans(records, in_order=True).limit(_FIRST_RECORDS)
        return self._conn.scalars(first).all(), self.total()

    def total(self) -> int:
        if self.is_all_in_force:
            clocks = self._clocks
            return count_in_force(self._conn, self._dataset, day=clocks.day, instant=clocks.instant)
        return self._conn.scalar(self._spans(select(func.count()).select_from(t.span))) or 0

    def facet(self, name: str) -> tuple[tuple[str, int], ...]:
        """Count records by value, without the query's own condition on the field.

        Raises ``LogError('bad-filter')`` if the field is not in the table of values.
        """
        if name == "part":
            return self._part_facet()
        if name not in self.compiler.value_fields:
            raise bad_filter(name, "不能按此字段统计", "the values of this field cannot be counted")
        value, count = t.value.c, func.count()
        values = select(value.text, count).join_from(
            t.span, t.value, and_(value.revision == _s.revision, value.field == name)
        )
        query = self._spans(values, without=name).group_by(value.text).order_by(count.desc(), value.text)
        return tuple((text, number) for text, number in self._conn.execute(query).all())

    def _part_facet(self) -> tuple[tuple[str, int], ...]:
        counts = select(_s.part, func.count()).select_from(t.span)
        names = registry.part_names(self._conn, self._dataset)
        sums: dict[str, int] = {}
        for key, number in self._conn.execute(self._spans(counts, without="part").group_by(_s.part)).all():
            if key is not None:
                sums[names[key]] = sums.get(names[key], 0) + number
        return tuple(sorted(sums.items(), key=lambda item: (-item[1], item[0])))

    @property
    def is_all_in_force(self) -> bool:
        query = self._query
        return query.where is None and query.during is None and query.statuses == ("current",)

    @cached_property
    def _matches_few(self) -> bool:
        return self.compiler.matches_few(conjuncts(self._query.where)) if self._query.where else False

    def _spans(
        self, columns: Select[Any], *, without: str | None = None, in_order: bool = False
    ) -> Select[Any]:
        """Select the spans of the query. ``without``: ignore conditions on only this field.

        ``in_order``: the first ones of an order are wanted, and not a count.
        """
        # Few matches are fetched one by one: the addition disables the index for reading the list in order.
        dataset = _s.dataset + 0 if in_order and self._matches_few else _s.dataset
        query = columns.where(dataset == self._dataset, self._in_view())
        if self._query.where is None:
            return query
        predicates = [
            predicate
            for predicate in conjuncts(self._query.where)
            if without is None or field_names(predicate) != {without}
        ]
        if not in_order or self._matches_few:
            query = query.where(self.compiler.superset(predicates))
        return query.where(self.compiler.clause(*predicates))

    def _in_view(self) -> ColumnElement[bool]:
        if self._query.during is not None:
            return self._last_during(*self._query.during)
        statuses = self._query.statuses
        span_statuses = [name for name, status in STATUSES.items() if status in statuses]
        if "future" in statuses:
            if span_statuses:
                raise bad_filter("status", "future 不能与其他状态同时使用", "future excludes other statuses")
            return self._first_future_state()
        status = _s.status == span_statuses[0] if len(span_statuses) == 1 else _s.status.in_(span_statuses)
        return and_(self._clocks.in_view(_s), status)

    def _first_future_state(self) -> ColumnElement[bool]:
        """Condition of the first state of records that have none on the day."""
        other = t.span.alias("other").c
        earlier = exists().where(
            other.record == _s.record, self._clocks.is_known(other), other.effective_from < _s.effective_from
        )
        return and_(
            self._clocks.is_known(_s),
            _s.effective_from > self._clocks.day,
            _s.status == "stated",
            not_(earlier),
        )

    def _last_during(self, begin: date | None, end: date | None) -> ColumnElement[bool]:
        """Condition of the last state of each record in force on any of these days."""
        last = FOREVER if end is None else end.toordinal()
        later = t.span.alias("later").c
        superseded = exists().where(
            later.record == _s.record,
            later.status == "stated",
            self._clocks.is_known(later),
            later.effective_from > _s.effective_from,
            later.effective_from <= last,
        )
        return and_(
            self._clocks.is_known(_s),
            _s.status == "stated",
            _s.effective_from <= last,
            _s.effective_to > (0 if begin is None else begin.toordinal()),
            not_(superseded),
        )

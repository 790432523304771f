"""Lists of records at any view: filters, order, pages by key, totals and facets."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    Select,
    and_,
    exists,
    false,
    func,
    literal,
    not_,
    or_,
    select,
)

from publisher.log import registry
from publisher.log.database import tables as t
from publisher.log.database.connection import json_text
from publisher.log.database.storable_text import plain
from publisher.log.database.tables import TITLE_LENGTH
from publisher.log.model import Filter, LogError, RecordPage, RecordQuery, Status
from publisher.log.queries.point_in_time import Clocks
from publisher.log.queries.record_state import COLUMNS, joined, state
from publisher.log.registry import families, in_family
from publisher.log.releases.field_values import kept_fields, short
from schemas.definition.catalogue import Catalogue

_FEW = 2_000
_SHOWN = select(*COLUMNS)
_NUMERIC = ("integer", "decimal", "limit", "amount")
_STATUSES = {"current": "stated", "removed": "removed", "withdrawn": "withdrawn", "erased": "erased"}
_s, _v = t.span.c, t.revision.c


@dataclass(frozen=True, slots=True)
class _Key:
    """One element of the order, with its value in a row's cursor."""

    column: ColumnElement[Any]
    descending: bool
    always: bool = False
    """Every row has a value, so that an index can give the order."""


class Listing:
    """One list: a dataset, its catalogue and what is asked."""

    def __init__(
        self,
        conn: Connection,
        dataset: registry.DatasetRow,
        catalogue: Catalogue,
        query: RecordQuery,
        clocks: Clocks,
    ) -> None:
        self._conn, self._dataset, self._catalogue = conn, dataset, catalogue
        self._query, self._clocks = query, clocks
        self._kept = {f.name for f in kept_fields(catalogue)}
        self._few = any(self._finds_few(f) for f in query.filters)

    def page(self) -> RecordPage:
        keys = self._order()
        columns = [key.column.label(f"order_{n}") for n, key in enumerate(keys)]
        chosen = self._chosen(select(_s.record, _s.made, _s.effective_from, *columns))
        if self._query.after is not None:
            chosen = chosen.where(_past(keys, self._query.after))
        chosen = chosen.order_by(*(_ordered(key) for key in keys)).limit(self._query.limit + 1)
        rows = self._conn.execute(_filled(chosen, keys)).all()
        more = len(rows) > self._query.limit
        rows = rows[: self._query.limit]
        status: Status | None = "future" if self._statuses() == ("future",) else None
        return RecordPage(
            records=tuple(state(self._conn, self._dataset, row, status=status) for row in rows),
            total=self._total() if self._query.count else None,
            after=tuple(rows[-1][-len(keys) :]) if more else None,
            facets={name: self._facet(name) for name in self._query.facets},
        )

    def _chosen(self, query: Select[Any], *, besides: str | None = None) -> Select[Any]:
        """The rows of the list. ``besides``: a facet counts as if it were not filtered by itself."""
        # Few rows found by their values are fetched one by one; else the list is read in its order.
        of_dataset = _s.dataset + 0 if self._few else _s.dataset
        query = query.where(of_dataset == self._dataset.key, self._in_view())
        for condition in self._query.filters:
            if condition.field not in ("status", besides):
                query = query.where(self._condition(condition))
        return query

    def _statuses(self) -> tuple[str, ...]:
        asked = [f for f in self._query.filters if f.field == "status"]
        if not asked:
            return ("current",)
        return tuple(dict.fromkeys(v for f in asked for v in f.values))

    def _in_view(self) -> ColumnElement[bool]:
        statuses = self._statuses()
        known = [_STATUSES[name] for name in statuses if name in _STATUSES]
        if "future" in statuses:
            if known:
                raise bad_filter("status", "future 不能与其他状态同时使用", "future stands alone")
            return self._future()
        if len(known) == 1:
            return and_(self._clocks.see(_s), _s.status == known[0])
        return and_(self._clocks.see(_s), _s.status.in_(known))

    def _future(self) -> ColumnElement[bool]:
        """The first state of records that have none on the day."""
        other = t.span.alias("other").c
        earlier = exists().where(
            other.record == _s.record, self._clocks.know(other), other.effective_from < _s.effective_from
        )
        return and_(
            self._clocks.know(_s),
            _s.effective_from > self._clocks.day,
            _s.status == "stated",
            not_(earlier),
        )

    def _condition(self, condition: Filter) -> ColumnElement[bool]:
        if condition.field == "part":
            return self._of_parts(condition)
        if condition.field not in self._catalogue.by_name:
            raise bad_filter(condition.field, "没有这个字段", "there is no such field")
        if condition.operator == "exists":
            there = self._exists(condition.field)
            return there if condition.values == ("true",) else not_(there)
        if condition.field in self._kept:
            return _s.revision.in_(self._found(condition))
        return self._matches(condition, self._in_content(condition.field), None)

    def _found(self, condition: Filter) -> Select[Any]:
        v = t.value.c
        return select(v.revision).where(
            v.dataset == self._dataset.key,
            v.field == condition.field,
            self._matches(condition, v.text, v.number),
        )

    def _finds_few(self, condition: Filter) -> bool:
        if condition.operator == "exists" or condition.field not in self._kept:
            return False
        some = self._found(condition).limit(_FEW + 1).subquery()
        return (self._conn.scalar(select(func.count()).select_from(some)) or 0) <= _FEW

    def _exists(self, field: str) -> ColumnElement[bool]:
        if field in self._kept:
            v = t.value.c
            return exists().where(v.revision == _s.revision, v.field == field)
        return self._in_content(field).is_not(None)

    def _in_content(self, field: str) -> ColumnElement[Any]:
        """A value that is not kept apart: read out of the content of each row."""
        text = json_text(self._conn, _v.content, field)
        return select(text).where(_v.key == _s.revision).correlate(t.span).scalar_subquery()

    def _matches(
        self, condition: Filter, text: ColumnElement[Any], number: ColumnElement[Any] | None
    ) -> ColumnElement[bool]:
        field = self._catalogue.by_name[condition.field]
        numeric = number is not None and field.type in _NUMERIC
        if condition.operator == "eq":
            matches: ColumnElement[bool] = text.in_(
                [short(v) if number is not None else plain(v) for v in condition.values]
            )
            if numeric and number is not None:
                numbers = [n for v in condition.values if (n := _as_number(v)) is not None]
                matches = or_(matches, number.in_(numbers)) if numbers else matches
            return matches
        wanted: Any = plain(condition.values[0])
        column: ColumnElement[Any] = text
        if numeric and number is not None:
            wanted, column = _as_number(condition.values[0]), number
            if wanted is None:
                raise bad_filter(condition.field, "应为数值", "a number is needed")
        compare: dict[str, ColumnElement[bool]] = {
            "gte": column >= wanted,
            "gt": column > wanted,
            "lte": column <= wanted,
            "lt": column < wanted,
        }
        return compare[condition.operator]

    def _of_parts(self, condition: Filter) -> ColumnElement[bool]:
        if condition.operator == "exists":
            there = _s.part.is_not(None)
            return there if condition.values == ("true",) else not_(there)
        if condition.operator != "eq":
            raise bad_filter("part", "只能用等于", "only equality is possible")
        keys: list[int] = []
        by_part = families(self._conn, self._dataset.key)
        names = registry.part_names(self._conn, self._dataset.key)
        for key, family in by_part.items():
            if key is not None and names[key] in condition.values:
                keys.extend(family)
        return in_family(_s.part, keys) if keys else false()

    def _order(self) -> list[_Key]:
        keys = []
        for name, descending in self._query.sort:
            if name in ("title", self._catalogue.title_field):
                keys.append(_Key(_s.title, descending, always=True))
            elif name in self._catalogue.by_name:
                keys.append(_Key(self._sort_column(name), descending))
            else:
                raise bad_filter(name, "没有这个字段", "there is no such field")
        return [
            *(keys or [_Key(_s.title, descending=False, always=True)]),
            _Key(_s.record, descending=False, always=True),
        ]

    def _sort_column(self, name: str) -> ColumnElement[Any]:
        field = self._catalogue.by_name[name]
        if name in self._kept:
            v = t.value.c
            column = v.number if field.type in _NUMERIC else v.text
            return (
                select(func.min(column))
                .where(v.revision == _s.revision, v.field == name)
                .correlate(t.span)
                .scalar_subquery()
            )
        return func.substr(self._in_content(name), 1, TITLE_LENGTH)

    def _total(self) -> int:
        if not self._query.filters:
            tally = t.tally.c
            return int(
                self._conn.scalar(
                    select(func.coalesce(func.sum(tally.records), 0)).where(
                        tally.dataset == self._dataset.key,
                        tally.known_from <= self._clocks.instant,
                        tally.effective_from <= self._clocks.day,
                    )
                )
                or 0
            )
        return self._conn.scalar(self._chosen(select(func.count()).select_from(t.span))) or 0

    def _facet(self, name: str) -> tuple[tuple[str, int], ...]:
        count = func.count()
        if name == "part":
            query = self._chosen(select(_s.part, count).select_from(t.span), besides=name).group_by(_s.part)
            names = registry.part_names(self._conn, self._dataset.key)
            sums: dict[str, int] = {}
            for key, number in self._conn.execute(query).all():
                if key is not None:
                    sums[names[key]] = sums.get(names[key], 0) + number
            return tuple(sorted(sums.items(), key=lambda item: (-item[1], item[0])))
        if name not in self._kept:
            raise bad_filter(name, "不能按此字段统计", "no counts are kept of this field")
        v = t.value.c
        query = (
            self._chosen(
                select(v.text, count).join_from(
                    t.span, t.value, and_(v.revision == _s.revision, v.field == name)
                ),
                besides=name,
            )
            .group_by(v.text)
            .order_by(count.desc(), v.text)
        )
        return tuple((text, number) for text, number in self._conn.execute(query).all())


def _filled(chosen: Select[Any], keys: Sequence[_Key]) -> Select[Any]:
    """The few rows of a page, and only these, with everything that a record shows."""
    page = chosen.subquery("page")
    order = [_Key(page.c[f"order_{n}"], key.descending, key.always) for n, key in enumerate(keys)]
    same = and_(
        _s.record == page.c.record, _s.made == page.c.made, _s.effective_from == page.c.effective_from
    )
    shown = _SHOWN.add_columns(*(key.column for key in order))
    return shown.select_from(joined(page.join(t.span, same))).order_by(*(_ordered(key) for key in order))


def bad_filter(field: str, zh: str, en: str) -> LogError:
    return LogError("bad-filter", f"{field}：{zh}。", f"{field}: {en}.", details=(field,))


def _as_number(text: str) -> float | None:
    try:
        return float(text)
    except ValueError:
        return None


def _ordered(key: _Key) -> ColumnElement[Any]:
    order = key.column.desc() if key.descending else key.column.asc()
    return order if key.always else order.nulls_last()


def _past(keys: Sequence[_Key], after: Sequence[Any]) -> ColumnElement[bool]:
    """Rows behind the last one seen: equal in the first keys and behind in the next. No value comes last."""
    if len(after) != len(keys):
        raise LogError("bad-cursor", "游标与查询不符。", "The cursor is of another request.")
    ways: list[ColumnElement[bool]] = []
    for n, key in enumerate(keys):
        if after[n] is None:
            continue
        behind = key.column < literal(after[n]) if key.descending else key.column > literal(after[n])
        equal = [
            k.column.is_not_distinct_from(literal(a) if a is not None else None)
            for k, a in zip(keys[:n], after[:n], strict=True)
        ]
        last = behind if key.always else or_(behind, key.column.is_(None))
        ways.append(and_(*equal, last))
    return or_(*ways)

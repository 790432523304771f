"""Shares of items whose limit is shorter or longer than the first one that they listed, by group."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import batched
from typing import Any, NamedTuple

import msgspec
from sqlalchemy import Connection, Select, func, select

from publisher.log.database import tables as t
from publisher.log.database.storable_text import storable
from publisher.log.model import View
from publisher.log.queries.lists.record_bodies import count_by_body, in_fields, of_bodies
from publisher.log.queries.point_in_time import Clocks, is_known
from schemas.cells.limit_comparison import LimitDirection, ListedLimit, compare_limits

_BATCH = 500
_LIMIT = re.compile(r"([0-9]+)(.+)")
"""A limit in the table of values: its number and its unit."""
_s, _x = t.span.c, t.value.c
_earlier = t.span.alias("earlier").c


class LimitQuery(msgspec.Struct, frozen=True):
    """Selection of items with a limit. Several values of a property are alternatives; none select all."""

    view: View = msgspec.field(default_factory=View)
    fields: tuple[str, ...] = ()
    """Fields of limits that are compared."""
    datasets: tuple[str, ...] | None = None
    """None: all."""
    bodies: tuple[str, ...] = ()
    types: tuple[str, ...] = ()


class LimitCount(msgspec.Struct, frozen=True):
    items: int = 0
    """Records in force that list a limit."""
    shortened: int = 0
    """Those of which a limit is shorter than the first one that the record listed."""
    lengthened: int = 0

    @property
    def share(self) -> float:
        """Share of the items whose limit was shortened, with four digits."""
        return round(self.shortened / self.items, 4) if self.items else 0.0


class LimitShares(msgspec.Struct, frozen=True):
    total: LimitCount
    groups: Mapping[str, tuple[tuple[str, LimitCount], ...]]
    """``dataset``, ``body``, ``type`` → value and count, most items first."""


class LimitDataset(msgspec.Struct, frozen=True):
    """A dataset with limits: the names of its fields."""

    key: int
    name: str
    limits: frozenset[str]
    body_field: str | None
    type_field: str | None
    body: str
    """Publishing body."""


class _Item(NamedTuple):
    record: int
    dataset: int
    revision: int


class LimitSelection:
    """The items of one query on one connection."""

    def __init__(
        self, conn: Connection, query: LimitQuery, lists: Iterable[LimitDataset], clocks: Clocks
    ) -> None:
        self._conn, self._query, self._clocks = conn, query, clocks
        datasets = [
            one
            for one in lists
            if self._names(one) and (query.datasets is None or one.name in query.datasets)
        ]
        self._lists = {one.key: one for one in datasets}

    def shares(self) -> LimitShares:
        directions = dict(self._directions())
        total = self._conn.scalar(self._items().with_only_columns(func.count())) or 0
        groups = {
            "dataset": self._group(self._by_dataset(), self._datasets_of(directions), directions),
            "body": self._group(self._by_body(), self._bodies_of(directions), directions),
            "type": self._group(self._by_type(), self._types_of(directions), directions),
        }
        everything = _counts({"": total}, ((item, "") for item in directions), directions)
        return LimitShares(everything[""], groups)

    def _names(self, one: LimitDataset) -> frozenset[str]:
        return one.limits & set(self._query.fields) if self._query.fields else one.limits

    def _items(self) -> Select[Any]:
        """Select the items in the view that list a limit, and match the filters."""
        rows = select(_s.record, _s.dataset, _s.revision).where(
            _s.dataset.in_(self._lists),
            _s.status == "stated",
            self._clocks.in_view(_s),
            self._values({one.key: self._names(one) for one in self._lists.values()}, limits=True).exists(),
        )
        if self._query.bodies:
            own_bodies = self._values(self._body_fields())
            rows = rows.where(of_bodies(self._query.bodies, own_bodies, _s.dataset, self._publishing()))
        if self._query.types:
            types = self._values(self._type_fields()).where(_x.text.in_(map(storable, self._query.types)))
            rows = rows.where(types.exists())
        return rows

    def _values(self, fields: Mapping[int, Iterable[str]], *, limits: bool = False) -> Select[Any]:
        """Select the values of a span's revision in the fields of its dataset."""
        values = (
            select(_x.text).where(_x.revision == _s.revision, in_fields(fields, _s.dataset)).correlate(t.span)
        )
        return values.where(_x.number.is_not(None)) if limits else values

    def _body_fields(self) -> Mapping[int, Iterable[str]]:
        return {key: [one.body_field] for key, one in self._lists.items() if one.body_field}

    def _type_fields(self) -> Mapping[int, Iterable[str]]:
        return {key: [one.type_field] for key, one in self._lists.items() if one.type_field}

    def _publishing(self) -> Mapping[int, str]:
        return {key: one.body for key, one in self._lists.items()}

    def _directions(self) -> Iterator[tuple[_Item, set[LimitDirection]]]:
        """Yield the items whose limits are not the first ones that they listed, with the directions."""
        was_other = (
            select(_earlier.record)
            .where(_earlier.record == _s.record, _earlier.status == "stated")
            .where(_earlier.effective_from < _s.effective_from, _earlier.revision != _s.revision)
            .where(is_known(_earlier, self._clocks.instant))
            .correlate(t.span)
            .exists()
        )
        rows = self._conn.execute(self._items().where(was_other)).all()
        for batch in batched((_Item(*row) for row in rows), _BATCH):
            first, now = self._limits(batch)
            for item in batch:
                compared = (
                    compare_limits(first[item.record, name], now[item.record, name])
                    for name in self._names(self._lists[item.dataset])
                    if (item.record, name) in now
                )
                if directions := {one.direction for one in compared if one}:
                    yield item, directions

    def _limits(
        self, items: Sequence[_Item]
    ) -> tuple[Mapping[tuple[int, str], ListedLimit], Mapping[tuple[int, str], ListedLimit]]:
        """Read the first and the present limit of each field: (record, field) → limit."""
        query = (
            select(_s.record, _s.revision, _x.field, _x.text)
            .join_from(t.span, t.value, _x.revision == _s.revision)
            .where(_s.record.in_([item.record for item in items]), _s.status == "stated")
            .where(is_known(_s, self._clocks.instant), _s.effective_from <= self._clocks.day)
            .where(
                _x.number.is_not(None),
                _x.field.in_({name for one in self._lists.values() for name in one.limits}),
            )
            .order_by(_s.record, _s.effective_from)
        )
        present = {item.revision for item in items}
        first: dict[tuple[int, str], ListedLimit] = {}
        now: dict[tuple[int, str], ListedLimit] = {}
        for row in self._conn.execute(query).all():
            if match := _LIMIT.fullmatch(row.text):
                limit = ListedLimit(int(match[1]), match[2])
                first.setdefault((row.record, row.field), limit)
                if row.revision in present:
                    now[row.record, row.field] = limit
        return first, now

    def _by_dataset(self) -> Mapping[str, int]:
        rows = self._items().with_only_columns(_s.dataset, func.count()).group_by(_s.dataset)
        return {self._lists[key].name: number for key, number in self._conn.execute(rows).all()}

    def _by_body(self) -> Mapping[str, int]:
        without_body = self._items().where(~self._values(self._body_fields()).exists())
        rows = without_body.with_only_columns(_s.dataset, func.count()).group_by(_s.dataset)
        by_dataset = [(key, number) for key, number in self._conn.execute(rows)]
        return count_by_body(self._by_value(self._body_fields()), by_dataset, self._publishing())

    def _by_type(self) -> Mapping[str, int]:
        return dict(self._by_value(self._type_fields()))

    def _by_value(self, fields: Mapping[int, Iterable[str]]) -> Iterator[tuple[str, int]]:
        condition = self._values(fields).whereclause
        rows = self._items().join(t.value, condition).with_only_columns(_x.text, func.count())
        for row in self._conn.execute(rows.group_by(_x.text)).all():
            yield row[0], row[1]

    def _datasets_of(self, items: Iterable[_Item]) -> Iterator[tuple[_Item, str]]:
        return ((item, self._lists[item.dataset].name) for item in items)

    def _bodies_of(self, items: Iterable[_Item]) -> Iterator[tuple[_Item, str]]:
        with_body: set[_Item] = set()
        for item, body in self._texts_of(items, {key: one.body_field for key, one in self._lists.items()}):
            with_body.add(item)
            yield item, body
        for item in items:
            if item not in with_body and (body := self._lists[item.dataset].body):
                yield item, body

    def _types_of(self, items: Iterable[_Item]) -> Iterator[tuple[_Item, str]]:
        return self._texts_of(items, {key: one.type_field for key, one in self._lists.items()})

    def _texts_of(
        self, items: Iterable[_Item], fields: Mapping[int, str | None]
    ) -> Iterator[tuple[_Item, str]]:
        for batch in batched(items, _BATCH):
            by_revision = {item.revision: item for item in batch}
            query = select(_x.revision, _x.field, _x.text).where(_x.revision.in_(by_revision))
            for row in self._conn.execute(query).all():
                item = by_revision[row.revision]
                if row.field == fields[item.dataset]:
                    yield item, row.text

    def _group(
        self,
        numbers: Mapping[str, int],
        members: Iterable[tuple[_Item, str]],
        directions: Mapping[_Item, set[LimitDirection]],
    ) -> tuple[tuple[str, LimitCount], ...]:
        counts = _counts(numbers, members, directions)
        return tuple(sorted(counts.items(), key=lambda one: (-one[1].items, one[0])))


def _counts(
    numbers: Mapping[str, int],
    members: Iterable[tuple[_Item, str]],
    directions: Mapping[_Item, set[LimitDirection]],
) -> Mapping[str, LimitCount]:
    """Count by value. ``numbers``: items of each value; ``members``: the changed ones with their value."""
    shorter: dict[str, int] = defaultdict(int)
    longer: dict[str, int] = defaultdict(int)
    for item, value in members:
        shorter[value] += "limit-shortened" in directions[item]
        longer[value] += "limit-lengthened" in directions[item]
    return {value: LimitCount(number, shorter[value], longer[value]) for value, number in numbers.items()}

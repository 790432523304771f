"""Lists of the changes of all datasets, newest first, with counts.

A change by an improved reading of the same file (cause ``reading``) is never listed.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import date
from typing import Any

import msgspec
from msgspec import structs
from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Connection,
    FromClause,
    Select,
    Text,
    and_,
    cast,
    exists,
    false,
    func,
    literal,
    or_,
    select,
)
from sqlalchemy.dialects import postgresql

from feeds.value_direction import DIRECTION_TERMS, Direction
from publisher.log.clocks import micros
from publisher.log.database import tables as t
from publisher.log.database.storable_text import storable
from publisher.log.model import MOST_FACET_VALUES, Change, ChangeKind, View, most_frequent
from publisher.log.queries import history
from publisher.log.queries.lists.record_bodies import count_by_body, in_fields, of_bodies
from publisher.log.queries.record_query import MERGED_INTO, PART
from publisher.log.registry import find_parts

_PART_NAMES = (
    select(t.part.c.key, PART.label("name"))
    .outerjoin_from(t.part, MERGED_INTO, MERGED_INTO.c.key == t.part.c.merged_into)
    .subquery("part_name")
)
_c, _r, _b, _d, _values = t.change.c, t.record.c, t.release.c, t.dataset.c, t.value.c

type Directions = Mapping[int, tuple[Direction, ...]]
"""Sequence of a change → directions of its charges and limits."""


class ChangeQuery(msgspec.Struct, frozen=True):
    """Selection and page of changes. Several values of a property are alternatives; none select all."""

    view: View = msgspec.field(default_factory=View)
    """Only changes in effect by its day and published by its instant; None is any."""
    kinds: tuple[ChangeKind, ...] = ()
    directions: tuple[Direction, ...] = ()
    """Changes by which a charge or a limit rose or fell, in addition to those of :attr:`kinds`."""
    datasets: tuple[str, ...] | None = None
    """None: all."""
    bodies: tuple[str, ...] = ()
    """Bodies of the records, as in search."""
    parts: tuple[str, ...] = ()
    records: tuple[str, ...] = ()
    first_day: date | None = None
    """First effective day; inclusive, as :attr:`last_day`."""
    last_day: date | None = None
    limit: int = 20
    before: int | None = None
    """Sequence of the last change of the page before."""


class ListedChange(msgspec.Struct, frozen=True):
    change: Change
    directions: tuple[Direction, ...]
    bodies: tuple[str, ...]
    """The bodies that the record names; that of the dataset if it names none."""


class ChangePage(msgspec.Struct, frozen=True):
    changes: tuple[ListedChange, ...]
    total: int
    before: int | None
    """Sequence before which the next page begins; None at the end."""
    facets: Mapping[str, tuple[tuple[str, int], ...]]
    """``kind`` (with the directions), ``dataset``, ``body``, ``part`` → the 100 most frequent values and
    their numbers of changes. The counts of a facet ignore the filter by it."""


class Bodies(msgspec.Struct, frozen=True):
    """The bodies that are responsible for records, by dataset."""

    fields: Mapping[int, tuple[str, ...]]
    """Fields that name the body of a record: that of the current catalogue, then those of earlier ones, for
    contents that lack the ones before it. Datasets without any are absent."""
    publishing: Mapping[int, str]
    """Publishing body; empty if it is not stated."""


class ChangeList:
    """The changes of one query on one connection."""

    def __init__(self, conn: Connection, query: ChangeQuery, directions: Directions, bodies: Bodies) -> None:
        self._conn, self._query = conn, query
        self._directions, self._bodies = directions, bodies

    def page(self, order: history.FieldOrder) -> ChangePage:
        changes, more = self.rows(order)
        return ChangePage(
            changes,
            self._count(self._selected(self._query)),
            changes[-1].change.sequence if more else None,
            {"kind": self._kinds(), "body": self._body_facet(), **dict(self._plain_facets())},
        )

    def rows(self, order: history.FieldOrder) -> tuple[tuple[ListedChange, ...], bool]:
        """Read the changes of the page. → the changes, and whether older ones follow."""
        rows = self._selected(self._query).order_by(_c.sequence.desc()).limit(self._query.limit + 1)
        if self._query.before is not None:
            rows = rows.where(_c.sequence < self._query.before)
        sequences = self._conn.scalars(rows.with_only_columns(_c.sequence)).all()
        own = sequences[: self._query.limit]
        changes = history.changes_of_sequences(self._conn, order, own)
        bodies = self._bodies_of(own)
        listed = (
            ListedChange(
                change,
                () if change.erased else self._directions.get(change.sequence, ()),
                bodies[change.sequence],
            )
            for change in changes
        )
        return tuple(listed), len(sequences) > len(own)

    def _selected(self, query: ChangeQuery) -> Select[Any]:
        """Select the sequences. Other tables are in conditions only: a join reads a row of each for every
        change, also where its columns are not needed."""
        return select(_c.sequence).where(_c.cause == "source", *self._conditions(query))

    def _conditions(self, query: ChangeQuery) -> Iterator[ColumnElement[bool]]:
        if query.records:
            yield _c.record.in_(select(_r.key).where(_r.id.in_(tuple(map(storable, query.records)))))
        if query.parts:
            yield _c.part.in_(find_parts(self._conn, query.parts))
        if query.datasets is not None:
            yield _c.dataset.in_(select(_d.key).where(_d.name.in_(tuple(map(storable, query.datasets)))))
        days = (query.first_day, query.last_day, query.view.as_of)
        first, last, as_of = (None if day is None else day.toordinal() for day in days)
        if first is not None:
            yield _c.effective_from >= first
        yield from (_c.effective_from <= day for day in (last, as_of) if day is not None)
        if query.view.known_at is not None:
            is_published = _b.published_at <= micros(query.view.known_at)
            yield _c.release.in_(select(_b.sequence).where(is_published))
        if query.bodies:
            yield of_bodies(query.bodies, self._select_own_bodies(), _c.dataset, self._bodies.publishing)
        if query.directions:
            in_direction = self._in_direction(query.directions)
            yield or_(_c.kind.in_(query.kinds), in_direction) if query.kinds else in_direction
        elif query.kinds:
            yield _c.kind.in_(query.kinds)

    def _in_direction(self, directions: Collection[Direction]) -> ColumnElement[bool]:
        sequences = [one for one, own in self._directions.items() if not set(directions).isdisjoint(own)]
        erased = select(_r.key).where(_r.erased_by.is_not(None))
        return and_(_c.sequence.in_(_numbers(self._conn, sequences)), _c.record.not_in(erased))

    def _names_own_body(self) -> ColumnElement[bool]:
        """Condition of the values that name the body of a change's record."""
        newer = t.value.alias("newer").c
        replaced = (
            and_(
                _c.dataset == key,
                _values.field == name,
                exists().where(newer.revision == _values.revision, newer.field.in_(names[:n])),
            )
            for key, names in self._bodies.fields.items()
            for n, name in enumerate(names)
            if n
        )
        fields = in_fields(self._bodies.fields, _c.dataset)
        own = _values.revision == func.coalesce(_c.revision, _c.before)
        return and_(own, fields, ~or_(false(), *replaced))

    def _select_own_bodies(self) -> Select[Any]:
        return select(_values.text).where(self._names_own_body()).correlate(t.change)

    def _count(self, rows: Select[Any]) -> int:
        return self._conn.scalar(select(func.count()).select_from(rows.subquery())) or 0

    def _kinds(self) -> tuple[tuple[str, int], ...]:
        whole = structs.replace(self._query, kinds=(), directions=())
        counts = self._counts(self._selected(whole), _c.kind)
        for direction in DIRECTION_TERMS:
            number = self._count(self._selected(structs.replace(whole, directions=(direction,))))
            counts += ((direction, number),) if number else ()
        return counts

    def _plain_facets(self) -> Iterator[tuple[str, tuple[tuple[str, int], ...]]]:
        of_datasets = self._selected(structs.replace(self._query, datasets=None))
        yield "dataset", self._counts_by_name(of_datasets, _c.dataset, t.dataset)
        yield (
            "part",
            self._counts_by_name(
                self._selected(structs.replace(self._query, parts=())), _c.part, _PART_NAMES
            ),
        )

    def _body_facet(self) -> tuple[tuple[str, int], ...]:
        rows = self._selected(structs.replace(self._query, bodies=()))
        by_own_body = self._counts(rows.join_from(t.change, t.value, self._names_own_body()), _values.text)
        by_dataset = self._counts(rows.where(~self._select_own_bodies().exists()), _c.dataset)
        counts = count_by_body(by_own_body, by_dataset, self._bodies.publishing)
        return most_frequent(counts)

    def _counts(self, rows: Select[Any], column: ColumnElement[Any]) -> tuple[tuple[Any, int], ...]:
        number = func.count()
        query = rows.with_only_columns(column, number).where(column.is_not(None)).group_by(column)
        return self._first_facets(query, column, number)

    def _counts_by_name(
        self, rows: Select[Any], key: ColumnElement[int], names: FromClause
    ) -> tuple[tuple[str, int], ...]:
        """Count by a key, whose values may share a name."""
        by_key = (
            rows.with_only_columns(key.label("key"), func.count().label("number")).group_by(key).subquery()
        )
        name, number = names.c.name, func.sum(by_key.c.number)
        query = select(name, number).join_from(by_key, names, names.c.key == by_key.c.key).group_by(name)
        return self._first_facets(query, name, number)

    def _first_facets(
        self, query: Select[Any], value: ColumnElement[Any], number: ColumnElement[int]
    ) -> tuple[tuple[Any, int], ...]:
        counts = self._conn.execute(query.order_by(number.desc(), value).limit(MOST_FACET_VALUES)).all()
        return tuple((facet, int(count)) for facet, count in counts)

    def _bodies_of(self, sequences: Sequence[int]) -> Mapping[int, tuple[str, ...]]:
        of_page = select(_c.sequence).select_from(t.change).where(_c.sequence.in_(sequences))
        own = (
            of_page.join_from(t.change, t.value, self._names_own_body())
            .add_columns(_values.text)
            .order_by(_values.text)
        )
        bodies: dict[int, tuple[str, ...]] = {}
        for sequence, text in self._conn.execute(own).all():
            bodies[sequence] = (*bodies.get(sequence, ()), text)
        publishing = self._bodies.publishing
        for sequence, dataset in self._conn.execute(of_page.add_columns(_c.dataset)).all():
            bodies.setdefault(sequence, (publishing[dataset],) if publishing[dataset] else ())
        return bodies


def _numbers(conn: Connection, numbers: Sequence[int]) -> Select[Any]:
    """Select numbers of a list, of which there may be more than a statement takes parameters."""
    text = msgspec.json.encode(numbers).decode()
    if conn.dialect.name == "sqlite":
        return select(func.json_each(text).table_valued("value", name="numbers").c.value)
    array = cast(literal(text, Text), postgresql.JSON)
    items = func.json_array_elements_text(array).table_valued("value", name="numbers")
    return select(cast(items.c.value, BigInteger))

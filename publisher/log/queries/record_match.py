"""Pages of records that a tree of conditions picks, their contents as the log holds them: JSON text.

For readers who pass contents on unread (maps, bulk readers): nothing is decoded here.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

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
from publisher.log.clocks import FOREVER, day_or_none, moment
from publisher.log.database import tables as t
from publisher.log.database.connection import Utf8
from publisher.log.database.prepared_statement import Prepared
from publisher.log.database.storable_text import plain
from publisher.log.model import View
from publisher.log.queries import point_in_time
from publisher.log.queries.point_in_time import Clocks
from publisher.log.queries.predicate import Compiler, Predicate
from publisher.log.session import Session
from schemas.definition.catalogue import Catalogue

_s, _r, _v, _b = t.span.c, t.record.c, t.revision.c, t.release.c
_into = t.part.alias("merged_into")


@dataclass(frozen=True, slots=True)
class MatchQuery:
    """``during`` takes, instead of the day of the view, the last state of each record in force on any of
    these days (both included; None is open)."""

    view: View = field(default_factory=View)
    during: tuple[date | None, date | None] | None = None
    where: Predicate | None = None
    sort: tuple[tuple[str, bool], ...] = ()
    """(field, descending); ties by title and record. No value comes last."""
    limit: int = 20
    offset: int = 0
    after: tuple[str, int] | None = None
    """Title and key of the last row seen, instead of ``offset``; only without ``sort``."""
    count: bool = True


@dataclass(frozen=True, slots=True)
class Match:
    id: str
    title: str
    content: bytes
    """A JSON object in canonical form, UTF-8."""
    part: str | None
    release: int
    revision: str
    effective_from: date
    effective_to: date | None
    known_from: datetime


@dataclass(frozen=True, slots=True)
class MatchPage:
    matches: tuple[Match, ...]
    total: int | None
    """None where it was not asked for."""
    after: tuple[str, int] | None
    """Of the last row; None at the end."""


def match(session: Session, conn: Connection, dataset: str, query: MatchQuery) -> MatchPage:
    key = session.keyed(conn, dataset).key
    clocks = point_in_time.clocks(conn, dataset, query.view, session.clock())
    if query.where is None and not query.sort and query.during is None:
        return _plain(conn, key, query, clocks)
    row = registry.dataset_row(conn, dataset)
    return _Match(conn, key, session.catalogue(conn, row.catalogue_digest), query, clocks).page()


def match_one(conn: Connection, dataset: int, record: str, clocks: Clocks) -> Match | None:
    parameters = {"dataset": dataset, "day": clocks.day, "instant": clocks.instant, "id": plain(record)}
    row = _ONE.first(conn, parameters)
    return None if row is None else _match(row)


def extent(conn: Connection, dataset: int) -> tuple[date | None, date | None]:
    stated = and_(Clocks(0).know(_s), _s.dataset == dataset, _s.status == "stated")
    first, last = conn.execute(
        select(func.min(_s.effective_from), func.max(_s.effective_to)).where(stated)
    ).one()
    begin = None if first is None else date.fromordinal(first)
    return begin, None if last is None else day_or_none(last)


class _Match:
    def __init__(
        self, conn: Connection, dataset: int, catalogue: Catalogue, query: MatchQuery, clocks: Clocks
    ) -> None:
        self._conn, self._dataset, self._query, self._clocks = conn, dataset, query, clocks
        self._compiler = Compiler(conn, dataset, catalogue)

    def page(self) -> MatchPage:
        query = self._query
        keys: list[tuple[ColumnElement[Any], bool]] = [
            *((self._compiler.column(name), descending) for name, descending in query.sort),
            (_s.title, False),
            (_s.record, False),
        ]
        columns = [key.label(f"order_{n}") for n, (key, _) in enumerate(keys)]
        chosen = self._chosen(select(_s.record, _s.made, _s.effective_from, *columns))
        if query.after is not None:
            title, record = query.after
            behind = and_(_s.title == literal(title), _s.record > literal(record))
            chosen = chosen.where(or_(_s.title > literal(title), behind))
        else:
            chosen = chosen.offset(query.offset)
        chosen = chosen.order_by(*(_ordered(key, descending) for key, descending in keys))
        rows = self._conn.execute(_filled(chosen.limit(query.limit + 1), keys)).all()
        return _paged(rows, query, self._total() if query.count else None)

    def _chosen(self, query: Select[Any]) -> Select[Any]:
        query = query.where(_s.dataset == self._dataset, _s.status == "stated", self._in_view())
        return query if self._query.where is None else query.where(self._compiler.where(self._query.where))

    def _in_view(self) -> ColumnElement[bool]:
        if self._query.during is None:
            return self._clocks.see(_s)
        begin, end = self._query.during
        last = FOREVER if end is None else end.toordinal()
        later = t.span.alias("later").c
        superseded = exists().where(
            later.record == _s.record,
            later.status == "stated",
            self._clocks.know(later),
            later.effective_from > _s.effective_from,
            later.effective_from <= last,
        )
        return and_(
            self._clocks.know(_s),
            _s.effective_from <= last,
            _s.effective_to > (0 if begin is None else begin.toordinal()),
            not_(superseded),
        )

    def _total(self) -> int:
        return self._conn.scalar(self._chosen(select(func.count()).select_from(t.span))) or 0


def _ordered(column: ColumnElement[Any], descending: bool) -> ColumnElement[Any]:  # noqa: FBT001 - a pair's half
    return column.desc().nulls_last() if descending else column.asc().nulls_last()


def _filled(chosen: Select[Any], keys: list[tuple[ColumnElement[Any], bool]]) -> Select[Any]:
    """The rows of a page, and only these, with all that is shown of them."""
    page = chosen.subquery("page")
    order = [_ordered(page.c[f"order_{n}"], descending) for n, (_, descending) in enumerate(keys)]
    same = and_(
        _s.record == page.c.record, _s.made == page.c.made, _s.effective_from == page.c.effective_from
    )
    return _SHOWN.select_from(_joined(page.join(t.span, same))).order_by(*order)


def _joined(spans: FromClause) -> FromClause:
    return (
        spans.join(t.record, _r.key == _s.record)
        .join(t.revision, _v.key == _s.revision)
        .join(t.release, _b.sequence == _s.brought)
        .outerjoin(t.part, t.part.c.key == _s.part)
        .outerjoin(_into, _into.c.key == t.part.c.merged_into)
    )


_SHOWN = select(
    *(
        _r.id,
        _s.record,
        _s.title.label("listed"),
        _v.title,
        Utf8(_v.content).label("content"),
        _v.hash,
        _b.number,
    ),
    *(_s.effective_from, _s.effective_to, _s.known_from),
    case((_into.c.name.is_not(None), _into.c.name), else_=t.part.c.name).label("part"),
)
_DAY: BindParameter[int] = bindparam("day", type_=t.Key)
_INSTANT: BindParameter[int] = bindparam("instant", type_=t.Key)
_IN_FORCE = and_(
    _s.dataset == bindparam("dataset", type_=t.Key),
    _s.status == "stated",
    *(_s.known_from <= _INSTANT, _s.known_to > _INSTANT, _s.effective_from <= _DAY, _s.effective_to > _DAY),
)
_ORDER: list[tuple[ColumnElement[Any], bool]] = [(_s.title, False), (_s.record, False)]
_ROWS = (
    select(_s.record, _s.made, _s.effective_from, _s.title.label("order_0"), _s.record.label("order_1"))
    .where(_IN_FORCE)
    .order_by(_s.title, _s.record)
    .limit(bindparam("limit", type_=t.Key))
)
# Statements of the lists that are read most, made once: making one takes longer than running it.
_BY_OFFSET = Prepared(_filled(_ROWS.offset(bindparam("offset", type_=t.Key)), _ORDER))
_BEHIND = and_(_s.title == bindparam("title", type_=t.Words), _s.record > bindparam("record", type_=t.Key))
_BY_KEY = Prepared(_filled(_ROWS.where(or_(_s.title > bindparam("title", type_=t.Words), _BEHIND)), _ORDER))
_ONE = Prepared(_SHOWN.select_from(_joined(t.span)).where(_IN_FORCE, _r.id == bindparam("id")))
_TALLY = Prepared(
    select(func.coalesce(func.sum(t.tally.c.records), 0).label("records")).where(
        t.tally.c.dataset == bindparam("dataset", type_=t.Key),
        t.tally.c.known_from <= _INSTANT,
        t.tally.c.effective_from <= _DAY,
    )
)


def _plain(conn: Connection, dataset: int, query: MatchQuery, clocks: Clocks) -> MatchPage:
    """A page by title of all that is in force."""
    asked: dict[str, Any] = {"dataset": dataset, "day": clocks.day, "instant": clocks.instant}
    if query.after is not None:
        title, record = query.after
        place = {"title": title, "record": record}
        rows = _BY_KEY.all(conn, {**asked, **place, "limit": query.limit + 1})
    else:
        rows = _BY_OFFSET.all(conn, {**asked, "offset": query.offset, "limit": query.limit + 1})
    total = int(_TALLY.first(conn, asked).records) if query.count else None
    return _paged(rows, query, total)


def _paged(rows: Sequence[Any], query: MatchQuery, total: int | None) -> MatchPage:
    more, rows = len(rows) > query.limit, rows[: query.limit]
    after = (rows[-1].listed, rows[-1].record) if more and rows else None
    return MatchPage(tuple(_match(row) for row in rows), total, after)


def _match(row: Any) -> Match:
    return Match(
        id=row.id,
        title=row.title,
        content=row.content or b"{}",
        part=row.part,
        release=row.number,
        revision=row.hash,
        effective_from=date.fromordinal(row.effective_from),
        effective_to=day_or_none(row.effective_to),
        known_from=moment(row.known_from),
    )

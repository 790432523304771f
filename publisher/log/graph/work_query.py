"""Works in a view: by which names they are cited, which records they are, which releases rest on them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any, get_args

import msgspec
from msgspec import structs
from sqlalchemy import (
    ColumnElement,
    Connection,
    Select,
    and_,
    case,
    except_,
    exists,
    func,
    or_,
    select,
    union,
)

from publisher.log.clocks import day_or_none
from publisher.log.database import tables as t
from publisher.log.database.connection import contains
from publisher.log.database.derived import graph_tables as g
from publisher.log.database.storable_text import storable
from publisher.log.model import LogError, View
from publisher.log.queries.point_in_time import Clocks
from schemas.definition.catalogue import Content
from schemas.reference.cited_works import find_cited_works
from schemas.reference.works import WorkKind, kind_of_key, parse_key

WORK_KINDS: tuple[WorkKind, ...] = get_args(WorkKind.__value__)
MOST_EDITIONS = 50
_decode = msgspec.json.Decoder(dict[str, Any]).decode
_s, _v, _r, _d, _w, _c = t.span.c, t.revision.c, t.record.c, t.dataset.c, g.work_name.c, g.citation.c


@dataclass(frozen=True, slots=True)
class WorkRecord:
    """A record that is the work: a document, or an edition of a statute."""

    dataset: str
    record: str
    title: str
    effective_from: date
    effective_to: date | None
    content: Content = field(repr=False)


class BasedRelease(msgspec.Struct, frozen=True):
    """A release whose basis is the work."""

    dataset: str
    number: int
    effective_on: date


class Work(msgspec.Struct, frozen=True):
    key: str
    kind: WorkKind
    title: str
    """Title of its record; its key if it has none."""
    names: tuple[str, ...]
    """Keys by which it is cited, its own first."""
    records: tuple[WorkRecord, ...]
    """The first 50; empty if no list of the site contains it."""
    citing: int
    """Number of records that cite it."""


class WorkQuery(msgspec.Struct, frozen=True):
    """Selection and page of works, in the order of their keys."""

    view: View = msgspec.field(default_factory=View)
    kinds: tuple[WorkKind, ...] = ()
    contains: str = ""
    """Part of the key."""
    resolved: bool | None = None
    """Whether a list of the site contains the work."""
    limit: int = 20
    after: str = ""


class WorkPage(msgspec.Struct, frozen=True):
    works: tuple[Work, ...]
    after: str | None
    total: int
    """Works of the query, on all pages."""


def names_of(conn: Connection, name: str, clocks: Clocks) -> tuple[str, ...]:
    """Return the keys under which a work is cited. A title that several works have is a key of its own.

    ``name``: a key, or a number or a title in any spelling. It is that of the work that has it in the view,
    or if none has, of the one that ever had it.
    """
    name = storable(name)
    key = name if _is_named(conn, (name,)) else parse_key(name) or name
    own = _find_owners(conn, (key,), clocks).get(key, key)
    names = conn.scalars(select(_w.name).where(_w.key == own).distinct().order_by(_w.name)).all()
    owners = _find_owners(conn, names, clocks)
    return tuple(dict.fromkeys((own, *(name for name in names if owners.get(name) == own))))


def _find_owners(conn: Connection, names: Sequence[str], clocks: Clocks) -> Mapping[str, str]:
    return {row.name: row.key for row in conn.execute(_select_owners(clocks, _w.name.in_(names))).all()}


def _select_owners(clocks: Clocks, *conditions: ColumnElement[bool]) -> Select[Any]:
    """Select names that one work alone has in the view, or if none has, one ever had: name, key, kind."""
    is_now = func.max(case((_is_in_view(_w.revision, clocks), 1), else_=0)).label("is_now")
    works = select(_w.name, _w.key, func.max(_w.kind).label("kind"), is_now).where(*conditions)
    w = works.group_by(_w.name, _w.key).subquery().c
    now = func.sum(w.is_now)

    def of_owner(column: ColumnElement[str]) -> ColumnElement[str]:
        return case((now == 1, func.max(case((w.is_now == 1, column)))), else_=func.max(column))

    owners = select(w.name, of_owner(w.key).label("key"), of_owner(w.kind).label("kind")).group_by(w.name)
    return owners.having(or_(now == 1, and_(now == 0, func.count() == 1)))


def find_work(conn: Connection, key: str, clocks: Clocks) -> Work:
    """Return a work. Raises ``LogError('no-such-work')`` if nothing ever named it."""
    work = read_work(conn, key, clocks)
    if not (work.records or work.citing or _is_named(conn, work.names) or _has_release(conn, work.names)):
        raise LogError("no-such-work", f"没有文件“{key}”的记载。", f"Nothing names the work {key!r}.")
    return work


def read_work(conn: Connection, key: str, clocks: Clocks) -> Work:
    names = names_of(conn, key, clocks)
    records = tuple(_records(conn, names[0], clocks))
    citing = select(func.count(_s.record.distinct())).select_from(
        t.span.join(g.citation, _c.revision == _s.revision)
    )
    cited = citing.where(_c.work.in_(names), _s.status == "stated", clocks.in_view(_s))
    title = records[0].title if records else names[0]
    return Work(names[0], kind_of_key(names[0]), title, names, records, conn.scalar(cited) or 0)


def _is_named(conn: Connection, names: Sequence[str]) -> bool:
    e = g.effect.c
    return any(
        conn.execute(query.limit(1)).first() is not None
        for query in (
            select(_c.work).where(_c.work.in_(names)),
            select(_w.name).where(_w.name.in_(names)),
            select(e.source).where(e.source.in_(names)),
            select(e.target).where(e.target.in_(names)),
        )
    )


def _has_release(conn: Connection, names: Sequence[str]) -> bool:
    return next(based_releases(conn, names, None), None) is not None


def _records(conn: Connection, key: str, clocks: Clocks) -> Iterator[WorkRecord]:
    query = (
        select(_d.name, _r.id, _s.title, _s.effective_from, _s.effective_to, _v.content)
        .join_from(t.span, t.revision, _v.key == _s.revision)
        .join(t.record, _r.key == _s.record)
        .join(t.dataset, _d.key == _s.dataset)
        .where(_s.revision.in_(select(_w.revision).where(_w.key == key)))
        .where(_s.status == "stated", _v.content.is_not(None), clocks.in_view(_s))
        .order_by(_d.name, _r.id)
    )
    for row in conn.execute(query.limit(MOST_EDITIONS)).all():
        days = (date.fromordinal(row.effective_from), day_or_none(row.effective_to))
        yield WorkRecord(row.name, row.id, row.title, *days, _decode(row.content))


def based_releases(conn: Connection, names: Sequence[str], clocks: Clocks | None) -> Iterator[BasedRelease]:
    """Yield the releases that name one of the works as their basis, newest first; as known in a view."""
    b = t.release.c
    query = (
        select(b.basis, b.number, b.effective_on, _d.name)
        .join_from(t.release, t.dataset, _d.key == b.dataset)
        .where(b.basis != "")
        .order_by(b.sequence.desc())
    )
    if clocks is not None:
        query = query.where(b.published_at <= clocks.instant)
    for row in conn.execute(query):
        if any(work.key in names for work in find_cited_works(row.basis)):
            yield BasedRelease(row.name, row.number, date.fromordinal(row.effective_on))


def find_works(conn: Connection, query: WorkQuery, clocks: Clocks) -> WorkPage:
    """List the works that records name in a view, in the order of their keys."""
    keys = _select_keys(conn, query, clocks)
    page = conn.scalars(keys.order_by("key").limit(query.limit + 1)).all()
    on_page = page[: query.limit]
    works = tuple(read_work(conn, one, clocks) for one in on_page)
    total = conn.scalar(
        select(func.count()).select_from(
            _select_keys(conn, structs.replace(query, after=""), clocks).subquery()
        )
    )
    return WorkPage(works, on_page[-1] if len(page) > query.limit else None, total or 0)


def _select_keys(conn: Connection, query: WorkQuery, clocks: Clocks) -> Select[Any]:
    cited = _cited_keys(conn, query, clocks)
    all_listed = select(_w.key).where(_is_in_view(_w.revision, clocks))
    listed = _of_query(all_listed, conn, query, _w.key, _w.kind)
    keys: Any = union(*cited, listed)
    if query.resolved is not None:
        keys = listed if query.resolved else except_(union(*cited).subquery().select(), all_listed)
    return select(keys.subquery().c.key).distinct()


def _cited_keys(
    conn: Connection, query: WorkQuery, clocks: Clocks
) -> tuple[Select[Any], Select[Any], Select[Any]]:
    """Select the keys of the works that records cite in a view: by their keys, and by other names.

    Whose a name is that several works had depends on the view: such names are few, and have their own query.
    """
    other = g.work_name.alias().c
    is_shared = exists().where(other.name == _w.name, other.key != _w.key)
    is_name = and_(_w.name != _w.key, ~is_shared)
    shared = select(_w.name).group_by(_w.name).having(func.min(_w.key) != func.max(_w.key))
    o = _select_owners(clocks, _w.name.in_(shared)).cte().c

    by_key = select(_c.work.label("key")).where(
        ~exists().where(_w.name == _c.work, is_name),
        _c.work.not_in(select(o.name).where(o.key != o.name)),
        _is_in_view(_c.revision, clocks),
    )
    by_name = select(_w.key).where(is_name, _is_cited(_w.name, clocks))
    by_shared_name = select(o.key).where(o.key != o.name, _is_cited(o.name, clocks))
    return (
        _of_query(by_key, conn, query, _c.work, _c.kind),
        _of_query(by_name, conn, query, _w.key, _w.kind),
        _of_query(by_shared_name, conn, query, o.key, o.kind),
    )


def _is_cited(name: ColumnElement[str], clocks: Clocks) -> ColumnElement[bool]:
    return exists().where(_c.work == name, _is_in_view(_c.revision, clocks))


def _is_in_view(revision: ColumnElement[int], clocks: Clocks) -> ColumnElement[bool]:
    return exists().where(_s.revision == revision, _s.status == "stated", clocks.in_view(_s))


def _of_query(
    keys: Select[Any], conn: Connection, query: WorkQuery, key: ColumnElement[str], kind: ColumnElement[str]
) -> Select[Any]:
    keys = keys.where(key > query.after)
    if query.kinds:
        keys = keys.where(kind.in_(query.kinds))
    if query.contains:
        keys = keys.where(contains(conn, key, storable(query.contains)))
    return keys

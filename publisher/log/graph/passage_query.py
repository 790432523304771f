"""Citations of works and effects of works in a view, each with the text of the revision that says so."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any

import msgspec
from sqlalchemy import ColumnElement, Connection, Select, Table, and_, func, or_, select, tuple_

from publisher.log.citations.revision_graph import cited_text
from publisher.log.clocks import moment
from publisher.log.database import tables as t
from publisher.log.database.derived import graph_tables as g
from publisher.log.database.storable_text import storable
from publisher.log.model import View
from publisher.log.queries.point_in_time import Clocks
from publisher.log.queries.record_query import MERGED_INTO, PART

_decode = msgspec.json.Decoder(dict[str, Any]).decode
_s, _v, _r, _d, _c, _e = t.span.c, t.revision.c, t.record.c, t.dataset.c, g.citation.c, g.effect.c


class PassageQuery(msgspec.Struct, frozen=True):
    """Selection and page of citations or effects.

    Several values of a property are alternatives; none select all.
    """

    view: View = msgspec.field(default_factory=View)
    works: tuple[str, ...] = ()
    """Keys of cited works; for effects, of works that have or undergo them."""
    datasets: tuple[str, ...] = ()
    records: tuple[str, ...] = ()
    roles: tuple[str, ...] = ()
    """Roles of citations; effects have none."""
    kinds: tuple[str, ...] = ()
    """Kinds of cited works, or kinds of effects."""
    article: int | None = None
    """Article of the cited work; for effects, of the work that has them."""
    acting: bool | None = None
    """Side of the works in effects: True, they have them; False, they undergo them; None, either.

    Citations have no sides.
    """
    limit: int = 20
    after: tuple[Any, ...] | None = None


class Passage(msgspec.Struct, frozen=True):
    """The place in a record that cites a work, or states an effect."""

    dataset: str
    record: str
    title: str
    part: str | None
    revision: str
    """Hash."""
    field: str
    item: int | None
    start: int
    end: int
    text: str
    effective_from: date
    """First day on which the record has this content."""
    known_from: datetime


class PublishedCitation(msgspec.Struct, frozen=True):
    work: str
    kind: str
    article: int
    """0: the whole work."""
    place: str
    """Within the article (之一, 第二款第（三）项), or in an annex (附件1第23项)."""
    role: str
    passage: Passage


class PublishedEffect(msgspec.Struct, frozen=True):
    kind: str
    source: str
    target: str | None
    """None: it concerns the item of the record."""
    article: int
    day: date | None
    passage: Passage


class PassagePage[T](msgspec.Struct, frozen=True):
    passages: tuple[T, ...]
    """Citations or effects, each with its passage."""
    total: int
    after: tuple[Any, ...] | None


def find_citations(conn: Connection, query: PassageQuery, clocks: Clocks) -> PassagePage[PublishedCitation]:
    """List citations, record by record."""
    rows = _in_view(g.citation, _c.revision, query, clocks)
    if query.works:
        rows = rows.where(_c.work.in_([storable(key) for key in query.works]))
    if query.kinds:
        rows = rows.where(_c.kind.in_(query.kinds))
    if query.roles:
        rows = rows.where(_c.role.in_(query.roles))
    if query.article is not None:
        rows = rows.where(_c.article == query.article)
    order = (_s.record, _c.field, _c.item, _c.start, _c.article)
    page = rows.order_by(*order)
    if query.after is not None:
        page = page.where(tuple_(*order) > tuple_(*query.after))
    fetched = conn.execute(page.limit(query.limit + 1)).all()
    on_page = fetched[: query.limit]
    last = on_page[-1] if len(fetched) > query.limit else None
    return PassagePage(
        tuple(PublishedCitation(r.work, r.kind, r.article, r.place, r.role, _passage(r)) for r in on_page),
        _count(conn, rows),
        None if last is None else (last.record_key, last.field, last.item, last.start, last.article),
    )


def find_effects(conn: Connection, query: PassageQuery, clocks: Clocks) -> PassagePage[PublishedEffect]:
    """List effects, those that were published last first."""
    # Effects are few. SQLite, which has no statistics, would find those of every span by their key.
    rows = _in_view(g.effect, _e.revision + 0, query, clocks)
    if query.works:
        works = [storable(key) for key in query.works]
        sides = {True: _e.source.in_(works), False: _e.target.in_(works)}
        rows = rows.where(or_(*sides.values()) if query.acting is None else sides[query.acting])
    if query.kinds:
        rows = rows.where(_e.kind.in_(query.kinds))
    if query.article is not None:
        rows = rows.where(_e.article == query.article)
    page = rows.order_by(_s.known_from.desc(), _s.record, _e.position)
    if query.after is not None:
        instant, record, position = query.after
        later = tuple_(_s.record, _e.position) > tuple_(record, position)
        page = page.where(or_(_s.known_from < instant, and_(_s.known_from == instant, later)))
    fetched = conn.execute(page.limit(query.limit + 1)).all()
    on_page = fetched[: query.limit]
    last = on_page[-1] if len(fetched) > query.limit else None
    return PassagePage(
        tuple(
            PublishedEffect(
                kind=r.kind,
                source=r.source,
                target=r.target,
                article=r.article,
                day=None if r.day is None else date.fromordinal(r.day),
                passage=_passage(r),
            )
            for r in on_page
        ),
        _count(conn, rows),
        None if last is None else (last.known_from, last.record_key, last.position),
    )


def _in_view(table: Table, revision: ColumnElement[int], query: PassageQuery, clocks: Clocks) -> Select[Any]:
    own: Sequence[Any] = [column for column in table.c if column.name != "revision"]
    rows = (
        select(
            *own,
            _s.record.label("record_key"),
            *(_s.effective_from, _s.known_from, _r.id, _s.title, _v.hash, _v.content),
            _d.name.label("dataset"),
            PART,
        )
        .join_from(table, t.span, _s.revision == revision)
        .join(t.revision, _v.key == _s.revision)
        .join(t.record, _r.key == _s.record)
        .join(t.dataset, _d.key == _s.dataset)
        .outerjoin(t.part, t.part.c.key == _s.part)
        .outerjoin(MERGED_INTO, MERGED_INTO.c.key == t.part.c.merged_into)
        .where(_s.status == "stated", _v.content.is_not(None), clocks.in_view(_s))
    )
    if query.datasets:
        rows = rows.where(_d.name.in_(query.datasets))
    if query.records:
        rows = rows.where(_r.id.in_([storable(record) for record in query.records]))
    return rows


def _count(conn: Connection, rows: Select[Any]) -> int:
    return conn.scalar(rows.with_only_columns(func.count())) or 0


def _passage(row: Any) -> Passage:
    return Passage(
        dataset=row.dataset,
        record=row.id,
        title=row.title,
        part=row.part,
        revision=row.hash,
        field=row.field,
        item=None if row.item < 0 else row.item,
        start=row.start,
        end=row.end,
        text=cited_text(_decode(row.content), row.field, row.item, row.start, row.end),
        effective_from=date.fromordinal(row.effective_from),
        known_from=moment(row.known_from),
    )

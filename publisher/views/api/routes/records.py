"""Routes: the records of a dataset, one record, its history, and the changes of a dataset."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any

from msgspec import Raw

from openapi.operation import Operation
from publisher.log import model
from publisher.log.model import RecordState, View
from publisher.views.api import cell_excerpts, requested_view, titles
from publisher.views.api.answers import common
from publisher.views.api.parameter_docs import (
    CURSOR,
    DATASET,
    FACETS,
    FIELDS,
    FILTERS,
    LIMIT,
    RECORD,
    SORT,
    VIEW,
)
from publisher.views.api.routes.datasets import source
from publisher.web import page_cursor, query_parameters
from publisher.web.problems import ProblemError, Tombstone
from publisher.web.query_parameters import Grammar, Parameters
from publisher.web.route import Call, Reply, route
from publisher.web.service import Service
from schemas.definition.catalogue import Catalogue

TAG = "记录"
STATUS = "status"
"""A filter of this name chooses among the states of a record; the others, among the records."""
_CLOCKS = Grammar(names=requested_view.VIEW)
_CLOCKS_ONLY = re.compile(rb"(?:as_of|known_at|release)=[^&]*")
_NOT_FOUND = ("no-such-dataset", "no-such-release")
_GONE: Mapping[str, str] = {"withdrawn": "withdrawn", "erased": "erased"}


@route(
    Operation(
        name="list_records",
        path="/v1/datasets/{dataset}/records",
        tag=TAG,
        summary="筛选、排序、统计记录",
        description="默认为今天有效的记录。翻页时各页与第一页同属一个版本，总数精确。\n\n"
        "Records in effect, filtered, sorted and counted, at any day or release. All pages of a walk are "
        "of the state of its first page; totals are exact.",
        answer=common.Records,
        parameters=(DATASET, FILTERS, SORT, FIELDS, FACETS, LIMIT, CURSOR, *VIEW),
        problems=(*_NOT_FOUND, "invalid-cursor"),
    )
)
def list_records(service: Service, call: Call) -> Reply:
    name = requested_view.dataset_name(call)
    catalogue = service.log.queries.catalogue(name)
    asked = query_parameters.parse(call.query, requested_view.grammar(catalogue))
    listing = listing_of(name, catalogue, asked)
    validity = requested_view.validity(service, name, asked.view)

    def build() -> common.Records:
        page = listing.read(service)
        return common.Records(
            dataset=name,
            total=page.total,
            records=tuple(
                common.RecordItem(**_item(service, s, asked.fields, asked.view)) for s in page.records
            ),
            facets=page.facets,
            links=requested_view.page_links(service, call, name, page.following),
        )

    return Reply(validity, build)


@dataclass(frozen=True, slots=True)
class ListedPage:
    records: tuple[RecordState, ...]
    total: int
    facets: tuple[common.Facet, ...]
    following: str | None
    """Cursor of the next page."""


@dataclass(frozen=True, slots=True)
class Listing:
    """A list of records that was asked for, checked; the API and the pages read it alike."""

    name: str
    catalogue: Catalogue
    asked: Parameters
    walk: str
    cursor: page_cursor.Cursor | None

    def read(self, service: Service) -> ListedPage:
        asked, cursor = self.asked, self.cursor
        query = model.RecordQuery(
            view=_pinned(asked.view, cursor),
            statuses=asked.values_of(STATUS) or ("current",),
            where=asked.condition(besides=STATUS),
            sort=asked.sort,
            limit=asked.limit,
            after=cursor.after if cursor else None,
            count=cursor is None,
            facets=asked.facets,
        )
        page = service.log.queries.records(self.name, query)
        total = cursor.total if cursor else page.total or 0
        following = None
        if page.after is not None:
            view = query.view if cursor else _now(service, self.name, asked.view)
            following = page_cursor.encode(
                page_cursor.Cursor(self.walk, page.after, total, as_of=view.as_of, known_at=view.known_at)
            )
        facets = tuple(
            titles.facet(field, titles.of_field(self.catalogue, field), counts)
            for field, counts in page.facets.items()
        )
        return ListedPage(page.records, total, facets, following)


def listing_of(name: str, catalogue: Catalogue, asked: Parameters) -> Listing:
    """``asked``: by the grammar of the catalogue. Raises ``invalid-cursor``."""
    walk = page_cursor.query_digest("records", name, replace(asked, cursor=None, limit=0))
    cursor = page_cursor.decode_optional(asked.cursor, walk)
    if cursor is not None and not _fits(cursor, asked, catalogue):
        raise ProblemError("invalid-cursor")
    return Listing(name, catalogue, asked, walk, cursor)


def _fits(cursor: page_cursor.Cursor, asked: Parameters, catalogue: Catalogue) -> bool:
    """Whether a cursor's keys can be of this order: a database may not compare a number with a text."""
    numeric = {field.name for field in catalogue.fields if field.type in query_parameters.NUMBERS}
    kinds: list[type | tuple[type, ...]] = [
        (int, float) if name in numeric else str for name, _ in asked.sort or (("", False),)
    ]
    keys = cursor.after
    return len(keys) == len(kinds) + 1 and all(
        key is None or isinstance(key, kind) for key, kind in zip(keys, [*kinds, int], strict=True)
    )


def _pinned(view: View, cursor: page_cursor.Cursor | None) -> View:
    """The state of the first page, which the cursor remembers; a release needs no remembering."""
    if cursor is None or view.release is not None:
        return view
    return View(as_of=cursor.as_of, known_at=cursor.known_at)


def _now(service: Service, name: str, view: View) -> View:
    """Both clocks said outright: today, as known since the newest release, where they are not told."""
    if view.release is not None:
        return view
    sequence = service.log.queries.sequence(name)
    return View(
        as_of=requested_view.day(service, view),
        known_at=view.known_at or service.published_at(name, sequence),
    )


@route(
    Operation(
        name="get_record",
        path="/v1/datasets/{dataset}/records/{record}",
        tag=TAG,
        summary="一条记录",
        description="内容、有效时段、哈希校验与出处位置（原单元格）。已移出清单的记录仍返回200，"
        "`status: removed`，effective_from 为移出之日；已撤回公布的返回410。\n\n"
        "Content, interval of effect, proof, and the cells it was read from. A removed record still answers "
        "200 with `status: removed`, in effect from the day of removal; a withdrawn one answers 410 with its "
        "tombstone.",
        answer=common.Record,
        parameters=(DATASET, RECORD, FIELDS, *VIEW),
        problems=(*_NOT_FOUND, "no-such-record", "withdrawn", "erased"),
    ),
    runs="loop",
)
def get_record(service: Service, call: Call) -> Reply:
    name, record = requested_view.dataset_name(call), requested_view.record_id(call)
    asked = query_parameters.NOTHING
    if _CLOCKS_ONLY.fullmatch(call.query):  # the most that caches ask for: no field is named
        asked = _clocks(call.query)
    elif call.query:
        known = requested_view.grammar(service.log.queries.catalogue(name))
        asked = query_parameters.parse(
            call.query, replace(known, names=requested_view.VIEW | {"fields"}, filters={})
        )
    validity = requested_view.validity(service, name, asked.view)

    def build() -> common.Record:
        state = service.log.queries.record(
            name, record, requested_view.both_clocks(service, name, asked.view)
        )
        if state.status in _GONE:
            raise gone(service, state)
        return common.Record(
            **_item(service, state, asked.fields, asked.view),
            originals=_stored(state.originals_json),
            locator=_stored(state.locator_json),
            excerpts=cell_excerpts.of_record(state, lambda: service.catalogue(name, state.release)),
            sources=tuple(source(s) for s in state.sources),
        )

    return Reply(validity, build)


@lru_cache(1024)
def _clocks(query: bytes) -> Parameters:
    """Many addresses ask for one state."""
    return query_parameters.parse(query, _CLOCKS)


def _stored(json: bytes | str) -> Any:
    """What the log holds as JSON is written into the answer as it is."""
    return Raw(json)


def gone(service: Service, state: RecordState) -> ProblemError:
    home = service.link(f"/v1/datasets/{state.dataset}/records/{state.id}")
    return ProblemError(
        _GONE[state.status],
        errors=(),
        tombstone=Tombstone(
            dataset=state.dataset,
            id=state.id,
            title=state.title,
            release=state.release,
            since=state.effective_from,
            known_from=state.known_from,
            reason=state.reason,
            history=f"{home}/history",
        ),
    )


def _item(service: Service, state: RecordState, fields: tuple[str, ...] | None, view: View) -> dict[str, Any]:
    content = _stored(state.content_json)
    if fields is not None:
        every = state.content
        content = {name: every[name] for name in fields if name in every}
    dataset = service.link(f"/v1/datasets/{state.dataset}")
    home = f"{dataset}/records/{state.id}"
    return {
        "dataset": state.dataset,
        "id": state.id,
        "status": state.status,
        "title": state.title,
        "part": state.part,
        "content": content,
        "release": state.release,
        "effective_from": state.effective_from,
        "effective_to": state.effective_to,
        "known_from": state.known_from,
        # Until when it was said is told by a later release: an answer pinned to one does not know it.
        "known_to": None if view.release is not None else state.known_to,
        "withdrawn_at": state.withdrawn_at,
        "reason": state.reason,
        "revision": None if state.revision is None else common.Revision(hash=state.revision, salt=state.salt),
        "links": common.RecordLinks(
            self=home + requested_view.view_query(view),
            history=f"{home}/history",
            dataset=dataset,
            release=f"{dataset}/releases/{state.release}",
            schema=f"{dataset}/schema?release={state.release}",
        ),
    }


ROUTES: tuple[Any, ...] = (list_records, get_record)

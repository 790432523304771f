"""Routes: the records of a dataset, and one record."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from functools import lru_cache, partial
from typing import Any, get_args

import msgspec
from msgspec import Raw, structs

from openapi.operation import Operation
from publisher.log import model
from publisher.log.model import RecordState, View
from publisher.log.queries.later_events import LaterAmendment
from publisher.log.queries.record_query import AS_LISTED
from publisher.views.api import cell_excerpts, filter_values, personal_fields, requested_view, titles
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
from publisher.views.api.routes.datasets import source_answer
from publisher.views.discovery import signposting
from publisher.web import page_cursor, query_parameters
from publisher.web.problems import ProblemError, Tombstone
from publisher.web.query_parameters import Parameters
from publisher.web.route import AnyRoute, Call, Reply, route
from publisher.web.service import Service
from schemas.definition.catalogue import Catalogue

TAG = "records"
STATUS = "status"
"""The filter of this name selects states of a record; all others select records."""
STATUSES: tuple[common.Status, ...] = get_args(common.Status.__value__)
_VIEW_ONLY = re.compile(rb"(?:as_of|known_at|release)=[^&]*")
_NOT_FOUND = ("no-such-dataset", "no-such-release")
GONE = ("withdrawn", "erased")
"""Statuses of records that have no page any more. The problems have the same codes."""


@route(
    Operation(
        name="list_records",
        path="/v1/datasets/{dataset}/records",
        tag=TAG,
        summary="筛选、排序、统计记录",
        description="默认为今天有效的记录。翻页时各页与第一页同属一个版本，总数精确。\n\n"
        "Records in effect, filtered, sorted and counted, at any day or release. All pages of a query show "
        "the state of its first page; totals are exact.",
        answer=common.Records,
        parameters=(DATASET, FILTERS, SORT, FIELDS, FACETS, LIMIT, CURSOR, *VIEW),
        problems=(*_NOT_FOUND, "invalid-cursor", "too-busy", "too-many-requests"),
    ),
    runs="memory",
)
def list_records(service: Service, call: Call) -> Reply:
    name = requested_view.dataset_name(call)
    query = query_parameters.split(call.query)
    catalogue = requested_view.queryable_catalogue(service, name, query)
    params = query_parameters.parse_pairs(query, requested_view.grammar(catalogue))
    listing = make_listing(service, name, catalogue, params)
    validity = requested_view.validity(service, name, params.view)

    def build() -> common.Records:
        page = listing.fetch_page(service)
        hidden = personal_fields.hidden_in_contents(service, name, params.view)
        return common.Records(
            dataset=name,
            total=page.total,
            withdrawn_since=count_withdrawn_since(service, name, params.view),
            records=tuple(
                common.RecordItem(**_item(service, s, params.fields, params.view, hidden))
                for s in page.records
            ),
            facets=page.facets,
            links=requested_view.page_links(service, call, name, page.next_cursor),
        )

    return Reply(validity, build)


def count_withdrawn_since(service: Service, dataset: str, view: View) -> int:
    """Count the records that were listed on the day of a view and withdrawn later.

    0 unless the view is of a past day as it is known now.
    """
    day, is_pinned = view.as_of, view.release is not None or view.known_at is not None
    if is_pinned or day is None or day >= service.today():
        return 0
    return service.log.queries.withdrawn_since(dataset, day)


class ListedPage(msgspec.Struct, frozen=True):
    records: tuple[RecordState, ...]
    total: int
    facets: tuple[common.Facet, ...]
    next_cursor: str | None
    """Cursor of the next page."""
    skipped: int
    """Number of records before the page."""
    view: View
    """The state that all pages show."""


class Listing(msgspec.Struct, frozen=True):
    """Validated request for a list of records, used by the API and the pages."""

    name: str
    catalogue: Catalogue
    params: Parameters
    query_digest: str
    cursor: page_cursor.Cursor | None

    def fetch_page(self, service: Service) -> ListedPage:
        params, cursor = self.params, self.cursor
        skipped = cursor.skipped if cursor else 0
        query = model.RecordQuery(
            view=_first_page_view(params.view, cursor),
            statuses=params.values_of(STATUS) or ("current",),
            where=params.condition(without=STATUS),
            sort=params.sort,
            limit=params.limit,
            offset=skipped if cursor and not cursor.after else 0,
            after=(cursor.after or None) if cursor else None,
            count=cursor is None,
            facets=params.facets,
        )
        page = service.log.queries.records(self.name, query)
        total = cursor.total if cursor else page.total or 0
        next_cursor, view = None, query.view
        if page.after is not None:
            view = view if cursor else requested_view.explicit_view(service, self.name, params.view)
            next_cursor = self._encode(service, view, total, skipped + params.limit, page.after)
        facets = tuple(
            titles.make_facet(field, titles.field_title(self.catalogue, field), counts)
            for field, counts in page.facets.items()
        )
        return ListedPage(page.records, total, facets, next_cursor, skipped, view)

    def cursor_at(self, service: Service, page: ListedPage, skipped: int) -> str:
        """Return the cursor of the page with so many records before it, in the state of ``page``."""
        return self._encode(service, page.view, page.total, skipped)

    def _encode(
        self, service: Service, view: View, total: int, skipped: int, after: tuple[Any, ...] = ()
    ) -> str:
        return service.cursors.encode(
            page_cursor.Cursor(
                self.query_digest, after, total, as_of=view.as_of, known_at=view.known_at, skipped=skipped
            )
        )


def make_listing(service: Service, name: str, catalogue: Catalogue, params: Parameters) -> Listing:
    """Make a listing. ``params``: parsed by the catalogue's grammar.

    Raises ``invalid-cursor``, ``invalid-parameters``.
    """
    if params.sort != AS_LISTED and dict(AS_LISTED).keys() & dict(params.sort):
        raise query_parameters.bad_value(
            "sort",
            "listed 不能倒序，也不能与字段合用。",
            "listed cannot be descending, nor be used together with fields.",
        )
    _check_status(params)
    query_digest, cursor = requested_view.begin_list(service, params, "records", name)
    if cursor is not None and not _fits(cursor, params, catalogue):
        raise ProblemError("invalid-cursor")
    return Listing(name, catalogue, params, query_digest, cursor)


def _check_status(params: Parameters) -> None:
    """Raise ``invalid-parameters`` for an unknown status, and for one that is compared."""
    filter_values.one_of(params, STATUS, STATUSES)
    for one in params.filters:
        if one.field == STATUS and one.operator != "eq":
            raise query_parameters.bad_value(
                f"{STATUS}.{one.operator}", "状态没有先后。", "Statuses have no order."
            )


def _fits(cursor: page_cursor.Cursor, params: Parameters, catalogue: Catalogue) -> bool:
    """Report whether a cursor's keys fit the sort order: some databases cannot compare numbers with text."""
    numeric = {field.name for field in catalogue.fields if field.type in query_parameters.NUMBERS}
    kinds: list[type | tuple[type, ...]] = [
        (int, float) if name in numeric else str for name, _ in params.sort or (("", False),)
    ]
    if params.sort == AS_LISTED:
        kinds = []
    keys = cursor.after
    if not keys:
        return cursor.skipped > 0
    return len(keys) == len(kinds) + 1 and all(
        key is None or isinstance(key, kind) for key, kind in zip(keys, [*kinds, int], strict=True)
    )


def _first_page_view(view: View, cursor: page_cursor.Cursor | None) -> View:
    """Return the state of the first page, which the cursor contains; a release is already fixed."""
    if cursor is None or view.release is not None:
        return view
    return View(as_of=cursor.as_of, known_at=cursor.known_at)


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
        answer=common.FullRecord,
        parameters=(DATASET, RECORD, FIELDS, *VIEW),
        problems=(*_NOT_FOUND, "no-such-record", *GONE),
    ),
    runs="loop",
)
def get_record(service: Service, call: Call) -> Reply:
    name, record = requested_view.dataset_name(call), requested_view.record_id(call)
    params = query_parameters.NO_PARAMETERS
    if _VIEW_ONLY.fullmatch(call.query):  # the most frequent request of caches: no field is named
        params = _parse_view(call.query)
    elif call.query:
        query = query_parameters.split(call.query)
        grammar = requested_view.grammar(requested_view.queryable_catalogue(service, name, query))
        params = query_parameters.parse_pairs(
            query, structs.replace(grammar, names=requested_view.VIEW | {"fields"}, filters={})
        )
    validity = requested_view.validity(service, name, params.view)

    def build() -> common.FullRecord:
        state = service.log.queries.record(
            name, record, requested_view.resolve_release(service, name, params.view)
        )
        if state.status in GONE:
            raise gone_problem(service, state)
        origin = personal_fields.public_origin(service, state)
        hidden = personal_fields.hidden_in_contents(service, name, params.view)
        return common.FullRecord(
            **_item(service, state, params.fields, params.view, hidden),
            originals=_raw_json(origin.originals_json),
            locator=_raw_json(origin.locator_json),
            excerpts=cell_excerpts.read_excerpts(origin, partial(service.catalogue, name, state.release)),
            sources=tuple(source_answer(s) for s in state.sources),
            amendments=tuple(
                _amendment(service, name, a) for a in later_amendments(service, state, params.view)
            ),
        )

    def links(record: common.FullRecord) -> Mapping[str, str]:
        dataset = service.dataset(name)
        return {"link": signposting.record_header(service.site.base, dataset, record.id, record.release)}

    return Reply(validity, build, headers_of=links)


def later_amendments(service: Service, state: RecordState, view: View) -> Sequence[LaterAmendment]:
    """List amendments published after the instant of a view; none without ``known_at`` or release."""
    known_at = view.known_at
    if view.release is not None:
        if not service.later_changes_key(state.dataset, view.release):
            return ()
        known_at = service.release(state.dataset, view.release).published_at
    return () if known_at is None else service.log.queries.later_amendments(state, known_at)


def _amendment(service: Service, name: str, amendment: LaterAmendment) -> common.Amendment:
    catalogue = service.catalogue_of_changes(name, amendment.release)
    return common.fill(
        common.Amendment,
        amendment,
        fields=titles.field_changes(catalogue, amendment.fields),
        link=service.link(f"/v1/datasets/{name}/releases/{amendment.release}"),
    )


@lru_cache(1024)
def _parse_view(query: bytes) -> Parameters:
    """Parse a query that names only a state. Cached, since many addresses request the same one."""
    return query_parameters.parse(query, requested_view.VIEW_GRAMMAR)


def _raw_json(json: bytes | str) -> Any:
    """Copy the log's JSON into the response without decoding it."""
    return Raw(json)


def gone_problem(service: Service, state: RecordState) -> ProblemError:
    home = service.link(f"/v1/datasets/{state.dataset}/records/{state.id}")
    return ProblemError(
        state.status,
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


def _item(
    service: Service,
    state: RecordState,
    fields: tuple[str, ...] | None,
    view: View,
    hidden: Collection[str],
) -> dict[str, Any]:
    """Build an item. ``hidden``: fields that are left out of its content."""
    content = _raw_json(state.content_json)
    if hidden and fields is None and not state.content.keys().isdisjoint(hidden):
        content = {name: value for name, value in state.content.items() if name not in hidden}
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
        # A later release determines ``known_to``, so a response pinned to a release does not contain it.
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


ROUTES: tuple[AnyRoute, ...] = (list_records, get_record)

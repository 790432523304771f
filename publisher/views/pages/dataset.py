"""The page of a dataset: description, table of records, releases, files and fields."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import timedelta
from itertools import pairwise
from urllib.parse import urlencode

import msgspec
from markupsafe import Markup
from msgspec import structs

from publisher.log.clocks import start_of
from publisher.log.model import Dataset, RecordState, Release, View
from publisher.log.queries.record_query import AS_LISTED
from publisher.views.api import requested_view
from publisher.views.api.answers.common import Facet
from publisher.views.api.routes import records as api
from publisher.views.api.routes.records import ListedPage, Listing
from publisher.views.discovery import signposting
from publisher.views.exports.formats import FILE_FORMATS
from publisher.views.pages.printing import charts, field_html, filters, schema_org
from publisher.views.pages.printing.page_request import Pairs, Visit
from publisher.views.pages.printing.table_file import link_state_files
from publisher.views.pages.printing.templates import HEADERS, Press
from publisher.web.query_parameters import Parameters
from publisher.web.route import Reply
from publisher.web.service import Service
from schemas.definition.catalogue import Catalogue, Content, Field, Json

_COLUMNS = 4
"""Default number of columns of the table, in addition to the title."""
_BARS = 10
"""Maximum number of bars of a chart. Its table has every value."""
_CELL = 120
"""Maximum length of a text in a cell, in characters. The record's page has the full text."""
_PARENT = "parent_name"
_AROUND = 2
"""Number of pages before and after this one that are linked by number."""
_LONGEST_IN_OWN_ORDER = 2_000
"""Maximum number of records of a list that is shown in its own order. The log can give only the order by
name without sorting all records."""
_FARTHEST = 10_000
"""Maximum number of records that are counted to find a page."""
_VALUES = ("amount", "limit", "date", "boolean", "integer", "decimal")


class Column(msgspec.Struct, frozen=True):
    field: Field
    title: str
    order: str
    """``ascending``, ``descending`` or empty: the table's order by this column."""
    address: str
    """Address of the table sorted by this column."""


class Row(msgspec.Struct, frozen=True):
    state: RecordState
    address: str
    above: str
    """Name of the item that it belongs to."""
    sub_item: str
    """Name of the 子项, where an item has several."""
    cells: Sequence[str]


class Figure(msgspec.Struct, frozen=True):
    """A chart with its numbers."""

    title: str
    rows: Sequence[tuple[str, int]]
    chart: Markup


class PageLink(msgspec.Struct, frozen=True):
    """A page of a list by its number."""

    number: int
    address: str | None
    """None: the page itself."""
    follows: bool
    """Whether the link before it is that of the page before it."""


class Table(msgspec.Struct, frozen=True):
    columns: Sequence[Column]
    rows: Sequence[Row]
    total: int
    next_page: str | None
    pages: Sequence[PageLink]


def dataset(press: Press, visit: Visit) -> Reply:
    service = visit.service
    name = requested_view.dataset_name(visit.call)
    dataset = service.log.datasets.get(name)
    catalogue = requested_view.queryable_catalogue(service, name, visit.query)
    params = visit.parse_query(requested_view.grammar(catalogue))
    release = params.view.release
    view = params.view if release else visit.view
    facets = params.facets or _facets(catalogue)
    requested_listing = api.make_listing(
        service, name, catalogue, structs.replace(params, view=view, facets=facets)
    )
    links = _typed_links(visit, dataset, view)
    findings = 0 if release else service.log.findings.count_unresolved(name, visit.view)
    # A pinned page describes the state of its release, and links to that of the reader's day.
    pinned_visit = replace(visit, view=requested_view.resolve_release(service, name, view))

    def build() -> bytes:
        releases = service.log.queries.releases(name)
        latest = pinned_visit.latest(releases)
        listing = _in_own_order(requested_listing, service, latest)
        page = listing.fetch_page(service)
        table = _table(visit, listing, page)
        titled_facets = [_title_facet(visit, catalogue, facet) for facet in page.facets]
        return press.page(
            "dataset.html",
            visit,
            schema_org.dataset_head(visit, dataset, catalogue, releases, latest, links),
            dataset=dataset,
            catalogue=catalogue,
            latest=latest,
            effective=pinned_visit.effective(releases),
            releases=sorted(releases, key=lambda r: -r.number),
            pin=release,
            figures=list(_figures(pinned_visit, catalogue, page, releases)),
            table=table,
            withdrawn=_withdrawn_since(visit, name, release),
            orders=_orders(visit, listing),
            visible_columns={column.field.name for column in table.columns},
            fields=[f for f in catalogue.fields if not f.personal],
            facets=[filters.choices(visit, f) for f in titled_facets if filters.is_useful(visit, f)],
            chips=list(filters.chips(visit, titled_facets, {})),
            files=link_state_files(visit, name, release),
            own_files=_own_files(visit, listing),
            findings=findings,
        )

    validity = requested_view.validity(service, name, view)
    later = service.log.queries.validator(name) if release else ()  # every state lists all releases
    validity = structs.replace(
        validity, tokens=(*validity.tokens, *later, dataset, findings), decides=False, pinned=False
    )
    return Reply(validity, build, HEADERS, lambda _: {"link": signposting.header(links)})


def _typed_links(visit: Visit, dataset: Dataset, view: View) -> signposting.Links:
    """Return the links of the list in a state, with its files."""
    service = visit.service
    pinned = requested_view.view_query(requested_view.explicit_view(service, dataset.name, view))
    state = service.link(
        f"/v1/datasets/{dataset.name}" + (f"/releases/{view.release}" if view.release else "")
    )
    clocks = "" if view.release or not visit.clocks else f"?{urlencode(visit.clocks)}"
    items = [
        (f"{state}/files/{form.name}{clocks}", form.media_type.partition(";")[0])
        for form in FILE_FORMATS.values()
    ]
    return signposting.of_dataset(service.site.base, dataset, pinned, items, release=view.release)


class WithdrawnSince(msgspec.Struct, frozen=True):
    """Records that were listed on the day that the page shows, and were withdrawn later."""

    count: int
    address: str
    """The list as it was published on that day."""


def _withdrawn_since(visit: Visit, name: str, release: int | None) -> WithdrawnSince | None:
    day = visit.view.as_of
    count = 0 if release is not None else api.count_withdrawn_since(visit.service, name, visit.view)
    if day is None or count == 0:
        return None
    end_of_day = start_of(day + timedelta(days=1)) - timedelta(milliseconds=1)
    then = (("as_of", day.isoformat()), ("known_at", end_of_day.isoformat(timespec="milliseconds")))
    return WithdrawnSince(count, visit.url(visit.path, then, clocks=False))


def _figures(
    visit: Visit, catalogue: Catalogue, page: ListedPage, releases: Sequence[Release]
) -> Iterator[Figure]:
    """Yield charts by body, by type and over time. A chart with a single bar is omitted."""
    counts = {facet.field: facet for facet in page.facets}
    body, kind = catalogue.body_field or "", catalogue.type_field or ""
    for name, title in (
        (body if body in counts else "part", visit.t("按部门", "By body")),
        (kind, visit.t("按类型", "By type")),
    ):
        rows = [(value.title, value.count) for value in counts[name].values] if name in counts else []
        if len(rows) > 1:
            label = visit.t(f"{title}统计，数据见表", f"{title}; the table has the numbers")
            yield Figure(title, rows, charts.draw_bars(rows[:_BARS], label=label))
    times = tuple(
        (f"{r.effective_on:%Y-%m}", r.counts.get("records", 0))
        for r in sorted(visit.in_effect(releases), key=lambda r: r.number)
    )
    if len(times) > 1:
        title = visit.t("历次发布后的条目数", "Records after each release")
        label = visit.t(f"{title}，数据见表", f"{title}; the table has the numbers")
        yield Figure(title, times, charts.draw_columns(times[-_BARS:], label=label))


def _facets(catalogue: Catalogue) -> tuple[str, ...]:
    return ("part", *(f.name for f in catalogue.fields if f.facet and not f.personal))


def _title_facet(visit: Visit, catalogue: Catalogue, facet: Facet) -> Facet:
    field = catalogue.by_name.get(facet.field)
    return facet if field is None else structs.replace(facet, title=visit.title_of(field))


def _pages(visit: Visit, listing: Listing, page: ListedPage) -> Sequence[PageLink]:
    """Link the first page, those around this one, and the last; none if there is one page.

    A page is found by counting the records before it, so only as many as :data:`_FARTHEST` are counted. Later
    pages are reached by their predecessors, whose cursor is a key.
    """
    limit = listing.params.limit
    last = -(-page.total // limit)
    if last < 2 or page.skipped % limit:
        return ()
    own = page.skipped // limit + 1
    numbers = sorted({1, last, *range(own - _AROUND, own + _AROUND + 1)})
    near = [n for n in numbers if 1 <= n <= last and (n == own or (n - 1) * limit <= _FARTHEST)]
    addresses = {n: _page_address(visit, listing, page, (n - 1) * limit) for n in near if n != own}
    return [PageLink(n, addresses.get(n), n - 1 == before) for before, n in pairwise((0, *near))]


def _page_address(visit: Visit, listing: Listing, page: ListedPage, skipped: int) -> str:
    cursor = (("cursor", listing.cursor_at(visit.service, page, skipped)),) if skipped else ()
    return visit.url(visit.path, (*_pairs(visit, listing), *cursor))


def _next_page(visit: Visit, listing: Listing, page: ListedPage) -> str | None:
    if page.next_cursor is None:
        return None
    return visit.url(visit.path, (*_pairs(visit, listing), ("cursor", page.next_cursor)))


def _pairs(visit: Visit, listing: Listing, *without: str) -> Pairs:
    """Return the parameters of the page, with the order that it has by default: a cursor is of one order."""
    order = (("sort", "listed"),) if listing.params.sort == AS_LISTED else ()
    return (*visit.pairs_without("cursor", *(name for name, _ in order), *without), *order)


def _in_own_order(listing: Listing, service: Service, latest: Release | None) -> Listing:
    """Return the listing in the order of the list, if no order was requested and the list is not long."""
    params = listing.params
    size = latest.counts.get("records", 0) if latest else 0
    if params.sort or params.cursor is not None or size > _LONGEST_IN_OWN_ORDER:
        return listing
    return api.make_listing(service, listing.name, listing.catalogue, structs.replace(params, sort=AS_LISTED))


def _table(visit: Visit, listing: Listing, page: ListedPage) -> Table:
    catalogue, params = listing.catalogue, listing.params
    contents = [state.content for state in page.records]
    chosen = select_columns(catalogue, params, contents)
    pin = (("release", str(params.view.release)),) if params.view.release else ()
    return Table(
        columns=[_column(visit, params, f) for f in (catalogue.by_name[catalogue.title_field], *chosen)],
        rows=[
            Row(
                state,
                visit.url(
                    f"/datasets/{state.dataset}/records/{state.id}", pin, clocks=not params.view.release
                ),
                str(content.get(_PARENT, "")) if _PARENT in catalogue.by_name else "",
                str(content.get(catalogue.sub_item_field or "", "")),
                [_cell(visit, f, content.get(f.name)) for f in chosen],
            )
            for state, content in zip(page.records, contents, strict=True)
        ],
        total=page.total,
        next_page=_next_page(visit, listing, page),
        pages=_pages(visit, listing, page),
    )


def select_columns(catalogue: Catalogue, params: Parameters, contents: Sequence[Content]) -> Sequence[Field]:
    """Return the requested columns, else those of facts, facets and values that occur; never the title."""
    if params.fields is not None:
        return [catalogue.by_name[name] for name in params.fields if name != catalogue.title_field]
    facts = [catalogue.by_name[name] for name in catalogue.facts]
    others = [f for f in catalogue.fields if not f.personal and (f.facet or f.type in _VALUES)]
    # An amount is not shown beside the text that it was taken from.
    candidates = [f for f in dict.fromkeys((*facts, *others)) if f.derived_from not in catalogue.facts]
    used = [f for f in candidates if not f.personal and any(f.name in content for content in contents)]
    return [f for f in used if f.name != catalogue.title_field][:_COLUMNS]


def _column(visit: Visit, params: Parameters, field: Field) -> Column:
    descending = dict(params.sort).get(field.name)
    order = "" if descending is None else "descending" if descending else "ascending"
    sort = f"-{field.name}" if order == "ascending" else field.name
    return Column(field, visit.title_of(field), order, visit.here(sort=sort))


def _orders(visit: Visit, listing: Listing) -> Sequence[tuple[str, str, bool]]:
    """Return (title, address, whether it is that of the page) of the order of the list and that by name."""
    sort, title = listing.params.sort, listing.catalogue.title_field
    by_title = sort in ((), ((title, False),))
    return [
        (visit.t("按清单顺序", "In the order of the list"), visit.here(sort="listed"), sort == AS_LISTED),
        (visit.t("按名称", "By name"), visit.here(sort=title), by_title),
    ]


def _cell(visit: Visit, field: Field, value: Json) -> str:
    text = "" if value is None else field_html.format_text(visit, field, value)
    return text if len(text) <= _CELL else f"{text[:_CELL]}…"


def _own_files(visit: Visit, listing: Listing) -> Sequence[tuple[str, str]]:
    """Return (title, address) of files of the filtered list; none without a filter."""
    pairs = visit.pairs_without("cursor", "limit", "facets", "release")
    if not pairs:
        return ()
    clocks = () if listing.params.view.release else visit.clocks
    query = (*_pairs(visit, listing, "limit", "facets"), *clocks, *visit.reader_pairs)
    return [
        (suffix.upper(), visit.link(f"{visit.path}/records.{suffix}", query)) for suffix in ("xlsx", "csv")
    ]

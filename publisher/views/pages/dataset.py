"""The page of a dataset: what it is, its records in a table, its releases, files and fields."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from markupsafe import Markup
from msgspec import structs

from publisher.log.model import RecordState, Release, View
from publisher.views.api import requested_view
from publisher.views.api.answers.common import Facet
from publisher.views.api.routes import records as api
from publisher.views.api.routes.records import ListedPage
from publisher.views.exports.formats import FORMS
from publisher.views.pages import home, search
from publisher.views.pages.printing import charts, field_html, html_head
from publisher.views.pages.printing.page_request import Visit
from publisher.views.pages.printing.templates import HEADERS, Press
from publisher.web.query_parameters import Parameters
from publisher.web.route import Reply
from schemas.definition.catalogue import Catalogue, Content, Field, Json

_COLUMNS = 4
"""Columns beside the title that a table has unless the reader chooses."""
_BARS = 10
"""Bars of a chart; its table has every value."""
_CELL = 120
"""Characters of a text in a cell; its record has all of it."""
_VALUES = ("amount", "limit", "date", "boolean", "integer", "decimal")


@dataclass(frozen=True, slots=True)
class Column:
    field: Field
    title: str
    order: str
    """``ascending``, ``descending`` or empty: how the table is sorted by it."""
    address: str
    """The table sorted by it."""


@dataclass(frozen=True, slots=True)
class Row:
    state: RecordState
    address: str
    cells: Sequence[Markup | str]


@dataclass(frozen=True, slots=True)
class Figure:
    """A chart and the numbers that it draws."""

    title: str
    rows: Sequence[tuple[str, int]]
    chart: Markup


@dataclass(frozen=True, slots=True)
class Table:
    columns: Sequence[Column]
    rows: Sequence[Row]
    total: int
    following: str | None


def dataset(press: Press, visit: Visit) -> Reply:
    service = visit.service
    name = requested_view.dataset_name(visit.call)
    kept = service.log.datasets.get(name)
    catalogue = service.log.queries.catalogue(name)
    asked = visit.asked(requested_view.grammar(catalogue))
    release = asked.view.release
    listing = api.listing_of(
        name,
        catalogue,
        replace(
            asked,
            view=asked.view if release else visit.view,
            facets=asked.facets or _facets(catalogue),
        ),
    )

    def build() -> bytes:
        page = listing.read(service)
        releases = service.log.queries.releases(name)
        latest = home.latest(visit, releases)
        table = _table(visit, catalogue, asked, page)
        counted = [_headed(visit, catalogue, facet) for facet in page.facets]
        return press.page(
            "dataset.html",
            visit,
            html_head.of_dataset(visit, kept, catalogue, latest),
            dataset=kept,
            catalogue=catalogue,
            latest=latest,
            since=home.since(visit, releases),
            releases=sorted(releases, key=lambda r: -r.number),
            pin=release,
            figures=list(_figures(visit, catalogue, page, releases)),
            table=table,
            shown={column.field.name for column in table.columns},
            fields=[f for f in catalogue.fields if not f.personal],
            facets=[search.choices(visit, f) for f in counted if search.says_something(visit, f)],
            chips=list(search.chips(visit, counted, {})),
            files=_files(visit, name, release),
            title_of=field_html.title_of,
        )

    validity = requested_view.validity(service, name, View(release=release) if release else visit.view)
    return Reply(replace(validity, tokens=(*validity.tokens, kept), modified=None), build, HEADERS)


def _figures(
    visit: Visit, catalogue: Catalogue, page: ListedPage, releases: Sequence[Release]
) -> Iterator[Figure]:
    """By body, by type, over time; a chart of one bar says nothing and is left out."""
    counts = {facet.field: facet for facet in page.facets}
    body, kind = catalogue.body_field or "", catalogue.type_field or ""
    for name, title in (
        (body if body in counts else "part", visit.t("按部门", "By body")),
        (kind, visit.t("按类型", "By type")),
    ):
        rows = [(value.title, value.count) for value in counts[name].values] if name in counts else []
        if len(rows) > 1:
            label = visit.t(f"{title}统计，数据见表", f"{title}; the table has the numbers")
            yield Figure(title, rows, charts.bars(rows[:_BARS], label=label))
    shown = sorted((r for r in releases if home.seen(visit, r)), key=lambda r: r.number)[-_BARS:]
    times = tuple((f"{r.effective_on:%Y-%m}", r.counts.get("records", 0)) for r in shown)
    if len(times) > 1:
        title = visit.t("历次发布后的条目数", "Records after each release")
        label = visit.t(f"{title}，数据见表", f"{title}; the table has the numbers")
        yield Figure(title, times, charts.columns(times, label=label))


def _facets(catalogue: Catalogue) -> tuple[str, ...]:
    return ("part", *(f.name for f in catalogue.fields if f.facet and not f.personal))


def _headed(visit: Visit, catalogue: Catalogue, facet: Facet) -> Facet:
    field = catalogue.by_name.get(facet.field)
    return facet if field is None else structs.replace(facet, title=field_html.title_of(visit, field))


def _table(visit: Visit, catalogue: Catalogue, asked: Parameters, page: ListedPage) -> Table:
    contents = [state.content for state in page.records]
    chosen = _chosen(catalogue, asked, contents)
    pin = (("release", str(asked.view.release)),) if asked.view.release else ()
    return Table(
        columns=[_column(visit, asked, f) for f in (catalogue.by_name[catalogue.title_field], *chosen)],
        rows=[
            Row(
                state,
                visit.url(
                    f"/datasets/{state.dataset}/records/{state.id}", pin, clocks=not asked.view.release
                ),
                [_cell(visit, f, content.get(f.name)) for f in chosen],
            )
            for state, content in zip(page.records, contents, strict=True)
        ],
        total=page.total,
        following=search.following(visit, page.following),
    )


def _chosen(catalogue: Catalogue, asked: Parameters, contents: Sequence[Content]) -> Sequence[Field]:
    if asked.fields is not None:
        return [catalogue.by_name[name] for name in asked.fields if name != catalogue.title_field]
    telling = [f for f in catalogue.fields if not f.personal and (f.facet or f.type in _VALUES)]
    used = [f for f in telling if any(f.name in content for content in contents)]
    return [f for f in used if f.name != catalogue.title_field][:_COLUMNS]


def _column(visit: Visit, asked: Parameters, field: Field) -> Column:
    descending = dict(asked.sort).get(field.name)
    order = "" if descending is None else "descending" if descending else "ascending"
    sort = f"-{field.name}" if order == "ascending" else field.name
    return Column(field, field_html.title_of(visit, field), order, visit.here(sort=sort))


def _cell(visit: Visit, field: Field, value: Json) -> str:
    shown = "" if value is None else field_html.printed(visit, field, value)
    return shown if len(shown) <= _CELL else f"{shown[:_CELL]}…"


def _files(visit: Visit, name: str, release: int | None) -> Sequence[tuple[str, str]]:
    """(title, address) of the state that the page shows, in every kind of file."""
    home = f"/v1/datasets/{name}" + (f"/releases/{release}" if release is not None else "")
    clocks = () if release is not None else visit.clocks
    return [
        (f.title.replace("(", "（").replace(")", "）"), visit.link(f"{home}/files/{f.name}", clocks))
        for f in FORMS.values()
    ]

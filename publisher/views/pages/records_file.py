"""The table of a dataset's page, with its filters, order and columns, as a CSV or XLSX file of all pages."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from dataclasses import replace

from litestar.concurrency import sync_to_thread
from msgspec import structs

from publisher.log.model import RecordState, View
from publisher.views.api import requested_view
from publisher.views.api.routes import records as api
from publisher.views.api.routes.records import ListedPage
from publisher.views.pages import dataset
from publisher.views.pages.printing import field_html
from publisher.views.pages.printing.page_request import Visit
from publisher.views.pages.printing.table_file import Row, Rows, cell_of, write_csv, write_xlsx
from publisher.web.conditional_requests import Validity
from publisher.web.query_parameters import MAX_LIMIT, Parameters
from publisher.web.range_download import disposition
from publisher.web.route import AsyncReply
from schemas.definition.catalogue import Catalogue, Field

_ADDRESS = ("固定地址", "Pinned address")
_SHEET = ("条目", "Records")


async def as_csv(visit: Visit) -> AsyncReply:
    return await _write_list(visit, "csv", write_csv)


async def as_xlsx(visit: Visit) -> AsyncReply:
    return await _write_list(
        visit, "xlsx", lambda headings, rows: write_xlsx(headings, rows, visit.t(*_SHEET))
    )


async def _write_list(
    visit: Visit, suffix: str, write: Callable[[Sequence[str], Rows], Awaitable[bytes]]
) -> AsyncReply:
    """Write all records of a filtered list in the columns of its page. Raises the same errors as the page."""
    service, name = visit.service, requested_view.dataset_name(visit.call)
    title, catalogue, validity = await sync_to_thread(_describe, visit, name)
    whole = replace(visit, pairs=visit.pairs_without("cursor", "limit", "facets"))
    page_params = structs.replace(
        whole.parse_query(requested_view.grammar(catalogue), clocks=True), facets=()
    )
    params = structs.replace(page_params, limit=MAX_LIMIT)

    def fetch(request: Parameters) -> ListedPage:
        return api.make_listing(service, name, catalogue, request).fetch_page(service)

    async def build() -> bytes:
        first = await sync_to_thread(fetch, page_params)
        contents = [state.content for state in first.records]
        columns = (
            catalogue.by_name[catalogue.title_field],
            *dataset.select_columns(catalogue, page_params, contents),
        )

        async def pages() -> AsyncIterator[Sequence[Row]]:
            page = await sync_to_thread(fetch, params)
            yield await sync_to_thread(_rows, visit, columns, page.records)
            while page.next_cursor is not None:
                page = await sync_to_thread(fetch, structs.replace(params, cursor=page.next_cursor))
                yield await sync_to_thread(_rows, visit, columns, page.records)

        headings = (*(visit.title_of(field) for field in columns), visit.t(*_ADDRESS))
        return await write(headings, pages())

    name_of_file = visit.t(f"{title}（筛选）", f"{title} (filtered)")
    file = disposition(f"{name_of_file}.{suffix}", f"{name}-records.{suffix}")
    return AsyncReply(validity, build, {"content-disposition": file})


def _describe(visit: Visit, name: str) -> tuple[str, Catalogue, Validity]:
    service = visit.service
    own = service.log.datasets.get(name)
    catalogue = requested_view.queryable_catalogue(service, name, visit.query)
    release = visit.parse_query(requested_view.grammar(catalogue)).view.release
    validity = requested_view.validity(service, name, View(release=release) if release else visit.view)
    return visit.title_of(own), catalogue, validity.extended(own, own.named_at)


def _rows(visit: Visit, columns: Sequence[Field], states: Sequence[RecordState]) -> list[Row]:
    rows: list[Row] = []
    for state in states:
        content = state.content
        cells = [
            cell_of(field, field_html.format_text(visit, field, content.get(field.name))) for field in columns
        ]
        pinned = f"/datasets/{state.dataset}/records/{state.id}?release={state.release}"
        rows.append((*cells, visit.service.link(pinned)))
    return rows

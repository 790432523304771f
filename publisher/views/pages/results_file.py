"""All results of a search as a CSV or XLSX file."""

from __future__ import annotations

import csv
import io
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from dataclasses import replace

from litestar.concurrency import sync_to_thread
from xlsxwriter.worksheet import Worksheet

from publisher.log.model import View
from publisher.views.api.routes import search as api
from publisher.views.api.search_scope import SearchScope
from publisher.views.exports.formula_guard import guard_text
from publisher.views.exports.xlsx import MEDIA_TYPE, MOST_ROWS, Sheets, fit_text, open_workbook
from publisher.views.pages.printing import labels
from publisher.views.pages.printing.page_request import Visit
from publisher.web.range_download import disposition
from publisher.web.route import AsyncReply
from search.contract import Hit

CSV = "text/csv; charset=utf-8"
XLSX = MEDIA_TYPE
_HEADINGS = (
    ("清单", "List"),
    ("名称", "Title"),
    ("报送部门", "Department"),
    ("类型", "Type"),
    ("生效日期", "In force from"),
    ("发布编号", "Release"),
    ("固定地址", "Pinned address"),
    ("状态", "Status"),
)

type Row = tuple[str, ...]
type Rows = AsyncIterator[Sequence[Row]]


async def as_csv(visit: Visit) -> AsyncReply:
    return await _write_results(visit, "csv", write_csv)


async def as_xlsx(visit: Visit) -> AsyncReply:
    return await _write_results(visit, "xlsx", write_xlsx)


async def _write_results(
    visit: Visit, suffix: str, write: Callable[[Row, Rows], Awaitable[bytes]]
) -> AsyncReply:
    """Write all results of a search, without paging and excerpts. Raises the same errors as the search.

    Results are written page by page, so memory contains the file but not its rows.
    """
    service = visit.service
    searchable = await api.read_searchable(service)
    whole = replace(visit, pairs=visit.pairs_without("cursor", "limit", "facets", "explain"))
    query = replace(whole.parse_query(searchable.grammar(), clocks=True), limit=api.MAX_HITS)
    first = await api.make_search(service, searchable, query)
    name = disposition(f"搜索 {' '.join(visit.values('q'))[:80]}.{suffix}", f"search.{suffix}")

    async def pages() -> Rows:
        page = await first.fetch_page(service)
        yield await sync_to_thread(_rows, visit, searchable.scope, page.page.hits)
        while page.next_cursor is not None:
            request = await api.make_search(service, searchable, replace(query, cursor=page.next_cursor))
            page = await request.fetch_page(service)
            yield await sync_to_thread(_rows, visit, searchable.scope, page.page.hits)

    async def build() -> bytes:
        return await write(tuple(visit.t(*heading) for heading in _HEADINGS), pages())

    return AsyncReply(first.validity, build, {"content-disposition": name})


def _rows(visit: Visit, scope: SearchScope, hits: Sequence[Hit]) -> list[Row]:
    log = visit.service.log
    view = View(as_of=visit.today(), known_at=visit.view.known_at)
    states = log.queries.states([hit.record for hit in hits], view)
    rows: list[Row] = []
    for hit in hits:
        if (state := states.get(hit.record)) is None:  # the log has changed since the search
            continue
        kind = state.content.get(log.queries.catalogue(hit.dataset).type_field or "")
        title = scope.datasets.get(hit.dataset, hit.dataset)
        pinned = visit.service.link(f"/datasets/{hit.dataset}/records/{hit.record}?release={state.release}")
        cells = (title, state.title, state.part or "", kind if isinstance(kind, str) else "")
        status = labels.word_for(visit, labels.STATUSES, state.status)
        rows.append((*cells, state.effective_from.isoformat(), str(state.release), pinned, status))
    return rows


async def write_csv(headings: Row, pages: Rows) -> bytes:
    target = io.BytesIO(b"\xef\xbb\xbf")
    target.seek(0, io.SEEK_END)
    text = io.TextIOWrapper(target, encoding="utf-8", errors="replace", newline="")
    writer = csv.writer(text)
    writer.writerow(headings)
    async for rows in pages:
        writer.writerows([*map(guard_text, row)] for row in rows)
    text.flush()
    return target.getvalue()


async def write_xlsx(headings: Row, pages: Rows, name: str = "搜索结果") -> bytes:
    target = io.BytesIO()
    book = open_workbook(target)

    def head(sheet: Worksheet) -> None:
        sheet.freeze_panes(1, 0)
        sheet.set_column(0, 1, 36)
        sheet.set_column(2, 5, 14)
        sheet.set_column(6, 6, 60)
        sheet.autofilter(0, 0, MOST_ROWS, len(headings) - 1)
        _write(sheet, 0, headings)

    sheets = Sheets(book, name, head)

    def add(rows: Sequence[Row]) -> None:
        for row in rows:
            _write(*sheets.next_row(), row)

    try:
        async for rows in pages:
            await sync_to_thread(add, rows)
    finally:  # close the workbook to delete its temporary files
        await sync_to_thread(book.close)
    return target.getvalue()


def _write(sheet: Worksheet, y: int, row: Row) -> None:
    for x, cell in enumerate(row):
        sheet.write_string(y, x, fit_text(cell))

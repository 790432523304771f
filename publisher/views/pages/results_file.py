"""The results of a search as a file: every one of them, however many pages they fill."""

from __future__ import annotations

import csv
import io
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from datetime import UTC, datetime
from urllib.parse import urlencode, urlsplit

import xlsxwriter
from litestar.concurrency import sync_to_thread

from publisher.log.model import View
from publisher.views.api.answers import search
from publisher.views.api.routes import search as api
from publisher.views.exports.formula_guard import disarmed
from publisher.views.pages.printing.page_request import Visit
from publisher.web.range_download import disposition
from publisher.web.route import AsyncReply, Call

CSV = "text/csv; charset=utf-8"
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
_HEADINGS = (
    ("数据集", "Dataset"),
    ("名称", "Title"),
    ("报送部门", "Handed in by"),
    ("类型", "Type"),
    ("生效日期", "In force from"),
    ("发布编号", "Release"),
    ("固定地址", "Pinned address"),
)
_LONGEST = 32_767
"""Characters; what Excel holds in a cell."""

_ROWS = 1_048_576
"""Of a sheet; what Excel takes. What is more stands in the next."""

type Row = tuple[str, ...]
type Rows = AsyncIterator[Sequence[Row]]


async def as_csv(visit: Visit) -> AsyncReply:
    return await _taken(visit, "csv", _csv)


async def as_xlsx(visit: Visit) -> AsyncReply:
    return await _taken(visit, "xlsx", _xlsx)


async def _taken(visit: Visit, suffix: str, write: Callable[[Row, Rows], Awaitable[bytes]]) -> AsyncReply:
    """Raises as the search does. What is asked for is all: no page and no excerpt.

    Written page by page: of a large search the file alone is held, never its rows.
    """
    pairs = visit.besides("cursor", "limit", "facets", "explain")
    call = Call({}, urlencode([*pairs, ("limit", str(api.MAX_HITS)), *visit.clocks]).encode(), "/search")
    first = await api.search.handle(visit.service, call)
    name = disposition(f"检索 {' '.join(visit.values('q'))[:80]}.{suffix}", f"search.{suffix}")

    async def build() -> bytes:
        headings = tuple(visit.t(*heading) for heading in _HEADINGS)
        return await write(headings, _pages(visit, call, first))

    return AsyncReply(first.validity, build, {"content-disposition": name})


async def _pages(visit: Visit, call: Call, reply: AsyncReply) -> Rows:
    while True:
        found: search.Found = await reply.build()
        yield await sync_to_thread(_rows, visit, found.hits)
        if found.links.next is None:
            return
        call = Call(call.path, urlsplit(found.links.next).query.encode(), call.address)
        reply = await api.search.handle(visit.service, call)


def _rows(visit: Visit, hits: Sequence[search.Hit]) -> list[Row]:
    log = visit.service.log
    view = View(as_of=visit.today(), known_at=visit.view.known_at)
    states = log.queries.states([hit.record for hit in hits], view)
    rows: list[Row] = []
    for hit in hits:
        if (state := states.get(hit.record)) is None:  # the log went on between search and this
            continue
        kind = state.content.get(log.queries.catalogue(hit.dataset).type_field or "")
        pinned = visit.service.link(f"/datasets/{hit.dataset}/records/{hit.record}?release={state.release}")
        cells = (hit.dataset_title, state.title, state.part or "", kind if isinstance(kind, str) else "")
        rows.append((*map(disarmed, cells), state.effective_from.isoformat(), str(state.release), pinned))
    return rows


async def _csv(headings: Row, pages: Rows) -> bytes:
    target = io.BytesIO(b"\xef\xbb\xbf")
    target.seek(0, io.SEEK_END)
    text = io.TextIOWrapper(target, encoding="utf-8", errors="replace", newline="")
    writer = csv.writer(text)
    writer.writerow(headings)
    async for rows in pages:
        writer.writerows(rows)
    text.flush()
    return target.getvalue()


async def _xlsx(headings: Row, pages: Rows) -> bytes:
    target = io.BytesIO()
    # Rows go to a file beside, one by one; the library would hold every cell.
    options = {"constant_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
    book = xlsxwriter.Workbook(target, options)
    # Not the present: the same search gives the same bytes, as its ETag says.
    book.set_properties({"created": datetime(1980, 1, 1, tzinfo=UTC)})
    sheets = _Sheets(book, headings)
    try:
        async for rows in pages:
            await sync_to_thread(sheets.add, rows)
        sheets.finish()
    finally:  # nothing is left beside
        await sync_to_thread(book.close)
    return target.getvalue()


class _Sheets:
    """One sheet, and more where there are more rows than Excel takes."""

    def __init__(self, book: xlsxwriter.Workbook, headings: Row) -> None:
        self._book, self._headings = book, headings
        self._begin()

    def _begin(self) -> None:
        count = len(self._book.worksheets())
        self._sheet = self._book.add_worksheet(f"检索结果{count + 1 if count else ''}")
        self._sheet.freeze_panes(1, 0)
        self._sheet.set_column(0, 1, 36)
        self._sheet.set_column(2, 5, 14)
        self._sheet.set_column(6, 6, 60)
        self._next = 0
        self._write(self._headings)

    def _write(self, row: Row) -> None:
        for x, cell in enumerate(row):
            self._sheet.write_string(self._next, x, cell[:_LONGEST])
        self._next += 1

    def add(self, rows: Sequence[Row]) -> None:
        for row in rows:
            if self._next == _ROWS:
                self.finish()
                self._begin()
            self._write(row)

    def finish(self) -> None:
        self._sheet.autofilter(0, 0, max(self._next - 1, 1), len(self._headings) - 1)

"""The results of a search as a file: every one of them, however many pages they fill."""

from __future__ import annotations

import csv
import io
from collections.abc import AsyncIterator, Callable, Iterable, Sequence
from datetime import UTC, datetime
from urllib.parse import urlencode, urlsplit

import xlsxwriter
from litestar.concurrency import sync_to_thread

from publisher.api import search as api
from publisher.api import searched
from publisher.api.downloads import disposition
from publisher.api.routing import AsyncReply, Call
from publisher.exports.cells import disarmed
from publisher.pages.visit import Visit
from publisher.store.model import View

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

type Row = tuple[str, ...]


async def as_csv(visit: Visit) -> AsyncReply:
    return await _taken(visit, "csv", _csv)


async def as_xlsx(visit: Visit) -> AsyncReply:
    return await _taken(visit, "xlsx", _xlsx)


async def _taken(visit: Visit, suffix: str, write: Callable[[Sequence[Row]], bytes]) -> AsyncReply:
    """Raises as the search does. What is asked for is all: no page and no excerpt."""
    pairs = visit.besides("cursor", "limit", "facets", "explain")
    call = Call({}, urlencode([*pairs, ("limit", str(api.MAX_HITS)), *visit.clocks]).encode(), "/search")
    first = await api.search.handle(visit.service, call)
    name = disposition(f"检索 {' '.join(visit.values('q'))[:80]}.{suffix}", f"search.{suffix}")

    async def build() -> bytes:
        rows = [tuple(visit.t(*heading) for heading in _HEADINGS)]
        async for found in _pages(visit, call, first):
            rows += await sync_to_thread(_rows, visit, found.hits)
        return await sync_to_thread(write, rows)

    return AsyncReply(first.validity, build, {"content-disposition": name})


async def _pages(visit: Visit, call: Call, reply: AsyncReply) -> AsyncIterator[searched.Found]:
    while True:
        found: searched.Found = await reply.build()
        yield found
        if found.links.next is None:
            return
        call = Call(call.path, urlsplit(found.links.next).query.encode(), call.address)
        reply = await api.search.handle(visit.service, call)


def _rows(visit: Visit, hits: Iterable[searched.Hit]) -> list[Row]:
    store = visit.service.store
    rows: list[Row] = []
    for hit in hits:
        state = store.record(hit.dataset, hit.record, View(as_of=visit.today(), known_at=visit.view.known_at))
        kind = state.content.get(store.catalogue(hit.dataset).type_field or "")
        pinned = visit.service.link(f"/datasets/{hit.dataset}/records/{hit.record}?release={state.release}")
        cells = (hit.dataset_title, state.title, state.part or "", kind if isinstance(kind, str) else "")
        rows.append((*map(disarmed, cells), state.effective_from.isoformat(), str(state.release), pinned))
    return rows


def _csv(rows: Sequence[Row]) -> bytes:
    text = io.StringIO(newline="")
    csv.writer(text).writerows(rows)
    return b"\xef\xbb\xbf" + text.getvalue().encode("utf-8", "replace")


def _xlsx(rows: Sequence[Row]) -> bytes:
    target = io.BytesIO()
    options = {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
    with xlsxwriter.Workbook(target, options) as book:
        # Not the present: the same search gives the same bytes, as its ETag says.
        book.set_properties({"created": datetime(1980, 1, 1, tzinfo=UTC)})
        sheet = book.add_worksheet("检索结果")
        sheet.freeze_panes(1, 0)
        sheet.set_column(0, 1, 36)
        sheet.set_column(2, 5, 14)
        sheet.set_column(6, 6, 60)
        for y, row in enumerate(rows):
            for x, cell in enumerate(row):
                sheet.write_string(y, x, cell[:_LONGEST])
        sheet.autofilter(0, 0, max(len(rows) - 1, 1), len(_HEADINGS) - 1)
    return target.getvalue()

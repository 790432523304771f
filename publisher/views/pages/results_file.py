"""All results of a search as a CSV or XLSX file."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace

from litestar.concurrency import sync_to_thread

from publisher.log.model import View
from publisher.views.api.routes import search as api
from publisher.views.api.search_parameters import MAX_HITS
from publisher.views.api.search_scope import SearchScope
from publisher.views.pages.printing import labels
from publisher.views.pages.printing.page_request import Visit
from publisher.views.pages.printing.table_file import Row, Rows, write_csv, write_xlsx
from publisher.web.range_download import disposition
from publisher.web.route import AsyncReply
from search.contract import Hit

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
    query = replace(whole.parse_query(searchable.grammar(), clocks=True), limit=MAX_HITS)
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

"""All results of a search as a CSV or XLSX file."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from msgspec import structs

from publisher.log.model import View
from publisher.views.api.routes import search as api
from publisher.views.api.search_parameters import MAX_HITS
from publisher.views.api.search_scope import SearchScope
from publisher.views.pages.printing import labels
from publisher.views.pages.printing.page_request import Visit
from publisher.views.pages.printing.table_file import Batches, FileHandler, ListFile, Row
from publisher.web.route import AsyncReply
from schemas.words import STATUSES
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


def results_as(suffix: str) -> FileHandler:
    """Make the function that serves all results of a search as a file, without paging and excerpts."""

    async def serve(visit: Visit) -> AsyncReply:
        service = visit.service
        searchable = await api.read_searchable(service)
        whole = replace(visit, pairs=visit.pairs_without("cursor", "limit", "facets", "explain"))
        params = structs.replace(whole.parse_query(searchable.grammar(), clocks=True), limit=MAX_HITS)
        query = await api.make_search(service, searchable, params)

        async def batches() -> Batches[Hit]:
            page = await query.fetch_page(service)
            if page.missing is not None:  # its hits are only near what was searched for
                return
            yield page.page.hits
            while page.next_cursor is not None:
                later = await api.make_search(
                    service, searchable, structs.replace(params, cursor=page.next_cursor)
                )
                page = await later.fetch_page(service)
                yield page.page.hits

        file = ListFile(
            title=f"{visit.t('搜索', 'Search')} {' '.join(visit.values('q'))[:80]}",
            name="search",
            validity=query.validity,
            headings=_HEADINGS,
            batches=batches,
            rows=lambda hits: _rows(visit, query.view, searchable.scope, hits),
            sheet=visit.t("搜索结果", "Results"),
        )
        return file.reply(visit, suffix)

    return serve


def _rows(visit: Visit, view: View, scope: SearchScope, hits: Sequence[Hit]) -> list[Row]:
    """Return the rows of hits in the state that was searched."""
    log = visit.service.log
    states = log.queries.states([hit.record for hit in hits], view)
    rows: list[Row] = []
    for hit in hits:
        if (state := states.get(hit.record)) is None:  # the log has changed since the search
            continue
        kind = state.content.get(visit.service.catalogue(hit.dataset, state.release).type_field or "")
        title = scope.datasets.get(hit.dataset, hit.dataset)
        pinned = visit.service.link(f"/datasets/{hit.dataset}/records/{hit.record}?release={state.release}")
        cells = (title, state.title, state.part or "", kind if isinstance(kind, str) else "")
        status = labels.word_for(visit, STATUSES, state.status)
        rows.append((*cells, state.effective_from.isoformat(), str(state.release), pinned, status))
    return rows

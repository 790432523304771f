"""All results of a search as a CSV or XLSX file."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from msgspec import structs

from publisher.log.model import Dataset, View
from publisher.views.api.routes import search as api
from publisher.views.api.search_parameters import MAX_HITS
from publisher.views.pages.printing import field_html, labels
from publisher.views.pages.printing.page_request import Visit, run_read
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
        datasets = {one.name: one for one in await run_read(service, service.log.datasets.all)}

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
            validity=query.validity.extended(tuple(datasets.values()), None),
            headings=_HEADINGS,
            batches=batches,
            rows=lambda hits: _rows(visit, query.view, datasets, hits),
            sheet=visit.t("搜索结果", "Results"),
        )
        return file.reply(visit, suffix)

    return serve


def _rows(visit: Visit, view: View, datasets: Mapping[str, Dataset], hits: Sequence[Hit]) -> list[Row]:
    """Return the rows of hits in the state that was searched."""
    log = visit.service.log
    states = log.queries.states([hit.record for hit in hits], view)
    rows: list[Row] = []
    for hit in hits:
        if (state := states.get(hit.record)) is None:  # the log has changed since the search
            continue
        catalogue = visit.service.catalogue(hit.dataset, state.release)
        kind = catalogue.by_name.get(catalogue.type_field or "")
        dataset = datasets.get(hit.dataset)
        pinned = visit.service.link(f"/datasets/{hit.dataset}/records/{hit.record}?release={state.release}")
        cells = (
            visit.title_of(dataset) if dataset else hit.dataset,
            state.title,
            state.part or "",
            field_html.format_text(visit, kind, state.content.get(kind.name)) if kind else "",
        )
        status = labels.word_for(visit, STATUSES, state.status)
        rows.append((*cells, state.effective_from.isoformat(), str(state.release), pinned, status))
    return rows

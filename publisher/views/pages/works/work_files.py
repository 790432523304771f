"""The works and the effects that their lists have, of all pages, as CSV, XLSX and JSON Lines."""

from __future__ import annotations

from urllib.parse import quote

from litestar.concurrency import sync_to_thread
from msgspec import structs

from publisher.log.graph.passage_query import PublishedEffect
from publisher.log.graph.work_query import Work
from publisher.views.api.routes import works as api
from publisher.views.pages.printing import labels
from publisher.views.pages.printing.page_request import Visit
from publisher.views.pages.printing.table_file import Batches, FileHandler, ListFile, Row
from publisher.views.pages.works import work_list
from publisher.web.query_parameters import MAX_LIMIT
from publisher.web.route import AsyncReply
from schemas.words import BOOLEANS, EFFECTS, WORK_KINDS

_WORKS = (
    ("标识", "Key"),
    ("名称", "Title"),
    ("种类", "Kind"),
    ("本站收录", "In a list here"),
    ("引用它的条目", "Cited by"),
    ("地址", "Address"),
)
_EFFECTS = (
    ("作用", "Effect"),
    ("文件", "Work"),
    ("对象", "Concerns"),
    ("条", "Article"),
    ("生效日期", "Effective day"),
    ("写明此事的条目", "Record that says so"),
    ("原文", "Text"),
    ("地址", "Address"),
)


def works_as(suffix: str) -> FileHandler:
    """Make the function that serves the works of the list as a file."""

    async def serve(visit: Visit) -> AsyncReply:
        query, _ = await sync_to_thread(api.work_query, visit.service, visit.parse_list(api.WORKS_GRAMMAR))
        validity = await sync_to_thread(api.validity, visit.service, query.view)

        async def batches() -> Batches[Work]:
            after: str | None = ""
            while after is not None:
                own = structs.replace(query, limit=MAX_LIMIT, after=after)
                page = await sync_to_thread(visit.service.log.graph.works, own)
                after = page.after
                yield page.works

        file = ListFile(
            title=visit.t(*work_list.TITLE),
            name="works",
            validity=validity,
            headings=_WORKS,
            batches=batches,
            rows=lambda batch: (_work_row(visit, one) for one in batch),
            answers=lambda batch: (api.work_answer(visit.service, one) for one in batch),
        )
        return file.reply(visit, suffix)

    return serve


def effects_as(suffix: str) -> FileHandler:
    """Make the function that serves the effects of ``/v1/effects`` as a file."""

    async def serve(visit: Visit) -> AsyncReply:
        params = visit.parse_list(api.EFFECTS_GRAMMAR)
        listing = await sync_to_thread(api.make_listing, visit.service, params, "effects", api.EFFECTS)

        async def batches() -> Batches[PublishedEffect]:
            own = structs.replace(listing.query, limit=MAX_LIMIT)
            while True:
                page = await sync_to_thread(visit.service.log.graph.effects, own)
                yield page.passages
                if page.after is None:
                    return
                own = structs.replace(own, after=page.after)

        file = ListFile(
            title=visit.t("文件的作用", "Effects of works"),
            name="effects",
            validity=listing.validity,
            headings=_EFFECTS,
            batches=batches,
            rows=lambda batch: (_effect_row(visit, one) for one in batch),
            answers=lambda batch: (api.effect_answer(visit.service, one) for one in batch),
        )
        return file.reply(visit, suffix)

    return serve


def _work_row(visit: Visit, one: Work) -> Row:
    return (
        one.key,
        one.title,
        labels.word_for(visit, WORK_KINDS, one.kind),
        visit.t(*BOOLEANS["true" if one.records else "false"]),
        str(one.citing),
        visit.service.link(f"/works/{quote(one.key)}"),
    )


def _effect_row(visit: Visit, one: PublishedEffect) -> Row:
    passage = one.passage
    return (
        labels.word_for(visit, EFFECTS, one.kind),
        one.source,
        one.target or "",
        str(one.article or ""),
        one.day.isoformat() if one.day else "",
        passage.title,
        passage.text,
        visit.service.link(f"/datasets/{passage.dataset}/records/{passage.record}"),
    )

"""The works and the effects that their lists have, of all pages, as CSV, XLSX and JSON Lines."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from dataclasses import replace

import msgspec
from litestar.concurrency import sync_to_thread

from publisher.log.graph.statement_query import PublishedEffect
from publisher.log.graph.work_query import Work
from publisher.views.api.routes import works as api
from publisher.views.pages.printing import labels
from publisher.views.pages.printing.page_request import Visit
from publisher.views.pages.results_file import Row, Rows, write_csv, write_xlsx
from publisher.web.conditional_requests import Validity
from publisher.web.query_parameters import MAX_LIMIT
from publisher.web.range_download import disposition
from publisher.web.route import AsyncReply

JSON_LINES = "application/jsonl; charset=utf-8"
FILES = (("XLSX", "xlsx"), ("CSV", "csv"), ("JSON Lines", "jsonl"))
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

type Batches[T] = AsyncIterator[Sequence[T]]
type Download = Callable[[Visit], Awaitable[AsyncReply]]


def works_as(suffix: str) -> Download:
    """Make the function that serves the works of the list as a file."""

    async def serve(visit: Visit) -> AsyncReply:
        query, _ = await sync_to_thread(api.work_query, visit.service, visit.parse_list(api.WORKS))
        validity = await sync_to_thread(api.validity, visit.service, query.view)

        async def batches() -> Batches[Work]:
            after: str | None = ""
            while after is not None:
                own = replace(query, limit=MAX_LIMIT, after=after)
                page = await sync_to_thread(visit.service.log.graph.works, own)
                after = page.after
                yield page.works

        return await _reply(
            *(visit, suffix, validity, batches, ("法规文件", "works"), _WORKS),
            lambda one: _work_row(visit, one),
            lambda one: api.work_answer(visit.service, one),
        )

    return serve


def effects_as(suffix: str) -> Download:
    """Make the function that serves the effects of ``/v1/effects`` as a file."""

    async def serve(visit: Visit) -> AsyncReply:
        params = visit.parse_list(api.EFFECTS_GRAMMAR)
        listing = await sync_to_thread(api.make_listing, visit.service, params, "effects", api.EFFECTS)

        async def batches() -> Batches[PublishedEffect]:
            own = replace(listing.query, limit=MAX_LIMIT)
            while True:
                page = await sync_to_thread(visit.service.log.graph.effects, own)
                yield page.statements
                if page.after is None:
                    return
                own = replace(own, after=page.after)

        return await _reply(
            *(visit, suffix, listing.validity, batches, ("文件的作用", "effects"), _EFFECTS),
            lambda one: _effect_row(visit, one),
            lambda one: api.effect_answer(visit.service, one),
        )

    return serve


async def _reply[T](
    visit: Visit,
    suffix: str,
    validity: Validity,
    batches: Callable[[], Batches[T]],
    title: tuple[str, str],
    headings: Sequence[tuple[str, str]],
    row: Callable[[T], Row],
    answer: Callable[[T], object],
) -> AsyncReply:
    """Build the file of a list. ``title``: its name in Chinese and in ASCII."""

    def encode(batch: Sequence[T]) -> bytes:
        return b"".join(msgspec.json.encode(answer(one)) + b"\n" for one in batch)

    def rows_of(batch: Sequence[T]) -> list[Row]:
        return [row(one) for one in batch]

    async def rows() -> Rows:
        async for batch in batches():
            yield await sync_to_thread(rows_of, batch)

    async def build() -> bytes:
        names = tuple(visit.t(*heading) for heading in headings)
        if suffix == "jsonl":
            return b"".join([await sync_to_thread(encode, batch) async for batch in batches()])
        return await (write_csv(names, rows()) if suffix == "csv" else write_xlsx(names, rows(), title[0]))

    file = disposition(f"{title[0]}.{suffix}", f"{title[1]}.{suffix}")
    return AsyncReply(validity, build, {"content-disposition": file})


def _work_row(visit: Visit, one: Work) -> Row:
    return (
        one.key,
        one.title,
        labels.word_for(visit, labels.WORK_KINDS, one.kind),
        visit.t("是", "yes") if one.records else visit.t("否", "no"),
        str(one.citing),
        visit.service.link(f"/works/{one.key}"),
    )


def _effect_row(visit: Visit, one: PublishedEffect) -> Row:
    saying = one.saying
    return (
        labels.word_for(visit, labels.EFFECTS, one.kind),
        one.source,
        one.target or "",
        str(one.article or ""),
        one.day.isoformat() if one.day else "",
        saying.title,
        saying.text,
        visit.service.link(f"/datasets/{saying.dataset}/records/{saying.record}"),
    )

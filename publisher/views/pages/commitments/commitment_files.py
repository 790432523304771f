"""The commitments that the list shows, of all its pages: as CSV, XLSX and calendar; changes as a feed."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from dataclasses import replace
from typing import Any

from litestar.concurrency import sync_to_thread

from publisher.log.commitments.commitment_query import CommitmentQuery, PublishedCommitment
from publisher.views.api.routes.commitments import commitment_list as api
from publisher.views.pages.commitments import commitment_list
from publisher.views.pages.printing.feed_reply import feed_reply
from publisher.views.pages.printing.page_request import Visit
from publisher.views.pages.results_file import Row, Rows, write_csv, write_xlsx
from publisher.views.syndication.calendar import write_calendar
from publisher.views.syndication.commitment_feed import ENTRIES, render_commitment_feed
from publisher.views.syndication.scope import Form
from publisher.web.query_parameters import MAX_LIMIT
from publisher.web.range_download import disposition
from publisher.web.route import AsyncReply

_HEADINGS = (
    ("任务", "Task"),
    ("文号", "Plan"),
    ("部分", "Section"),
    ("条款", "Clause"),
    ("牵头单位", "Lead body"),
    ("责任单位", "Responsible bodies"),
    ("完成时限", "Deadline"),
    ("最迟完成日期", "Due on"),
    ("成果形式", "Form of result"),
    ("状态（推算）", "Status (derived)"),
    ("佐证成立日期", "Evidence holds since"),
    ("各方说明", "Statements"),
    ("说明不一", "Disputed"),
    ("地址", "Address"),
)
_FIELDS = ("plan", "section", "clause", "lead", "responsible")


async def as_csv(visit: Visit) -> AsyncReply:
    return await _write_table(visit, "csv", write_csv)


async def as_xlsx(visit: Visit) -> AsyncReply:
    title = visit.t(*commitment_list.TITLE)
    return await _write_table(visit, "xlsx", lambda headings, rows: write_xlsx(headings, rows, title))


async def as_calendar(visit: Visit) -> AsyncReply:
    listing = await sync_to_thread(_listing, visit)
    log = visit.service.log

    async def build() -> bytes:
        commitments = [one async for batch in _batches(visit, listing.query) for one in batch]
        revised = await sync_to_thread(log.commitments.moves, commitments, listing.query.view)
        bodies = "、".join(listing.query.bodies)
        title = f"{bodies}：工作任务" if bodies else "工作任务"
        return await sync_to_thread(write_calendar, log.datasets.site(), commitments, revised, title=title)

    return AsyncReply(listing.validity, build, {"content-disposition": _disposition(visit, "ics")})


def as_feed(form: Form) -> Callable[[Visit], Awaitable[AsyncReply]]:
    """Make the function that serves the newest changes of statuses as a feed."""

    async def serve(visit: Visit) -> AsyncReply:
        listing = await sync_to_thread(_listing, visit)

        def render() -> bytes:
            log = visit.service.log
            changes = log.commitments.changes(replace(listing.query, limit=ENTRIES))
            return render_commitment_feed(log, form, changes, query=visit.own_query)

        return await feed_reply(visit, listing.validity, render)

    return serve


def _listing(visit: Visit) -> api.CommitmentListing:
    """Raises the same errors as the list."""
    return api.make_listing(visit.service, visit.parse_list(api.GRAMMAR))


async def _write_table(
    visit: Visit, suffix: str, write: Callable[[Row, Rows], Awaitable[bytes]]
) -> AsyncReply:
    listing = await sync_to_thread(_listing, visit)

    async def rows() -> Rows:
        async for batch in _batches(visit, listing.query):
            yield [_row(visit, one) for one in batch]

    async def build() -> bytes:
        return await write(tuple(visit.t(*heading) for heading in _HEADINGS), rows())

    return AsyncReply(listing.validity, build, {"content-disposition": _disposition(visit, suffix)})


async def _batches(visit: Visit, query: CommitmentQuery) -> AsyncIterator[Sequence[PublishedCommitment]]:
    page = await sync_to_thread(visit.service.log.commitments.page, replace(query, limit=MAX_LIMIT))
    yield page.commitments
    while page.after is not None:
        later = replace(query, limit=MAX_LIMIT, after=page.after)
        page = await sync_to_thread(visit.service.log.commitments.page, later)
        yield page.commitments


def _row(visit: Visit, one: PublishedCommitment) -> Row:
    said = [f"{s.stated_on} {s.judge}（{s.role}）：{s.progress} {s.note}".rstrip() for s in one.statements]
    return (
        one.title,
        *(str(one.content.get(name, "")) for name in _FIELDS),
        commitment_list.deadline_of(visit, one),
        one.due.isoformat() if one.due else "",
        str(one.content.get("result", "")),
        commitment_list.word_of(visit, one.status),
        one.done_on.isoformat() if one.done_on else "",
        "\n".join(said),
        visit.t("是", "yes") if one.is_disputed else "",
        visit.service.link(f"/commitments/{one.id}"),
    )


def _disposition(visit: Visit, suffix: str) -> Any:
    return disposition(f"{visit.t(*commitment_list.TITLE)}.{suffix}", f"commitments.{suffix}")

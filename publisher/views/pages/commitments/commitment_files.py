"""The commitments that the list shows, of all its pages: as CSV, XLSX and calendar; changes as a feed."""

from __future__ import annotations

from pathlib import Path

from litestar.concurrency import sync_to_thread
from msgspec import structs

from publisher.log.commitments.commitment_query import PublishedCommitment
from publisher.views.api.routes.commitments import commitment_list as api
from publisher.views.pages.commitments import commitment_list
from publisher.views.pages.printing import page_request
from publisher.views.pages.printing.feed_reply import feed_reply
from publisher.views.pages.printing.page_request import Visit
from publisher.views.pages.printing.table_file import FileHandler, ListFile, Row, read_batches
from publisher.views.syndication.commitment_feed import ENTRIES, render_commitment_feed
from publisher.views.syndication.scope import Form
from publisher.web.file_cache import FileKey
from publisher.web.range_download import disposition
from publisher.web.route import AsyncReply, Call, FileReply
from publisher.web.service import Service
from schemas.words import BOOLEANS

MEDIA = "text/calendar; charset=utf-8"
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


def commitments_as(suffix: str) -> FileHandler:
    """Make the function that serves the commitments of the list as a table."""

    async def serve(visit: Visit) -> AsyncReply:
        listing = await sync_to_thread(_listing, visit)
        file = ListFile(
            title=visit.t(*commitment_list.TITLE),
            name="commitments",
            validity=listing.validity,
            headings=_HEADINGS,
            batches=lambda: read_batches(visit.service.log.commitments.all(listing.query)),
            rows=lambda batch: (_row(visit, one) for one in batch),
        )
        return file.reply(visit, suffix)

    return serve


def calendar_file(service: Service, call: Call) -> FileReply:
    """Serve the deadlines of the list as a calendar, which is generated once for a state."""
    visit = page_request.parse_visit(service, call)
    listing = _listing(visit)
    title = visit.t(*commitment_list.TITLE)

    def write(path: Path) -> None:
        from publisher.views.syndication.calendar import write_calendar  # noqa: PLC0415 -- a start does not need it

        bodies, log = "、".join(listing.query.bodies), service.log
        commitments = [one for batch in log.commitments.all(listing.query) for one in batch]
        moves = log.commitments.moves(commitments, listing.query.view)
        name = f"{bodies}：工作任务" if bodies else "工作任务"
        path.write_bytes(write_calendar(log.datasets.site(), commitments, moves, title=name))

    return FileReply(
        validity=listing.validity,
        key=FileKey(("commitments", listing.digest, service.site.base, *listing.validity.tokens), "ics"),
        write=write,
        compressible=True,
        headers={
            "content-type": MEDIA,
            "content-disposition": disposition(f"{title}.ics", "commitments.ics"),
        },
    )


def as_feed(form: Form) -> FileHandler:
    """Make the function that serves the newest changes of statuses as a feed."""

    async def serve(visit: Visit) -> AsyncReply:
        listing = await sync_to_thread(_listing, visit)

        def render() -> bytes:
            log = visit.service.log
            changes = log.commitments.changes(structs.replace(listing.query, limit=ENTRIES))
            return render_commitment_feed(log, form, changes, query=visit.own_query)

        return await feed_reply(visit, listing.validity, render)

    return serve


def _listing(visit: Visit) -> api.CommitmentListing:
    """Describe the list of the request. Raises the same errors as the list."""
    return api.make_listing(visit.service, visit.parse_list(api.GRAMMAR))


def _row(visit: Visit, one: PublishedCommitment) -> Row:
    statements = [
        f"{s.stated_on} {s.judge}{visit.t(f'（{s.role}）：', f' ({s.role}): ')}{s.progress} {s.note}".rstrip()
        for s in one.statements
    ]
    return (
        one.title,
        *(str(one.content.get(name, "")) for name in _FIELDS),
        commitment_list.deadline_of(visit, one),
        one.due.isoformat() if one.due else "",
        str(one.content.get("result", "")),
        commitment_list.word_of(visit, one.status),
        one.done_on.isoformat() if one.done_on else "",
        "\n".join(statements),
        visit.t(*BOOLEANS["true"]) if one.is_disputed else "",
        visit.service.link(f"/commitments/{one.id}"),
    )

"""The findings that the list shows, of all its pages, as CSV, XLSX and JSON Lines; the latest as a feed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from litestar.concurrency import sync_to_thread
from msgspec import structs

from publisher.log.findings.finding_query import STATUSES, PublishedFinding
from publisher.log.model import Dataset
from publisher.views.api.routes import findings as api
from publisher.views.pages.findings import finding_list
from publisher.views.pages.printing import labels
from publisher.views.pages.printing.feed_reply import feed_reply
from publisher.views.pages.printing.page_request import Visit
from publisher.views.pages.printing.table_file import FileHandler, ListFile, Row, read_batches
from publisher.views.syndication.finding_feed import ENTRIES, render_finding_feed
from publisher.views.syndication.scope import Form
from publisher.web.route import AsyncReply
from schemas.words import FINDING_STATUSES, RESPONSES

_HEADINGS = (
    ("清单", "List"),
    ("条目", "Record"),
    ("报送部门", "Department"),
    ("待核问题", "Finding"),
    ("核对的规则", "Rule"),
    ("所引原文", "Cited texts"),
    ("把握", "Certainty"),
    ("状态", "Status"),
    ("成立日期", "Holds since"),
    ("回应", "Responses"),
    ("处理办法", "What to do"),
    ("地址", "Address"),
)


def findings_as(suffix: str) -> FileHandler:
    """Make the function that serves the findings of the list as a file."""

    async def serve(visit: Visit) -> AsyncReply:
        listing = await sync_to_thread(_listing, visit)
        datasets = {one.name: one for one in await sync_to_thread(visit.service.log.datasets.all)}
        titles = () if suffix == "jsonl" else tuple(datasets.values())
        file = ListFile(
            title=visit.t(*finding_list.TITLE),
            name="findings",
            validity=listing.validity.extended(titles, None) if titles else listing.validity,
            headings=_HEADINGS,
            batches=lambda: read_batches(visit.service.log.findings.all(listing.query)),
            rows=lambda batch: (_row(visit, one, datasets) for one in batch),
            answers=lambda batch: (api.finding_answer(visit.service, one) for one in batch),
        )
        return file.reply(visit, suffix)

    return serve


def as_feed(form: Form) -> FileHandler:
    """Make the function that serves the latest findings as a feed: begun, ended or responded to.

    With ``status``, only findings of that status.
    """

    async def serve(visit: Visit) -> AsyncReply:
        listing = await sync_to_thread(_listing, visit)

        def render() -> bytes:
            log = visit.service.log
            own = structs.replace(listing.query, limit=ENTRIES)
            statuses = (own.status,) if visit.values("status") else STATUSES
            findings = log.findings.list_latest(own, statuses)
            names = visit.values("dataset")
            title = next((one.title for one in log.datasets.all() if names == (one.name,)), "")
            return render_finding_feed(log, form, findings, query=visit.own_query, title=title)

        return await feed_reply(visit, listing.validity, render)

    return serve


def _listing(visit: Visit) -> api.FindingListing:
    """Describe the list of the request. Raises the same errors as the list."""
    return api.make_listing(visit.service, visit.parse_list(api.GRAMMAR))


def _row(visit: Visit, published: PublishedFinding, datasets: Mapping[str, Dataset]) -> Row:
    one, link = published.finding, finding_list.link(visit, published, datasets)
    return (
        link.dataset,
        published.title,
        published.part or "",
        link.message,
        visit.t(one.because_zh, one.because_en),
        "\n".join(dict.fromkeys(cite.text for cite in one.cites)),
        link.severity,
        labels.word_for(visit, FINDING_STATUSES, published.status),
        published.effective_from.isoformat(),
        "\n".join(_responses(visit, published)) or link.handling,
        visit.t(one.way_out_zh, one.way_out_en),
        visit.service.link(f"/findings/{published.id}"),
    )


def _responses(visit: Visit, published: PublishedFinding) -> Iterator[str]:
    for one in published.responses:
        kind = labels.word_for(visit, RESPONSES, one.kind)
        yield f"{one.responded_on} {one.respondent} {kind}{visit.t('：', ': ')}{one.text}"

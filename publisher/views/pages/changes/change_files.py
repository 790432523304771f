"""The changes that the list shows, of all its pages, as CSV, XLSX and JSON Lines; the newest as a feed."""

from __future__ import annotations

from collections.abc import Iterator

from litestar.concurrency import sync_to_thread
from msgspec import structs

from publisher.log.changes.change_query import ChangeQuery, ListedChange
from publisher.log.clocks import day_at
from publisher.log.model import Change
from publisher.views.api.routes import change_list as api
from publisher.views.api.routes.change_list import ChangeListing
from publisher.views.pages.changes import change_list
from publisher.views.pages.printing import field_html
from publisher.views.pages.printing.feed_reply import feed_reply
from publisher.views.pages.printing.page_request import Visit
from publisher.views.pages.printing.table_file import Batches, Cell, FileHandler, ListFile, Row, cell_of
from publisher.views.syndication.change_list_feed import ENTRIES, render_change_list_feed
from publisher.views.syndication.entries import hidden_note
from publisher.views.syndication.scope import Form
from publisher.web.query_parameters import MAX_LIMIT
from publisher.web.route import AsyncReply

_HEADINGS = (
    ("清单", "List"),
    ("条目", "Record"),
    ("部门", "Body"),
    ("报送部门", "Department"),
    ("变化", "Change"),
    ("收费、时限", "Charge, limit"),
    ("字段", "Field"),
    ("原内容", "Before"),
    ("现内容", "After"),
    ("生效日期", "Effective day"),
    ("发布编号", "Release"),
    ("发布日期", "Published on"),
    ("理由", "Reason"),
    ("地址", "Address"),
)


def changes_as(suffix: str) -> FileHandler:
    """Make the function that serves the changes of the list as a file."""

    async def serve(visit: Visit) -> AsyncReply:
        listing = await sync_to_thread(_listing, visit)
        file = ListFile(
            title=visit.t(*change_list.TITLE),
            name="changes",
            validity=listing.validity,
            headings=_HEADINGS,
            batches=lambda: _batches(visit, listing.query),
            rows=lambda batch: (row for one in batch for row in _rows(visit, listing, one)),
            answers=lambda batch: api.change_answers(visit.service, listing, batch),
        )
        return file.reply(visit, suffix)

    return serve


def as_feed(form: Form) -> FileHandler:
    """Make the function that serves the newest changes of the list as a feed."""

    async def serve(visit: Visit) -> AsyncReply:
        listing = await sync_to_thread(_listing, visit)

        def render() -> bytes:
            log = visit.service.log
            newest = log.changes.newest(structs.replace(listing.query, limit=ENTRIES))
            return render_change_list_feed(log, form, [one.change for one in newest], query=visit.own_query)

        return await feed_reply(visit, listing.validity, render)

    return serve


def _listing(visit: Visit) -> ChangeListing:
    """Describe the list of the request. Raises the same errors as the list."""
    return api.make_listing(visit.service, visit.parse_list(api.GRAMMAR))


async def _batches(visit: Visit, query: ChangeQuery) -> Batches[ListedChange]:
    batch = await sync_to_thread(visit.service.log.changes.newest, structs.replace(query, limit=MAX_LIMIT))
    while batch:
        yield batch
        later = structs.replace(query, limit=MAX_LIMIT, before=batch[-1].change.sequence)
        batch = await sync_to_thread(visit.service.log.changes.newest, later)


def _rows(visit: Visit, listing: ChangeListing, one: ListedChange) -> Iterator[Row]:
    """Yield a row for each field that changed; one without a field if none did."""
    change, dataset = one.change, listing.datasets[one.change.dataset]
    separator = visit.t("、", ", ")
    head = (
        visit.title_of(dataset),
        change.title,
        separator.join(one.bodies),
        change.part or "",
        change_list.kind_word(visit, change.kind),
        separator.join(change_list.kind_word(visit, term) for term in one.directions),
    )
    tail = (
        change.effective_on.isoformat(),
        str(change.release),
        day_at(change.published_at).isoformat(),
        change.reason,
        visit.service.link(f"/datasets/{dataset.name}/records/{change.record}"),
    )
    fields = () if hidden_note(change) else tuple(_field_cells(visit, change))
    for cells in fields or (("", "", ""),):
        yield (*head, *cells, *tail)


def _field_cells(visit: Visit, own: Change) -> Iterator[tuple[str, Cell, Cell]]:
    catalogue = visit.service.catalogue_of_changes(own.dataset, own.release)
    for change in own.fields:
        field = catalogue.by_name.get(change.field)
        if field is None or not field.personal:
            before, after = (
                cell_of(field, field_html.format_text(visit, field, side))
                for side in (change.before, change.after)
            )
            yield field_html.title_of_changed(visit, field, change.field), before, after

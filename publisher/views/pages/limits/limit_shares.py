"""The page of the shares of items whose time limit became shorter or longer, and its files."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import msgspec
from litestar.concurrency import sync_to_thread

from publisher.log.limits.limit_shares import LimitCount
from publisher.log.limits.limit_steps import limit_fields
from publisher.views.api.answers import common
from publisher.views.api.routes import limits as api
from publisher.views.pages.printing import filters
from publisher.views.pages.printing.html_head import Head
from publisher.views.pages.printing.page_request import Visit
from publisher.views.pages.printing.table_file import Batches, FileHandler, ListFile, Row, link_files
from publisher.views.pages.printing.templates import HEADERS, Press
from publisher.web.route import AsyncReply, Reply
from schemas.words import FACETS

TITLE = ("时限变化", "Time limits")
_GROUPS = ("body", "type", "dataset")
_HEADINGS = (
    ("分组", "Group"),
    ("名称", "Name"),
    ("列有时限的条目", "Records with a limit"),
    ("时限缩短", "Shortened"),
    ("时限延长", "Lengthened"),
    ("缩短占比", "Share shortened"),
)


class ShareLine(msgspec.Struct, frozen=True):
    """One group in the reader's language."""

    title: str
    address: str
    """This page, narrowed to the group."""
    changes: str
    """The changes by which its limits became shorter; empty for a type, by which changes have no filter."""
    count: LimitCount


def limit_shares(press: Press, visit: Visit) -> Reply:
    service = visit.service
    listing = api.make_listing(service, visit.parse_query(api.SHARES, clocks=True))
    datasets = {one.name: one for one in service.log.datasets.all()}
    head = Head(visit.t(*TITLE), data=visit.link("/v1/limits", (*visit.pairs, *visit.clocks)))

    def build() -> bytes:
        shares = service.log.limits.shares(listing.query)
        return press.page(
            "limits.html",
            visit,
            head,
            total=shares.total,
            groups=[
                (visit.t(*FACETS[name]), [_line(visit, name, *one) for one in shares.groups[name]])
                for name in _GROUPS
            ],
            fields=[
                (title, visit.toggle_filter("field", name), name in listing.query.fields)
                for name, title in _titles(visit).items()
            ],
            chips=list(filters.chips(visit, list(_facets(visit)), datasets)),
            files=link_files(visit, "/limits", visit.pairs),
        )

    return Reply(listing.validity, build, HEADERS)


def _titles(visit: Visit) -> Mapping[str, str]:
    """Map the fields of limits of the site's lists to their titles."""
    titles: dict[str, str] = {}
    for dataset in visit.service.log.datasets.all():
        for field in limit_fields(visit.service.catalogue_in_view(dataset.name, visit.view)):
            titles.setdefault(field.name, visit.title_of(field))
    return titles


def _title_of_value(visit: Visit, group: str, value: str) -> str:
    if group != "dataset":
        return value
    own = visit.service.log.datasets.get(value)
    return visit.title_of(own)


def _line(visit: Visit, group: str, value: str, count: LimitCount) -> ShareLine:
    own = visit.pairs_without("field", "type", group)
    pairs = (*own, (group, value), ("kind", "limit-shortened"))
    changes = "" if group == "type" else visit.url("/changes", pairs)
    return ShareLine(_title_of_value(visit, group, value), visit.here(**{group: value}), changes, count)


def _facets(visit: Visit) -> Iterator[common.Facet]:
    """Yield a facet for each filter; the page lists the choices itself."""
    others = {"field": visit.t("时限", "Limit"), "division": visit.t("行政区划", "Area")}
    for name in ("field", "dataset", "body", "division", "type"):
        values = tuple(
            common.FacetValue(value=value, title=title, count=0)
            for value, title in (_titles(visit).items() if name == "field" else ())
        )
        yield common.Facet(field=name, title=others.get(name) or visit.t(*FACETS[name]), values=values)


type _Group = tuple[str, str, LimitCount]
"""Kind of group, its value, and its count."""


def shares_as(suffix: str) -> FileHandler:
    """Make the function that serves the groups of the page as a file, or as ``/v1/limits`` has them."""

    async def serve(visit: Visit) -> AsyncReply:
        listing = await sync_to_thread(_listing, visit)

        def groups() -> list[_Group]:
            shares = visit.service.log.limits.shares(listing.query).groups
            return [(name, *one) for name in _GROUPS for one in shares[name]]

        async def batches() -> Batches[_Group]:
            yield await sync_to_thread(groups)

        file = ListFile(
            title=visit.t(*TITLE),
            name="limits",
            validity=listing.validity,
            headings=_HEADINGS,
            batches=batches,
            rows=lambda batch: (_row(visit, *group) for group in batch),
            answers=lambda batch: (_answer(*group) for group in batch),
        )
        return file.reply(visit, suffix)

    return serve


def _row(visit: Visit, name: str, value: str, count: LimitCount) -> Row:
    return (visit.t(*FACETS[name]), _title_of_value(visit, name, value), *_cells(count))


def _answer(name: str, value: str, count: LimitCount) -> Mapping[str, object]:
    return {"group": name, **msgspec.to_builtins(api.count_answer(value, count))}


def _listing(visit: Visit) -> api.LimitListing:
    """Describe the shares of the request. Raises the same errors as the page."""
    return api.make_listing(visit.service, visit.parse_list(api.SHARES))


def _cells(count: LimitCount) -> Row:
    return (*map(str, (count.items, count.shortened, count.lengthened)), f"{count.share:.2%}")

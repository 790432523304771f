"""Feeds of a list of the whole site: their links, and the reply with one."""

from __future__ import annotations

from collections.abc import Callable

from litestar.concurrency import sync_to_thread

from publisher.views.pages.printing.page_request import Pairs, Visit, run_read
from publisher.views.syndication.formats import FEED_FORMATS
from publisher.web.conditional_requests import Validity
from publisher.web.route import AsyncReply


def link_feeds(visit: Visit, path: str, pairs: Pairs) -> list[tuple[str, str]]:
    """Return the title and the address of the feed in each format."""
    return [(one.title, visit.link(f"{path}.{form}", pairs)) for form, one in FEED_FORMATS.items()]


async def feed_reply(visit: Visit, validity: Validity, render: Callable[[], bytes]) -> AsyncReply:
    """Serve a feed, rendered in a thread. It also depends on the details of the site, its author."""
    site = await run_read(visit.service, visit.service.site_details)

    async def build() -> bytes:
        return await sync_to_thread(render)

    return AsyncReply(validity.extended(site.details, site.changed_at), build)

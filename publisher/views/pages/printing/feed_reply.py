"""Reply with the feed of a list of the whole site."""

from __future__ import annotations

from collections.abc import Callable

from litestar.concurrency import sync_to_thread

from publisher.views.pages.printing.page_request import Visit, run_read
from publisher.web.conditional_requests import Validity
from publisher.web.route import AsyncReply


async def feed_reply(visit: Visit, validity: Validity, render: Callable[[], bytes]) -> AsyncReply:
    """Serve a feed, rendered in a thread. It also depends on the details of the site, its author."""
    site = await run_read(visit.service, visit.service.site_details)

    async def build() -> bytes:
        return await sync_to_thread(render)

    return AsyncReply(validity.extended(site.details, site.changed_at), build)

"""The newest effects of works as a feed."""

from __future__ import annotations

from litestar.concurrency import sync_to_thread
from msgspec import structs

from publisher.views.api.routes import works as api
from publisher.views.pages.printing.feed_reply import feed_reply
from publisher.views.pages.printing.page_request import Visit
from publisher.views.pages.printing.table_file import FileHandler
from publisher.views.syndication.effect_feed import ENTRIES, render_effect_feed
from publisher.views.syndication.scope import Form
from publisher.web.route import AsyncReply


def as_feed(form: Form) -> FileHandler:
    """Make the function that serves the newest effects as a feed, with the filters of ``/v1/effects``."""

    async def serve(visit: Visit) -> AsyncReply:
        params = visit.parse_list(api.EFFECTS_GRAMMAR)
        listing = await sync_to_thread(api.make_listing, visit.service, params, "effects", api.EFFECTS)

        def render() -> bytes:
            log = visit.service.log
            page = log.graph.effects(structs.replace(listing.query, limit=ENTRIES))
            return render_effect_feed(log, form, page.passages, query=visit.own_query)

        return await feed_reply(visit, listing.validity, render)

    return serve

"""Sitemaps of a dataset's record pages, for web search engines."""

from __future__ import annotations

import re
from datetime import date
from itertools import islice

from publisher.log.clocks import day_at
from publisher.log.model import View
from publisher.views.api import requested_view
from publisher.views.discovery import sitemap_and_robots
from publisher.views.pages.printing.page_request import Visit
from publisher.views.pages.printing.templates import Press
from publisher.web.problems import ProblemError
from publisher.web.route import Reply

XML = "application/xml; charset=utf-8"


def render_record_sitemap(_: Press, visit: Visit) -> Reply:
    """Render the sitemap with the number in the path, of at most LARGEST records. robots.txt names all."""
    service = visit.service
    name = requested_view.dataset_name(visit.call)
    visit.refuse_parameters()
    number = visit.call.path["number"]
    if not re.fullmatch(r"[1-9][0-9]{0,5}", number):
        raise ProblemError("no-such-route")
    start = (int(number) - 1) * sitemap_and_robots.LARGEST
    home = service.link(f"/datasets/{name}/records")

    def build() -> bytes:
        published = {one.number: day_at(one.published_at) for one in service.log.queries.releases(name)}
        states = islice(
            service.log.queries.whole_state(name, View()), start, start + sitemap_and_robots.LARGEST
        )
        return sitemap_and_robots.sitemap(
            (f"{home}/{state.id}", max(date.fromordinal(state.effective_from), published[state.release]))
            for state in states
        )

    return Reply(requested_view.validity(service, name, View()), build)

"""The pages of a dataset's records, for search engines of the web."""

from __future__ import annotations

import re
from datetime import date
from itertools import islice

from publisher.api import reading
from publisher.api.parameters import Grammar
from publisher.api.problems import ProblemError
from publisher.api.routing import Call, Reply
from publisher.dcat import sitemap
from publisher.pages.press import Press
from publisher.pages.visit import Visit
from publisher.store.model import View

XML = "application/xml; charset=utf-8"
_PLAIN = Grammar()


def of_records(_: Press, visit: Visit) -> Reply:
    """The first, second … as many as one sitemap may hold; robots.txt names each."""
    service = visit.service
    name = reading.dataset_name(Call(visit.names, b"", ""))
    visit.asked(_PLAIN)
    if not re.fullmatch(r"[1-9][0-9]{0,5}", visit.names["number"]):
        raise ProblemError("no-such-route")
    start = (int(visit.names["number"]) - 1) * sitemap.LARGEST
    home = service.link(f"/datasets/{name}/records")

    def build() -> bytes:
        some = islice(service.store.stated(name, View()), start, start + sitemap.LARGEST)
        return sitemap.written((f"{home}/{one.id}", date.fromordinal(one.effective_from)) for one in some)

    return Reply(reading.validity(service, name, View()), build)

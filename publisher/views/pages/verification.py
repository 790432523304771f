"""The page with which people verify what was published, in the browser or with verify.py."""

from __future__ import annotations

from publisher.views.pages.printing.html_head import Head
from publisher.views.pages.printing.page_request import Visit
from publisher.views.pages.printing.templates import HEADERS, Press
from publisher.web.conditional_requests import Validity
from publisher.web.query_parameters import Grammar
from publisher.web.route import Reply

_GRAMMAR = Grammar(filters={"record": "string"})


def verification(press: Press, visit: Visit) -> Reply:
    """Render the page; ``record`` is the address of a record, or its path."""
    visit.parse_query(_GRAMMAR)
    service = visit.service
    note, keys = service.log.proofs.checkpoint(), service.log.keys.all()
    head = Head(
        title=visit.t("核验", "Verify"),
        description=visit.t(
            "自己核验本站公布过什么、何时公布、有没有改写，不必相信本站。",
            "Verify for yourself what this site published, when, and that it was not changed.",
        ),
    )

    def build() -> bytes:
        return press.page(
            "verification.html",
            visit,
            head,
            record="".join(visit.values("record")[:1]),
            base=service.site.base,
            note=note,
            key=keys[-1].key if keys else None,
        )

    return Reply(Validity((note, keys)), build, HEADERS)

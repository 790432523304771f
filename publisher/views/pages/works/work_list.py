"""The page of all works that lists cite, by key."""

from __future__ import annotations

from publisher.views.api.routes import works as api
from publisher.views.pages.printing import field_html, filters, labels, table_file
from publisher.views.pages.printing.html_head import Head
from publisher.views.pages.printing.page_request import Visit
from publisher.views.pages.printing.templates import HEADERS, Press
from publisher.web.route import Reply
from schemas.words import WORK_KINDS

PATH = "/works"
TITLE = ("法规文件", "Statutes and documents")


def work_list(press: Press, visit: Visit) -> Reply:
    service = visit.service
    params = visit.parse_query(api.WORKS_GRAMMAR, clocks=True)
    query, digest = api.work_query(service, params)
    own = visit.pairs_without("cursor", "limit")
    head = Head(visit.t(*TITLE), data=visit.link("/v1/works", (*own, *visit.clocks)))

    def build() -> bytes:
        page, cursor = api.work_page(service, query, digest)
        return press.page(
            "works.html",
            visit,
            head,
            total=page.total,
            files=table_file.link_files(visit, "/works", own),
            effects=table_file.link_files(visit, "/effects", ()),
            works=[
                (
                    field_html.work_address(visit, one.key),
                    one,
                    labels.word_for(visit, WORK_KINDS, one.kind),
                )
                for one in page.works
            ],
            contains=query.contains,
            kinds=WORK_KINDS,
            chosen=query.kinds,
            resolved=query.resolved,
            next_page=filters.next_page(visit, cursor),
        )

    return Reply(api.validity(service, params.view), build, HEADERS)

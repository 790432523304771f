"""Errors in the same dress: what went wrong, and the way on."""

from __future__ import annotations

from collections.abc import Mapping

from publisher.views.pages.printing import page_request as visits
from publisher.views.pages.printing.html_head import Head
from publisher.views.pages.printing.page_request import Visit
from publisher.views.pages.printing.templates import HEADERS, Press
from publisher.views.pages.record import GoneError
from publisher.web import problems
from publisher.web.conditional_requests import Validity
from publisher.web.litestar_adapter import Printed
from publisher.web.problems import ProblemError
from publisher.web.route import Reply
from publisher.web.service import Service


def printer(press: Press, service: Service) -> Printed:
    """For the edge, which answers with a page where a browser asks."""

    def printed(fault: ProblemError, path: str, query: bytes) -> tuple[bytes, Mapping[str, str]]:
        visit = visits.lenient(service, path, query)
        title = fault.tombstone.title if fault.tombstone else ""
        head = Head(title or visit.t(fault.kind.title, fault.kind.title_en), listed=False)
        told = {"kind": fault.kind, "detail": visit.t(fault.zh, fault.en), "errors": fault.errors}
        if isinstance(fault, GoneError):
            story = {"tombstone": fault.tombstone, "dataset": fault.dataset, "timeline": fault.timeline}
            return press.page("gone.html", visit, head, **told, **story), HEADERS
        return press.page("error.html", visit, head, **told, again=visit.here()), HEADERS

    return printed


def kind(press: Press, visit: Visit) -> Reply:
    """What the ``type`` of a problem leads to."""
    known = problems.BY_CODE.get(visit.call.path["code"])
    if known is None:
        raise ProblemError("no-such-route")
    head = Head(visit.t(known.title, known.title_en))
    return Reply(Validity((known,)), lambda: press.page("problem.html", visit, head, kind=known), HEADERS)

"""Errors in the same dress: what went wrong, and the way on."""

from __future__ import annotations

from collections.abc import Mapping

from publisher.api import problems
from publisher.api.conditional import Validity
from publisher.api.mounting import Printed
from publisher.api.problems import ProblemError
from publisher.api.routing import Reply, Service
from publisher.pages import visit as visits
from publisher.pages.head import Head
from publisher.pages.press import HEADERS, Press
from publisher.pages.records import GoneError
from publisher.pages.visit import Visit


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
    known = problems.BY_CODE.get(visit.names["code"])
    if known is None:
        raise ProblemError("no-such-route")
    head = Head(visit.t(known.title, known.title_en))
    return Reply(Validity((known,)), lambda: press.page("problem.html", visit, head, kind=known), HEADERS)

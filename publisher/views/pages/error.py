"""Errors in the same dress: what went wrong, and the way on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from publisher.views.pages.printing import page_request as visits
from publisher.views.pages.printing.html_head import Head
from publisher.views.pages.printing.page_request import Visit
from publisher.views.pages.printing.templates import HEADERS, Press
from publisher.views.pages.record import GoneError
from publisher.web import problems
from publisher.web.conditional_requests import Validity
from publisher.web.litestar_adapter import ProblemPage
from publisher.web.problems import Fault, ProblemError
from publisher.web.route import Reply
from publisher.web.service import Service


def printer(press: Press, service: Service) -> ProblemPage:
    """For the edge, which answers with a page where a browser asks."""

    def printed(fault: ProblemError, path: str, query: bytes) -> tuple[bytes, Mapping[str, str]]:
        visit = visits.lenient(service, path, query)
        title = fault.tombstone.title if fault.tombstone else ""
        head = Head(title or visit.t(fault.kind.title, fault.kind.title_en), listed=False)
        told = {"kind": fault.kind, "detail": visit.t(fault.zh, fault.en), "errors": _faults(visit, fault)}
        if isinstance(fault, GoneError):
            story = {"tombstone": fault.tombstone, "dataset": fault.dataset, "timeline": fault.timeline}
            return press.page("gone.html", visit, head, **told, **story), HEADERS
        return press.page("error.html", visit, head, **told, again=visit.here()), HEADERS

    return printed


def _faults(visit: Visit, problem: ProblemError) -> Sequence[tuple[Fault, str]]:
    """Each with the address that names the nearest known parameter in place of an unknown one."""
    return [(fault, _mended(visit, fault) if fault.code == "unknown" else "") for fault in problem.errors]


def _mended(visit: Visit, fault: Fault) -> str:
    if not fault.nearest or fault.parameter not in dict(visit.pairs):
        return ""
    pairs = [(fault.nearest if name == fault.parameter else name, value) for name, value in visit.pairs]
    return visit.url(visit.path, pairs)


def kind(press: Press, visit: Visit) -> Reply:
    """What the ``type`` of a problem leads to."""
    known = problems.BY_CODE.get(visit.call.path["code"])
    if known is None:
        raise ProblemError("no-such-route")
    head = Head(visit.t(known.title, known.title_en))
    return Reply(Validity((known,)), lambda: press.page("problem.html", visit, head, kind=known), HEADERS)

"""Error pages, and the pages that describe kinds of problems."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from publisher.views.pages.printing import page_request
from publisher.views.pages.printing.html_head import Head
from publisher.views.pages.printing.page_request import Visit
from publisher.views.pages.printing.templates import HEADERS, Press
from publisher.views.pages.record import GoneError
from publisher.web import problems
from publisher.web.conditional_requests import Validity
from publisher.web.error_responses import ProblemPage
from publisher.web.problems import Fault, ProblemError
from publisher.web.route import Reply
from publisher.web.service import Service


def make_problem_page(press: Press, service: Service) -> ProblemPage:
    """Make the function that renders an error for a browser, called at the edge."""

    def render(problem: ProblemError, path: str, query: bytes) -> tuple[bytes, Mapping[str, str]]:
        visit = page_request.parse_visit_leniently(service, path, query)
        title = problem.tombstone.title if problem.tombstone else ""
        head = Head(title or visit.title_of(problem.kind), indexable=False)
        variables = {
            "kind": problem.kind,
            "detail": visit.t(problem.zh, problem.en),
            "errors": _faults(visit, problem),
        }
        if isinstance(problem, GoneError):
            gone_variables = {
                "tombstone": problem.tombstone,
                "dataset": problem.dataset,
                "timeline": problem.timeline,
            }
            return press.page("gone.html", visit, head, **variables, **gone_variables), HEADERS
        return press.page("error.html", visit, head, **variables, again=visit.here()), HEADERS

    return render


def _faults(visit: Visit, problem: ProblemError) -> Sequence[tuple[Fault, str]]:
    """Pair each fault with the address in which the nearest known parameter replaces the unknown one."""
    return [
        (fault, _corrected_address(visit, fault) if fault.code == "unknown" else "")
        for fault in problem.errors
    ]


def _corrected_address(visit: Visit, fault: Fault) -> str:
    if not fault.nearest or fault.parameter not in dict(visit.pairs):
        return ""
    pairs = [(fault.nearest if name == fault.parameter else name, value) for name, value in visit.pairs]
    return visit.url(visit.path, pairs)


def problem_kind(press: Press, visit: Visit) -> Reply:
    """Render the page at the address in the ``type`` of a problem."""
    problem = problems.BY_CODE.get(visit.call.path["code"])
    if problem is None:
        raise ProblemError("no-such-route")
    head = Head(visit.title_of(problem))
    return Reply(Validity((problem,)), lambda: press.page("problem.html", visit, head, kind=problem), HEADERS)

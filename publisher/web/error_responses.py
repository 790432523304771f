"""Errors as responses: problem documents for programs, pages for people."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import msgspec
from litestar import Request, Response
from litestar.exceptions import HTTPException
from litestar.types import HTTPScope

from publisher.failure_lines import is_database_away
from publisher.log.database.interruption import InterruptedReadError
from publisher.log.model import LogError
from publisher.web import conditional_requests, problems, query_parameters
from publisher.web.bytes_response import VARY, BytesResponse
from publisher.web.capacity.work_pools import CallerGoneError
from publisher.web.error_log import ErrorLog
from publisher.web.problems import ProblemError
from search.contract import CursorError, SearchError

_encoder = msgspec.json.Encoder()
_FOR_PROGRAMS = ("/v1/", "/log/", "/feeds/", "/ogc", "/assets/")
"""Prefixes of paths whose errors are always problem documents, even for browsers."""
_HTTP_CODES = {404: "no-such-route", 405: "method-not-allowed"}
"""Status of an error of Litestar → code of the problem; each other one below 500 is a bad request."""

type Explain = Callable[[HTTPScope, Exception], BytesResponse]
"""(request, exception) → the response that describes it."""
type ProblemPage = Callable[[ProblemError, str, bytes], tuple[bytes, Mapping[str, str]]]
"""(error, path, query) → a page for people, and its headers."""


def explainer(base: str, problem_page: ProblemPage, errors: ErrorLog) -> Explain:
    """Create a function that converts exceptions to problems or pages, and logs the failures of the service.

    ``base`` is the site's own address.
    """

    def explain(scope: HTTPScope, error: Exception) -> BytesResponse:
        problem = problem_of(error)
        log_failure(errors, scope, error, problem)
        path = scope["path"].encode("utf-8", "replace").decode()
        headers = {"cache-control": "no-store", **VARY, **problem.headers}
        accept = conditional_requests.request_headers(scope["headers"]).get("accept")
        if not path.startswith(_FOR_PROGRAMS) and conditional_requests.wants_page(accept):
            body, more = problem_page(problem, path, scope["query_string"])
            headers |= {**more, "content-type": "text/html; charset=utf-8"}
        else:
            body = _encoder.encode(problems.body(problem, base=base, path=path))
            headers["content-type"] = problems.MEDIA_TYPE
        return BytesResponse(problem.kind.status, headers, body)

    return explain


def log_failure(errors: ErrorLog, scope: HTTPScope, error: Exception, problem: ProblemError) -> None:
    """Log an exception if the problem that it means is a failure of the service, and not of the request."""
    if problem.kind.code in ("internal-error", "store-unavailable"):
        errors.write(scope["method"], scope["path"], error)


def problem_of(error: Exception) -> ProblemError:
    """Return the problem that an exception means to a client."""
    match error:
        case ProblemError():
            return error
        case LogError():
            return _problem_of_log(error)
        case CursorError():
            return ProblemError("invalid-cursor")
        case SearchError():
            return ProblemError("search-unavailable", headers={"retry-after": str(error.retry_after)})
        case _ if is_database_away(error):
            return ProblemError("store-unavailable", headers={"retry-after": "5"})
        case CallerGoneError() | InterruptedReadError():
            return ProblemError("too-busy")  # nobody reads it
        case HTTPException():
            code = _HTTP_CODES.get(error.status_code, "bad-request")
            if error.status_code >= 500:
                code = "internal-error"
            if code != "method-not-allowed":
                return ProblemError(code)
            takes_forms = "POST" in (error.headers or {}).get("allow", "")
            allow = "GET, HEAD, POST, OPTIONS" if takes_forms else "GET, HEAD, OPTIONS"
            return ProblemError(code, headers={"allow": allow})
        case _:
            return ProblemError("internal-error")


def _problem_of_log(error: LogError) -> ProblemError:
    if error.code in problems.BY_CODE:
        return ProblemError(error.code, error.zh, error.en)
    match error.code:
        case "bad-filter":
            name = str(error.details[0]) if error.details else ""
            fault = problems.Fault(parameter=name, code="bad-value", detail=error.zh, detail_en=error.en)
            return query_parameters.invalid([fault])
        case "busy" | "files-busy":
            kind = "store-unavailable" if error.code == "busy" else "file-being-made"
            return ProblemError(kind, error.zh, error.en, headers={"retry-after": "5"})
        case "bad-cursor":
            return ProblemError("invalid-cursor")
        case _:
            return ProblemError("internal-error")


def exception_handlers(explain: Explain) -> dict[Any, Any]:
    """Create exception handlers for Litestar that convert every exception with ``explain``."""

    def handle(request: Request[Any, Any, Any], error: Exception) -> Response[bytes]:
        answer = explain(request.scope, error)
        return Response(answer.body, status_code=answer.status, headers=answer.headers)

    return {HTTPException: handle, Exception: handle}

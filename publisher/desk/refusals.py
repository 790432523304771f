"""Refusals: problem documents (RFC 9457) under ``/desk/v1``, pages for all else."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from typing import Any
from urllib.parse import quote

from litestar import Response
from litestar.datastructures import FormMultiDict
from litestar.exceptions import HTTPException, NotAuthorizedException, PermissionDeniedException
from litestar.types import Empty
from litestar.utils.scope.state import ScopeState

from publisher.desk.http.guards import ACTION, ENTRANCE, PASSWORDS
from publisher.desk.http.problems import API, PROBLEM, Problem, problem_of
from publisher.desk.pages.printing import DeskRequest, page, see
from publisher.failure_lines import is_disk_full
from publisher.log.model import LogError

logger = logging.getLogger(__name__)


def refuse_log_error(request: DeskRequest, error: LogError) -> Response[Any]:
    return _refuse(request, problem_of(error))


def refuse_http(request: DeskRequest, error: HTTPException) -> Response[Any]:
    if _is_signed_out(request, error):
        return _ask_to_sign_in(request)
    refusal = _refuse(request, problem_of(error))
    refusal.headers.update(error.headers or {})  # Allow of 405
    return refusal


def refuse_unexpected(request: DeskRequest, error: Exception) -> Response[Any]:
    logger.error("%s %s failed", request.method, request.url.path, exc_info=error)
    return _refuse(request, problem_of(HTTPException(status_code=507 if is_disk_full(error) else 500)))


def _is_signed_out(request: DeskRequest, error: HTTPException) -> bool:
    """Test whether a page or a form is refused because nobody is signed in, whatever its form token."""
    if request.url.path.startswith(API):
        return False
    is_denied = isinstance(error, PermissionDeniedException) and request.scope.get("user") is None
    is_entrance = is_denied and request.route_handler.opt.get(ACTION) == ENTRANCE
    return isinstance(error, NotAuthorizedException) or (is_denied and not is_entrance)


def _ask_to_sign_in(request: DeskRequest) -> Response[Any]:
    """Lead to the sign-in; a form that was sent stays on a page from which it can be sent again."""
    if request.method == "GET":
        return see(f"/sign-in?next={quote(_address(request))}")
    fields = _sent_fields(request)
    if not fields:
        return see("/sign-in")
    return page(request, "session_ended.html", status_code=403, address=_address(request), fields=fields)


def _sent_fields(request: DeskRequest) -> Sequence[tuple[str, Any]]:
    """List the fields of the form that was sent; none of another site's, and none of a form of passwords."""
    state = ScopeState.from_scope(request.scope)
    is_own = state.csrf_token is not Empty  # the guard of forms has compared it
    if not is_own or state.form is Empty or request.route_handler.opt.get(PASSWORDS):
        return ()
    fields = FormMultiDict.from_form_data(state.form).multi_items()
    return [(name, text) for name, text in fields if name != "_csrf_token"]


def _address(request: DeskRequest) -> str:
    """Return path and query of a request, to come back to."""
    return f"{request.url.path}?{request.url.query}" if request.url.query else request.url.path


def _refuse(request: DeskRequest, one: Problem) -> Response[Any]:
    if request.url.path.startswith(API):
        headers = {"www-authenticate": "Bearer"} if one.status == 401 else {}
        return Response(one, status_code=one.status, media_type=PROBLEM, headers=headers)
    code, zh, en = one.code, one.detail, one.detail_en
    return page(request, "refused.html", status_code=one.status, code=code, zh=zh, en=en)

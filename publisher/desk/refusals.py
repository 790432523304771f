"""Refusals: problem documents (RFC 9457) under ``/desk/v1``, pages for all else."""

from __future__ import annotations

import logging
from typing import Any
from urllib.parse import quote

from litestar import Response
from litestar.exceptions import HTTPException, NotAuthorizedException

from publisher.desk.http.problems import API, PROBLEM, Problem, problem_of
from publisher.desk.pages.printing import DeskRequest, page, see
from publisher.failure_lines import is_disk_full
from publisher.log.model import LogError

logger = logging.getLogger(__name__)


def refuse_log_error(request: DeskRequest, error: LogError) -> Response[Any]:
    return _refuse(request, problem_of(error))


def refuse_http(request: DeskRequest, error: HTTPException) -> Response[Any]:
    if isinstance(error, NotAuthorizedException) and not request.url.path.startswith(API):
        return see(f"/sign-in?next={quote(_address(request))}" if request.method == "GET" else "/sign-in")
    refusal = _refuse(request, problem_of(error))
    refusal.headers.update(error.headers or {})  # Allow of 405
    return refusal


def refuse_unexpected(request: DeskRequest, error: Exception) -> Response[Any]:
    logger.error("%s %s failed", request.method, request.url.path, exc_info=error)
    return _refuse(request, problem_of(HTTPException(status_code=507 if is_disk_full(error) else 500)))


def _address(request: DeskRequest) -> str:
    """Return path and query of a request, to come back to."""
    return f"{request.url.path}?{request.url.query}" if request.url.query else request.url.path


def _refuse(request: DeskRequest, one: Problem) -> Response[Any]:
    if request.url.path.startswith(API):
        headers = {"www-authenticate": "Bearer"} if one.status == 401 else {}
        return Response(one, status_code=one.status, media_type=PROBLEM, headers=headers)
    code, zh, en = one.code, one.detail, one.detail_en
    return page(request, "refused.html", status_code=one.status, code=code, zh=zh, en=en)

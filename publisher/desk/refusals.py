"""Refusals: problem documents (RFC 9457) under ``/desk/v1``, pages for all else."""

from __future__ import annotations

import logging
from http import HTTPStatus
from typing import Any
from urllib.parse import quote

from litestar import Response
from litestar.exceptions import HTTPException, NotAuthorizedException

from publisher.desk.pages.printing import DeskRequest, page, see
from publisher.log.model import LogError

API = "/desk/v1"
PROBLEM = "application/problem+json"
_STATUS = {"sign-in-failed": 403, "sign-in-paused": 429, "link-expired": 410, "busy": 503}
_CODES = {400: "bad-request", 401: "sign-in-needed", 403: "not-permitted", 404: "no-such-route"}
_CODES |= {405: "no-such-method", 413: "too-large", 500: "internal-error"}
_TEXTS = {
    401: ("请先登录。", "Sign in first."),
    403: (
        "没有权限，或表单已过期。请返回重试。",
        "Not permitted, or the form is old. Go back and retry.",
    ),
    404: ("没有这个地址。", "No such address."),
    413: ("文件太大。", "The file is too large."),
    500: (
        "系统出错，已记入日志。草稿和已发布的内容没有变化。",
        "The system failed, which is logged. Drafts and published data are unchanged.",
    ),
}
logger = logging.getLogger(__name__)


def status_of(error: LogError) -> int:
    """Return the status of an error of the log: 404 of what does not exist, 409 of what does not fit."""
    return _STATUS.get(error.code, 404 if error.code.startswith("no-such-") else 409)


def refuse_log_error(request: DeskRequest, error: LogError) -> Response[Any]:
    return _refuse(request, status_of(error), error.code, error.zh, error.en)


def refuse_http(request: DeskRequest, error: HTTPException) -> Response[Any]:
    status = error.status_code
    if isinstance(error, NotAuthorizedException) and not request.url.path.startswith(API):
        return see(f"/sign-in?next={quote(request.url.path)}" if request.method == "GET" else "/sign-in")
    zh, en = _TEXTS.get(status, (str(error.detail), str(error.detail)))
    return _refuse(request, status, _CODES.get(status, "bad-request"), zh, en)


def refuse_unexpected(request: DeskRequest, error: Exception) -> Response[Any]:
    logger.error("%s %s failed", request.method, request.url.path, exc_info=error)
    return _refuse(request, 500, "internal-error", *_TEXTS[500])


def _refuse(request: DeskRequest, status: int, code: str, zh: str, en: str) -> Response[Any]:
    if request.url.path.startswith(API):
        body = {"type": f"/problems#{code}", "title": HTTPStatus(status).phrase, "status": status}
        return Response(
            {**body, "code": code, "detail": zh, "detail_en": en}, status_code=status, media_type=PROBLEM
        )
    return page(request, "refused.html", status_code=status, code=code, zh=zh, en=en)

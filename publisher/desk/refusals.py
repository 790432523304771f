"""Refusals: problem documents (RFC 9457) under ``/desk/v1``, pages for all else."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from typing import Any
from urllib.parse import quote

from litestar import Response
from litestar.exceptions import HTTPException, NotAuthorizedException, ValidationException

from publisher.desk.http.problems import API, PROBLEM, problem, status_of
from publisher.desk.http.uploads import LARGEST_UPLOAD
from publisher.desk.pages.printing import DeskRequest, page, see
from publisher.failure_lines import is_disk_full
from publisher.log.model import LogError

_CODES = {400: "bad-request", 401: "sign-in-needed", 403: "not-permitted", 404: "no-such-route"}
_CODES |= {405: "no-such-method", 413: "too-large", 500: "internal-error", 507: "disk-full"}
_TEXTS = {
    400: ("请求的内容或参数不符合要求。", "The body or a parameter is not as it should be."),
    401: ("请先登录。", "Sign in first."),
    403: (
        "没有权限，或表单已过期。请返回重试。",
        "Not permitted, or the form is old. Go back and retry.",
    ),
    404: ("没有这个地址。", "No such address."),
    405: ("此地址不接受这种请求。", "The address does not take requests of this method."),
    413: (
        f"文件太大：一次最多{LARGEST_UPLOAD >> 20} MB。请分几次报送。",
        f"The files are too large: {LARGEST_UPLOAD >> 20} MB at once. Hand them in separately.",
    ),
    500: (
        "系统出错，已记入日志。请先查看这项操作是否已经生效，再决定是否重试。",
        "The system failed, which is logged. Look whether it took effect before you try again.",
    ),
}
_TEXTS[507] = (
    "磁盘已满。请告知系统管理员，腾出空间后，先查看这项操作是否已经生效，再决定是否重试。",
    "The disk is full. Tell the administrator, and look whether it took effect before you try again.",
)
logger = logging.getLogger(__name__)


def refuse_log_error(request: DeskRequest, error: LogError) -> Response[Any]:
    return _refuse(request, status_of(error), error.code, error.zh, error.en)


def refuse_http(request: DeskRequest, error: HTTPException) -> Response[Any]:
    status = error.status_code
    if isinstance(error, NotAuthorizedException) and not request.url.path.startswith(API):
        return see(f"/sign-in?next={quote(request.url.path)}" if request.method == "GET" else "/sign-in")
    zh, en = _TEXTS.get(status, (str(error.detail), str(error.detail)))
    refusal = _refuse(request, status, _CODES.get(status, "bad-request"), zh, en, _places(error))
    refusal.headers.update(error.headers or {})  # Allow of 405
    return refusal


def refuse_unexpected(request: DeskRequest, error: Exception) -> Response[Any]:
    logger.error("%s %s failed", request.method, request.url.path, exc_info=error)
    status = 507 if is_disk_full(error) else 500
    return _refuse(request, status, _CODES[status], *_TEXTS[status])


def _places(error: HTTPException) -> Sequence[str]:
    """List the mistakes in a body or in parameters, each with its place."""
    if error.status_code != 400:
        return ()
    if not isinstance(error, ValidationException) or not isinstance(error.extra, list):
        return (str(error.detail),)
    return [f"{one.get('key', '')}: {one.get('message', '')}" for one in error.extra if isinstance(one, dict)]


def _refuse(
    request: DeskRequest, status: int, code: str, zh: str, en: str, errors: Sequence[str] = ()
) -> Response[Any]:
    if request.url.path.startswith(API):
        headers = {"www-authenticate": "Bearer"} if status == 401 else {}
        return Response(
            problem(status, code, zh, en, errors), status_code=status, media_type=PROBLEM, headers=headers
        )
    return page(request, "refused.html", status_code=status, code=code, zh=zh, en=en)

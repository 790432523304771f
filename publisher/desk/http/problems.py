"""Problem documents (RFC 9457) of the desk's API."""

from __future__ import annotations

from collections.abc import Sequence
from http import HTTPStatus

import msgspec
from litestar.exceptions import HTTPException, ValidationException

from publisher.desk.http.uploads import LARGEST_UPLOAD
from publisher.log.model import LogError

API = "/desk/v1"
PROBLEM = "application/problem+json"
_STATUS = {"sign-in-failed": 403, "sign-in-paused": 429, "link-expired": 410, "busy": 503}
_STATUS |= {"oidc-refused": 403, "no-role": 403, "oidc-unavailable": 503}
_STATUS |= {"bad-idempotency-key": 400, "idempotency-key-reused": 422}

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


class Problem(msgspec.Struct, frozen=True, kw_only=True):
    """A problem and the way out. ``code`` is stable, and listed in docs/errors.md."""

    type: str
    title: str
    status: int
    code: str
    detail: str
    detail_en: str
    errors: tuple[str, ...] = ()
    """Mistakes in the body or in parameters, each with its place."""


def _status_of(error: LogError) -> int:
    """Return the status of an error of the log: 404 of what does not exist, 409 of what does not fit."""
    return _STATUS.get(error.code, 404 if error.code.startswith("no-such-") else 409)


def _problem(status: int, code: str, zh: str, en: str, errors: Sequence[str] = ()) -> Problem:
    return Problem(
        type=f"/problems#{code}",
        title=HTTPStatus(status).phrase,
        status=status,
        code=code,
        detail=zh,
        detail_en=en,
        errors=tuple(errors),
    )


def problem_of(error: LogError | HTTPException) -> Problem:
    """Return the problem of an error, as every answer of the desk states it."""
    if isinstance(error, LogError):
        return _problem(_status_of(error), error.code, error.zh, error.en)
    status = error.status_code
    zh, en = _TEXTS.get(status, (str(error.detail), str(error.detail)))
    return _problem(status, _CODES.get(status, "bad-request"), zh, en, _places(error))


def _places(error: HTTPException) -> Sequence[str]:
    """List the mistakes in a body or in parameters, each with its place."""
    if error.status_code != 400:
        return ()
    if not isinstance(error, ValidationException) or not isinstance(error.extra, list):
        return (str(error.detail),)
    return [f"{one.get('key', '')}: {one.get('message', '')}" for one in error.extra if isinstance(one, dict)]

"""Problem documents (RFC 9457) of the desk's API."""

from __future__ import annotations

from collections.abc import Sequence
from http import HTTPStatus

import msgspec

from publisher.log.model import LogError

API = "/desk/v1"
PROBLEM = "application/problem+json"
_STATUS = {"sign-in-failed": 403, "sign-in-paused": 429, "link-expired": 410, "busy": 503}
_STATUS |= {"oidc-refused": 403, "no-role": 403, "oidc-unavailable": 503}
_STATUS |= {"bad-idempotency-key": 400, "idempotency-key-reused": 422}


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


def status_of(error: LogError) -> int:
    """Return the status of an error of the log: 404 of what does not exist, 409 of what does not fit."""
    return _STATUS.get(error.code, 404 if error.code.startswith("no-such-") else 409)


def problem(status: int, code: str, zh: str, en: str, errors: Sequence[str] = ()) -> Problem:
    return Problem(
        type=f"/problems#{code}",
        title=HTTPStatus(status).phrase,
        status=status,
        code=code,
        detail=zh,
        detail_en=en,
        errors=tuple(errors),
    )

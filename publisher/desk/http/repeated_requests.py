"""Requests with an ``Idempotency-Key``: a repeated one is answered as the first was and does nothing."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable
from functools import wraps
from typing import Any

import msgspec
from litestar import Request, Response
from litestar.enums import MediaType
from litestar.exceptions import HTTPException
from litestar.handlers import HTTPRouteHandler
from litestar.serialization import encode_json

from publisher.desk.accounts.accounts import Account
from publisher.desk.accounts.stored_answers import StoredAnswer
from publisher.desk.desk import Desk
from publisher.desk.http.problems import PROBLEM, problem_of
from publisher.desk.http.uploads import HandInForm
from publisher.log.model import LogError

HEADER = "Idempotency-Key"
REPLAYED = "Idempotency-Replayed"
"""Header of an answer that was kept."""
_KEY = re.compile(r"[\x21-\x7e]{1,255}")
type _Handler = Callable[..., Any]


def repeatable(handler: _Handler) -> _Handler:
    """Let a handler of ``request``, ``state`` and perhaps ``data`` be called once for each key of a caller.

    A key is optional. Refusals are kept too, so that a repeated request never does what the first did not;
    ``busy`` and faults of the desk are not, for these a repetition is the remedy.
    """

    @wraps(handler)
    def run(request: Request[Any, Any, Any], state: Any, **arguments: Any) -> Any:
        key = request.headers.get(HEADER)
        if key is None:
            return handler(request=request, state=state, **arguments)
        if not _KEY.fullmatch(key):
            raise LogError(
                "bad-idempotency-key",
                "Idempotency-Key 须为1至255个可见的 ASCII 字符。",
                "An Idempotency-Key has 1 to 255 visible characters of ASCII.",
            )
        desk: Desk = state.desk
        caller, content = _caller(request.user), _digest(request, arguments.get("data"))
        with desk.staff.answers.only_one(caller, key):
            earlier = desk.staff.answers.find(caller, key, content)
            if earlier is not None:
                return _respond(earlier, {REPLAYED: "true"})
            answer = _answer(request, lambda: handler(request=request, state=state, **arguments))
            desk.staff.answers.keep(caller, key, content, answer)
            return _respond(answer, {})

    return run


def _answer(request: Request[Any, Any, Any], call: Callable[[], Any]) -> StoredAnswer:
    try:
        body = call()
    except (LogError, HTTPException) as error:
        refusal = problem_of(error)
        if refusal.status >= 500:
            raise
        return StoredAnswer(refusal.status, PROBLEM, encode_json(refusal))
    handler = request.route_handler
    status = handler.status_code if isinstance(handler, HTTPRouteHandler) else 200
    return StoredAnswer(status, MediaType.JSON, encode_json(body))


def _respond(answer: StoredAnswer, headers: dict[str, str]) -> Response[bytes]:
    return Response(answer.body, status_code=answer.status, media_type=answer.media_type, headers=headers)


def _caller(account: Account) -> str:
    return account.name if account.token is None else f"{account.name} {account.token.number}"


def _digest(request: Request[Any, Any, Any], data: Any) -> str:
    """Hash what is sent. Of a form its fields and files: another boundary between them changes nothing."""
    if isinstance(data, HandInForm):
        files = []
        for file in data.files:
            files.append([file.filename, hashlib.file_digest(file.file, "sha256").hexdigest()])
            file.file.seek(0)
        data = [data.part, data.without_errors, data.partial, data.seen, files]
    line = msgspec.json.encode([request.method, request.url.path, data])
    return hashlib.sha256(line).hexdigest()

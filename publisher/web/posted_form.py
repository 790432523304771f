"""A posted form: bounded, of one media type, from a page of this site."""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import parse_qsl, urlsplit

import anyio
from litestar.types import HTTPScope, Receive

from publisher.web.capacity.work_pools import CallerGoneError
from publisher.web.problems import Fault, ProblemError

MAX_BYTES = 64 << 10
"""Bytes of a body: each character of a form may take nine."""
MAX_FIELDS = 20
SECONDS = 15.0
"""Seconds in which a body has to arrive."""
NEXT_DAY = {"retry-after": "86400"}
"""Headers of a refusal that holds for the rest of the day."""
_MEDIA_TYPE = "application/x-www-form-urlencoded"


def check_origin(scope: HTTPScope, base: str) -> None:
    """Raise ``cross-site`` for a form that a page of another site sent.

    Browsers say so in ``Sec-Fetch-Site``. ``Origin`` is ``null`` under our Referrer-Policy, and counts only
    where it names another site.
    """
    headers = {name: value.decode("latin-1") for name, value in scope["headers"]}
    fetched = headers.get(b"sec-fetch-site")
    if fetched is not None:
        is_foreign = fetched not in ("same-origin", "none")
    else:
        address = urlsplit(base)
        is_foreign = headers.get(b"origin", "null") not in ("null", f"{address.scheme}://{address.netloc}")
    if is_foreign:
        raise ProblemError("cross-site")


async def read_form(scope: HTTPScope, receive: Receive) -> Mapping[str, str]:
    """Read the body → name and value of each field; of a repeated one the last.

    Raises ``not-a-form``, ``form-too-large``, ``request-timeout``, ``bad-request``.
    """
    headers = dict(scope["headers"])
    media = headers.get(b"content-type", b"").decode("latin-1").partition(";")[0].strip().lower()
    if media != _MEDIA_TYPE:
        raise ProblemError("not-a-form")
    body = await read_body(receive)
    try:
        return dict(
            parse_qsl(body.decode(), keep_blank_values=True, errors="strict", max_num_fields=MAX_FIELDS)
        )
    except ValueError as error:  # not UTF-8, or too many fields
        raise ProblemError("bad-request") from error


async def read_body(receive: Receive) -> bytes:
    """Read a body, whatever its media type. Raises ``form-too-large``, ``request-timeout``."""
    try:
        with anyio.fail_after(SECONDS):
            return await _read_bounded(receive)
    except TimeoutError as error:
        raise ProblemError("request-timeout", headers={"connection": "close"}) from error


async def _read_bounded(receive: Receive) -> bytes:
    body = bytearray()
    while True:
        message = await receive()
        if message["type"] != "http.request":
            raise CallerGoneError
        body += message["body"]
        if len(body) > MAX_BYTES:
            # The server skips the rest; a proxy would take a closed connection for a failure.
            raise ProblemError("form-too-large")
        if not message["more_body"]:
            return bytes(body)


def bad_field(name: str, zh: str, en: str) -> Fault:
    """Build the fault of a field."""
    return Fault(parameter=name, code="bad-value", detail=zh, detail_en=en)

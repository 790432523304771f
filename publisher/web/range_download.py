"""Send a made file: whole or a range (RFC 9110, section 14), a piece at a time, with its digest."""

from __future__ import annotations

import base64
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol
from urllib.parse import quote

from litestar.concurrency import sync_to_thread
from litestar.types import Receive, Scope, Send

from publisher.web.file_cache import Coding, Made

_PIECE = 1 << 18
_RANGE = re.compile(r"bytes=(\d{0,18})-(\d{0,18})")
_WORD = re.compile(r"\s*([a-z*]+)\s*(?:;\s*q=([01](?:\.\d{0,3})?))?\s*")


def coding(accept: str | None) -> Coding:
    """The coding to send in: zstd before gzip where both are as welcome, none where none is asked for."""
    asked: dict[str, float] = {}
    for word in (accept or "").lower().split(","):
        if told := _WORD.fullmatch(word):
            asked[told[1]] = float(told[2] or 1)
    zstd, gzip = asked.get("zstd", 0), asked.get("gzip", 0)
    if max(zstd, gzip) <= 0 or asked.get("identity", 0) > max(zstd, gzip):
        return ""
    return "zstd" if zstd >= gzip else "gzip"


def disposition(title: str, plain: str) -> str:
    """A Chinese name for the file, and a plain one for old programs (RFC 6266, RFC 8187)."""
    shown = quote(re.sub(r'[\x00-\x1f\x7f/\\:*?"<>|]', "-", title), safe="")
    return f"attachment; filename=\"{plain}\"; filename*=UTF-8''{shown}"


class Sending(Protocol):
    """An answer that sends itself."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None: ...


@dataclass(frozen=True, slots=True)
class Download(Sending):
    """An answer that sends itself from an open file, so that no erasure or tidying cuts it short."""

    handle: int
    size: int
    first: int
    length: int
    status: int
    headers: Mapping[str, str]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:  # noqa: ARG002 - ASGI
        try:
            headers = [(k.encode("latin-1"), v.encode("latin-1")) for k, v in self.headers.items()]
            headers.append((b"content-length", b"%d" % self.length))
            await send({"type": "http.response.start", "status": self.status, "headers": headers})
            if "qingdan.head" not in (scope.get("extensions") or {}):
                await self._send(send)
            await send({"type": "http.response.body", "body": b"", "more_body": False})
        finally:
            os.close(self.handle)

    async def _send(self, send: Send) -> None:
        at, left = self.first, self.length
        while left > 0:
            piece = await sync_to_thread(os.pread, self.handle, min(_PIECE, left), at)
            if not piece:
                raise OSError("a made file is never cut short")
            at, left = at + len(piece), left - len(piece)
            await send({"type": "http.response.body", "body": piece, "more_body": True})


def download(made: Made, how: Coding, headers: Mapping[str, str], asked: Mapping[str, str]) -> Download:
    """Raises ``FileNotFoundError`` where the file was swept meanwhile. ``asked``: the request's headers."""
    handle = os.open(made.path, os.O_RDONLY | os.O_CLOEXEC)
    size = os.fstat(handle).st_size
    told = {
        **headers,
        "accept-ranges": "bytes",
        "repr-digest": f"sha-256=:{base64.b64encode(bytes.fromhex(made.sha256)).decode()}:",
    }
    if how:
        told["content-encoding"] = how
    part = _part(asked, size, headers.get("etag", ""))
    if part is None:
        return Download(handle, size, 0, size, 200, told)
    first, last = part
    if first > last:
        return Download(handle, size, 0, 0, 416, {**told, "content-range": f"bytes */{size}"})
    told["content-range"] = f"bytes {first}-{last}/{size}"
    return Download(handle, size, first, last - first + 1, 206, told)


def _part(asked: Mapping[str, str], size: int, tag: str) -> tuple[int, int] | None:
    """First and last byte; first past last where none can be had; None for the whole.

    Several ranges at once, or one of another state of the file (If-Range), are answered with the whole.
    """
    told = _RANGE.fullmatch(asked.get("range", "").replace(" ", ""))
    if told is None or told[0] == "bytes=-" or asked.get("if-range", tag) != tag:
        return None
    if not told[1]:
        return (max(0, size - int(told[2])), size - 1) if int(told[2]) else (1, 0)
    first, last = int(told[1]), min(int(told[2] or size), size - 1)
    if told[2] and int(told[2]) < first:
        return None
    return (first, last) if first < size else (1, 0)

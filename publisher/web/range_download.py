"""Download of a file, whole or a range (RFC 9110, section 14), in pieces and with its digest."""

from __future__ import annotations

import base64
import os
import re
from collections.abc import Callable, Mapping
from typing import Protocol
from urllib.parse import quote

import msgspec
from litestar.concurrency import sync_to_thread
from litestar.types import Receive, Scope, Send

from publisher.web.file_cache import CachedFile, Coding

_PIECE = 1 << 18
_RANGE = re.compile(r"bytes=(\d{0,18})-(\d{0,18})")
_WORD = re.compile(r"([a-z*]+)(?:\s*;\s*q=([01](?:\.\d{0,3})?))?")


def preferred_coding(accept: str | None) -> Coding:
    """Choose the content coding: zstd before gzip if equally preferred, none by default."""
    qualities: dict[str, float] = {}
    for word in (accept or "").lower().split(","):
        if match := _WORD.fullmatch(word.strip()):
            qualities[match[1]] = float(match[2] or 1)
    zstd, gzip = qualities.get("zstd", 0), qualities.get("gzip", 0)
    if max(zstd, gzip) <= 0 or qualities.get("identity", 0) > max(zstd, gzip):
        return ""
    return "zstd" if zstd >= gzip else "gzip"


def disposition(title: str, plain: str) -> str:
    """Build Content-Disposition with a Chinese file name and an ASCII one (RFC 6266, RFC 8187)."""
    encoded = quote(re.sub(r'[\x00-\x1f\x7f/\\:*?"<>|]', "-", title), safe="")
    return f"attachment; filename=\"{plain}\"; filename*=UTF-8''{encoded}"


class AsgiResponse(Protocol):
    """A response that sends itself."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None: ...


class Download(msgspec.Struct, frozen=True):
    """A response from an open file, which an erasure or a cleanup does not interrupt."""

    handle: int
    size: int
    first: int
    length: int
    status: int
    headers: Mapping[str, str]
    end: Callable[[], None] | None = None
    """Called when it was sent, or when its client has gone."""

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
            if self.end is not None:
                self.end()

    async def _send(self, send: Send) -> None:
        position, remaining = self.first, self.length
        while remaining > 0:
            piece = await sync_to_thread(os.pread, self.handle, min(_PIECE, remaining), position)
            if not piece:
                raise OSError("a generated file was truncated")
            position, remaining = position + len(piece), remaining - len(piece)
            await send({"type": "http.response.body", "body": piece, "more_body": True})


def download(
    file: CachedFile, coding: Coding, headers: Mapping[str, str], request_headers: Mapping[str, str]
) -> Download:
    """Open a download. Raises ``FileNotFoundError`` if the file was deleted meanwhile."""
    handle = os.open(file.path, os.O_RDONLY | os.O_CLOEXEC)
    size = os.fstat(handle).st_size
    response_headers = {
        **headers,
        "accept-ranges": "bytes",
        "repr-digest": f"sha-256=:{base64.b64encode(bytes.fromhex(file.sha256)).decode()}:",
    }
    if coding:
        response_headers["content-encoding"] = coding
    byte_range = _parse_range(request_headers, size, headers.get("etag", ""))
    if byte_range is None:
        return Download(handle, size, 0, size, 200, response_headers)
    first, last = byte_range
    if first > last:
        return Download(handle, size, 0, 0, 416, {**response_headers, "content-range": f"bytes */{size}"})
    response_headers["content-range"] = f"bytes {first}-{last}/{size}"
    return Download(handle, size, first, last - first + 1, 206, response_headers)


def _parse_range(request_headers: Mapping[str, str], size: int, tag: str) -> tuple[int, int] | None:
    """Parse a range to first and last byte. None: the whole file. First > last: not satisfiable.

    Several ranges, or a range of another state of the file (If-Range), get the whole file.
    """
    match = _RANGE.fullmatch(request_headers.get("range", "").replace(" ", ""))
    if match is None or match[0] == "bytes=-" or request_headers.get("if-range", tag) != tag:
        return None
    if not match[1]:
        return (max(0, size - int(match[2])), size - 1) if int(match[2]) else (1, 0)
    first, last = int(match[1]), min(int(match[2] or size), size - 1)
    if match[2] and int(match[2]) < first:
        return None
    return (first, last) if first < size else (1, 0)

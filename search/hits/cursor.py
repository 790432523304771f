"""Opaque cursors: where a page ended, bound to the request that it answers."""

from __future__ import annotations

import base64
import binascii
import hashlib

import msgspec

from search.contract import CursorError, Request

_DIGEST = 9


class Place(msgspec.Struct, array_like=True, frozen=True):
    """Where the next page begins."""

    offset: int
    """Hits to pass over; in date order only those that tie with ``last``."""
    known_at: int
    """Pins what was known when the first page was given, so that later publications shift nothing."""
    last: int = -1
    """Order key of the last hit, in date order."""
    after: tuple[float | int | str, ...] = ()
    """Elasticsearch: the last hit's values in the order of the search."""
    moment: str = ""
    """Elasticsearch: the point in time that the pages behind the second stage are of."""


def write(place: Place, request: Request) -> str:
    body = msgspec.msgpack.encode(place)
    return base64.urlsafe_b64encode(_digest(request, body) + body).decode().rstrip("=")


def read(request: Request) -> Place | None:
    """The place in ``request.cursor``; None for a first page.

    Raises :class:`CursorError` for a text that :func:`write` did not make, or made for another request.
    The page's size and its facets may change from page to page.
    """
    if request.cursor is None:
        return None
    text = request.cursor
    try:
        data = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
        place = msgspec.msgpack.decode(data[_DIGEST:], type=Place)
    except (binascii.Error, ValueError, msgspec.DecodeError) as error:
        raise CursorError("游标无效 / not a cursor of this search") from error
    if data[:_DIGEST] != _digest(request, data[_DIGEST:]) or place.offset < 0:
        raise CursorError("游标属于另一次搜索 / this cursor belongs to another search")
    return place


def _digest(request: Request, body: bytes) -> bytes:
    filters, excluded = (
        sorted((name, sorted(set(values))) for name, values in chosen.items())
        for chosen in (request.filters, request.excluded)
    )
    asked = repr([request.text, filters, excluded, request.as_of, request.known_at, request.sort]).encode()
    return hashlib.blake2s(asked + body, digest_size=_DIGEST, person=b"qdcursor").digest()

"""Opaque cursors: the end of a page, bound to its request by a digest.

The digest has no key: the service authenticates the cursors that leave it.
"""

from __future__ import annotations

import base64
import binascii
import hashlib

import msgspec

from search.contract import CursorError, Request

_DIGEST = 9
_HITS, _SIMILAR = b"", b"similar"


class Place(msgspec.Struct, array_like=True, frozen=True):
    """The start of the next page."""

    offset: int
    """Number of hits to skip; in date order only those with the order key ``last``."""
    known_at: int
    """The ``known_at`` of the first page, so that later publications do not shift pages."""
    last: int = -1
    """Order key of the last hit, in date order."""
    after: tuple[float | int | str, ...] = ()
    """Similarity and span of the last similar document; with Elasticsearch also the sort values of the last
    hit (``search_after``)."""
    moment: str = ""
    """Elasticsearch: point in time for the pages after the second stage."""


_decode_place = msgspec.msgpack.Decoder(Place).decode


def encode_cursor(place: Place, request: Request) -> str:
    return _encode(place, request, _HITS)


def encode_similar_cursor(place: Place, request: Request) -> str:
    return _encode(place, request, _SIMILAR)


def _encode(place: Place, request: Request, kind: bytes) -> str:
    body = msgspec.msgpack.encode(place)
    return base64.urlsafe_b64encode(_hash_request(request, kind + body) + body).decode().rstrip("=")


def decode_cursor(request: Request) -> Place | None:
    """Decode ``request.cursor``; None for a first page.

    Raises :class:`CursorError` for a text that is no cursor, or that of another request.
    The page size and the facets may differ from page to page.
    """
    return None if request.cursor is None else _decode(request.cursor, request, _HITS)


def decode_similar_cursor(request: Request) -> Place | None:
    """Decode ``request.similar_cursor``, as :func:`decode_cursor`."""
    return None if request.similar_cursor is None else _decode(request.similar_cursor, request, _SIMILAR)


def _decode(text: str, request: Request, kind: bytes) -> Place:
    try:
        data = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
        place = _decode_place(data[_DIGEST:])
    except (binascii.Error, ValueError, msgspec.DecodeError) as error:
        raise CursorError("游标无效 / not a cursor of this search") from error
    if data[:_DIGEST] != _hash_request(request, kind + data[_DIGEST:]) or place.offset < 0:
        raise CursorError("游标属于另一次搜索 / this cursor belongs to another search")
    return place


def _hash_request(request: Request, body: bytes) -> bytes:
    filters, excluded = (
        sorted((name, sorted(set(values))) for name, values in facet_values.items())
        for facet_values in (request.filters, request.excluded)
    )
    statuses = sorted(set(request.statuses))
    request_key = repr(
        [request.text, filters, excluded, statuses, request.as_of, request.known_at, request.sort]
    ).encode()
    return hashlib.blake2s(request_key + body, digest_size=_DIGEST, person=b"qdcursor").digest()

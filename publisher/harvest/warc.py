"""Exchanges as WARC files (ISO 28500), written by warcio: one record per hop, with the body as it was sent.

An unchanged body is not repeated (``revisit``). Headers are changed only where a reader needs it.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from io import BytesIO
from urllib.parse import quote

import msgspec
from warcio.archiveiterator import ArchiveIterator
from warcio.recordloader import ArcWarcRecord
from warcio.statusandheaders import StatusAndHeaders
from warcio.warcwriter import WARCWriter

_ORIGINAL_PREFIX = "X-Archive-Orig-"
"""Prefix, common in archives, of a header about the transfer of the body, which is stored differently."""
_ASCII = bytes(range(128))
_GZIP = b"\x1f\x8b"
"""Beginning of a member of a gzip stream, which may have several (RFC 1952, 2.2)."""
_MOST_MEMBERS = 50
"""Most further members that are read; each copies what follows it."""


class Hop(msgspec.Struct, frozen=True):
    """One request and its response. ``body`` keeps the content encoding of the server."""

    url: str
    at: datetime
    protocol: str
    status: int
    reason: str
    headers: tuple[tuple[str, str], ...]
    body: bytes
    address: str = ""
    """IP address of the socket's peer."""
    truncated: str = ""
    """``length`` if the limit truncated the body (WARC-Truncated)."""


def write_warc(hops: Sequence[Hop], *, same_as: datetime | None = None) -> bytes:
    """Write a WARC file. ``same_as``: when the last body was first stored; only its digest is repeated."""
    file = BytesIO()
    writer = WARCWriter(file, gzip=True, warc_version="WARC/1.1")
    for number, hop in enumerate(hops, start=1):
        head = StatusAndHeaders(
            f"{hop.status} {hop.reason}".strip(), list(_storable_headers(hop.headers)), hop.protocol
        )
        warc_headers = {"WARC-Date": _format_date(hop.at)}
        warc_headers |= {"WARC-IP-Address": hop.address} if hop.address else {}
        warc_headers |= {"WARC-Truncated": hop.truncated} if hop.truncated else {}
        record = writer.create_warc_record(
            hop.url,
            "response",
            payload=BytesIO(hop.body),
            length=len(hop.body),
            http_headers=head,
            warc_headers_dict=warc_headers,
        )
        if same_as is not None and number == len(hops):
            record = _create_revisit(writer, record, same_as)
        writer.write_record(record)
    return file.getvalue()


def _create_revisit(writer: WARCWriter, record: ArcWarcRecord, same_as: datetime) -> ArcWarcRecord:
    """Replace a response by a revisit record without body (WARC 1.1, 6.7.2: identical payload digest)."""
    warc_headers = record.rec_headers
    names = ("WARC-Date", "WARC-IP-Address")
    return writer.create_revisit_record(
        warc_headers.get_header("WARC-Target-URI"),
        warc_headers.get_header("WARC-Payload-Digest"),
        warc_headers.get_header("WARC-Target-URI"),
        _format_date(same_as),
        http_headers=record.http_headers,
        warc_headers_dict={
            name: warc_headers.get_header(name) for name in names if warc_headers.get_header(name)
        },
    )


def _format_date(instant: datetime) -> str:
    return instant.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def read_warc(data: bytes) -> tuple[Hop, ...]:
    """Read the hops that :func:`write_warc` stored."""
    return tuple(_iter_hops(data))


def _iter_hops(data: bytes) -> Iterator[Hop]:
    for record in ArchiveIterator(BytesIO(data)):
        warc_headers, head = record.rec_headers, record.http_headers
        yield Hop(
            url=warc_headers.get_header("WARC-Target-URI"),
            at=datetime.fromisoformat(warc_headers.get_header("WARC-Date")),
            protocol=head.protocol,
            status=int(head.get_statuscode()),
            reason=head.statusline.partition(" ")[2],
            headers=tuple(head.headers),
            body=record.raw_stream.read(),
            address=warc_headers.get_header("WARC-IP-Address") or "",
            truncated=warc_headers.get_header("WARC-Truncated") or "",
        )


def _storable_headers(headers: Sequence[tuple[str, str]]) -> Iterator[tuple[str, str]]:
    """Rename Transfer-Encoding, because bodies are stored without chunks, and percent-encode other bytes than
    ASCII: warcio takes no others, and fails on ``a=b; 名``."""
    for name, value in headers:
        stored_name = f"{_ORIGINAL_PREFIX}{name}" if name.lower() == "transfer-encoding" else name
        yield stored_name, encode_bytes(value)


def encode_bytes(value: str) -> str:
    """Percent-encode the bytes of a header that are not ASCII, whatever its charset is."""
    return value if value.isascii() else quote(value.encode("latin-1"), safe=_ASCII)


def find_header(hop: Hop, name: str) -> str | None:
    """Find a header by its name in lower case."""
    return next((value for key, value in hop.headers if key.lower() == name), None)


def decode_body(hop: Hop, most: int) -> bytes:
    """Return the decompressed body, up to ``most`` bytes. Raises ``ValueError`` for more, or for damage."""
    data, whole = _decompress(hop, most + 1)
    if len(data) > most:
        raise ValueError(f"more than {most} bytes")
    if not whole:
        raise ValueError(f"damaged {find_header(hop, 'content-encoding')}")
    return data


def decode_beginning(hop: Hop, most: int) -> bytes:
    """Return the first ``most`` bytes of the decompressed body. Raises ``ValueError``."""
    return _decompress(hop, most)[0]


def _decompress(hop: Hop, most: int) -> tuple[bytes, bool]:
    """Decompress the first bytes; return them and whether the body ends there. Raises ``ValueError``."""
    coding = (find_header(hop, "content-encoding") or "identity").strip().lower()
    if coding in {"", "identity"}:
        return hop.body[:most], len(hop.body) <= most
    if coding not in {"gzip", "x-gzip", "deflate"}:
        raise ValueError(f"Content-Encoding: {coding}")
    for window in (31, 15, -15) if coding == "deflate" else (31,):
        decompressor = zlib.decompressobj(window)
        try:
            data = decompressor.decompress(hop.body, most)
            for _ in range(_MOST_MEMBERS):
                rest = decompressor.unused_data
                if not rest.startswith(_GZIP) or len(data) >= most:
                    break
                decompressor = zlib.decompressobj(window)
                data += decompressor.decompress(rest, most - len(data))
        except zlib.error:
            continue
        if decompressor.eof or data:
            return data, decompressor.eof and not decompressor.unused_data.startswith(_GZIP)
    raise ValueError(f"damaged {coding}")


def find_charset(hop: Hop) -> str:
    """Return the charset that the server names, or ``""``."""
    kind = find_header(hop, "content-type") or ""
    _, separator, value = kind.lower().partition("charset=")
    return value.split(";")[0].strip(" \"'") if separator else ""

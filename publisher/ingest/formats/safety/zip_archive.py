"""Compressed containers, read with limits on their real size.

The size of a ZIP member is declared in the file and may be wrong; entries may overlap, so that a few
kilobytes inflate to gigabytes. Every member is therefore inflated and measured once here, before any other
library reads the file.
"""

from __future__ import annotations

import gzip
import io
import struct
import zipfile
import zlib
from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise

from publisher.ingest.findings.files import BOMB, DAMAGED, ENCRYPTED, UNSUPPORTED
from publisher.ingest.findings.kind import Bilingual
from publisher.ingest.formats.errors import ReaderError

MAX_TOTAL = 300 << 20
MAX_RATIO = 200
LARGE = 16 << 20
"""Bytes up to which any compression ratio is allowed: blank rows compress a thousandfold."""
MAX_MEMBERS = 10_000
MAX_GZIP = 256 << 20
CHUNK = 1 << 20


def inflate_members(data: bytes) -> Mapping[str, bytes]:
    """Return every part of an office document by its path. Raises :class:`ReaderError`.

    Pictures and other media are measured; their content is left out.
    """
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            entries = archive.infolist()
    except (
        zipfile.BadZipFile,
        zipfile.LargeZipFile,
        NotImplementedError,
        ValueError,
        struct.error,
    ) as problem:
        raise ReaderError(DAMAGED, f"zip: {problem}") from problem
    if len(entries) > MAX_MEMBERS:
        raise ReaderError(BOMB, Bilingual(f"内含{len(entries)}个文件", f"{len(entries)} members"))
    _refuse_overlaps(entries)
    parts: dict[str, bytes] = {}
    remaining = MAX_TOTAL
    for entry in entries:
        content = _inflate(data, entry, remaining)
        remaining -= len(content)
        name = entry.filename.replace("\\", "/")
        if name in parts:
            raise ReaderError(
                DAMAGED,
                Bilingual(f"zip：{_shorten(entry.filename)} 重复", f"zip: {_shorten(entry.filename)} twice"),
            )
        if not name.endswith("/"):
            keep = name.endswith((".xml", ".rels")) or name in IDENTIFYING_MEMBERS
            parts[name] = content if keep else b""
    return parts


_SIGNATURES = (b"PK\x03\x04", b"PK\x05\x06", b"PK\x07\x08")
"""First bytes of an archive, of one without members, and of a split one (APPNOTE 4.3)."""


def is_zip(data: bytes) -> bool:
    """Test the first bytes of a file: the heading PK_ID of a table begins with PK too."""
    return data.startswith(_SIGNATURES)


def has_backslashes(data: bytes) -> bool:
    """Test for names with ``\\``, which some programs write against APPNOTE.TXT 4.4.17.1."""
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        return any("\\" in entry.orig_filename for entry in archive.infolist())


def pack(parts: Mapping[str, bytes]) -> bytes:
    """Return an archive of the parts, uncompressed, under the names that they have here."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_STORED) as archive:
        for name, content in parts.items():
            archive.writestr(name, content)
    return out.getvalue()


def _refuse_overlaps(entries: Sequence[zipfile.ZipInfo]) -> None:
    """Refuse entries that share bytes: kilobytes of them would take minutes to inflate."""
    ends = sorted((entry.header_offset, entry.header_offset + entry.compress_size) for entry in entries)
    for (_, end), (start, _) in pairwise(ends):
        if end > start:
            raise ReaderError(BOMB, Bilingual("zip：内含的文件相互重叠", "zip: members overlap"))


IDENTIFYING_MEMBERS = ("mimetype", "xl/workbook.bin")
"""Members without an XML extension that identify the format."""


def _inflate(data: bytes, entry: zipfile.ZipInfo, remaining: int) -> bytes:
    name = _shorten(entry.filename)
    if entry.flag_bits & 0x1:
        raise ReaderError(ENCRYPTED, f"zip: {name}")
    path = entry.filename.replace("\\", "/")
    if ".." in path.split("/") or path.startswith("/"):
        raise ReaderError(DAMAGED, f"zip: {name}")
    start = _find_content(data, entry)
    raw = memoryview(data)[start : start + entry.compress_size]
    if entry.compress_type == zipfile.ZIP_STORED:
        content = bytes(raw)
    elif entry.compress_type == zipfile.ZIP_DEFLATED:
        content = _inflate_deflate(raw, name, remaining)
    else:
        raise ReaderError(UNSUPPORTED, f"zip: {name}: method {entry.compress_type}")
    if len(content) > remaining:
        raise ReaderError(BOMB, name)
    if len(content) != entry.file_size or zlib.crc32(content) != entry.CRC:
        raise ReaderError(DAMAGED, f"zip: {name}")
    return content


def _find_content(data: bytes, entry: zipfile.ZipInfo) -> int:
    """Return the offset of the content after the local header's name and extra field (APPNOTE.TXT 4.3.7)."""
    header = data[entry.header_offset : entry.header_offset + 30]
    if len(header) < 30 or not header.startswith(b"PK\x03\x04"):
        raise ReaderError(DAMAGED, f"zip: {_shorten(entry.filename)}")
    name, extra = struct.unpack_from("<HH", header, 26)
    return int(entry.header_offset + 30 + name + extra)


def _inflate_deflate(raw: memoryview, name: str, remaining: int) -> bytes:
    inflater = zlib.decompressobj(-zlib.MAX_WBITS)
    pieces: list[bytes] = []
    size = 0
    pending: bytes | memoryview = raw
    try:
        while not inflater.eof:
            piece = inflater.decompress(pending, CHUNK)
            if not piece and not inflater.unconsumed_tail:  # the stream is truncated
                break
            size += len(piece)
            if size > remaining or (size > LARGE and size > MAX_RATIO * len(raw)):
                raise ReaderError(BOMB, _describe_expansion(name, size // max(1, len(raw))))
            pieces.append(piece)
            pending = inflater.unconsumed_tail
    except zlib.error as problem:
        raise ReaderError(DAMAGED, f"zip: {name}: {problem}") from problem
    return b"".join(pieces)


def _describe_expansion(name: str, times: int) -> Bilingual:
    return Bilingual(f"{name} 解压后是原来的{times}倍", f"{name} is {times} times as large when unpacked")


def gunzip(data: bytes, limit: int = MAX_GZIP) -> Iterator[bytes]:
    """Yield the content of a gzip file in chunks. Raises :class:`ReaderError` during iteration."""
    size = 0
    try:
        with gzip.GzipFile(fileobj=io.BytesIO(data)) as stream:
            while chunk := stream.read(CHUNK):
                size += len(chunk)
                if size > limit or (size > LARGE and size > MAX_RATIO * len(data)):
                    raise ReaderError(BOMB, _describe_expansion("gzip", size // len(data)))
                yield chunk
    except (OSError, EOFError, zlib.error) as problem:
        raise ReaderError(DAMAGED, f"gzip: {problem}") from problem


def _shorten(name: str) -> str:
    return "".join(c if c.isprintable() else "?" for c in name)[:80]

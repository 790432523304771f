"""Checksums of a tantivy index: every file of a segment ends with the CRC-32 of what precedes it."""

from __future__ import annotations

import re
import struct
import zlib
from pathlib import Path

import msgspec

_SUFFIXES = ("fast", "fieldnorm", "idx", "pos", "store", "term")
_TAIL = struct.Struct("<II")
"""Length of the JSON with the checksum, and a magic number; the last bytes of a file."""
_MAGIC = 1337
_CHECKSUM = re.compile(rb'"crc":(\d{1,10})\}\Z')
_CHUNK = 1 << 20


def find_damaged_file(generation: Path) -> str | None:
    """Return the name of a file of the current commit that is missing or damaged; None if all are whole.

    Raises ``OSError`` and ``msgspec.MsgspecError`` if the list of segments cannot be read.
    """
    listed = msgspec.json.decode((generation / "meta.json").read_bytes())["segments"]
    for segment in listed:
        name = str(segment["segment_id"]).replace("-", "")
        deletes = segment["deletes"]
        suffixes = (*_SUFFIXES, f"{deletes['opstamp']}.del") if deletes else _SUFFIXES
        for suffix in suffixes:
            file = generation / f"{name}.{suffix}"
            if not _is_whole(file):
                return file.name
    return None


def _is_whole(path: Path) -> bool:
    try:
        size = path.stat().st_size
        with path.open("rb") as file:
            file.seek(max(0, size - _TAIL.size))
            length, magic = _TAIL.unpack(file.read())
            end = size - _TAIL.size - length
            if magic != _MAGIC or end < 0:
                return False
            file.seek(end)
            match = _CHECKSUM.search(file.read(length))
            return match is not None and _crc(path, end) == int(match[1])
    except (FileNotFoundError, struct.error):
        return False


def _crc(path: Path, size: int) -> int:
    crc = 0
    with path.open("rb") as file:
        while size > 0 and (chunk := file.read(min(size, _CHUNK))):
            crc = zlib.crc32(chunk, crc)
            size -= len(chunk)
    return crc

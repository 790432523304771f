"""Word 97–2003 (.doc) → its text, by the piece table ([MS-DOC] 2.4.1); pictures and forms are left."""

from __future__ import annotations

import re
import struct
from io import BytesIO

import olefile

from publisher.ingest.findings.files import DAMAGED, ENCRYPTED
from publisher.ingest.formats.errors import ReaderError

_FIELD = re.compile("\x13[^\x13\x14\x15]*\x14?|\x15")
"""The code of a field, HYPERLINK and the like; its result stays."""
_BREAKS = str.maketrans({"\r": "\n", "\x0b": "\n", "\x0c": "\n", "\x07": "\t", "\x1e": "-", "\xa0": " "})
_OTHERS = re.compile("[\x00-\x08\x0e-\x1f]")
_CLX, _TEXT_LENGTH, _FLAGS, _LEAST = 0x01A2, 0x4C, 0x0A, 0x01AA
_IS_ENCRYPTED, _IS_1TABLE, _IS_8BIT = 0x0100, 0x0200, 0x40000000


def text(data: bytes) -> str:
    """A paragraph a line, cells of a table apart by tabs. Raises :class:`ReaderError`."""
    try:
        with olefile.OleFileIO(BytesIO(data)) as file:
            word = file.openstream("WordDocument").read()
            if len(word) < _LEAST:
                raise ReaderError(DAMAGED, "WordDocument")
            (flags,) = struct.unpack_from("<H", word, _FLAGS)
            if flags & _IS_ENCRYPTED:
                raise ReaderError(ENCRYPTED, "doc")
            table = file.openstream("1Table" if flags & _IS_1TABLE else "0Table").read()
        found = _pieces(word, table)
    except (OSError, struct.error, ValueError, IndexError) as problem:
        raise ReaderError(DAMAGED, f"doc: {problem}") from problem
    (length,) = struct.unpack_from("<i", word, _TEXT_LENGTH)
    found = _FIELD.sub("", found[: max(length, 0)])
    return _OTHERS.sub("", found.replace("\x07\x07", "\n").translate(_BREAKS))  # a row's end after its cell's


def _pieces(word: bytes, table: bytes) -> str:
    start, size = struct.unpack_from("<II", word, _CLX)
    clx = table[start : start + size]
    at = 0
    while clx[at] == 1:  # formatting
        at += 3 + struct.unpack_from("<H", clx, at + 1)[0]
    if clx[at] != 2:
        raise ReaderError(DAMAGED, "doc: Clx")
    (size,) = struct.unpack_from("<I", clx, at + 1)
    plc = clx[at + 5 : at + 5 + size]
    count = (len(plc) - 4) // 12
    ends = struct.unpack_from(f"<{count + 1}I", plc, 0)
    texts = []
    for number in range(count):
        (place,) = struct.unpack_from("<I", plc, 4 * (count + 1) + 8 * number + 2)
        length = ends[number + 1] - ends[number]
        if place & _IS_8BIT:
            first = (place & ~_IS_8BIT) // 2
            texts.append(word[first : first + length].decode("cp1252", "replace"))
        else:
            texts.append(word[place : place + 2 * length].decode("utf-16-le", "replace"))
    return "".join(texts)

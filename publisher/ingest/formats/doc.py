"""Text of a Word 97–2003 document (.doc), read by its piece table ([MS-DOC] 2.4.1); pictures are ignored."""

from __future__ import annotations

import re
import struct
from io import BytesIO

import olefile

from publisher.ingest.findings.files import DAMAGED, ENCRYPTED
from publisher.ingest.formats.errors import ReaderError

_FIELD = re.compile("\x13[^\x13\x14\x15]*\x14?|\x15")
"""Code of a field, for example HYPERLINK; the field's result stays in the text."""
_BREAKS = str.maketrans({"\r": "\n", "\x0b": "\n", "\x0c": "\n", "\x07": "\t", "\x1e": "-", "\xa0": " "})
_CONTROLS = re.compile("[\x00-\x08\x0e-\x1f]")
_CLX, _TEXT_LENGTH, _FLAGS, _LEAST = 0x01A2, 0x4C, 0x0A, 0x01AA
_IS_ENCRYPTED, _IS_1TABLE, _IS_8BIT = 0x0100, 0x0200, 0x40000000


def extract_text(data: bytes) -> str:
    """Return one line per paragraph; table cells are separated by tabs. Raises :class:`ReaderError`."""
    try:
        with olefile.OleFileIO(BytesIO(data)) as file:
            word = file.openstream("WordDocument").read()
            if len(word) < _LEAST:
                raise ReaderError(DAMAGED, "WordDocument")
            (flags,) = struct.unpack_from("<H", word, _FLAGS)
            if flags & _IS_ENCRYPTED:
                raise ReaderError(ENCRYPTED, "doc")
            table = file.openstream("1Table" if flags & _IS_1TABLE else "0Table").read()
        content = _read_pieces(word, table)
    except (OSError, struct.error, ValueError, IndexError) as problem:
        raise ReaderError(DAMAGED, f"doc: {problem}") from problem
    (length,) = struct.unpack_from("<i", word, _TEXT_LENGTH)
    content = _FIELD.sub("", content[: max(length, 0)])
    # The mark of a row's end follows that of its last cell.
    return _CONTROLS.sub("", content.replace("\x07\x07", "\n").translate(_BREAKS))


def _read_pieces(word: bytes, table: bytes) -> str:
    start, size = struct.unpack_from("<II", word, _CLX)
    clx = table[start : start + size]
    offset = 0
    while clx[offset] == 1:  # formatting
        offset += 3 + struct.unpack_from("<H", clx, offset + 1)[0]
    if clx[offset] != 2:
        raise ReaderError(DAMAGED, "doc: Clx")
    (size,) = struct.unpack_from("<I", clx, offset + 1)
    plc = clx[offset + 5 : offset + 5 + size]
    count = (len(plc) - 4) // 12
    ends = struct.unpack_from(f"<{count + 1}I", plc, 0)
    texts = []
    for number in range(count):
        (position,) = struct.unpack_from("<I", plc, 4 * (count + 1) + 8 * number + 2)
        length = ends[number + 1] - ends[number]
        if position & _IS_8BIT:
            first = (position & ~_IS_8BIT) // 2
            texts.append(word[first : first + length].decode("cp1252", "replace"))
        else:
            texts.append(word[position : position + 2 * length].decode("utf-16-le", "replace"))
    return "".join(texts)

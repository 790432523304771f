"""Text of a Word 97–2003 document (.doc), read by its piece table ([MS-DOC] 2.4.1); pictures are ignored."""

from __future__ import annotations

import re
import struct
from collections.abc import Sequence
from io import BytesIO

import olefile

from publisher.ingest.findings.files import DAMAGED, ENCRYPTED
from publisher.ingest.formats.errors import ReaderError
from publisher.ingest.formats.grid import Block

_FIELD = re.compile("\x13[^\x13\x14\x15]*\x14?|\x15")
"""Code of a field, for example HYPERLINK; the field's result stays in the text."""
_BEFORE_CELL = re.compile(r"\r.*\r|^\r", re.DOTALL)
_BREAKS = str.maketrans({"\r": "\n", "\x0b": "\n", "\x0c": "\n", "\x07": "\t", "\x1e": "-", "\xa0": " "})
_CONTROLS = re.compile("[\x00-\x08\x0e-\x1f]")
_CLX, _TEXT_LENGTH, _FLAGS, _LEAST = 0x01A2, 0x4C, 0x0A, 0x01AA
"""Offsets in the file information block ([MS-DOC] 2.5.1), and its least length."""
_IS_ENCRYPTED, _IS_1TABLE, _IS_8BIT = 0x0100, 0x0200, 0x40000000


def extract_blocks(data: bytes) -> list[Block]:
    """Return paragraphs, and tables as rows of cells, in order. Raises :class:`ReaderError`."""
    blocks: list[Block] = []
    rest = _read_content(data)
    while "\x07" in rest:
        first, _, after = rest.partition("\x07")
        before, _, cell = first.rpartition("\r")
        cells = [cell, *after.split("\x07")]
        text_after = cells.pop()
        rows, used = _group_rows(cells)
        blocks += _clean(before).split("\n")
        blocks.append([[_clean(text).strip("\n") for text in row] for row in rows])
        rest = "\x07".join([*cells[used:], text_after])
    return [*blocks, *_clean(rest).split("\n")]


def _group_rows(cells: Sequence[str]) -> tuple[list[list[str]], int]:
    """Group cells into the rows of one table. Return them, and the number of marks that they use.

    Every cell ends with a mark, and every row with another one. The cells of the first row are not blank, so
    its length is known, and a blank cell is not taken for the end of a row where the rows fit it.
    """
    width = next((n for n, cell in enumerate(cells) if not cell), len(cells))
    rows: list[list[str]] = []
    used = 0
    while width and used + width < len(cells) and cells[used + width] == "":
        if rows and _BEFORE_CELL.search(cells[used]):  # paragraphs, then the first cell of another table
            break
        rows.append(list(cells[used : used + width]))
        used += width + 1
    if rows:
        return rows, used
    end = next((n for n, cell in enumerate(cells) if not cell), len(cells) - 1)
    return [list(cells[: end + 1])], end + 1


def _clean(text: str) -> str:
    return _CONTROLS.sub("", text.translate(_BREAKS))


def _read_content(data: bytes) -> str:
    """Read the text with its control characters."""
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
    return _FIELD.sub("", content[: max(length, 0)])


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

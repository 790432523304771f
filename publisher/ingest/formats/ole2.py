"""OLE2 containers: detection of the program, and cell marks of an .xls file.

Records as in [MS-XLS] 2.4; containers by olefile.
"""

from __future__ import annotations

import io
import struct
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

import olefile

from publisher.ingest.findings.files import DAMAGED, ENCRYPTED, UNSUPPORTED, WORD_97
from publisher.ingest.formats.errors import ReaderError
from publisher.ingest.formats.grid import ERRORS, Position, SheetAnnotations

MAGIC = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"

BOF, EOF, FILEPASS, BOUNDSHEET, ROW = 0x0809, 0x000A, 0x002F, 0x0085, 0x0208
BOOLERR, FORMULA = 0x0205, 0x0006
HIDDEN_ROW = 0x20
"""``fDyZero`` in byte 12 of a ROW record."""


def read_annotations(data: bytes) -> Mapping[int, SheetAnnotations]:
    """Return the marks of an .xls file by the sheet's index. Raises :class:`ReaderError` for other files."""
    return _read_workbook(_open_workbook(data))


def is_word(data: bytes) -> bool:
    """Test for a Word 97 or WPS document by its content. Raises :class:`ReaderError`."""
    try:
        with olefile.OleFileIO(io.BytesIO(data)) as container:
            return bool(container.exists("WordDocument"))
    except Exception as problem:
        raise ReaderError(DAMAGED, f"OLE2: {problem}") from problem


def _open_workbook(data: bytes) -> bytes:
    """Return the workbook's stream: ``Workbook``, or ``Book`` before 1997."""
    try:
        with olefile.OleFileIO(io.BytesIO(data)) as container:
            streams = {path[0].lower(): path for path in container.listdir() if len(path) == 1}
            for name in ("workbook", "book"):
                if name in streams:
                    return bytes(container.openstream(streams[name]).read())
    except Exception as problem:
        raise ReaderError(DAMAGED, f"OLE2: {problem}") from problem
    if "encryptedpackage" in streams or "encryptioninfo" in streams:
        raise ReaderError(ENCRYPTED, "EncryptedPackage")
    if "worddocument" in streams:
        raise ReaderError(WORD_97)
    if "powerpoint document" in streams:
        raise ReaderError(UNSUPPORTED, "PowerPoint")
    raise ReaderError(UNSUPPORTED, "OLE2")


@dataclass(slots=True)
class _SheetCells:
    hidden_rows: set[int] = field(default_factory=set)
    errors: dict[Position, str] = field(default_factory=dict)


def _read_workbook(stream: bytes) -> Mapping[int, SheetAnnotations]:
    index_of: dict[int, int] = {}
    sheets: dict[int, _SheetCells] = {}
    sheet: _SheetCells | None = None
    for start, kind, body in _iter_records(stream):
        if kind == FILEPASS:
            raise ReaderError(ENCRYPTED, "xls")
        if kind == BOUNDSHEET and len(body) >= 4:
            index_of[struct.unpack_from("<I", body)[0]] = len(index_of)
        elif kind == BOF and start in index_of:
            sheet = sheets.setdefault(index_of[start], _SheetCells())
        elif sheet is not None:
            _add_annotation(sheet, kind, body)
    return {index: SheetAnnotations(frozenset(s.hidden_rows), s.errors) for index, s in sheets.items()}


def _add_annotation(sheet: _SheetCells, kind: int, body: bytes) -> None:
    if kind == ROW and len(body) >= 13:
        if body[12] & HIDDEN_ROW:
            sheet.hidden_rows.add(_read_u16(body, 0) + 1)
    elif kind == BOOLERR and len(body) >= 8:
        if body[7]:
            sheet.errors[_read_u16(body, 0) + 1, _read_u16(body, 2) + 1] = ERRORS.get(body[6], "#ERR!")
    elif (
        kind == FORMULA and len(body) >= 14 and body[12:14] == b"\xff\xff" and body[6] == 2  # an error
    ):
        sheet.errors[_read_u16(body, 0) + 1, _read_u16(body, 2) + 1] = ERRORS.get(body[8], "#ERR!")


def _iter_records(stream: bytes) -> Iterator[tuple[int, int, bytes]]:
    position = 0
    while position + 4 <= len(stream):
        kind, length = struct.unpack_from("<HH", stream, position)
        if kind == 0 and length == 0:  # the padding after the last record
            return
        yield position, kind, stream[position + 4 : position + 4 + length]
        position += 4 + length


def _read_u16(body: bytes, offset: int) -> int:
    return int.from_bytes(body[offset : offset + 2], "little")

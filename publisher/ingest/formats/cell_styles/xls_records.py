"""Records of an .xls file ([MS-XLS] 2.4): styles, errors, hidden rows and columns, and cells with a style."""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterator, Mapping, Sequence

import msgspec

from publisher.ingest.findings.files import ENCRYPTED
from publisher.ingest.formats.cell_styles.builtin_formats import BUILTIN_FORMATS
from publisher.ingest.formats.cell_styles.workbook_styles import StyledCells, WorkbookStyles
from publisher.ingest.formats.cell_styles.xls_strings import read_unicode, rich_strings
from publisher.ingest.formats.errors import ReaderError
from publisher.ingest.formats.grid import MAX_COLUMNS, Position, SheetAnnotations
from publisher.ingest.formats.number_formats.superscript import raise_runs

BOF, FILEPASS, BOUNDSHEET, CONTINUE = 0x0809, 0x002F, 0x0085, 0x003C
DATE_MODE, FONT, FORMAT, STYLE, SHARED_STRINGS = 0x0022, 0x0031, 0x041E, 0x00E0, 0x00FC
ROW, COLUMNS, PAGE_BREAKS = 0x0208, 0x007D, 0x001B
NUMBER, INTEGER, INTEGERS, FORMULA, ERROR = 0x0203, 0x027E, 0x00BD, 0x0006, 0x0205
SHARED_STRING, LABEL, RICH_LABEL = 0x00FD, 0x0204, 0x00D6
BIFF8 = 0x0600
HIDDEN_ROW = 0x20
"""``fDyZero`` in byte 12 of a ROW record."""
STRUCK = 0x08
"""``fStrikeOut`` of a FONT record."""
BLANK_RESULT = 3
"""Kind of the result of a FORMULA record: an empty text."""
SUPERSCRIPT = 1
"""``sss`` of a FONT record."""
_ERRORS = {
    0x00: "#NULL!",
    0x07: "#DIV/0!",
    0x0F: "#VALUE!",
    0x17: "#REF!",
    0x1D: "#NAME?",
    0x24: "#NUM!",
    0x2A: "#N/A",
}
"""Error codes ([MS-XLS] 2.5.10 Bes)."""


def _number_fonts(marks: Sequence[bool]) -> frozenset[int]:
    """Return the numbers of the fonts with a mark. There is no font with the number 4."""
    return frozenset(i if i < 4 else i + 1 for i, is_marked in enumerate(marks) if is_marked)


class _Workbook(msgspec.Struct):
    """Styles, collected from the records before the first sheet."""

    biff8: bool = True
    formats: dict[int, str] = msgspec.field(default_factory=lambda: dict(BUILTIN_FORMATS))
    fonts: list[bool] = msgspec.field(default_factory=list)
    """Whether each font is struck through."""
    raised_fonts: list[bool] = msgspec.field(default_factory=list)
    styles: list[tuple[int, int]] = msgspec.field(default_factory=list)
    """Font and format of each style."""
    strings: list[bytes] = msgspec.field(default_factory=list)
    """The record of shared strings and its continuations."""
    epoch_1904: bool = False

    def build_styles(self) -> WorkbookStyles:
        if not self.biff8:
            return WorkbookStyles()
        struck_fonts = _number_fonts(self.fonts)
        raised_fonts = _number_fonts(self.raised_fonts)
        struck: dict[int, str] = {}
        raised: dict[int, str] = {}
        for index, runs in rich_strings(self.strings) if struck_fonts or raised_fonts else ():
            if text := "".join(part for part, font in runs if font in struck_fonts).strip():
                struck[index] = text
            shown, plain = raise_runs((part, font in raised_fonts) for part, font in runs)
            if shown != plain:
                raised[index] = shown
        return WorkbookStyles(
            codes=tuple(self.formats.get(number, "General") for _, number in self.styles),
            struck=frozenset(i for i, (font, _) in enumerate(self.styles) if font in struck_fonts),
            struck_strings=struck,
            raised_strings=raised,
            epoch_1904=self.epoch_1904,
        )

    def add_record(self, kind: int, body: bytes) -> None:
        match kind:
            case _ if kind == FORMAT and self.biff8 and len(body) > 5:
                self.formats[_u16(body, 0)] = read_unicode(body, 2)
            case _ if kind == FONT and len(body) >= 10:
                self.fonts.append(bool(_u16(body, 2) & STRUCK))
                self.raised_fonts.append(_u16(body, 8) == SUPERSCRIPT)
            case _ if kind == STYLE and len(body) >= 4:
                self.styles.append((_u16(body, 0), _u16(body, 2)))
            case _ if kind == DATE_MODE and len(body) >= 2:
                self.epoch_1904 = _u16(body, 0) == 1


class _Sheet(msgspec.Struct):
    cells: StyledCells
    hidden_rows: set[int] = msgspec.field(default_factory=set)
    hidden_columns: set[int] = msgspec.field(default_factory=set)
    page_starts: set[int] = msgspec.field(default_factory=set)
    errors: dict[Position, str] = msgspec.field(default_factory=dict)
    blank_formulas: dict[Position, str] = msgspec.field(default_factory=dict)
    """Cells whose formula has a blank as its result, with a sign of a formula."""
    is_calculated: bool = False
    """Whether a formula has another result. Programs that do not calculate save a blank for each."""

    def annotations(self) -> SheetAnnotations:
        annotations = SheetAnnotations(
            hidden_rows=frozenset(self.hidden_rows),
            page_starts=frozenset(self.page_starts),
            errors=self.errors,
            uncalculated={} if self.is_calculated else self.blank_formulas,
        )
        return self.cells.annotate(annotations, frozenset(self.hidden_columns))


def read_workbook(stream: bytes) -> Mapping[int, SheetAnnotations]:
    """Return the annotations of sheets by index. Raises :class:`ReaderError` for an encrypted file."""
    index_of: dict[int, int] = {}
    sheets: dict[int, _Sheet] = {}
    sheet: _Sheet | None = None
    workbook = _Workbook()
    styles: WorkbookStyles | None = None
    before = 0
    for start, kind, body in _records(stream):
        if kind == FILEPASS:
            raise ReaderError(ENCRYPTED, "xls")
        if kind == BOUNDSHEET and len(body) >= 4:
            index_of[struct.unpack_from("<I", body)[0]] = len(index_of)
        elif kind == BOF and start in index_of:
            styles = styles or workbook.build_styles()
            sheet = sheets.setdefault(index_of[start], _Sheet(StyledCells(styles)))
        elif kind == BOF and start == 0 and len(body) >= 2:
            workbook.biff8 = _u16(body, 0) == BIFF8
        elif sheet is not None:
            if (handler := _HANDLERS.get(kind)) is not None:
                handler(sheet, body)
        elif kind == SHARED_STRINGS or (kind == CONTINUE and before in {SHARED_STRINGS, CONTINUE}):
            workbook.strings.append(body)
        else:
            workbook.add_record(kind, body)
        before = kind
    return {index: s.annotations() for index, s in sheets.items()}


def _add_row(sheet: _Sheet, body: bytes) -> None:
    if len(body) >= 13 and body[12] & HIDDEN_ROW:
        sheet.hidden_rows.add(_u16(body, 0) + 1)


def _add_columns(sheet: _Sheet, body: bytes) -> None:
    if len(body) >= 10 and (_u16(body, 8) & 1 or _u16(body, 4) == 0):
        sheet.hidden_columns.update(range(_u16(body, 0) + 1, min(_u16(body, 2) + 1, MAX_COLUMNS) + 1))


def _add_page_breaks(sheet: _Sheet, body: bytes) -> None:
    """Add the first row of each page: its index from 0, and two columns ([MS-XLS] 2.4.142)."""
    count = _u16(body, 0) if len(body) >= 2 else 0
    sheet.page_starts.update(_u16(body, 2 + 6 * i) + 1 for i in range(min(count, (len(body) - 2) // 6)))


def _add_error(sheet: _Sheet, body: bytes) -> None:
    if len(body) >= 8 and body[7]:
        sheet.errors[_position(body)] = _ERRORS.get(body[6], "#ERR!")


def _add_formula(sheet: _Sheet, body: bytes) -> None:
    if len(body) < 14:
        return
    if body[12:14] == b"\xff\xff" and body[6] == BLANK_RESULT:
        sheet.blank_formulas[_position(body)] = "="
        return
    sheet.is_calculated = True
    if body[12:14] != b"\xff\xff":
        sheet.cells.add_number(_position(body), _u16(body, 4), struct.unpack_from("<d", body, 6)[0])
    elif body[6] == 2:
        sheet.errors[_position(body)] = _ERRORS.get(body[8], "#ERR!")
    else:
        sheet.cells.add_text(_position(body), _u16(body, 4))


def _add_number(sheet: _Sheet, body: bytes) -> None:
    if len(body) >= 14:
        sheet.cells.add_number(_position(body), _u16(body, 4), struct.unpack_from("<d", body, 6)[0])


def _add_integer(sheet: _Sheet, body: bytes) -> None:
    if len(body) >= 10:
        sheet.cells.add_number(_position(body), _u16(body, 4), _packed_number(body, 6))


def _add_integers(sheet: _Sheet, body: bytes) -> None:
    """Add the cells of a MULRK record: a row, its first column, then a style and a number for each cell."""
    for number, offset in enumerate(range(4, len(body) - 7, 6)):
        position = (_u16(body, 0) + 1, _u16(body, 2) + 1 + number)
        sheet.cells.add_number(position, _u16(body, offset), _packed_number(body, offset + 2))


def _add_shared_string(sheet: _Sheet, body: bytes) -> None:
    if len(body) >= 10:
        sheet.cells.add_text(_position(body), _u16(body, 4), struct.unpack_from("<I", body, 6)[0])


def _add_label(sheet: _Sheet, body: bytes) -> None:
    if len(body) >= 6:
        sheet.cells.add_text(_position(body), _u16(body, 4))


_HANDLERS: Mapping[int, Callable[[_Sheet, bytes], None]] = {
    ROW: _add_row,
    COLUMNS: _add_columns,
    PAGE_BREAKS: _add_page_breaks,
    ERROR: _add_error,
    FORMULA: _add_formula,
    NUMBER: _add_number,
    INTEGER: _add_integer,
    INTEGERS: _add_integers,
    SHARED_STRING: _add_shared_string,
    LABEL: _add_label,
    RICH_LABEL: _add_label,
}


def _packed_number(body: bytes, offset: int) -> float:
    """Decode an RK number: 30 bits of an integer or of a double, perhaps times 100."""
    packed = struct.unpack_from("<i", body, offset)[0]
    if packed & 2:
        value = float(packed >> 2)
    else:
        value = struct.unpack("<d", b"\0\0\0\0" + struct.pack("<I", packed & 0xFFFFFFFC))[0]
    return value / 100 if packed & 1 else value


def _position(body: bytes) -> Position:
    return _u16(body, 0) + 1, _u16(body, 2) + 1


def _records(stream: bytes) -> Iterator[tuple[int, int, bytes]]:
    position = 0
    while position + 4 <= len(stream):
        kind, length = struct.unpack_from("<HH", stream, position)
        if kind == 0 and length == 0:  # the padding after the last record
            return
        yield position, kind, stream[position + 4 : position + 4 + length]
        position += 4 + length


def _u16(body: bytes, offset: int) -> int:
    return int.from_bytes(body[offset : offset + 2], "little")

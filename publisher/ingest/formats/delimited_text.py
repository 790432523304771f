"""Delimited text (CSV, TSV) and its conversion to a grid."""

from __future__ import annotations

import csv
import io
import re
from collections import Counter
from itertools import islice
from typing import Literal

import msgspec

from publisher.ingest.findings.files import EXTRA_CELLS, LOOSE_QUOTES, OPEN_QUOTE, TOO_LARGE
from publisher.ingest.findings.kind import Bilingual
from publisher.ingest.formats.errors import FileNote, ReaderError
from publisher.ingest.formats.grid import MAX_COLUMNS, MAX_FILE, Grid, build_grid

DELIMITERS = (",", "\t", ";")
SAMPLE = 200
"""Number of first rows that are examined to detect the delimiter."""
SHARE = 0.5
"""Least share of the rows with the most common width; below it the text is prose with commas."""
_MOST_NOTES = 50
_TEXT_FORMULA = re.compile(r'="((?:[^"]++|"")*+)"\s*')
type _Quoting = Literal[0, 3]
"""``csv.QUOTE_MINIMAL`` or ``csv.QUOTE_NONE``."""
csv.field_size_limit(MAX_FILE)
"""A cell may be as long as its file. By default a reader refuses one of more than 131,072 characters."""


def detect_delimiter(text: str) -> str | None:
    """Detect the delimiter by the most regular row width.

    Return ``None`` for plain text and for a table of one column. Where a stray quote hides the rows, they are
    counted without regard to quotes.
    """
    return (
        _most_regular(text, csv.QUOTE_MINIMAL)
        or ('"' in text and _most_regular(text, csv.QUOTE_NONE))
        or None
    )


def _most_regular(text: str, quoting: _Quoting) -> str | None:
    best: tuple[float, int, str] | None = None
    for delimiter in DELIMITERS:
        width, share = _measure_regularity(text, delimiter, quoting)
        if width > 1 and share >= SHARE and (best is None or (share, width) > best[:2]):
            best = (share, width, delimiter)
    return best[2] if best else None


def _measure_regularity(text: str, delimiter: str, quoting: _Quoting) -> tuple[int, float]:
    widths: Counter[int] = Counter()
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, quoting=quoting)
    for row in islice(reader, SAMPLE):
        if any(cell.strip() for cell in row):
            widths[len(row)] += 1
    if not widths:
        return 0, 0.0
    width, count = max(widths.items(), key=lambda item: (item[1], item[0]))
    return width, count / widths.total()


def parse_grid(text: str, name: str, delimiter: str) -> tuple[Grid | None, tuple[FileNote, ...]]:
    """Parse delimited text. A stray quote inside one row is read as text and reported as a note.

    Row numbers count records, as spreadsheet programs do, not lines. Raises :class:`ReaderError`, also where
    a quote that is not closed takes the rows below into its cell.
    """
    table = _Table(text, delimiter)
    table.read()
    width = table.usual_width()
    for row in table.multiline_rows:
        if _swallows_rows(row, delimiter, width):
            zh, en = f"第{row.number}行（文件第{row.line}行）", f"Row {row.number} (line {row.line})"
            raise ReaderError(OPEN_QUOTE, Bilingual(zh, en), row=row.number)
    stray = [FileNote(LOOSE_QUOTES, str(n), name, n) for n in table.stray_quote_rows[:_MOST_NOTES]]
    wide = [n for n, row in enumerate(table.rows, start=1) if any(cell.strip() for cell in row[width:])]
    extra = [FileNote(EXTRA_CELLS, str(n), name, n) for n in wide[:_MOST_NOTES]] if width > 1 else []
    return build_grid(name, table.rows), (*stray, *extra)


class _MultilineRow(msgspec.Struct, frozen=True):
    """A row with a line break in a cell. ``line``: its first line in the file, from 1."""

    number: int
    line: int
    cells: list[str]
    well_formed: bool


class _Table:
    """Rows of a delimited text; those with line breaks in cells, and those with stray quotes."""

    def __init__(self, text: str, delimiter: str) -> None:
        self.rows: list[list[str]] = []
        self.multiline_rows: list[_MultilineRow] = []
        self.stray_quote_rows: list[int] = []
        self._quoted = '"' in text
        self._text = text
        self._delimiter = delimiter
        cell = rf'(?:=?"(?:[^"]++|"")*+"|[^"{re.escape(delimiter)}\r\n]*+)'
        self._well_formed = re.compile(rf"{cell}(?:{re.escape(delimiter)}{cell})*+[\r\n]*")

    def read(self) -> None:
        lines = list(io.StringIO(self._text, newline="")) if self._quoted else []
        reader = csv.reader(lines or io.StringIO(self._text, newline=""), delimiter=self._delimiter)
        start = 0
        for row in reader:
            if len(row) > 4 * MAX_COLUMNS and any(row[MAX_COLUMNS:]):
                raise ReaderError(TOO_LARGE, Bilingual(f"{len(row)}列", f"{len(row)} columns"))
            self.rows.append([_strip_formula(cell) for cell in row] if self._quoted else row)
            if self._quoted:
                self._check_quotes(row, lines, start, reader.line_num)
                start = reader.line_num

    def _check_quotes(self, row: list[str], lines: list[str], start: int, end: int) -> None:
        if end - start == 1 and '"' not in lines[start]:
            return
        well_formed = self._well_formed.fullmatch("".join(lines[start:end])) is not None
        if not well_formed:
            self.stray_quote_rows.append(len(self.rows))
        if end - start > 1:
            self.multiline_rows.append(_MultilineRow(len(self.rows), start + 1, row, well_formed))

    def usual_width(self) -> int:
        """Return the number of cells of most rows; of those without a line break, where there are any."""
        multiline = {row.number for row in self.multiline_rows}
        rows = [row for n, row in enumerate(self.rows, start=1) if n not in multiline and any(row)]
        widths = Counter(map(len, rows or self.rows))
        return max(widths, key=lambda width: (widths[width], width), default=0)


def _strip_formula(cell: str) -> str:
    """Return the text of ``="00123"``, which programs write so that a spreadsheet keeps its zeros."""
    match = _TEXT_FORMULA.fullmatch(cell) if cell[:1] == "=" else None
    return match[1].replace('""', '"') if match else cell


def _swallows_rows(row: _MultilineRow, delimiter: str, width: int) -> bool:
    """Test whether a cell contains further rows of the file, as after a quote that is not closed."""
    for position, cell in enumerate(row.cells):
        lines = cell.splitlines()
        if len(lines) < 2:
            continue
        counts = [line.count(delimiter) for line in lines]
        # Text with a comma at the end of its lines is not a row.
        has_delimiter = [delimiter in line.strip().strip(delimiter) for line in lines]
        if sum(has_delimiter) >= 2 or (width > 2 and max(counts) >= width - 1):
            return True
        after = len(row.cells) - position - 1
        # The first line ends its row, and the last one begins the row that the cell's end belongs to.
        if any(has_delimiter) and counts[0] == width - position - 1 and counts[-1] + after == width - 1:
            return True
        if (any(has_delimiter) and not row.well_formed) or (
            len(row.cells) > width and not _is_padding(row.cells[width:])
        ):
            return True
    return False


def _is_padding(cells: list[str]) -> bool:
    return not any(cell.strip() for cell in cells)


def split_lines(text: str, name: str) -> Grid | None:
    """Return plain text as a grid of one column with one row per line."""
    return build_grid(name, [[line] for line in text.splitlines()])

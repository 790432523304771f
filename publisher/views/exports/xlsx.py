"""Workbooks (XLSX): creation, sheets with a row limit, and the export of a state."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from datetime import UTC, date, datetime
from decimal import Decimal
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, Any

from publisher.log.queries.whole_state import StateRow
from publisher.views.exports import table_cells
from publisher.views.exports.export import About, Rows
from schemas.cells.value_texts import format_value
from schemas.definition.catalogue import Field

if TYPE_CHECKING:
    import xlsxwriter
    from xlsxwriter.worksheet import Worksheet

MEDIA_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
LONGEST = 32_767
"""Most characters of a cell in Excel."""
MOST_ROWS = 1_000_000
"""Most rows of a sheet without its head; Excel's limit is 1,048,576. More rows start another sheet."""
_CUT = "……（全文见 CSV 或 JSON / in full in CSV and JSON；此处从略）"
_DIGITS = 15
"""Significant digits of a number in a workbook."""
_FIRST_DAY = date(1900, 3, 1)
"""Excel counts 29 February 1900, which did not exist, so earlier days are wrong."""
_UNDATED = datetime(1980, 1, 1, tzinfo=UTC)
_UNFIT = re.compile("[\ud800-\udfff\ufffe\uffff]")
_OPTIONS = {
    "constant_memory": True,
    "strings_to_formulas": False,
    "strings_to_urls": False,
    "strings_to_numbers": False,
}
type WriteCell = Callable[[Worksheet, int, int, Any], object]


def open_workbook(
    target: Path | BytesIO, *, title: str = "", created: datetime | None = None
) -> xlsxwriter.Workbook:
    """Open a workbook that writes rows to a temporary file. Texts never become formulas, links or numbers.

    ``created`` is not the current time, so that equal contents give equal bytes, as their ETag states.
    """
    import xlsxwriter  # noqa: PLC0415 -- a start does not wait for it

    folder = str(target.parent) if isinstance(target, Path) else None
    book = xlsxwriter.Workbook(target, {**_OPTIONS, "tmpdir": folder})
    book.set_properties({"title": title, "created": created or _UNDATED})
    return book


class Sheets:
    """Sequence of sheets with the same head: the next sheet starts when one is full."""

    def __init__(self, book: xlsxwriter.Workbook, name: str, head: Callable[[Worksheet], None]) -> None:
        self._book, self._name, self._head = book, name, head
        self._count = self._row = 0
        self._sheet = self._begin()

    def next_row(self) -> tuple[Worksheet, int]:
        """Return the next row and its sheet."""
        if self._row == MOST_ROWS:
            self._sheet = self._begin()
        self._row += 1
        return self._sheet, self._row

    def _begin(self) -> Worksheet:
        self._count, self._row = self._count + 1, 0
        name = self._name if self._count == 1 else f"{self._name}{self._count}"
        sheet: Worksheet = self._book.add_worksheet(name)
        self._head(sheet)
        return sheet


def replace_unfit(text: str) -> str:
    """Replace characters that XML cannot represent. The library escapes control characters."""
    return _UNFIT.sub("\ufffd", text)


def fit_text(text: str) -> str:
    """Truncate a text to the limit of a cell, with a note."""
    clean = replace_unfit(text)
    return clean if len(clean) <= LONGEST else clean[: LONGEST - len(_CUT)] + _CUT


def write_xlsx(path: Path, about: About, rows: Rows) -> None:
    with open_workbook(path, title=about.dataset.title, created=about.timestamp) as book:
        _RecordSheets(book, about).write(rows())
        _write_facts(book, about)


def _write_facts(book: xlsxwriter.Workbook, about: About) -> None:
    sheet = book.add_worksheet("来源与许可" if about.lang == "zh" else "Source and licence")
    bold, wrapped = book.add_format({"bold": True, "valign": "top"}), book.add_format({"text_wrap": True})
    sheet.set_column(0, 0, 24)
    sheet.set_column(1, 1, 90)
    for y, (name, text) in enumerate(about.facts()):
        sheet.write_string(y, 0, name, bold)
        sheet.write_string(y, 1, fit_text(text), wrapped)


class _RecordSheets:
    """Sheets of records, one row for each, in typed columns."""

    def __init__(self, book: xlsxwriter.Workbook, about: About) -> None:
        self._about = about
        self._fields = table_cells.public_fields(about.catalogue)
        self._bold = book.add_format({"bold": True, "bottom": 1, "text_wrap": True, "valign": "top"})
        self._day = book.add_format({"num_format": "yyyy-mm-dd"})
        self._cell_writers: list[WriteCell] = [self._cell_writer(field) for field in self._fields]
        self._sheets = Sheets(book, "数据" if about.lang == "zh" else "Data", self._head)

    def write(self, states: Iterable[StateRow]) -> None:
        last = len(self._fields) + 1
        for record, content, part, release, effective_from, revision in states:
            sheet, y = self._sheets.next_row()
            get = table_cells.decode(content).get
            sheet.write_string(y, 0, record)
            for x, (field, write_cell) in enumerate(
                zip(self._fields, self._cell_writers, strict=True), start=1
            ):
                value = get(field.name)
                if value is not None:
                    write_cell(sheet, y, x, value)
            if part:
                sheet.write_string(y, last, fit_text(part))
            sheet.write_number(y, last + 1, release)
            self._write_day(sheet, y, last + 2, date.fromordinal(effective_from))
            sheet.write_string(y, last + 3, revision)

    def _write_day(self, sheet: Worksheet, y: int, x: int, day: date) -> object:
        if day < _FIRST_DAY:
            return sheet.write_string(y, x, day.isoformat())
        return sheet.write_datetime(y, x, day, self._day)

    def _head(self, sheet: Worksheet) -> None:
        sheet.freeze_panes(1, 0)
        sheet.set_column(0, 0, 18)
        for x, field in enumerate(self._fields, start=1):
            sheet.set_column(x, x, _width(field))
        sheet.set_column(len(self._fields) + 1, len(self._fields) + 4, 16)
        for x, heading in enumerate(table_cells.headings(self._about.catalogue, self._about.lang)):
            sheet.write_string(0, x, fit_text(heading), self._bold)

    def _cell_writer(self, field: Field) -> WriteCell:
        """Create a function that writes numbers and days with their type if Excel is exact, else as text."""

        def text(sheet: Worksheet, y: int, x: int, value: Any) -> object:
            cell = value if isinstance(value, str) else format_value(field, value, self._about.lang)
            return sheet.write_string(y, x, fit_text(cell))

        def number(sheet: Worksheet, y: int, x: int, value: Any) -> object:
            if is_exact(value):
                return sheet.write_number(y, x, float(value))
            return text(sheet, y, x, str(value))

        def boolean(sheet: Worksheet, y: int, x: int, value: Any) -> object:
            return sheet.write_boolean(y, x, value) if isinstance(value, bool) else text(sheet, y, x, value)

        def day(sheet: Worksheet, y: int, x: int, value: Any) -> object:
            try:
                moment = date.fromisoformat(value)
            except (TypeError, ValueError):  # a state of the past may have a value of another type
                return text(sheet, y, x, value)
            return self._write_day(sheet, y, x, moment)

        by_type: dict[str, WriteCell] = {
            "integer": number,
            "decimal": number,
            "boolean": boolean,
            "date": day,
        }
        return by_type.get(field.type, text)


def is_exact(value: Any) -> bool:
    """Report whether a workbook, which stores 15 digits, shows the number exactly."""
    try:
        number = Decimal(value)
        is_short = number.is_finite() and len(number.as_tuple().digits) <= _DIGITS
        return is_short and Decimal(repr(float(number))) == number  # not beyond the range of a float
    except (ArithmeticError, TypeError, ValueError):
        return False


def _width(field: Field) -> int:
    if field.format in ("text", "markdown", "citations") or field.type == "files":
        return 50
    return {"integer": 10, "decimal": 12, "boolean": 8, "date": 12, "limit": 14, "amount": 14}.get(
        field.type, 24
    )

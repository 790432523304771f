"""A workbook for people: types kept, the header frozen, widths that fit, a sheet on source and licence."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import xlsxwriter
from xlsxwriter.worksheet import Worksheet

from publisher.log.queries.whole_state import Stated
from publisher.views.exports import table_cells
from publisher.views.exports.export import About, Rows
from schemas.cells.values import format_value
from schemas.definition.catalogue import Field

LONGEST = 32_767
"""Characters; what Excel holds in a cell."""
MOST_ROWS = 1_000_000
"""Of a sheet; Excel holds 1,048,576. What is more goes on in another sheet."""
_CUT = "……（过长，从略；全文见 CSV 或 JSON / cut here, whole in CSV and JSON）"
_DIGITS = 15
_FIRST_DAY = date(1900, 3, 1)
"""Before it Excel counts a day that never was."""
_UNFIT = dict.fromkeys((*range(0xD800, 0xE000), 0xFFFE, 0xFFFF), "\ufffd")
_OPTIONS = {
    "constant_memory": True,
    "strings_to_formulas": False,
    "strings_to_urls": False,
    "strings_to_numbers": False,
}
type Put = Callable[[Worksheet, int, int, Any], object]


def write_xlsx(path: Path, about: About, rows: Rows) -> None:
    with xlsxwriter.Workbook(path, {**_OPTIONS, "tmpdir": str(path.parent)}) as book:
        book.set_properties({"title": about.dataset.title, "created": about.made})
        _Sheets(book, about).write(rows())
        _facts(book, about)


def _facts(book: xlsxwriter.Workbook, about: About) -> None:
    sheet = book.add_worksheet("来源与许可" if about.lang == "zh" else "Source and licence")
    bold, wrapped = book.add_format({"bold": True, "valign": "top"}), book.add_format({"text_wrap": True})
    sheet.set_column(0, 0, 24)
    sheet.set_column(1, 1, 90)
    for y, (name, text) in enumerate(about.facts()):
        sheet.write_string(y, 0, name, bold)
        sheet.write_string(y, 1, _fit(text), wrapped)


class _Sheets:
    def __init__(self, book: xlsxwriter.Workbook, about: About) -> None:
        self._book, self._about = book, about
        self._fields = table_cells.published(about.catalogue)
        self._head = book.add_format({"bold": True, "bottom": 1, "text_wrap": True, "valign": "top"})
        self._day = book.add_format({"num_format": "yyyy-mm-dd"})
        self._puts: list[Put] = [self._put(field) for field in self._fields]

    def write(self, stated: Iterable[Stated]) -> None:
        sheet, y = self._sheet(1), 0
        last = len(self._fields) + 1
        for n, (record, content, part, release, effective_from, revision) in enumerate(stated):
            if n and n % MOST_ROWS == 0:
                sheet, y = self._sheet(n // MOST_ROWS + 1), 0
            y += 1
            get = table_cells.decode(content).get
            sheet.write_string(y, 0, record)
            for x, (field, put) in enumerate(zip(self._fields, self._puts, strict=True), start=1):
                value = get(field.name)
                if value is not None:
                    put(sheet, y, x, value)
            if part:
                sheet.write_string(y, last, _fit(part))
            sheet.write_number(y, last + 1, release)
            sheet.write_datetime(y, last + 2, date.fromordinal(effective_from), self._day)
            sheet.write_string(y, last + 3, revision)

    def _sheet(self, number: int) -> Worksheet:
        name = "数据" if self._about.lang == "zh" else "Data"
        sheet: Worksheet = self._book.add_worksheet(name if number == 1 else f"{name} {number}")
        sheet.freeze_panes(1, 0)
        sheet.set_column(0, 0, 18)
        for x, field in enumerate(self._fields, start=1):
            sheet.set_column(x, x, _width(field))
        sheet.set_column(len(self._fields) + 1, len(self._fields) + 4, 16)
        for x, heading in enumerate(table_cells.headings(self._about.catalogue, self._about.lang)):
            sheet.write_string(0, x, _fit(heading), self._head)
        return sheet

    def _put(self, field: Field) -> Put:
        """Numbers and days as such where the workbook keeps them exactly, else as text."""

        def text(sheet: Worksheet, y: int, x: int, value: Any) -> object:
            shown = value if isinstance(value, str) else format_value(field, value, self._about.lang)
            return sheet.write_string(y, x, _fit(shown))

        def number(sheet: Worksheet, y: int, x: int, value: Any) -> object:
            if exact(value):
                return sheet.write_number(y, x, float(value))
            return text(sheet, y, x, str(value))

        def boolean(sheet: Worksheet, y: int, x: int, value: Any) -> object:
            return sheet.write_boolean(y, x, value) if isinstance(value, bool) else text(sheet, y, x, value)

        def on(sheet: Worksheet, y: int, x: int, value: Any) -> object:
            try:
                moment = date.fromisoformat(value)
            except ValueError:
                return text(sheet, y, x, value)
            if moment < _FIRST_DAY:
                return text(sheet, y, x, value)
            return sheet.write_datetime(y, x, moment, self._day)

        by_type: dict[str, Put] = {"integer": number, "decimal": number, "boolean": boolean, "date": on}
        return by_type.get(field.type, text)


def exact(value: Any) -> bool:
    """Whether a workbook, which keeps 15 digits, would show the number as it is."""
    try:
        return len(Decimal(value).as_tuple().digits) <= _DIGITS
    except (ArithmeticError, TypeError, ValueError):
        return False


def _width(field: Field) -> int:
    if field.format in ("text", "markdown", "citations") or field.type == "files":
        return 50
    return {"integer": 10, "decimal": 12, "boolean": 8, "date": 12, "limit": 14, "amount": 14}.get(
        field.type, 24
    )


def _fit(text: str) -> str:
    """A text that a cell holds and XML can say; control characters the library escapes."""
    clean = text.translate(_UNFIT)
    return clean if len(clean) <= LONGEST else clean[: LONGEST - len(_CUT)] + _CUT

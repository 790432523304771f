"""The native spreadsheet parser, run in a separate process with limits on memory and time.

A workbook of a few hundred bytes can make the parser allocate half a terabyte (two cells in opposite
corners), loop in a circular sector chain, or clone one long string a million times. Each of these ends the
process. Standard input is the workbook, standard output one MessagePack object; the caller only learns that
this process failed.

Run as a script by :mod:`publisher.ingest.formats.excel`. It imports no module of the project, so that it
starts in about 40 ms.
"""

from __future__ import annotations

import datetime as dt
import io
import sys
from typing import Any

import msgspec
from python_calamine import CalamineSheet, CalamineWorkbook, PasswordError, SheetTypeEnum, SheetVisibleEnum

MEMORY = 320 << 20
SECONDS = 50
MAX_CELLS = 20_000_000
"""Cells of the rectangle that a sheet spans, including blank cells."""
MAX_TEXT = 512 << 20
"""Characters of all cells in total."""


class TooLargeError(Exception):
    """A sheet has more cells or text than the limits above."""


def main() -> None:
    _limit_resources()
    data = sys.stdin.buffer.read()
    try:
        answer: dict[str, Any] = {"sheets": list(_iter_sheets(data))}
    except PasswordError:
        answer = {"error": "encrypted", "detail": "password"}
    except (TooLargeError, MemoryError) as problem:
        answer = {"error": "too-large", "detail": str(problem)}
    except BaseException as problem:  # noqa: BLE001 -- the parser's panics derive from BaseException
        answer = {"error": "damaged", "detail": f"{type(problem).__name__}: {problem}"[:300]}
    sys.stdout.buffer.write(msgspec.msgpack.encode(answer))


def _limit_resources() -> None:
    try:
        import resource  # noqa: PLC0415 -- absent on Windows, where only the caller's time limit holds
    except ImportError:
        return
    resource.setrlimit(resource.RLIMIT_DATA, (MEMORY, MEMORY))
    resource.setrlimit(resource.RLIMIT_CPU, (SECONDS, SECONDS))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def _iter_sheets(data: bytes) -> Any:
    text = 0
    with CalamineWorkbook.from_filelike(io.BytesIO(data)) as workbook:
        for index, meta in enumerate(workbook.sheets_metadata):
            if meta.typ != SheetTypeEnum.WorkSheet:
                continue
            sheet = workbook.get_sheet_by_index(index)
            rows = _list_rows(sheet)
            text += sum(len(value) for row in rows for value in row if isinstance(value, str))
            if text > MAX_TEXT:
                raise TooLargeError(f"{meta.name}: text")
            yield {
                "index": index,
                "name": meta.name,
                "hidden": meta.visible != SheetVisibleEnum.Visible,
                "rows": rows,
                "merges": [
                    (top + 1, left + 1, bottom + 1, right + 1)
                    for (top, left), (bottom, right) in sheet.merged_cell_ranges or ()
                ],
            }


def _list_rows(sheet: CalamineSheet) -> list[list[Any]]:
    if sheet.total_height * sheet.total_width > MAX_CELLS:
        raise TooLargeError(f"{sheet.name}: {sheet.total_height} × {sheet.total_width}")
    rows: list[list[Any]] = []
    for row in sheet.to_python(skip_empty_area=False):
        values = [value if isinstance(value, str | float | int) else _format_time(value) for value in row]
        while values and values[-1] == "":
            values.pop()
        rows.append(values)
    while rows and not rows[-1]:
        rows.pop()
    return rows


def _format_time(value: dt.date | dt.datetime | dt.time | dt.timedelta) -> str:
    """Format a date or time in ISO 8601, without 00:00:00; a duration as ``[h]:mm:ss``."""
    if isinstance(value, dt.datetime):
        return value.date().isoformat() if value.time() == dt.time() else value.isoformat(sep=" ")
    if isinstance(value, dt.timedelta):
        seconds = round(value.total_seconds())
        return f"{seconds // 3600}:{seconds // 60 % 60:02}:{seconds % 60:02}"
    return value.isoformat()


if __name__ == "__main__":
    main()

"""xls and xlsx → grids: python-calamine reads the cells, our own passes what it does not tell."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import msgspec

from publisher.collect.findings import Kind
from publisher.collect.model import Grid
from publisher.collect.readers import calamine_process
from publisher.collect.readers.grid import Merge, Position, build
from publisher.collect.readers.marks import Marks
from publisher.collect.readers.problems import (
    DAMAGED,
    DIGITS_LOST,
    ENCRYPTED,
    FORMULA_WITHOUT_VALUE,
    TOO_LARGE,
    Note,
    ReaderError,
)


class Sheet(msgspec.Struct):
    index: int
    """Among all sheets of the workbook, charts included."""
    name: str
    hidden: bool
    rows: list[list[str | int | float | bool]]
    merges: list[Merge]


class Answer(msgspec.Struct):
    sheets: list[Sheet] = []
    error: str = ""
    detail: str = ""


def grids(data: bytes, marks: Mapping[int, Marks]) -> tuple[tuple[Grid, ...], tuple[Note, ...]]:
    """The sheets that hold text. ``marks``: by a sheet's index, see :class:`Marks`.

    Raises :class:`ReaderError`.
    """
    found: list[Grid] = []
    notes: list[Note] = []
    for sheet in _sheets(data):
        mark = marks.get(sheet.index, Marks())
        grid = build(
            sheet.name,
            sheet.rows,
            sheet.merges,
            hidden=sheet.hidden,
            hidden_rows=mark.hidden_rows,
            replaced=mark.errors,
        )
        notes += _notes(sheet, mark)
        if grid is not None:
            found.append(grid)
    return tuple(found), tuple(notes)


def _sheets(data: bytes) -> list[Sheet]:
    """Run the parser apart, with limits; see :mod:`publisher.collect.readers.calamine_process`."""
    command = [sys.executable, "-I", str(Path(calamine_process.__file__))]
    try:
        done = subprocess.run(  # noqa: S603 -- our own interpreter and our own file
            command, input=data, capture_output=True, timeout=calamine_process.SECONDS, check=False
        )
    except subprocess.TimeoutExpired as problem:
        raise ReaderError(TOO_LARGE, f"> {calamine_process.SECONDS} s") from problem
    if done.returncode:
        raise ReaderError(DAMAGED, f"parser stopped with {done.returncode}")
    answer = msgspec.msgpack.decode(done.stdout, type=Answer)
    if answer.error:
        kind = {"encrypted": ENCRYPTED, "too-large": TOO_LARGE}.get(answer.error, DAMAGED)
        raise ReaderError(kind, answer.detail)
    return answer.sheets


def _notes(sheet: Sheet, mark: Marks) -> list[Note]:
    notes = []
    if mark.uncalculated:
        notes.append(_note(FORMULA_WITHOUT_VALUE, sheet.name, mark.uncalculated))
    long = {
        (r, c): repr(value)
        for r, row in enumerate(sheet.rows, start=1)
        for c, value in enumerate(row, start=1)
        if isinstance(value, float) and abs(value) >= 1e15 and value.is_integer()
    }
    if long:
        notes.append(_note(DIGITS_LOST, sheet.name, long))
    return notes


def _note(kind: Kind, sheet: str, cells: Mapping[Position, str]) -> Note:
    first = min(cells)
    return Note(kind, str(len(cells)), sheet, first[0], cells[first])

"""Delimited text (CSV, TSV) and its conversion to a grid."""

from __future__ import annotations

import csv
import io
from collections import Counter
from itertools import islice

from publisher.ingest.findings.files import DAMAGED, LOOSE_QUOTES, TOO_LARGE
from publisher.ingest.findings.kind import Bilingual
from publisher.ingest.formats.errors import FileNote, ReaderError
from publisher.ingest.formats.grid import MAX_COLUMNS, Grid, build_grid

DELIMITERS = (",", "\t", ";")
SAMPLE = 200
"""Number of first rows that are examined to detect the delimiter."""
SHARE = 0.5
"""Least share of the rows with the most common width; below it the text is prose with commas."""


def detect_delimiter(text: str) -> str | None:
    """Detect the delimiter by the most regular row width.

    Return ``None`` for plain text and for a table of one column.
    """
    best: tuple[float, int, str] | None = None
    for delimiter in DELIMITERS:
        width, share = _measure_regularity(text, delimiter)
        if width > 1 and share >= SHARE and (best is None or (share, width) > best[:2]):
            best = (share, width, delimiter)
    return best[2] if best else None


def _measure_regularity(text: str, delimiter: str) -> tuple[int, float]:
    widths: Counter[int] = Counter()
    try:
        for row in islice(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter), SAMPLE):
            if any(cell.strip() for cell in row):
                widths[len(row)] += 1
    except csv.Error:
        return 0, 0.0
    if not widths:
        return 0, 0.0
    width, count = max(widths.items(), key=lambda item: (item[1], item[0]))
    return width, count / widths.total()


def parse_grid(text: str, name: str, delimiter: str) -> tuple[Grid | None, tuple[FileNote, ...]]:
    """Parse delimited text. Malformed quotes are read leniently and reported as a note.

    Row numbers count records, as spreadsheet programs do, not lines. Raises :class:`ReaderError`.
    """
    notes: tuple[FileNote, ...] = ()
    try:
        rows = _parse_rows(text, delimiter, strict=True)
    except _UnpairedQuoteError as problem:
        notes = (FileNote(LOOSE_QUOTES, str(problem.row), name, problem.row),)
        try:
            rows = _parse_rows(text, delimiter, strict=False)
        except csv.Error as worse:
            raise ReaderError(DAMAGED, f"CSV: {worse}") from worse
    return build_grid(name, rows), notes


class _UnpairedQuoteError(csv.Error):
    def __init__(self, text: str, row: int) -> None:
        super().__init__(text)
        self.row = row


def _parse_rows(text: str, delimiter: str, *, strict: bool) -> list[list[str]]:
    rows: list[list[str]] = []
    try:
        for row in csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=strict):
            if len(row) > 4 * MAX_COLUMNS and any(row[MAX_COLUMNS:]):
                raise ReaderError(TOO_LARGE, Bilingual(f"{len(row)}列", f"{len(row)} columns"))
            rows.append(row)
    except csv.Error as problem:
        raise _UnpairedQuoteError(str(problem), len(rows) + 1) from problem
    return rows


def split_lines(text: str, name: str) -> Grid | None:
    """Return plain text as a grid of one column with one row per line."""
    return build_grid(name, [[line] for line in text.splitlines()])

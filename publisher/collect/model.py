"""What an import says: records, where each came from, what is wrong, and what became of every row."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

import msgspec

from schemas.catalogue import Content

type Severity = Literal["error", "warning", "info"]
type Reason = Literal[
    "title", "header", "note", "group", "repeated-header", "duplicate", "unreadable", "total"
]
"""Why a row is left out."""


@dataclass(frozen=True, slots=True)
class Finding:
    """Something a clerk should see. ``code`` is stable (``docs/findings.md``); texts tell the way out."""

    code: str
    severity: Severity
    file: str
    message_zh: str
    message_en: str
    sheet: str | None = None
    row: int | None = None
    """1-based, as the spreadsheet program shows it."""
    column: str | None = None
    """Column letters and heading, e.g. ``C 权力类型``."""
    found: str = ""
    way_out_zh: str = ""
    way_out_en: str = ""


class Cell(msgspec.Struct, frozen=True, gc=False):
    """A cell of a grid: text as found, and where it stands (1-based row, 1-based column).

    A struct that the garbage collector does not follow: a workbook has a million of them.
    """

    text: str
    row: int
    column: int
    merged_from: tuple[int, int] | None = None
    """For a cell inside a merged range: the range's top left, whose text it carries."""
    numeric: bool = False
    covered: bool = False
    """Own text that a merged range hides: the file holds it, a spreadsheet program does not show it.
    ``merged_from`` is set then too, but ``text`` is the cell's own."""


@dataclass(frozen=True, slots=True)
class Grid:
    """A rectangle of text: one sheet, one table of a document, one CSV file.

    ``rows[i]`` holds the cells of row ``first_row + i``; blank cells are in it with ``text == ""``.
    """

    name: str
    rows: tuple[tuple[Cell, ...], ...]
    hidden: bool = False
    hidden_rows: frozenset[int] = frozenset()
    """1-based rows that a spreadsheet program does not show; they are read like others."""


@dataclass(frozen=True, slots=True)
class ImportedRecord:
    content: Content
    originals: Mapping[str, str]
    """Field → text as found, where the value differs from it."""
    sheet: str
    rows: tuple[int, ...]
    """The record's own row, then its continuations."""
    cells: Mapping[str, str]
    """Field → A1 reference of the first cell it was read from."""
    source_text: str
    """SHA-256 (hex) over the raw texts of its published columns."""
    in_error: bool = False
    """One of its findings is an error: publication is refused, or goes on without it."""


@dataclass(frozen=True, slots=True)
class LeftOut:
    sheet: str
    row: int
    reason: Reason
    text: str = ""


@dataclass(frozen=True, slots=True)
class SheetReport:
    sheet: str
    rows: int
    """Rows with any text, before merged cells are filled = records + continuations + left_out."""
    records: int
    continuations: int
    left_out: int


@dataclass(frozen=True, slots=True)
class Reading:
    """One file read against one catalogue."""

    file: str
    digest: str
    media_type: str
    catalogue: str
    parser_version: str
    sheets: tuple[SheetReport, ...]
    records: tuple[ImportedRecord, ...]
    left_out: tuple[LeftOut, ...]
    findings: tuple[Finding, ...]
    dropped_columns: tuple[str, ...] = ()
    """Headings of personal columns that were dropped at the door."""
    unmapped_columns: tuple[str, ...] = field(default=())

    @property
    def rows(self) -> int:
        return sum(s.rows for s in self.sheets)


class UnreadableFile(Exception):  # noqa: N818 - named for what it is about; part of the contract
    """The file cannot be read at all; nothing was changed. Carries one error finding."""

    def __init__(self, finding: Finding) -> None:
        super().__init__(f"{finding.message_zh} / {finding.message_en}")
        self.finding = finding

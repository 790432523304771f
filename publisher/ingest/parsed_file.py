"""A parsed file: its records with their cells, the rows left out, and the findings."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

import msgspec

from publisher.ingest.findings.kind import Finding
from schemas.definition.catalogue import Content

type Reason = Literal[
    "title", "header", "note", "group", "repeated-header", "duplicate", "unreadable", "total", "covered"
]
"""Reason why a row is left out."""


class ImportedRecord(msgspec.Struct, frozen=True):
    content: Content
    originals: Mapping[str, str]
    """Field → original text, where the value differs from it."""
    sheet: str
    rows: tuple[int, ...]
    """The record's own row, then its continuations."""
    cells: Mapping[str, str]
    """Field → A1 reference of the first cell it was read from."""
    source_text: str
    """SHA-256 (hex) of the raw texts of its published columns."""
    in_error: bool = False
    """Whether one of its findings is an error. Publication is then refused, or leaves the record out."""
    identity: tuple[str, ...] | None = None
    """Its identity, where it is not ``Catalogue.identity_of(content)``: several records share one code."""
    other_cells: tuple[str, ...] = ()
    """A1 references of its cells that are not the first of a field: running numbers, units, continuations."""
    unread: tuple[tuple[str, str], ...] = ()
    """Heading and text of its cells in columns that are not read."""


class LeftOut(msgspec.Struct, frozen=True):
    sheet: str
    row: int
    reason: Reason
    text: str = ""


class SheetReport(msgspec.Struct, frozen=True):
    sheet: str
    rows: int
    """Rows with text, before merged cells are filled; the sum of records, continuations and left_out."""
    records: int
    continuations: int
    left_out: int


class ReadColumn(msgspec.Struct, frozen=True):
    """A column of a table, and how it was read."""

    sheet: str
    column: str
    """Letters of the column; the key in a JSON file."""
    heading: str
    field: str | None
    """Name of its field, or of the field that it qualifies by a unit or a note; None if it has none."""
    read: bool
    """Whether its heading is known; a column of running numbers is read and has no field."""
    filled: int
    """Cells with text below the heading."""


class MendedCell(msgspec.Struct, frozen=True):
    """A cell of a table that a clerk mended. ``read``: what the file says, once it was read."""

    sheet: str
    cell: str
    """A1 reference."""
    written: str
    read: str = ""

    @property
    def row(self) -> int:
        return int(self.cell.lstrip("ABCDEFGHIJKLMNOPQRSTUVWXYZ"))


class Reading(msgspec.Struct, frozen=True):
    """The result of reading one file with one catalogue."""

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
    """Headings of personal columns, which were discarded on import."""
    unmapped_columns: tuple[str, ...] = ()
    """Headings of columns that belong to no field."""
    columns: tuple[ReadColumn, ...] = ()
    """Every column with a heading or text, in the order of the file."""
    mended: tuple[MendedCell, ...] = ()
    """Cells that were read with the text of a clerk and not of the file."""

    @property
    def rows(self) -> int:
        return sum(s.rows for s in self.sheets)


class UnreadableFile(Exception):  # noqa: N818 - part of the contract
    """A file that cannot be read at all, with the finding that says why."""

    def __init__(self, finding: Finding) -> None:
        super().__init__(f"{finding.message_zh} / {finding.message_en}")
        self.finding = finding

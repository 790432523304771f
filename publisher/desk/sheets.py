"""The sheet of a draft: its rows as cells with their findings, and cells that a clerk mends."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from publisher.desk.accounts.roles import Action
from publisher.desk.desk import Desk
from publisher.desk.http.guards import require
from publisher.desk.readings import DraftReading
from publisher.desk.work import Person, record
from publisher.ingest.findings.kind import Finding
from publisher.ingest.parsed_file import MendedCell
from publisher.log.drafts.staging import StagedRow
from publisher.log.model import DraftImport, LogError
from publisher.workflow.annotation.annotate_workbook import annotate_workbook
from publisher.workflow.import_files import InputFile, import_files, read_mended
from schemas.cells.value_texts import format_value
from schemas.definition.catalogue import Catalogue, Field

SEVERITIES = ("error", "warning", "info")


@dataclass(frozen=True, slots=True)
class SheetCell:
    """A cell of a row. ``read``: what the file says, if a clerk mended it."""

    field: Field
    text: str
    findings: Sequence[Finding] = ()
    read: str | None = None

    @property
    def severity(self) -> str:
        """The worst of its findings; empty without any."""
        return next((s for s in SEVERITIES if any(f.severity == s for f in self.findings)), "")


@dataclass(frozen=True, slots=True)
class SheetRow:
    """A record of the draft with the rows of the file that it was read from."""

    position: int
    title: str
    sheet: str
    rows: Sequence[int]
    cells: Sequence[SheetCell]
    findings: Sequence[Finding]
    """All of the row, those of its cells too."""


@dataclass(frozen=True, slots=True)
class Sheet:
    """A page of rows. ``whole``: findings of headings and of the whole file. ``count``: rows of all pages."""

    one: DraftImport
    catalogue: Catalogue
    fields: Sequence[Field]
    rows: Sequence[SheetRow]
    whole: Sequence[Finding]
    count: int
    counts: Mapping[str, int]
    """Findings by severity."""
    unread: Sequence[str]
    """Headings of columns that belong to no field."""


def find_import(desk: Desk, dataset: str, part: str | None, token: str = "") -> DraftImport:
    """Return a file of the draft of a part; by default the only one, or the last.

    Raises ``LogError``: ``no-draft``, ``draft-moved`` (there is none of this token any more).
    """
    draft = desk.log.drafts.get(dataset)
    imports = [one for one in (draft.imports if draft else ()) if one.part == part]
    if not imports:
        raise LogError("no-draft", "草稿是空的，请先报送。", "The draft is empty; hand in something first.")
    chosen = next((one for one in imports if one.token == token), None) if token else imports[-1]
    if chosen is None:
        raise LogError(
            "draft-moved",
            "草稿此间由他人更改，您的更改没有保存。请先看新的草稿。",
            "Somebody else changed the draft meanwhile; your change was not stored. Look at it again first.",
        )
    return chosen


def read_sheet(
    desk: Desk, dataset: str, one: DraftImport, *, severity: str = "", first: int = 0, size: int = 100
) -> Sheet:
    """Read a page of rows; with ``severity`` those with such a finding only."""
    catalogue = desk.log.queries.catalogue(dataset)
    reading = desk.readings.get(one, catalogue)
    positions: Sequence[int] = range(len(reading.rows))
    if severity:
        findings = reading.by_position
        positions = sorted(p for p, own in findings.items() if any(f.severity == severity for f in own))
    staged = desk.log.drafts.rows(one, list(positions[first : first + size]))
    fields = _shown_fields(catalogue, reading, staged)
    return Sheet(
        one=one,
        catalogue=catalogue,
        fields=fields,
        rows=[_sheet_row(row, fields, reading) for row in staged],
        whole=[f for f in reading.findings if reading.position_of(f) is None],
        count=len(positions),
        counts={s: sum(f.severity == s for f in reading.findings) for s in SEVERITIES},
        unread=[column.heading for column in reading.columns if not column.read and column.filled],
    )


def read_row(desk: Desk, dataset: str, one: DraftImport, position: int) -> tuple[SheetRow, Sequence[str]]:
    """Return a row, and the fields whose cells can be mended. Raises ``LogError('no-such-row')``."""
    catalogue = desk.log.queries.catalogue(dataset)
    reading = desk.readings.get(one, catalogue)
    staged = desk.log.drafts.rows(one, [position]) if position < len(reading.rows) else ()
    if not staged:
        raise LogError("no-such-row", "草稿中没有这一行。", "The draft has no such row.")
    (row,) = staged
    fields = [field for field in catalogue.fields if not field.personal]
    sheet_row = _sheet_row(row, fields, reading)
    mendable = [f.name for f in fields if (sheet_row.sheet, f.name) in reading.letters]
    return sheet_row, mendable if sheet_row.sheet or row.locator.get("cells") else []


def mend_row(
    desk: Desk,
    person: Person,
    dataset: str,
    one: DraftImport,
    position: int,
    texts: Mapping[str, str],
) -> Sequence[str]:
    """Replace the texts of cells of a row, and read the file again with them → references of the cells.

    ``texts``: field → text; what is as before is left alone. Raises ``LogError``: ``no-such-row``,
    ``cannot-mend``, ``draft-moved``.
    """
    require(person.account, Action.HAND_IN, dataset, one.part)
    row, mendable = read_row(desk, dataset, one, position)
    reading = desk.readings.get(one, desk.log.queries.catalogue(dataset))
    changed = {
        cell.field.name: texts[cell.field.name].replace("\r\n", "\n")
        for cell in row.cells
        if cell.field.name in mendable and cell.field.name in texts
    }
    before = {cell.field.name: cell.text for cell in row.cells}
    changed = {name: text for name, text in changed.items() if text.strip() != before[name].strip()}
    if not changed:
        return ()
    mended = {(c.sheet, c.cell): c for c in read_mended(r.locator for r in desk.log.drafts.rows(one, None))}
    cells = []
    for name, text in changed.items():
        letters = reading.letters[row.sheet, name]
        # A text that goes on in further rows is written into the first.
        for n, number in enumerate(row.rows):
            cell = MendedCell(row.sheet, f"{letters}{number}", text if n == 0 else "")
            mended[cell.sheet, cell.cell] = cell
            cells.append(cell.cell)
    data = desk.log.evidence.source_bytes(one.source.digest)
    draft = desk.log.drafts.get(dataset)
    expected = [other.token for other in (draft.imports if draft else ()) if other.part == one.part]
    if one.token not in expected:
        find_import(desk, dataset, one.part, one.token)  # says that it moved
    report = import_files(
        desk.log,
        dataset,
        [InputFile(one.source.name, data, one.source.url, tuple(mended.values()))],
        part=one.part,
        partial=one.mode == "partial",
        expected=expected,
    )
    desk.readings.keep(one.part, dataset, report.readings)
    record(desk, person, "mended", dataset, {"part": one.part, "file": one.source.digest, "cells": cells})
    return cells


def annotate(desk: Desk, dataset: str, one: DraftImport, lang: str) -> bytes:
    """Return the file as a workbook with its findings as comments. Raises ``LogError('cannot-annotate')``."""
    reading = desk.readings.get(one, desk.log.queries.catalogue(dataset))
    data = desk.log.evidence.source_bytes(one.source.digest)
    return annotate_workbook(data, one.source.name, list(reading.findings), lang=lang).data


def _shown_fields(
    catalogue: Catalogue, reading: DraftReading, staged: Sequence[StagedRow]
) -> Sequence[Field]:
    """List the fields that the file has columns for, or that its rows have; personal ones never."""
    names = {column.field for column in reading.columns}
    names |= {name for row in staged for name in (*row.content, *row.originals)}
    return [field for field in catalogue.fields if field.name in names and not field.personal]


def _sheet_row(row: StagedRow, fields: Sequence[Field], reading: DraftReading) -> SheetRow:
    sheet, rows = str(row.locator.get("sheet", "")), row.locator.get("rows", ())
    findings = reading.by_position.get(row.position, ())
    mended = row.locator.get("mended") or {}
    cells = []
    for field in fields:
        own = [finding for finding in findings if reading.field_of(finding) == field.name]
        letters = reading.letters.get((sheet, field.name))
        texts = mended.get(f"{letters}{rows[0]}") if letters and rows else None
        cell = SheetCell(field, cell_text(row, field), own)
        cells.append(replace(cell, read=texts["read"]) if texts else cell)
    return SheetRow(row.position, row.title, sheet, rows, cells, findings)


def cell_text(row: StagedRow, field: Field) -> str:
    """Return the text of a cell as it was written."""
    if field.name in row.originals:
        return row.originals[field.name]
    value = row.content.get(field.name)
    return value if isinstance(value, str) else format_value(field, value)

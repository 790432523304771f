"""The sheet of a draft: its rows as cells with their findings, and cells that a clerk mends."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import msgspec
from msgspec import structs

from publisher.desk.accounts.roles import Action
from publisher.desk.acts import audited
from publisher.desk.desk import Desk
from publisher.desk.http.guards import require
from publisher.desk.readings import DraftReading
from publisher.desk.work import Person, event_of, keep_readings
from publisher.harvest.stored_files import load_file
from publisher.ingest.findings.kind import WORST_FIRST, Finding
from publisher.ingest.parsed_file import MendedCell
from publisher.log.drafts.staging import StagedRow, draft_moved
from publisher.log.model import DraftImport, LogError
from publisher.workflow.annotation.annotate_workbook import annotate_workbook
from publisher.workflow.import_files import InputFile, import_files, read_mended
from publisher.workflow.import_report import ImportReport
from schemas.cells.value_texts import format_value
from schemas.definition.catalogue import Catalogue, Field
from schemas.words import Lang


def worst_severity(findings: Sequence[Finding]) -> str:
    """Return the worst severity of findings about a file; empty without any."""
    return min(findings, key=lambda one: one.gravity).severity if findings else ""


class SheetCell(msgspec.Struct, frozen=True):
    """A cell of a row. ``read``: what the file says, if a clerk mended it."""

    field: Field
    text: str
    findings: Sequence[Finding] = ()
    read: str | None = None

    @property
    def severity(self) -> str:
        """The worst of its findings; empty without any."""
        return worst_severity(self.findings)


class SheetRow(msgspec.Struct, frozen=True):
    """A record of the draft with the rows of the file that it was read from."""

    position: int
    title: str
    sheet: str
    rows: Sequence[int]
    cells: Sequence[SheetCell]
    findings: Sequence[Finding]
    """All of the row, those of its cells too."""


class ChosenColumn(msgspec.Struct, frozen=True):
    """A heading that the catalogue does not know, and the field that a clerk chose for it; empty: none."""

    heading: str
    field: str
    read_as: str
    """The field that this file was read with; empty: none. The choice may be of a later day."""


class Sheet(msgspec.Struct, frozen=True):
    """A page of rows of a file of a draft."""

    fields: Sequence[Field]
    """Columns of the table."""
    choices: Sequence[Field]
    """Fields that a column can be read as."""
    rows: Sequence[SheetRow]
    file_findings: Sequence[Finding]
    """Findings of headings and of the whole file."""
    count: int
    """Rows of all pages."""
    finding_counts: Mapping[str, int]
    """Numbers of findings by severity."""
    unknown_columns: Sequence[ChosenColumn]
    """Columns that the catalogue does not know."""


def find_import(desk: Desk, dataset: str, part: str | None, token: str = "") -> DraftImport:
    """Return a file of the draft of a part; by default the only one, or the last.

    Raises ``LogError``: ``no-draft``, ``draft-moved`` (there is none of this token any more).
    """
    imports = desk.log.drafts.imports(dataset, (part,))
    if not imports:
        raise LogError("no-draft", "草稿是空的，请先报送。", "The draft is empty; hand in something first.")
    chosen = next((one for one in imports if one.token == token), None) if token else imports[-1]
    if chosen is None:
        raise draft_moved()
    return chosen


def read_sheet(
    desk: Desk, dataset: str, one: DraftImport, *, severity: str = "", first: int = 0, size: int = 100
) -> Sheet:
    """Read a page of rows; with ``severity`` those with such a finding only."""
    catalogue = desk.log.queries.catalogue(dataset)
    reading = desk.readings.get(dataset, one)
    positions: Sequence[int] = range(len(reading.rows))
    if severity:
        findings = reading.by_position
        positions = sorted(p for p, own in findings.items() if any(f.severity == severity for f in own))
    staged = desk.log.drafts.rows(one, list(positions[first : first + size]))
    fields = _shown_fields(catalogue, reading, staged)
    return Sheet(
        fields=fields,
        choices=_choices(catalogue),
        rows=[_sheet_row(row, fields, reading) for row in staged],
        file_findings=[f for f in reading.findings if reading.position_of(f) is None],
        count=len(positions),
        finding_counts={s: sum(f.severity == s for f in reading.findings) for s in WORST_FIRST},
        unknown_columns=_list_unknown_columns(reading, desk.log.datasets.headings(dataset)),
    )


def read_row(desk: Desk, dataset: str, one: DraftImport, position: int) -> tuple[SheetRow, Sequence[str]]:
    """Return a row, and the fields whose cells can be mended. Raises ``LogError('no-such-row')``."""
    catalogue = desk.log.queries.catalogue(dataset)
    reading = desk.readings.get(dataset, one)
    staged = desk.log.drafts.rows(one, [position]) if position < len(reading.rows) else ()
    if not staged:
        raise LogError("no-such-row", "草稿中没有这一行。", "The draft has no such row.")
    (row,) = staged
    fields = _choices(catalogue)
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
) -> DraftImport:
    """Replace the texts of cells of a row, and read the file again with them → the import of the file now.

    ``texts``: field → text; what is as before is left alone. Raises ``LogError``: ``no-such-row``,
    ``cannot-mend``, ``draft-moved``.
    """
    require(person.account, Action.HAND_IN, dataset, one.part)
    row, mendable = read_row(desk, dataset, one, position)
    reading = desk.readings.get(dataset, one)
    changed = {
        cell.field.name: texts[cell.field.name]
        for cell in row.cells
        if cell.field.name in mendable and cell.field.name in texts
    }
    before = {cell.field.name: cell.text for cell in row.cells}
    changed = {name: text for name, text in changed.items() if text.strip() != before[name].strip()}
    if not changed:
        return one
    mended = {(c.sheet, c.cell): c for c in _mended_cells(desk, one)}
    cells = []
    for name, text in changed.items():
        letters = reading.letters[row.sheet, name]
        # A text that goes on in further rows is written into the first.
        for n, number in enumerate(row.rows):
            cell = MendedCell(row.sheet, f"{letters}{number}", text if n == 0 else "")
            mended[cell.sheet, cell.cell] = cell
            cells.append(cell.cell)
    event = event_of(person, dataset, {"part": one.part, "file": one.source.digest, "cells": cells})
    with audited(desk, "mended", event):
        _, newest = _import_again(desk, dataset, one, tuple(mended.values()))
    return newest


def choose_columns(
    desk: Desk, person: Person, dataset: str, one: DraftImport, chosen: Mapping[str, str]
) -> DraftImport:
    """Let headings that the catalogue does not know mean fields, and read the file again → its import now.

    The dataset keeps them for later files. ``chosen``: heading → field; empty: it is not read. Raises
    ``LogError``: ``cannot-choose-column``, ``draft-moved``.
    """
    require(person.account, Action.HAND_IN, dataset, one.part)
    before = desk.log.datasets.headings(dataset)
    columns = {c.heading: c for c in _list_unknown_columns(desk.readings.get(dataset, one), before)}
    fields = {field.name for field in _choices(desk.log.queries.catalogue(dataset))}
    # A choice that the dataset has already concerns a file that was read before it.
    changed = {
        heading: field
        for heading, field in chosen.items()
        if heading not in columns or {columns[heading].field, columns[heading].read_as} != {field}
    }
    if not changed.keys() <= columns.keys() or not set(changed.values()) <= {*fields, ""}:
        raise _cannot_choose(changed)
    if not changed:
        return one
    event = event_of(person, dataset, {"part": one.part, "file": one.source.digest, "headings": changed})
    with audited(desk, "columns-chosen", event):
        desk.log.datasets.set_headings(dataset, changed)
        new = {heading: field for heading, field in changed.items() if columns[heading].field != field}
        try:
            return _import_with(desk, dataset, one, new)
        except LogError:
            now = desk.log.datasets.headings(dataset)
            own = [heading for heading, field in changed.items() if now.get(heading, "") == field]
            desk.log.datasets.set_headings(dataset, {heading: before.get(heading) for heading in own})
            raise


def _import_with(desk: Desk, dataset: str, one: DraftImport, chosen: Mapping[str, str]) -> DraftImport:
    """Read a file again with the columns that were chosen. Raises ``LogError('cannot-choose-column')``."""
    report, newest = _import_again(desk, dataset, one, _mended_cells(desk, one))
    fields_by_heading = {(c.heading, c.field) for reading in report.readings for c in reading.columns}
    unread = [
        heading for heading, field in chosen.items() if field and (heading, field) not in fields_by_heading
    ]
    if unread:
        raise _cannot_choose(unread)
    return newest


def _cannot_choose(headings: Iterable[str]) -> LogError:
    words = "、".join(headings)
    return LogError(
        "cannot-choose-column",
        f"不能为这些列选择字段：{words}。请在原文件中改正表头后重新报送。",
        f"No field can be chosen for these columns: {words}. Fix their headings in the file.",
    )


def _import_again(
    desk: Desk, dataset: str, one: DraftImport, mended: Sequence[MendedCell]
) -> tuple[ImportReport, DraftImport]:
    """Read a file of a draft again → its import now. Raises as :func:`.import_files`."""
    data = load_file(desk.log, one.source)
    expected = [other.token for other in desk.log.drafts.imports(dataset, (one.part,))]
    if one.token not in expected:
        find_import(desk, dataset, one.part, one.token)  # says that it moved
    report = import_files(
        desk.log,
        dataset,
        [InputFile(one.source.name, data, one.source.url, mended)],
        part=one.part,
        without_errors=bool(one.in_error) and one.leaves_out_errors,
        partial=one.mode == "partial",
        expected=expected,
    )
    keep_readings(desk, dataset, one.part, report)
    imports = desk.log.drafts.imports(dataset, (one.part,))
    newest = next((new for new in imports if new.source.digest == one.source.digest), None)
    return report, newest or find_import(desk, dataset, one.part)


def _mended_cells(desk: Desk, one: DraftImport) -> Sequence[MendedCell]:
    return read_mended(row.locator for row in desk.log.drafts.rows(one, None))


def _list_unknown_columns(reading: DraftReading, own: Mapping[str, str]) -> Sequence[ChosenColumn]:
    """List the headings that the catalogue does not know, in the order of the file."""
    chosen: dict[str, str] = {}
    for column in reading.columns:
        is_chosen = column.heading in own or column.heading in reading.headings
        if column.heading and column.filled and (is_chosen or not column.read):
            chosen.setdefault(column.heading, own.get(column.heading, ""))
    read_as = reading.headings
    return [ChosenColumn(heading, field, read_as.get(heading, "")) for heading, field in chosen.items()]


def _choices(catalogue: Catalogue) -> Sequence[Field]:
    """List the fields that a column can be read as."""
    return [field for field in catalogue.fields if not field.personal]


def annotate(desk: Desk, dataset: str, one: DraftImport, lang: Lang) -> bytes:
    """Return the file as a workbook with its findings as comments. Raises ``LogError('cannot-annotate')``."""
    reading = desk.readings.get(dataset, one)
    data = load_file(desk.log, one.source)
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
        cells.append(structs.replace(cell, read=texts["read"]) if texts else cell)
    return SheetRow(row.position, row.title, sheet, rows, cells, findings)


def cell_text(row: StagedRow, field: Field) -> str:
    """Return the text of a cell as it was written."""
    if field.name in row.originals:
        return row.originals[field.name]
    value = row.content.get(field.name)
    return value if isinstance(value, str) else format_value(field, value)

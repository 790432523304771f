"""Reader of one file with one catalogue: formats, tables, records, and a count of every row."""

from __future__ import annotations

import gc
import hashlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager

from msgspec import structs

from publisher.ingest import appearance_checks, row_checks, whole_file_checks
from publisher.ingest.documents import official_document, page_lines
from publisher.ingest.documents.page_lines import DocumentPage
from publisher.ingest.findings import tables
from publisher.ingest.findings.kind import Finding, Place
from publisher.ingest.formats.detect import HTML, FileContent, open_file
from publisher.ingest.formats.grid import Grid, build_grid, format_column
from publisher.ingest.json_objects import JsonObjects
from publisher.ingest.mended_cells import mend_cells
from publisher.ingest.parsed_file import (
    ImportedRecord,
    LeftOut,
    MendedCell,
    ReadColumn,
    Reading,
    SheetReport,
    UnreadableFile,
)
from publisher.ingest.reading_budget import ReadingBudget
from publisher.ingest.record_builder import RecordBuilder
from publisher.ingest.tables import (
    caption_number,
    form_sheet,
    header_row,
    numbered_rows,
    personal_columns,
    plain_rows,
    segmentation,
    traditional_grid,
)
from publisher.ingest.tables.header_row import Header
from publisher.ingest.tables.headings import Headings
from publisher.ingest.tables.raw_record import Piece, RawRecord
from publisher.ingest.tables.segmentation import SegmentedSheet, Table
from schemas.definition.catalogue import Catalogue

PARSER_VERSION = "7"
"""Increased when the same bytes are read differently. Resulting changes have the cause ``reading``."""
NOTES_MARK = "本页是填写说明，导入时不读取"
"""First cell of the sheet of notes of a template (``qingdan template``)."""


def read_file(data: bytes, *, name: str, catalogue: Catalogue, mended: Sequence[MendedCell] = ()) -> Reading:
    """Read a workbook, table, JSON file or document. Errors of single rows become findings.

    ``mended``: cells whose text a clerk replaced.
    Raises :class:`~publisher.ingest.parsed_file.UnreadableFile` where the whole file cannot be read: no
    table, no header, no record, or an encrypted or damaged file.
    """
    digest = hashlib.sha256(data).hexdigest()
    with _pause_collector():
        content, applied = mend_cells(open_file(data, name), mended)
        reading = read_content(content, name=name, digest=digest, catalogue=catalogue)
        return structs.replace(reading, mended=applied) if applied else reading


@contextmanager
def _pause_collector() -> Iterator[None]:
    """Pause the cyclic garbage collector: reading creates many objects and no cycles.

    Collections took 40 % of the time of a file of 50,000 rows.
    """
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()


def read_content(file_content: FileContent, *, name: str, digest: str, catalogue: Catalogue) -> Reading:
    """Read an opened file as :func:`read_file` does. ``digest``: SHA-256 of its bytes, hexadecimal."""
    reading = _read_whole(file_content, name, digest, catalogue)
    row_findings = row_checks.check_records(reading.records, catalogue, name)
    return structs.replace(reading, findings=(*reading.findings, *row_findings))


def _read_whole(file_content: FileContent, name: str, digest: str, catalogue: Catalogue) -> Reading:
    if file_content.records is not None:
        return _Reader(catalogue, name, digest, file_content).read_records(file_content.records)
    if file_content.text is not None and _is_document(file_content, catalogue):
        reading = official_document.read_document(
            file_content.text,
            name=name,
            digest=digest,
            media_type=file_content.media_type,
            catalogue=catalogue,
        )
        return structs.replace(reading, findings=(*file_content.list_findings(name), *reading.findings))
    return _Reader(catalogue, name, digest, file_content).read_sheets()


def _is_document(file_content: FileContent, catalogue: Catalogue) -> bool:
    """Test for the text of one document, not a table of documents, in a catalogue of documents."""
    if not catalogue.of_documents:
        return False
    text, is_page = file_content.text or "", file_content.media_type == HTML
    if page_lines.has_text_element(text) if is_page and text else caption_number.heads_letter(text):
        return True  # a table beside the text contains its labels, or is attached to the letter
    headings = Headings.from_catalogue(catalogue)
    return all(header_row.find_header(grid, 0, headings) is None for grid in file_content.grids)


class _Reader:
    """Collects the records, findings and rows left out of one file."""

    def __init__(self, catalogue: Catalogue, name: str, digest: str, file_content: FileContent) -> None:
        self._catalogue = catalogue = personal_columns.with_personal_columns(catalogue)
        self._headings = Headings.from_catalogue(catalogue)
        self._personal = frozenset(f.name for f in catalogue.fields if f.personal)
        self._name = name
        self._digest = digest
        self._file_content = file_content
        self._records: list[ImportedRecord] = []
        self._left_out: list[LeftOut] = []
        self._findings: list[Finding] = []
        self._dropped: dict[str, None] = {}
        self._unmapped: dict[str, None] = {}
        self._columns: list[ReadColumn] = []
        self._rows: dict[str, int] = {}

    def read_sheets(self) -> Reading:
        page = self._find_labelled_page()
        if page is not None and self._read_form(page):
            return self._build_reading()
        has_tables = [self._read_sheet(grid) for grid in self._file_content.grids]
        if not any(has_tables):
            raise UnreadableFile(self._report_missing_header())
        return self._build_reading()

    def _find_labelled_page(self) -> Grid | None:
        """Return the lines of a page of labels (一、事项名称) as a form; None where there is a table."""
        content = self._file_content
        if content.text is None or any(
            header_row.find_header(g, 0, self._headings) or form_sheet.is_form(g, self._headings)
            for g in content.grids
        ):
            return None
        page = self._parse_page(content.text)
        lines = {x.number: x.raw for x in page.lines if x.number not in page.outside}
        lines = {n: raw for n, raw in lines.items() if not page_lines.FURNITURE.fullmatch(raw.strip())}
        grid = build_grid("", [[lines.get(n, "")] for n in range(1, max(lines, default=0) + 1)])
        return grid if grid is not None and form_sheet.is_form(grid, self._headings) else None

    def _parse_page(self, text: str) -> DocumentPage:
        is_html = self._file_content.media_type == HTML
        return page_lines.parse_html(text) if is_html else page_lines.parse_text(text)

    def read_records(self, records: Iterable[Mapping[str, object]]) -> Reading:
        """Read JSON records. Keys are names or headings; rows are positions in the file, from 1."""
        builder = RecordBuilder(self._catalogue, self._name, "")
        objects = JsonObjects(self._headings, builder)
        budget = ReadingBudget(self._name)
        number = 0
        for number, record in enumerate(records, start=1):
            self._records.append(objects.read(number, record))
            budget.spend(number, len(record), len(builder.findings), len(objects.keys))
        self._rows[""] = number
        self._findings += builder.findings
        if not objects.knows_a_field():
            raise UnreadableFile(self._report_missing_header(" | ".join(objects.keys)))
        for key, column in objects.keys.items():
            place = Place(self._name, column=key)
            if column.personal:
                self._drop_column(key, place)
                continue
            if column.unread:
                self._add_unmapped(key, place, column.filled)
            self._columns.append(
                ReadColumn("", key, key, column.field or None, not column.unread, column.filled)
            )
        return self._build_reading()

    def _leave_out_notes(self, grid: Grid) -> bool:
        """Leave out the sheet of notes of a template."""
        if not grid.rows[0][0].text.startswith(NOTES_MARK):
            return False
        texts = [(row[0].row, [c.text for c in row if header_row.has_own_text(c)]) for row in grid.rows]
        notes = [LeftOut(grid.name, number, "note", " ".join(cells)) for number, cells in texts if cells]
        self._left_out += notes
        self._rows[grid.name] = self._rows.get(grid.name, 0) + len(notes)
        return True

    def _read_sheet(self, grid: Grid) -> bool:
        if self._leave_out_notes(grid):
            return False
        if form_sheet.is_form(grid, self._headings):
            return self._read_form(grid)
        sheet, is_traditional = traditional_grid.segment_sheet(grid, self._headings, self._personal)
        if not sheet.tables:
            self._rows[grid.name] = self._rows.get(grid.name, 0) + sheet.rows
            place = Place(self._name, grid.name)
            self._findings.append(tables.SHEET_WITHOUT_TABLE.at(place, rows=sheet.rows))
            self._left_out += (structs.replace(x, reason="note") for x in sheet.left_out)
            return False
        builder = RecordBuilder(self._catalogue, self._name, grid.name, grid.annotations.shown)
        for note in sheet.notes:
            builder.add_note(note)
        records: list[ImportedRecord] = []
        ends = [table.header.first for table in sheet.tables[1:]] + [len(grid.rows)]
        for table, end in zip(sheet.tables, ends, strict=True):
            self._check_columns(table.header, grid, end)
            records += self._read_table(table, sheet, builder, is_traditional=is_traditional)
        self._finish_sheet(sheet, builder, records)
        return True

    def _read_table(
        self, table: Table, sheet: SegmentedSheet, builder: RecordBuilder, *, is_traditional: bool
    ) -> list[ImportedRecord]:
        header = table.header
        labels = {i: _label_column(header, i) for i in sorted(header.headings.keys() | header.columns.keys())}
        # The first column of a field names it; of several, the note names its own.
        by_field = {header.columns[i]: labels[i] for i in sorted(header.columns, reverse=True)}
        builder.set_headings(by_field, {format_column(i + 1): label for i, label in labels.items()})
        nested = self._catalogue.nesting == "numbered"
        assembled = (numbered_rows if nested else plain_rows).assemble(table, self._catalogue)
        for note in assembled.notes:
            builder.add_note(note)
        sheet.left_out += (structs.replace(x, sheet=sheet.grid.name) for x in assembled.left_out)
        self._fill_from_caption(assembled.raw_records, table, sheet.grid.name)
        if is_traditional:
            records = traditional_grid.build_records(builder.build, assembled.raw_records, self._catalogue)
        else:
            records = [builder.build(raw_record) for raw_record in assembled.raw_records]
        for title in table.titles:
            self._check_count(title, records, sheet.grid.name)
        return records

    def _fill_from_caption(self, raw_records: Iterable[RawRecord], table: Table, sheet: str) -> None:
        """Fill the field of the caption with the only document number above the table.

        A document or a page states its own number on a line by itself, outside of its tables.
        """
        name = self._catalogue.caption_field
        if name is None or name in table.header.columns.values():
            return
        numbers = caption_number.find_numbers((*table.titles, sheet))
        if not numbers and self._file_content.text is not None:
            page = self._parse_page(self._file_content.text)
            numbers = caption_number.find_numbers_alone(line.raw for line in page.lines)
        if len(numbers) == 1:
            for raw_record in raw_records:
                raw_record.pieces[name] = Piece(numbers[0], numbers[0], "", "group")

    def _read_form(self, grid: Grid) -> bool:
        sheet, raw_records, dropped = form_sheet.read_form(grid, self._headings, self._personal)
        builder = RecordBuilder(self._catalogue, self._name, grid.name, grid.annotations.shown)
        for note in sheet.notes:
            builder.add_note(note)
        for heading in dropped:
            self._drop_column(heading, Place(self._name, grid.name, column=heading))
        self._finish_sheet(sheet, builder, [builder.build(raw_record) for raw_record in raw_records])
        return bool(raw_records)

    def _finish_sheet(
        self, sheet: SegmentedSheet, builder: RecordBuilder, records: list[ImportedRecord]
    ) -> None:
        grid = sheet.grid
        self._check_count(grid.name, records, grid.name)
        rows_of_records = {n for record in records for n in record.rows}
        private = self._private_columns(sheet)
        self._findings += appearance_checks.check_sheet(sheet, self._name, rows_of_records, private)
        covered = list(appearance_checks.leave_out_covered_rows(grid, private))
        self._left_out += covered
        sheet.rows += len(covered)
        self._rows[grid.name] = self._rows.get(grid.name, 0) + sheet.rows
        self._left_out += sheet.left_out
        self._findings += builder.findings
        self._records += records

    def _private_columns(self, sheet: SegmentedSheet) -> frozenset[int] | None:
        """Return the numbers of personal columns; None for a form, whose columns have no fields."""
        if not sheet.tables:
            return None
        return frozenset(
            index + 1
            for table in sheet.tables
            for index, name in table.header.columns.items()
            if name in self._personal
        )

    def _check_count(self, title: str, records: list[ImportedRecord], sheet: str) -> None:
        finding = whole_file_checks.check_count(title, records, self._catalogue, Place(self._name, sheet))
        if finding is not None:
            self._findings.append(finding)

    def _check_columns(self, header: Header, grid: Grid, end: int) -> None:
        """List the columns; report those not read and required ones that are missing. ``end``: row index."""
        catalogue = self._catalogue
        row = grid.rows[header.first][0].row
        rows = grid.rows[header.end : end]
        for index in range(len(grid.rows[header.first])):
            heading = header.headings.get(index, "")
            place = Place(self._name, grid.name, row, _label_column(header, index))
            name = header.columns.get(index)
            if name in self._personal:
                self._drop_column(heading, place)
                continue
            if index in header.twins:
                title = catalogue.by_name[header.columns[index]].title
                self._findings.append(tables.COLUMN_TWICE.at(place, heading, title=title))
            below = (r[index] for r in rows)
            filled = sum(1 for c in below if c.text and c.merged_from is None and not c.text.isspace())
            is_read = name is not None or index in header.ignored or index in header.companions
            if not is_read and (heading or filled):
                self._add_unmapped(_label_column(header, index), place, filled)
            if heading or filled:
                companions = header.companions.get(index)
                field = name or (companions[0].field if companions else None)
                letters = format_column(index + 1)
                self._columns.append(ReadColumn(grid.name, letters, heading, field, is_read, filled))
        for f in catalogue.fields:
            if f.required and f.name not in header.columns.values():
                place = Place(self._name, grid.name, row)
                self._findings.append(tables.MISSING_COLUMN.at(place, title=f.title))

    def _drop_column(self, heading: str, place: Place) -> None:
        if heading not in self._dropped:
            self._findings.append(tables.PERSONAL_COLUMN.at(place, heading, title=heading))
        self._dropped[heading] = None

    def _add_unmapped(self, heading: str, place: Place, filled: int) -> None:
        if filled:
            words = {"catalogue": self._catalogue.title, "filled": filled}
            self._findings.append(tables.UNMAPPED_COLUMN.at(place, heading, **words))
        self._unmapped[heading] = None

    def _report_missing_header(self, excerpt: str = "") -> Finding:
        """Create the finding of a missing header; it names the row that is most similar to one."""
        catalogue = self._catalogue
        title = catalogue.by_name[catalogue.title_field].title
        place = Place(self._name)
        for grid in self._file_content.grids:
            candidate = header_row.find_similar_row(grid, self._headings)
            if candidate is not None:
                place, excerpt = Place(self._name, grid.name, candidate[0]), candidate[1]
                break
        return tables.NO_HEADER.at(
            place, segmentation.redact_names(excerpt), catalogue=catalogue.title, title=title
        )

    def _build_reading(self) -> Reading:
        if not self._records:
            raise UnreadableFile(tables.NO_RECORDS.at(Place(self._name)))
        records, copies, findings = whole_file_checks.leave_out_duplicates(
            self._records, self._catalogue, self._name
        )
        left_out = sorted((*self._left_out, *copies), key=lambda x: (x.sheet, x.row))
        return Reading(
            file=self._name,
            digest=self._digest,
            media_type=self._file_content.media_type,
            catalogue=self._catalogue.name,
            parser_version=PARSER_VERSION,
            sheets=tuple(_report_sheet(name, count, records, left_out) for name, count in self._rows.items()),
            records=tuple(records),
            left_out=tuple(left_out),
            findings=(*self._list_file_findings(), *self._findings, *findings),
            dropped_columns=tuple(self._dropped),
            unmapped_columns=tuple(self._unmapped),
            columns=tuple(self._columns),
        )

    def _list_file_findings(self) -> Iterator[Finding]:
        """Yield the findings of the format's reader, which quotes cells without knowing their columns."""
        for finding in self._file_content.list_findings(self._name):
            yield structs.replace(finding, found="") if self._dropped else finding


def _label_column(header: Header, index: int) -> str:
    """Return the letters and heading of a column, ``C 权力类型``."""
    return f"{format_column(index + 1)} {header.headings.get(index, '')}".strip()


def _report_sheet(
    name: str, count: int, records: Iterable[ImportedRecord], left_out: Iterable[LeftOut]
) -> SheetReport:
    row_counts = [len(r.rows) for r in records if r.sheet == name]
    return SheetReport(
        sheet=name,
        rows=count,
        records=len(row_counts),
        continuations=sum(row_counts) - len(row_counts),
        left_out=sum(x.sheet == name for x in left_out),
    )

"""One file against one catalogue: open it, cut its tables, read records, account for every row."""

from __future__ import annotations

import gc
import hashlib
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from publisher.ingest import whole_file_checks
from publisher.ingest.documents import official_document
from publisher.ingest.findings import tables
from publisher.ingest.findings.kind import Finding, Place
from publisher.ingest.formats.detect import Opened, open_grids
from publisher.ingest.formats.grid import Grid, column_letters
from publisher.ingest.parsed_file import ImportedRecord, LeftOut, Reading, SheetReport, UnreadableFile
from publisher.ingest.record_builder import Builder
from publisher.ingest.tables import form_sheet, header_row, numbered_rows, plain_rows, segmentation
from publisher.ingest.tables.header_row import Header, Headings
from publisher.ingest.tables.segmentation import Sheet, Table
from schemas.definition.catalogue import Catalogue, Field

PARSER_VERSION = "1"
"""Raised when the same bytes would be read differently: a change then has the cause ``reading``."""


def read_path(path: Path, *, catalogue: Catalogue) -> Reading:
    """As :func:`read_file`; raises ``OSError`` too."""
    return read_file(path.read_bytes(), name=path.name, catalogue=catalogue)


def read_file(data: bytes, *, name: str, catalogue: Catalogue) -> Reading:
    """Read a workbook, table, JSON file or document.

    Raises :class:`~publisher.ingest.parsed_file.UnreadableFile` where nothing can be read: no table, no
    header, no record, an encrypted or damaged file. Faults of single rows are in the reading's findings.
    """
    digest = hashlib.sha256(data).hexdigest()
    with _collecting_later():
        return read_opened(open_grids(data, name), name=name, digest=digest, catalogue=catalogue)


@contextmanager
def _collecting_later() -> Iterator[None]:
    """Hold the cycle collector back: a reading makes many objects and no cycles.

    Walking them over and over took 40 % of the time of a file of 50,000 rows.
    """
    collecting = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if collecting:
            gc.enable()


def read_opened(opened: Opened, *, name: str, digest: str, catalogue: Catalogue) -> Reading:
    """As :func:`read_file`, once the file is open. ``digest``: SHA-256 of its bytes, hexadecimal."""
    if opened.records is not None:
        return _Reader(catalogue, name, digest, opened).objects(opened.records)
    if opened.text is not None and _is_document(opened, catalogue):
        reading = official_document.read_document(
            opened.text, name=name, digest=digest, media_type=opened.media_type, catalogue=catalogue
        )
        return replace(reading, findings=(*opened.findings, *reading.findings))
    return _Reader(catalogue, name, digest, opened).sheets()


def _is_document(opened: Opened, catalogue: Catalogue) -> bool:
    """A page of text for a catalogue of documents, unless it is a table of them."""
    if not catalogue.of_documents:
        return False
    headings = Headings.of(catalogue)
    return all(header_row.find(grid, 0, headings) is None for grid in opened.grids)


class _Reader:
    """Gathers what the sheets of one file give."""

    def __init__(self, catalogue: Catalogue, name: str, digest: str, opened: Opened) -> None:
        self._catalogue = catalogue
        self._headings = Headings.of(catalogue)
        self._personal = frozenset(f.name for f in catalogue.fields if f.personal)
        self._name = name
        self._digest = digest
        self._opened = opened
        self._records: list[ImportedRecord] = []
        self._left_out: list[LeftOut] = []
        self._findings: list[Finding] = list(opened.findings)
        self._dropped: dict[str, None] = {}
        self._unmapped: dict[str, None] = {}
        self._rows: dict[str, int] = {}

    def sheets(self) -> Reading:
        found = [self._sheet(grid) for grid in self._opened.grids]
        if not any(found):
            raise UnreadableFile(self._no_header())
        return self._reading()

    def objects(self, records: Iterable[Mapping[str, object]]) -> Reading:
        """JSON: keys are names or headings; a record's row is its place in the file, from 1."""
        builder = Builder(self._catalogue, self._name, "")
        keys: dict[str, Field | None] = {}
        number = 0
        for number, record in enumerate(records, start=1):
            texts: list[tuple[Field, str]] = []
            for key, value in record.items():
                if key not in keys:
                    keys[key] = self._key(key)
                field = keys[key]
                if field is not None and value is not None and value != "":
                    texts.append((field, value if isinstance(value, str) else text_of(value)))
            self._records.append(builder.plain(number, texts))
        self._rows[""] = number
        self._findings += builder.findings
        if not any(keys.values()):
            raise UnreadableFile(self._no_header(" | ".join(keys)))
        return self._reading()

    def _key(self, key: str) -> Field | None:
        name = self._headings.field_of(key)
        if name is None:
            if not self._headings.knows(key):
                self._unmap(key, Place(self._name, column=key))
        elif name in self._personal:
            self._drop(key, Place(self._name, column=key))
        else:
            return self._catalogue.by_name[name]
        return None

    def _sheet(self, grid: Grid) -> bool:
        if form_sheet.is_form(grid, self._headings):
            return self._form(grid)
        sheet = segmentation.cut(grid, self._headings, self._personal)
        if not sheet.tables:
            self._rows[grid.name] = self._rows.get(grid.name, 0) + sheet.rows
            place = Place(self._name, grid.name)
            self._findings.append(tables.SHEET_WITHOUT_TABLE.at(place, rows=sheet.rows))
            self._left_out += (replace(x, reason="note") for x in sheet.left_out)
            return False
        builder = Builder(self._catalogue, self._name, grid.name)
        for note in sheet.notes:
            builder.note(note)
        read: list[ImportedRecord] = []
        for table in sheet.tables:
            read += self._table(table, sheet, builder)
        self._close(sheet, builder, read)
        return True

    def _table(self, table: Table, sheet: Sheet, builder: Builder) -> list[ImportedRecord]:
        self._columns(table.header, sheet.grid)
        columns = table.header.columns
        builder.under(
            {
                n: f"{column_letters(i + 1)} {table.header.headings.get(i, '')}".strip()
                for i, n in columns.items()
            }
        )
        nested = self._catalogue.nesting == "numbered"
        done = (numbered_rows if nested else plain_rows).assemble(table, self._catalogue)
        for note in done.notes:
            builder.note(note)
        sheet.left_out += (replace(x, sheet=sheet.grid.name) for x in done.left_out)
        read = [builder.build(entry) for entry in done.entries]
        for title in table.titles:
            self._count(title, read, sheet.grid.name)
        return read

    def _form(self, grid: Grid) -> bool:
        sheet, entries, dropped = form_sheet.read(grid, self._headings, self._personal)
        builder = Builder(self._catalogue, self._name, grid.name)
        for note in sheet.notes:
            builder.note(note)
        for heading in dropped:
            self._drop(heading, Place(self._name, grid.name, column=heading))
        self._close(sheet, builder, [builder.build(entry) for entry in entries])
        return bool(entries)

    def _close(self, sheet: Sheet, builder: Builder, read: list[ImportedRecord]) -> None:
        grid = sheet.grid
        self._count(grid.name, read, grid.name)
        place = Place(self._name, grid.name)
        if grid.hidden:
            self._findings.append(tables.HIDDEN_SHEET.at(place, grid.name))
        hidden = sorted(grid.hidden_rows & {n for record in read for n in record.rows})
        if hidden:
            shown = "、".join(str(n) for n in hidden[:20])
            self._findings.append(tables.HIDDEN_ROWS.at(place, count=len(hidden), rows=shown))
        self._rows[grid.name] = self._rows.get(grid.name, 0) + sheet.rows
        self._left_out += sheet.left_out
        self._findings += builder.findings
        self._records += read

    def _count(self, title: str, read: list[ImportedRecord], sheet: str) -> None:
        found = whole_file_checks.count(title, read, self._catalogue, Place(self._name, sheet))
        if found is not None:
            self._findings.append(found)

    def _columns(self, found: Header, grid: Grid) -> None:
        """Say which columns are not read, and that required ones are there."""
        catalogue = self._catalogue
        row = grid.rows[found.first][0].row
        width = len(grid.rows[found.first])
        for index in range(width):
            heading = found.headings.get(index, "")
            place = Place(self._name, grid.name, row, f"{column_letters(index + 1)} {heading}".strip())
            name = found.columns.get(index)
            if index in found.twice:
                field = catalogue.by_name[self._headings.field_of(heading) or catalogue.title_field]
                self._findings.append(tables.COLUMN_TWICE.at(place, heading, title=field.title))
            elif name in self._personal:
                self._drop(heading, place)
            elif name is None and not self._headings.knows(heading) and _has_text(grid, found, index):
                self._unmap(f"{column_letters(index + 1)} {heading}".strip(), place)
        for f in catalogue.fields:
            if f.required and f.name not in found.columns.values():
                place = Place(self._name, grid.name, row)
                self._findings.append(tables.MISSING_COLUMN.at(place, title=f.title))

    def _drop(self, heading: str, place: Place) -> None:
        if heading not in self._dropped:
            self._findings.append(tables.PERSONAL_COLUMN.at(place, heading, title=heading))
        self._dropped[heading] = None

    def _unmap(self, heading: str, place: Place) -> None:
        found = tables.UNMAPPED_COLUMN.at(place, heading, catalogue=self._catalogue.title)
        self._findings.append(found)
        self._unmapped[heading] = None

    def _no_header(self, seen: str = "") -> Finding:
        """Names the row that looks most like a header."""
        catalogue = self._catalogue
        title = catalogue.by_name[catalogue.title_field].title
        place = Place(self._name)
        for grid in self._opened.grids:
            nearest = header_row.nearest(grid, self._headings)
            if nearest is not None:
                place, seen = Place(self._name, grid.name, nearest[0]), nearest[1]
                break
        return tables.NO_HEADER.at(place, segmentation.public(seen), catalogue=catalogue.title, title=title)

    def _reading(self) -> Reading:
        if not self._records:
            raise UnreadableFile(tables.NO_RECORDS.at(Place(self._name)))
        records, copies, made = whole_file_checks.duplicates(self._records, self._catalogue, self._name)
        left_out = sorted((*self._left_out, *copies), key=lambda x: (x.sheet, x.row))
        return Reading(
            file=self._name,
            digest=self._digest,
            media_type=self._opened.media_type,
            catalogue=self._catalogue.name,
            parser_version=PARSER_VERSION,
            sheets=tuple(_report(name, count, records, left_out) for name, count in self._rows.items()),
            records=tuple(records),
            left_out=tuple(left_out),
            findings=(*self._findings, *made),
            dropped_columns=tuple(self._dropped),
            unmapped_columns=tuple(self._unmapped),
        )


def text_of(value: object) -> str:
    """A JSON value as the cell of a table would show it; a list is one line for each member."""
    match value:
        case None:
            return ""
        case str():
            return value
        case bool():
            return "是" if value else "否"
        case list():
            return "\n".join(text_of(member) for member in value)
        case dict():
            return "".join(text_of(member) for member in value.values())
        case _:
            return str(value)


def _has_text(grid: Grid, found: Header, index: int) -> bool:
    below = (row[index] for row in grid.rows[found.first :] if index < len(row))
    return any(header_row.own(cell) for cell in below)


def _report(
    name: str, count: int, records: Iterable[ImportedRecord], left_out: Iterable[LeftOut]
) -> SheetReport:
    here = [len(r.rows) for r in records if r.sheet == name]
    return SheetReport(
        sheet=name,
        rows=count,
        records=len(here),
        continuations=sum(here) - len(here),
        left_out=sum(x.sheet == name for x in left_out),
    )

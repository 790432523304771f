"""Files of drafts as they were read: where findings stand and which cells can be mended. Kept in memory."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from datetime import date
from functools import cached_property

import msgspec

from publisher.harvest.stored_files import read_again
from publisher.ingest.findings.kind import Finding
from publisher.ingest.parsed_file import MendedCell, ReadColumn, Reading, UnreadableFile
from publisher.log.drafts.staging import StagedRow
from publisher.log.log import Log
from publisher.log.model import DraftImport
from publisher.workflow.import_files import read_mended
from schemas.definition.catalogue import Catalogue, add_headings

_MOST_VALUES = 8
"""Readings in memory: to read a draft of some thousand rows takes seconds, and a person turns its pages."""


class DraftReading(msgspec.Struct, frozen=True, dict=True):
    """One file of a draft, without the contents of its records, which the draft has."""

    findings: Sequence[Finding]
    """Errors first, in the order of rows."""
    columns: Sequence[ReadColumn]
    rows: Sequence[tuple[str, tuple[int, ...]]]
    """Sheet and rows of each record, in the order of the draft."""
    mended: Sequence[MendedCell]
    headings: Mapping[str, str] = {}
    """Headings of its columns that the catalogue does not know → the fields that they were read as."""

    @cached_property
    def positions(self) -> Mapping[tuple[str, int], int]:
        """Sheet and row → position of its record."""
        return {(sheet, row): n for n, (sheet, rows) in enumerate(self.rows) for row in rows}

    @cached_property
    def fields(self) -> Mapping[tuple[str, str], str]:
        """Sheet and letters of a column → its field."""
        return {(c.sheet, c.column): c.field for c in self.columns if c.field is not None}

    @cached_property
    def letters(self) -> Mapping[tuple[str, str], str]:
        """Sheet and field → letters of its first column."""
        return {(sheet, field): column for (sheet, column), field in reversed(list(self.fields.items()))}

    @cached_property
    def by_position(self) -> Mapping[int, Sequence[Finding]]:
        """Position of a record → its findings."""
        by_position: dict[int, list[Finding]] = {}
        for finding in self.findings:
            position = self.position_of(finding)
            if position is not None:
                by_position.setdefault(position, []).append(finding)
        return by_position

    def position_of(self, finding: Finding) -> int | None:
        """Return the position of the record of a finding; None for one of a heading or of the whole file."""
        return None if finding.row is None else self.positions.get((finding.sheet or "", finding.row))

    def field_of(self, finding: Finding) -> str | None:
        """Return the field of the cell of a finding; None for one of the row, or of a column without one."""
        return self.fields.get((finding.sheet or "", finding.column_letters or finding.column or ""))


class _Newest[V]:
    """The values that were used last; safe for threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._by_key: OrderedDict[tuple[object, ...], V] = OrderedDict()

    def get(self, key: tuple[object, ...]) -> V | None:
        with self._lock:
            if key in self._by_key:
                self._by_key.move_to_end(key)
            return self._by_key.get(key)

    def store(self, key: tuple[object, ...], value: V) -> None:
        with self._lock:
            self._by_key[key] = value
            while len(self._by_key) > _MOST_VALUES:
                self._by_key.popitem(last=False)


class DraftReadings:
    """Reads and checks each file once, however many pages show it."""

    def __init__(self, log: Log) -> None:
        self._log = log
        self._readings = _Newest[DraftReading]()
        self._checks = _Newest[Sequence[Finding]]()

    def get(self, dataset: str, one: DraftImport) -> DraftReading:
        """Return the reading of a file of a draft. Raises ``LogError('no-such-source')``."""
        catalogue = self._log.queries.catalogue(dataset)
        key = (one.token, catalogue.digest)
        reading = self._readings.get(key)
        if reading is None:
            reading = self._read(one, catalogue, self._log.datasets.headings(dataset))
            self._readings.store(key, reading)
        return reading

    def checks(
        self, dataset: str, imports: Sequence[DraftImport], day: date, today: date
    ) -> Sequence[Finding]:
        """Return what checks against other lists find in files of a draft that takes effect on a day."""
        key = self._checks_key(imports, day, today)
        findings = self._checks.get(key)
        if findings is None:
            parts = {one.part for one in imports}
            chosen = None if None in parts else [part for part in parts if part is not None]
            findings = self._log.findings.of_draft(dataset, day, chosen)
            self._checks.store(key, findings)
        return findings

    def keep(
        self,
        dataset: str,
        part: str | None,
        readings: Sequence[Reading],
        checks: Sequence[Finding],
        today: date,
    ) -> None:
        """Keep what an import has just read and checked, so that the page that follows need not."""
        imports, catalogue = self._log.drafts.imports(dataset, (part,)), self._log.queries.catalogue(dataset)
        headings = self._log.datasets.headings(dataset)
        by_digest = {reading.digest: reading for reading in readings}
        same = []
        for one in imports:
            reading = by_digest.get(one.source.digest)
            # Another clerk may have imported the same file meanwhile, with other cells mended.
            if reading is not None and self._mended(one) == _written(reading.mended):
                self._readings.store((one.token, catalogue.digest), _without_contents(reading, headings))
                same.append(one)
        if imports == same:
            self._checks.store(self._checks_key(imports, today, today), checks)

    def _checks_key(self, imports: Sequence[DraftImport], day: date, today: date) -> tuple[object, ...]:
        """Return the key of findings, which change with the draft, with any release and with the day."""
        return (*(one.token for one in imports), day, today, self._log.queries.sequence())

    def _mended(self, one: DraftImport) -> frozenset[tuple[str, str, str]]:
        return _written(read_mended(row.locator for row in self._log.drafts.rows(one, None)))

    def _read(self, one: DraftImport, catalogue: Catalogue, headings: Mapping[str, str]) -> DraftReading:
        """Read a file as its import did. ``headings``: of the dataset, which may be others since then."""
        mended = read_mended(row.locator for row in self._log.drafts.rows(one, None))
        try:
            reading = read_again(self._log, one.source, add_headings(catalogue, headings), mended)
            imported = self._imported_headings(one, reading, headings)
            if imported is not None:
                headings = imported
                reading = read_again(self._log, one.source, add_headings(catalogue, headings), mended)
        except UnreadableFile as error:
            return DraftReading((error.finding,), (), (), ())
        return _without_contents(reading, headings)

    def _imported_headings(
        self, one: DraftImport, reading: Reading, headings: Mapping[str, str]
    ) -> Mapping[str, str] | None:
        """Return the headings that the import read, if a column was read otherwise than by ``headings``.

        The rows of the draft say so: each has the cells that its values were read from.
        """
        examples = {}
        for column in reading.columns:
            if column.heading and column.filled and (not column.read or column.heading in headings):
                position = _find_example(reading, column)
                if position is not None:
                    examples[column] = position
        if not examples:
            return None
        rows = {row.position: row for row in self._log.drafts.rows(one, sorted(set(examples.values())))}
        imported = {
            column: _field_of(rows[position], column)
            for column, position in examples.items()
            if position in rows
            and list(rows[position].locator.get("rows", ())) == list(reading.records[position].rows)
        }
        if all(field == (column.field if column.read else None) for column, field in imported.items()):
            return None
        return {column.heading: field for column, field in imported.items() if field}


def _find_example(reading: Reading, column: ReadColumn) -> int | None:
    """Return the position of the first record with a text in a column; None if there is none."""
    for position, record in enumerate(reading.records):
        if record.sheet != column.sheet:
            continue
        if not column.read:
            is_filled = any(heading == column.heading and text for heading, text in record.unread)
        elif record.cells:
            is_filled = _letters_of(record.cells.get(column.field or "", "")) == column.column
        else:  # of a JSON file
            is_filled = column.field in record.content
        if is_filled:
            return position
    return None


def _field_of(row: StagedRow, column: ReadColumn) -> str | None:
    """Return the field that a row of a draft has from a column; None if it has none."""
    cells: Mapping[str, str] = row.locator.get("cells") or {}
    if not cells and column.field in row.content:
        return column.field
    return next((name for name, cell in cells.items() if _letters_of(cell) == column.column), None)


def _letters_of(cell: str) -> str:
    return cell.rstrip("0123456789")


def _written(mended: Sequence[MendedCell]) -> frozenset[tuple[str, str, str]]:
    return frozenset((one.sheet, one.cell, one.written) for one in mended if one.written != one.read)


def _without_contents(reading: Reading, headings: Mapping[str, str]) -> DraftReading:
    """``headings``: further ones by which the file was read."""
    read_as = {column.heading: column.field for column in reading.columns if column.read and column.field}
    return DraftReading(
        findings=sorted(reading.findings, key=_place),
        columns=reading.columns,
        rows=[(record.sheet, tuple(record.rows)) for record in reading.records],
        mended=reading.mended,
        headings={heading: field for heading, field in headings.items() if read_as.get(heading) == field},
    )


def _place(finding: Finding) -> tuple[int, str, int]:
    return (finding.gravity, finding.sheet or "", finding.row or 0)

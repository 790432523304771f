"""Files of drafts as they were read: where findings stand and which cells can be mended. Kept in memory."""

from __future__ import annotations

import re
import threading
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from publisher.ingest.findings.kind import Finding
from publisher.ingest.limited_reading import read_within_limits
from publisher.ingest.parsed_file import MendedCell, ReadColumn, Reading, UnreadableFile
from publisher.log.log import Log
from publisher.log.model import DraftImport
from publisher.workflow.import_files import read_mended
from schemas.definition.catalogue import Catalogue

_KEPT = 8
"""Readings that are kept: a draft of some thousand rows takes seconds to read, and its pages are turned."""
_LETTERS = re.compile(r"([A-Z]{1,3})(?: |$)")
_ORDER = {"error": 0, "warning": 1, "info": 2}


@dataclass(frozen=True)
class DraftReading:
    """One file of a draft, without the contents of its records, which the draft has."""

    findings: Sequence[Finding]
    """Errors first, in the order of rows."""
    columns: Sequence[ReadColumn]
    rows: Sequence[tuple[str, tuple[int, ...]]]
    """Sheet and rows of each record, in the order of the draft."""
    mended: Sequence[MendedCell]

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
        column = finding.column or ""
        match = _LETTERS.match(column)
        return self.fields.get((finding.sheet or "", match[1] if match else column))


class DraftReadings:
    """Reads each file once, however many pages show it."""

    def __init__(self, log: Log) -> None:
        self._log = log
        self._lock = threading.Lock()
        self._kept: OrderedDict[tuple[object, ...], DraftReading] = OrderedDict()

    def get(self, one: DraftImport, catalogue: Catalogue) -> DraftReading:
        """Return the reading of a file of a draft. Raises ``LogError('no-such-source')``."""
        key = (one.token, catalogue.digest)
        with self._lock:
            if key in self._kept:
                self._kept.move_to_end(key)
                return self._kept[key]
        reading = self._read(one, catalogue)
        self._keep(key, reading)
        return reading

    def keep(self, part: str | None, dataset: str, readings: Sequence[Reading]) -> None:
        """Keep what an import has just read, so that the page that follows reads nothing again."""
        draft, catalogue = self._log.drafts.get(dataset), self._log.queries.catalogue(dataset)
        by_digest = {reading.digest: reading for reading in readings}
        for one in draft.imports if draft else ():
            reading = by_digest.get(one.source.digest)
            # Another clerk may have imported the same file meanwhile, with other cells mended.
            if reading is not None and one.part == part and self._mended(one) == _written(reading.mended):
                self._keep((one.token, catalogue.digest), _without_contents(reading))

    def _keep(self, key: tuple[object, ...], reading: DraftReading) -> None:
        with self._lock:
            self._kept[key] = reading
            while len(self._kept) > _KEPT:
                self._kept.popitem(last=False)

    def _mended(self, one: DraftImport) -> frozenset[tuple[str, str, str]]:
        return _written(read_mended(row.locator for row in self._log.drafts.rows(one, None)))

    def _read(self, one: DraftImport, catalogue: Catalogue) -> DraftReading:
        mended = read_mended(row.locator for row in self._log.drafts.rows(one, None))
        data = self._log.evidence.source_bytes(one.source.digest)
        try:
            reading = read_within_limits(data, name=one.source.name, catalogue=catalogue, mended=mended)
        except UnreadableFile as error:
            return DraftReading((error.finding,), (), (), ())
        return _without_contents(reading)


def _written(mended: Sequence[MendedCell]) -> frozenset[tuple[str, str, str]]:
    return frozenset((one.sheet, one.cell, one.written) for one in mended if one.written != one.read)


def _without_contents(reading: Reading) -> DraftReading:
    return DraftReading(
        findings=sorted(reading.findings, key=_place),
        columns=reading.columns,
        rows=[(record.sheet, tuple(record.rows)) for record in reading.records],
        mended=reading.mended,
    )


def _place(finding: Finding) -> tuple[int, str, int]:
    return (_ORDER.get(finding.severity, 3), finding.sheet or "", finding.row or 0)

"""Report of an import: rows, findings and changes of the whole, each file and each sheet."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import Any

import msgspec
from msgspec import structs

from publisher.ingest.findings.kind import WORST_FIRST, Finding
from publisher.ingest.parsed_file import Reading
from publisher.log.model import Conflict


class ChangeCounts(msgspec.Struct, frozen=True):
    """Numbers of records that publication would change. Only a whole part can remove records, not a sheet."""

    added: int = 0
    changed: int = 0
    removed: int = 0
    unchanged: int = 0

    def __add__(self, other: ChangeCounts) -> ChangeCounts:
        return ChangeCounts(
            *(a + b for a, b in zip(structs.astuple(self), structs.astuple(other), strict=True))
        )


class FileReport(msgspec.Struct, frozen=True):
    """One file of an import."""

    file: str
    reading: Reading | None
    """None if the file could not be read; ``findings`` contains the reason."""
    part: str | None = None
    same_as: str | None = None
    """Name of an identical file in the same import; only that one is counted and staged."""
    findings: tuple[Finding, ...] = ()
    """Findings about the whole file, in addition to those of its reading."""
    changes: ChangeCounts = ChangeCounts()
    sheet_changes: Mapping[str, ChangeCounts] = msgspec.field(default_factory=dict)

    @property
    def counted_reading(self) -> Reading | None:
        return None if self.same_as else self.reading

    @property
    def all_findings(self) -> tuple[Finding, ...]:
        return (*self.findings, *(self.counted_reading.findings if self.counted_reading else ()))


class ImportReport(msgspec.Struct, frozen=True, dict=True):
    dataset: str
    catalogue: str
    dry_run: bool
    staged: bool
    """Whether the draft contains these files."""
    files: tuple[FileReport, ...]
    changes: ChangeCounts
    conflicts: tuple[Conflict, ...] = ()
    warnings: tuple[Conflict, ...] = ()
    checks: tuple[Finding, ...] = ()
    """Findings of the checks against other lists, which never prevent publication."""
    without_errors: bool = False
    marked: int = 0
    """Other published documents that publication would mark as repealed (废止), by accepted repeals."""
    proposed_repeals: int = 0
    """Repeals that notices propose and that nobody has decided about."""

    @cached_property
    def findings(self) -> tuple[Finding, ...]:
        return tuple(f for file in self.files for f in file.all_findings)

    @property
    def readings(self) -> tuple[Reading, ...]:
        """Readings that are counted and staged."""
        return tuple(file.counted_reading for file in self.files if file.counted_reading)

    @property
    def rows(self) -> int:
        return sum(reading.rows for reading in self.readings)

    @property
    def records(self) -> int:
        return sum(len(reading.records) for reading in self.readings)

    @property
    def in_error(self) -> int:
        """Number of records that prevent publication, or are left out with ``without_errors``."""
        return sum(record.in_error for reading in self.readings for record in reading.records)

    @property
    def continuations(self) -> int:
        return sum(sheet.continuations for reading in self.readings for sheet in reading.sheets)

    @property
    def refused(self) -> bool:
        """Whether errors or conflicts prevent publication."""
        unreadable = any(file.reading is None for file in self.files)
        errors = any(f.severity == "error" for f in self.findings) and not self.without_errors
        return unreadable or errors or bool(self.conflicts)

    def to_json(self) -> dict[str, Any]:
        """Return the object that ``qingdan import --json`` prints; ``docs/cli.md`` describes its keys."""
        return {
            "dataset": self.dataset,
            "catalogue": self.catalogue,
            "dry_run": self.dry_run,
            "staged": self.staged,
            "rows": self.rows,
            "records": self.records,
            "in_error": self.in_error,
            "continuations": self.continuations,
            "left_out": [
                {"file": reading.file, **structs.asdict(row)}
                for reading in self.readings
                for row in reading.left_out
            ],
            "findings": [structs.asdict(f) for f in self.findings],
            "checks": [structs.asdict(f) for f in self.checks],
            "changes": structs.asdict(self.changes),
            "marked": self.marked,
            "proposed_repeals": self.proposed_repeals,
            "conflicts": [_conflict_to_json(c) for c in self.conflicts],
            "warnings": [_conflict_to_json(c) for c in self.warnings],
            "sheets": [sheet for file in self.files for sheet in _sheets_to_json(file)],
            "files": [_file_to_json(file) for file in self.files],
        }


def _conflict_to_json(conflict: Conflict) -> dict[str, Any]:
    return {
        "code": conflict.code,
        "message_zh": conflict.message_zh,
        "message_en": conflict.message_en,
        "identity": list(conflict.identity),
        "locators": [dict(locator) for locator in conflict.locators],
    }


def _count_severities(findings: Sequence[Finding]) -> dict[str, int]:
    counts = Counter(f.severity for f in findings)
    return {severity: counts[severity] for severity in WORST_FIRST}


def _file_to_json(file: FileReport) -> dict[str, Any]:
    reading = file.counted_reading
    sheets = reading.sheets if reading else ()
    return {
        "file": file.file,
        "part": file.part,
        "same_as": file.same_as,
        "digest": file.reading.digest if file.reading else None,
        "media_type": file.reading.media_type if file.reading else None,
        "rows": sum(s.rows for s in sheets),
        "records": len(reading.records) if reading else 0,
        "continuations": sum(s.continuations for s in sheets),
        "left_out": len(reading.left_out) if reading else 0,
        "findings": _count_severities(file.all_findings),
        "changes": structs.asdict(file.changes),
        "dropped_columns": list(reading.dropped_columns) if reading else [],
        "unmapped_columns": list(reading.unmapped_columns) if reading else [],
        "columns": [structs.asdict(column) for column in reading.columns] if reading else [],
    }


def _sheets_to_json(file: FileReport) -> list[dict[str, Any]]:
    if file.counted_reading is None:
        return []
    findings_by_sheet: dict[str | None, list[Finding]] = {}
    for finding in file.counted_reading.findings:
        findings_by_sheet.setdefault(finding.sheet, []).append(finding)
    return [
        {
            "file": file.file,
            "sheet": sheet.sheet,
            "rows": sheet.rows,
            "records": sheet.records,
            "continuations": sheet.continuations,
            "left_out": sheet.left_out,
            "findings": _count_severities(findings_by_sheet.get(sheet.sheet, ())),
            "changes": structs.asdict(file.sheet_changes.get(sheet.sheet, ChangeCounts())),
        }
        for sheet in file.counted_reading.sheets
    ]

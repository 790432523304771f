"""What an import says of itself: every row, finding and change, per import, file and sheet."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from functools import cached_property
from typing import Any

from publisher.ingest.findings.kind import Finding
from publisher.ingest.parsed_file import Reading
from publisher.log.model import Conflict


@dataclass(frozen=True, slots=True)
class Changes:
    """How many records publication would touch. A sheet removes none: a part does."""

    added: int = 0
    changed: int = 0
    removed: int = 0
    unchanged: int = 0

    def __add__(self, other: Changes) -> Changes:
        return Changes(
            self.added + other.added,
            self.changed + other.changed,
            self.removed + other.removed,
            self.unchanged + other.unchanged,
        )


@dataclass(frozen=True, slots=True)
class FileReport:
    """One file of an import."""

    file: str
    reading: Reading | None
    """None where the file could not be read at all; ``findings`` tells why."""
    part: str | None = None
    same_as: str | None = None
    """The other name under which the same bytes were given; such a file is counted and staged once."""
    findings: tuple[Finding, ...] = ()
    """Of the file as a whole, beside those of its reading."""
    changes: Changes = Changes()
    sheet_changes: Mapping[str, Changes] = field(default_factory=dict)

    @property
    def counted(self) -> Reading | None:
        return None if self.same_as else self.reading

    @property
    def all_findings(self) -> tuple[Finding, ...]:
        return (*self.findings, *(self.counted.findings if self.counted else ()))


@dataclass(frozen=True)
class ImportReport:
    dataset: str
    catalogue: str
    dry_run: bool
    staged: bool
    """Whether the draft now holds these files."""
    files: tuple[FileReport, ...]
    changes: Changes
    conflicts: tuple[Conflict, ...] = ()
    warnings: tuple[Conflict, ...] = ()
    without_errors: bool = False
    marked: int = 0
    """Published documents beside those of the files that publication would mark as ended (废止)."""

    @cached_property
    def findings(self) -> tuple[Finding, ...]:
        return tuple(f for file in self.files for f in file.all_findings)

    @property
    def rows(self) -> int:
        return sum(file.counted.rows for file in self.files if file.counted)

    @property
    def records(self) -> int:
        return sum(len(file.counted.records) for file in self.files if file.counted)

    @property
    def in_error(self) -> int:
        """Records that stand in the way of publication, or are left out with ``without_errors``."""
        return sum(r.in_error for file in self.files if file.counted for r in file.counted.records)

    @property
    def continuations(self) -> int:
        return sum(s.continuations for file in self.files if file.counted for s in file.counted.sheets)

    @property
    def refused(self) -> bool:
        """Whether something stands in the way of publishing what was read."""
        unreadable = any(file.reading is None for file in self.files)
        errors = any(f.severity == "error" for f in self.findings) and not self.without_errors
        return unreadable or errors or bool(self.conflicts)

    def to_json(self) -> dict[str, Any]:
        """The object that ``qingdan import --json`` prints; ``docs/cli.md`` tells its keys."""
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
                {
                    "file": file.file,
                    "sheet": one.sheet,
                    "row": one.row,
                    "reason": one.reason,
                    "text": one.text,
                }
                for file in self.files
                if file.counted
                for one in file.counted.left_out
            ],
            "findings": [asdict(f) for f in self.findings],
            "changes": asdict(self.changes),
            "marked": self.marked,
            "conflicts": [_conflict(c) for c in self.conflicts],
            "warnings": [_conflict(c) for c in self.warnings],
            "sheets": [sheet for file in self.files for sheet in _sheets(file)],
            "files": [_file(file) for file in self.files],
        }


def _conflict(conflict: Conflict) -> dict[str, Any]:
    return {
        "code": conflict.code,
        "message_zh": conflict.message_zh,
        "message_en": conflict.message_en,
        "identity": list(conflict.identity),
        "locators": [dict(locator) for locator in conflict.locators],
    }


def _severities(findings: Sequence[Finding]) -> dict[str, int]:
    counts = Counter(f.severity for f in findings)
    return {severity: counts[severity] for severity in ("error", "warning", "info")}


def _file(file: FileReport) -> dict[str, Any]:
    reading = file.counted
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
        "findings": _severities(file.all_findings),
        "changes": asdict(file.changes),
        "dropped_columns": list(reading.dropped_columns) if reading else [],
        "unmapped_columns": list(reading.unmapped_columns) if reading else [],
    }


def _sheets(file: FileReport) -> list[dict[str, Any]]:
    if file.counted is None:
        return []
    found: dict[str | None, list[Finding]] = {}
    for finding in file.counted.findings:
        found.setdefault(finding.sheet, []).append(finding)
    return [
        {
            "file": file.file,
            "sheet": sheet.sheet,
            "rows": sheet.rows,
            "records": sheet.records,
            "continuations": sheet.continuations,
            "left_out": sheet.left_out,
            "findings": _severities(found.get(sheet.sheet, ())),
            "changes": asdict(file.sheet_changes.get(sheet.sheet, Changes())),
        }
        for sheet in file.counted.sheets
    ]

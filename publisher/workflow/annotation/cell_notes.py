"""Findings of an import by the cell that they concern."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import msgspec

from publisher.ingest.findings.kind import Finding, Severity
from publisher.ingest.formats.grid import parse_column
from schemas.words import FILE_SEVERITIES, Lang


class CellNote(msgspec.Struct, frozen=True):
    """The text of a comment at one cell. ``column`` is 1-based."""

    sheet: str
    row: int
    column: int
    severity: Severity
    """The worst of its findings."""
    text: str


def column_of(finding: Finding) -> int:
    """Return the column of a finding; the first one if it concerns the whole row."""
    return parse_column(finding.column_letters) if finding.column_letters else 1


def severity_word(severity: Severity, lang: Lang) -> str:
    words = FILE_SEVERITIES[severity]
    return words.en if lang == "en" else words.zh


def describe_finding(finding: Finding, lang: Lang) -> str:
    texts = finding.describe()
    return texts.en if lang == "en" else texts.zh


def notes_by_cell(findings: Iterable[Finding], lang: Lang) -> Sequence[CellNote]:
    """Join the findings of each cell in one note. Findings without a row have no cell."""
    cells: dict[tuple[str, int, int], list[Finding]] = {}
    for finding in findings:
        if finding.row is not None:
            cells.setdefault((finding.sheet or "", finding.row, column_of(finding)), []).append(finding)
    return [
        CellNote(
            *cell,
            severity=min(of_cell, key=lambda finding: finding.gravity).severity,
            text="\n".join(
                f"{severity_word(f.severity, lang)} [{f.code}] {describe_finding(f, lang)}" for f in of_cell
            ),
        )
        for cell, of_cell in cells.items()
    ]

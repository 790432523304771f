"""Findings of an import by the cell that they concern."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from publisher.ingest.findings.kind import Finding, Severity
from publisher.ingest.formats.grid import parse_column
from schemas.words import Lang

WORST_FIRST: tuple[Severity, ...] = ("error", "warning", "info")
_WORDS: Mapping[Lang, Mapping[Severity, str]] = {
    "zh": {"error": "错误", "warning": "警告", "info": "说明"},
    "en": {"error": "error", "warning": "warning", "info": "info"},
}
_COLUMN = re.compile(r"([A-Z]{1,3})(?: |$)")


@dataclass(frozen=True, slots=True)
class CellNote:
    """The text of a comment at one cell. ``column`` is 1-based."""

    sheet: str
    row: int
    column: int
    severity: Severity
    """The worst of its findings."""
    text: str


def column_of(finding: Finding) -> int:
    """Return the column of a finding; the first one if it concerns the whole row."""
    match = _COLUMN.match(finding.column or "")
    return parse_column(match[1]) if match else 1


def severity_word(severity: Severity, lang: Lang) -> str:
    return _WORDS[lang][severity]


def describe_finding(finding: Finding, lang: Lang) -> str:
    """Return what is wrong and what to do, on one line."""
    if lang == "en":
        return f"{finding.message_en}. {finding.way_out_en}."
    return f"{finding.message_zh}。{finding.way_out_zh}。"


def notes_by_cell(findings: Iterable[Finding], lang: Lang) -> Sequence[CellNote]:
    """Join the findings of each cell in one note. Findings without a row have no cell."""
    cells: dict[tuple[str, int, int], list[Finding]] = {}
    for finding in findings:
        if finding.row is not None:
            cells.setdefault((finding.sheet or "", finding.row, column_of(finding)), []).append(finding)
    return [
        CellNote(
            *cell,
            severity=min((f.severity for f in of_cell), key=WORST_FIRST.index),
            text="\n".join(
                f"{severity_word(f.severity, lang)} [{f.code}] {describe_finding(f, lang)}" for f in of_cell
            ),
        )
        for cell, of_cell in cells.items()
    ]

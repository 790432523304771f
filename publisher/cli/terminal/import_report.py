"""Report of an import on the terminal: counts, findings, and changes that publication would make."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from typing import TYPE_CHECKING

from publisher.cli.terminal import output

if TYPE_CHECKING:
    from publisher.ingest.findings.kind import Finding
    from publisher.log.model import Conflict
    from publisher.workflow.import_report import FileReport, ImportReport

_SEVERITIES = {"error": "错误 error", "warning": "警告 warning", "info": "说明 info"}
_MOST_UNGROUPED = 5
"""Most findings of one kind, sheet and column that are printed one by one; more form a group."""


def show_report(report: ImportReport) -> None:
    """Print the report to stdout."""
    rows = [_count_file(file) for file in report.files]
    output.print_table(
        [
            "文件 file",
            "报送部门 part",
            "行 rows",
            "记录 records",
            "续行 cont.",
            "略去 left out",
            "错误 err.",
            "警告 warn.",
        ],
        rows,
    )
    show_findings(report.findings)
    for conflict in report.conflicts:
        _print_conflict("冲突 conflict", conflict)
    for warning in report.warnings:
        _print_conflict("警告 warning", warning)
    c = report.changes
    output.print_line(
        f"发布后 if published：新增 added {c.added}，调整 changed {c.changed}，"
        f"移出清单 removed {c.removed}，未变化 unchanged {c.unchanged}"
    )
    if report.marked:
        output.print_line(
            f"另有{report.marked}份已发布的文件将标明废止 / "
            f"{report.marked} published documents will be marked as ended"
        )


def _count_file(file: FileReport) -> list[object]:
    if file.same_as:
        return [file.file, f"与 {file.same_as} 相同 / same file", *([""] * 6)]
    reading = file.reading
    severities = [f.severity for f in file.all_findings]
    counts = (
        [
            reading.rows,
            len(reading.records),
            sum(s.continuations for s in reading.sheets),
            len(reading.left_out),
        ]
        if reading
        else [""] * 4
    )
    return [file.file, file.part or "", *counts, severities.count("error"), severities.count("warning")]


def show_findings(findings: Sequence[Finding]) -> None:
    """Print findings, errors first; many of one kind in one place are grouped."""
    groups: dict[tuple[object, ...], list[Finding]] = defaultdict(list)
    for finding in findings:
        groups[finding.severity, finding.code, finding.file, finding.sheet, finding.column].append(finding)
    order = sorted(groups, key=lambda key: (list(_SEVERITIES).index(str(key[0])), str(key[2])))
    for key in order:
        group = groups[key]
        if len(group) <= _MOST_UNGROUPED:
            for one in group:
                _print_finding(one, _format_place(one))
        else:
            _print_finding(group[0], _format_places(group))


def _print_finding(finding: Finding, place: str) -> None:
    output.print_line(f"{_SEVERITIES[finding.severity]} [{finding.code}] {place}")
    excerpt = f"  “{finding.found}”" if finding.found else ""
    output.print_line(f"  {finding.message_zh}。{finding.way_out_zh}。{excerpt}")
    output.print_line(f"  {finding.message_en}. {finding.way_out_en}.")


def _format_place(finding: Finding) -> str:
    where = [finding.file, finding.sheet]
    if finding.row is not None:
        where.append(f"第{finding.row}行 row {finding.row}")
    where.append(finding.column)
    return " | ".join(str(w) for w in where if w)


def _format_places(group: Sequence[Finding]) -> str:
    first = group[0]
    rows = [str(f.row) for f in group if f.row is not None]
    row_list = ", ".join(rows[:10]) + (" …" if len(rows) > 10 else "")
    where = [
        first.file,
        first.sheet,
        first.column,
        f"共{len(group)}处 {len(group)} times",
        f"行 rows {row_list}" if rows else None,
    ]
    return " | ".join(str(w) for w in where if w)


def _print_conflict(label: str, conflict: Conflict) -> None:
    output.print_line(f"{label} [{conflict.code}]")
    output.print_line(f"  {conflict.message_zh}")
    output.print_line(f"  {conflict.message_en}")

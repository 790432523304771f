"""Report of an import on the terminal: counts, findings, and changes that publication would make."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from publisher.cli.terminal import output
from publisher.cli.terminal.command_hints import add_hint
from publisher.cli.terminal.language import in_language
from schemas.words import FILE_SEVERITIES, SEVERITIES

if TYPE_CHECKING:
    from publisher.ingest.findings.kind import Finding
    from publisher.log.model import Conflict
    from publisher.workflow.import_report import FileReport, ImportReport

_MOST_UNGROUPED = 5
"""Most findings of one kind, sheet and column that are printed one by one; more form a group."""
_MOST_CHECKS = 50
"""Most findings of the checks that are printed; ``--json`` has all."""


def show_report(report: ImportReport) -> None:
    """Print the report to stdout."""
    rows = [_table_row(file) for file in report.files]
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
    for file in report.files:
        _print_columns(file)
    show_findings(report.findings)
    show_checks(report.checks)
    for conflict in report.conflicts:
        _print_conflict(in_language("冲突", "conflict"), conflict)
    for warning in report.warnings:
        _print_conflict(in_language(*FILE_SEVERITIES["warning"]), warning)
    c = report.changes
    output.print_line(
        in_language(
            f"发布后：新增{c.added}，调整{c.changed}，移出清单{c.removed}，未变化{c.unchanged}",
            f"If published: {c.added} added, {c.changed} changed, {c.removed} removed, "
            f"{c.unchanged} unchanged",
        )
    )
    if report.marked:
        output.print_line(
            in_language(
                f"另有{report.marked}份已发布的文件将标明废止",
                f"{report.marked} published documents will be marked as ended",
            )
        )
    if report.proposed_repeals:
        output.print_line(
            in_language(
                f"有{report.proposed_repeals}份文件可能已废止，请运行 qingdan draft repeals 核对原文后确认",
                f"{report.proposed_repeals} documents may be repealed: check them with qingdan draft repeals",
            )
        )


def _print_columns(file: FileReport) -> None:
    """Print the headings of the columns that are read, and the number of filled cells of the others."""
    columns = file.counted_reading.columns if file.counted_reading else ()
    headings = list(dict.fromkeys(c.heading for c in columns if c.field))
    unread = list(dict.fromkeys((c.heading or c.column, c.filled) for c in columns if not c.read))
    if not headings:
        return
    zh = "、".join(f"{heading}（{filled}格）" for heading, filled in unread)
    en = ", ".join(f"{heading} ({filled} cells)" for heading, filled in unread)
    output.print_line(
        in_language(
            f"{file.file}：识别的列：{'、'.join(headings)}" + (f"；未读入的列：{zh}" if unread else ""),
            f"{file.file}: columns read: {', '.join(headings)}" + (f"; not read: {en}" if unread else ""),
        )
    )


def _table_row(file: FileReport) -> list[object]:
    """Build the row of a file; a copy of another file has no counts."""
    if file.same_as:
        return [file.file, in_language(f"与 {file.same_as} 相同", f"same as {file.same_as}"), *([""] * 6)]
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


def print_next_step(report: ImportReport) -> None:
    """Print what became of the files, and the command that publishes the draft."""
    if report.staged and not report.refused:
        output.print_message(
            f"已写入草稿。发布：qingdan publish {report.dataset} --effective-on 日期 --basis 文号",
            f"In the draft. Publish it: qingdan publish {report.dataset} --effective-on DAY --basis NUMBER",
        )
    elif report.staged:
        output.print_message(
            "已写入草稿，但有错误，暂不能发布。请改正后重新导入，或用 --without-errors 略去有误的行。",
            "In the draft, but errors prevent publishing. Fix and import again, or add --without-errors.",
        )
    elif report.dry_run:
        output.print_message("试运行，未写入任何内容。", "Dry run: nothing was written.")
    else:
        output.print_message("未写入任何内容。", "Nothing was written.")


def show_findings(findings: Sequence[Finding]) -> None:
    """Print findings in the order of files, sheets and rows; many of one kind in one column are grouped."""
    groups: dict[tuple[object, ...], list[Finding]] = defaultdict(list)
    for finding in findings:
        groups[finding.severity, finding.code, finding.file, finding.sheet, finding.column].append(finding)
    units: list[list[Finding]] = []
    for group in groups.values():
        units += [group] if len(group) > _MOST_UNGROUPED else [[one] for one in group]
    files, sheets = _positions(f.file for f in findings), _positions(f.sheet for f in findings)
    for unit in sorted(
        units,
        key=lambda unit: (
            files[unit[0].file],
            sheets[unit[0].sheet],
            unit[0].row or 0,
            unit[0].gravity,
        ),
    ):
        place = _format_place(unit[0]) if len(unit) == 1 else _format_places(unit)
        _print_finding(unit[0], place)


def show_checks(findings: Sequence[Finding]) -> None:
    """Print the findings of the checks against other lists, each with its place and the cited texts."""
    for finding in findings[:_MOST_CHECKS]:
        label = in_language(f"待核问题，{SEVERITIES[finding.severity].zh}", f"finding, {finding.severity}")
        output.print_line(f"{label} [{finding.code}] {_format_place(finding)}")
        zh = f"{finding.message_zh}。{finding.because_zh}{finding.way_out_zh}。"
        en = f"{finding.message_en}. {finding.because_en} {finding.way_out_en}."
        output.print_line(f"  {in_language(zh, en)}")
        for cite in finding.cites:
            output.print_line(f"  {cite.dataset}/{cite.field}: “{' '.join(cite.text.split())}”")
    more = len(findings) - _MOST_CHECKS
    if more > 0:
        output.print_line(in_language(f"另有{more}个待核问题", f"and {more} more findings"))


def _positions(names: Iterable[str | None]) -> dict[str | None, int]:
    """Number the names in the order in which they appear."""
    return {name: number for number, name in enumerate(dict.fromkeys(names))}


def _print_finding(finding: Finding, place: str) -> None:
    severity = in_language(*FILE_SEVERITIES[finding.severity])
    output.print_line(f"{severity} [{finding.code}] {place}")
    excerpt = f"  “{finding.found}”" if finding.found else ""
    output.print_line(f"  {in_language(*finding.describe())}{excerpt}")


def _format_place(finding: Finding) -> str:
    where = [finding.file, finding.sheet]
    if finding.row is not None:
        where.append(in_language(f"第{finding.row}行", f"row {finding.row}"))
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
        in_language(f"共{len(group)}处", f"{len(group)} times"),
        in_language(f"行 {row_list}", f"rows {row_list}") if rows else None,
    ]
    return " | ".join(str(w) for w in where if w)


def _print_conflict(label: str, conflict: Conflict) -> None:
    output.print_line(f"{label} [{conflict.code}]")
    texts = add_hint(conflict.code, conflict.message_zh, conflict.message_en)
    output.print_line(f"  {in_language(*texts)}")

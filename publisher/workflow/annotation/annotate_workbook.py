"""The workbook of an import, given back with comments and colours at its findings and a sheet of findings."""

from __future__ import annotations

import zipfile
from collections.abc import Sequence
from itertools import groupby

import msgspec
from lxml import etree
from msgspec import structs

from publisher.ingest.findings.files import DAMAGED, NO_TABLE
from publisher.ingest.findings.kind import Finding
from publisher.ingest.formats.detect import XLSX, open_file
from publisher.ingest.formats.errors import ReaderError
from publisher.ingest.formats.sandbox.fork_server import run_limited
from publisher.ingest.parsed_file import UnreadableFile
from publisher.log.model import LogError
from publisher.workflow.annotation import grid_workbook
from publisher.workflow.annotation.cell_notes import notes_by_cell
from publisher.workflow.annotation.coloured_cells import Palette, colour_cells
from publisher.workflow.annotation.comments import add_comments
from publisher.workflow.annotation.findings_sheet import add_findings_sheet
from publisher.workflow.annotation.xlsx_package import XlsxPackage
from schemas.words import Lang


class AnnotatedWorkbook(msgspec.Struct, frozen=True):
    data: bytes
    """An .xlsx workbook."""
    cells: int
    """Number of cells with a comment."""
    findings_sheet: str
    """Name of the sheet of findings."""
    converted: bool
    """Whether the file had another format: texts and merged cells stay, formats and formulas do not."""
    without_macros: bool
    """Whether macros of an .xlsm workbook were left out."""


def annotate_workbook(
    data: bytes, name: str, findings: Sequence[Finding], *, lang: Lang = "zh"
) -> AnnotatedWorkbook:
    """Annotate a file with its findings. Everything else in an .xlsx workbook stays as it is.

    The file is opened in a process with limits of memory and time. Raises ``LogError('cannot-annotate')``
    for a file without tables, such as JSON, or one that is damaged or exceeds a limit.
    """
    try:
        annotated: AnnotatedWorkbook = run_limited(
            annotate_unlimited, data, name, findings, lang, result=AnnotatedWorkbook
        )
    except (UnreadableFile, ReaderError) as error:
        finding = (error.to_unreadable(name) if isinstance(error, ReaderError) else error).finding
        raise _refusal(name, f"{finding.message_zh}。", f"{finding.message_en}.") from error
    return annotated


def annotate_unlimited(data: bytes, name: str, findings: Sequence[Finding], lang: Lang) -> AnnotatedWorkbook:
    """Annotate a file in this process. Raises ``UnreadableFile`` and :class:`ReaderError`."""
    content = open_file(data, name)
    if not content.grids:
        raise ReaderError(NO_TABLE, content.media_type)
    converted = content.media_type != XLSX
    if converted:
        data, names = grid_workbook.write_grids(content.grids)
        findings = [structs.replace(f, sheet=names.get(f.sheet or "", f.sheet)) for f in findings]
    try:
        return _annotate(data, findings, lang, converted=converted)
    except (zipfile.BadZipFile, etree.XMLSyntaxError, KeyError, ValueError) as error:
        raise ReaderError(DAMAGED, str(error)) from error


def _annotate(data: bytes, findings: Sequence[Finding], lang: Lang, *, converted: bool) -> AnnotatedWorkbook:
    package = XlsxPackage(data)
    without_macros = package.drop_macros()
    palette = Palette(package)
    parts = dict(package.sheets())
    notes = sorted((n for n in notes_by_cell(findings, lang) if n.sheet in parts), key=lambda n: n.sheet)
    for sheet, of_sheet in groupby(notes, key=lambda n: n.sheet):
        cells = sorted(of_sheet, key=lambda n: (n.row, n.column))
        colour_cells(package, parts[sheet], cells, palette)
        add_comments(package, parts[sheet], cells)
    name = add_findings_sheet(package, findings, palette, lang)
    return AnnotatedWorkbook(package.to_bytes(), len(notes), name, converted, without_macros)


def _refusal(name: str, why_zh: str, why_en: str) -> LogError:
    return LogError(
        "cannot-annotate",
        f"“{name}”不能加批注。{why_zh}请对照屏幕上的检查问题。",
        f"{name} cannot be annotated. {why_en} Use the findings on the screen.",
    )

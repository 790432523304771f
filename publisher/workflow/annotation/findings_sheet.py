"""The sheet of findings that is added to a workbook: one row each, with a link to the cell."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from lxml import etree

from publisher.ingest.findings.kind import Finding
from publisher.ingest.formats.grid import format_column
from publisher.workflow.annotation.cell_notes import (
    column_of,
    describe_finding,
    severity_word,
)
from publisher.workflow.annotation.coloured_cells import Palette
from publisher.workflow.annotation.xlsx_package import (
    WORKBOOK,
    XlsxPackage,
    parse,
    replace_unwritable,
    serialise,
)
from schemas.words import Lang

SHEET_NAMES = {"zh": "检查问题", "en": "Findings"}
_HEADINGS = {
    "zh": ("程度", "代码", "工作表", "行", "列", "原文", "问题和处理办法"),
    "en": ("Severity", "Code", "Sheet", "Row", "Column", "Found", "What is wrong and what to do"),
}
_ROW_COLUMN = 4
"""The only one of numbers: what was found in a cell is a text, also 007 or a code of 18 digits."""
_WIDTHS = (8, 24, 18, 8, 20, 40, 90)
_WORKSHEET_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml.worksheet+xml"


def add_findings_sheet(
    package: XlsxPackage, findings: Sequence[Finding], palette: Palette, lang: Lang
) -> str:
    """Add the sheet at the end of the workbook and return its name."""
    workbook = package.tree(WORKBOOK)
    sheets = workbook.find(package.tag("sheets"))
    if sheets is None:
        raise ValueError(f"{WORKBOOK}: no sheets")
    names = {sheet.get("name", "").casefold() for sheet in sheets}
    base = SHEET_NAMES[lang]
    candidates = (base, *(f"{base}{number}" for number in range(2, len(names) + 2)))
    name = next(one for one in candidates if one.casefold() not in names)
    content = _worksheet(package, findings, palette, lang)
    part = package.add_part("xl/worksheets/sheet{}.xml", content, _WORKSHEET_TYPE)
    entry = etree.SubElement(sheets, package.tag("sheet"))
    entry.set("name", name)
    entry.set("sheetId", str(max((int(s.get("sheetId") or 0) for s in sheets), default=0) + 1))
    entry.set(f"{{{package.relation_namespace}}}id", package.add_relation(WORKBOOK, "worksheet", part))
    return name


def _worksheet(package: XlsxPackage, findings: Iterable[Finding], palette: Palette, lang: Lang) -> bytes:
    sheet_names = {name for name, _ in package.sheets()}
    root = parse(f'<worksheet xmlns="{package.namespace}"/>'.encode())
    view = etree.SubElement(etree.SubElement(root, package.tag("sheetViews")), package.tag("sheetView"))
    view.set("workbookViewId", "0")
    etree.SubElement(
        view,
        package.tag("pane"),
        {"ySplit": "1", "topLeftCell": "A2", "activePane": "bottomLeft", "state": "frozen"},
    )
    columns = etree.SubElement(root, package.tag("cols"))
    for number, width in enumerate(_WIDTHS, start=1):
        attributes = {"min": str(number), "max": str(number), "width": str(width), "customWidth": "1"}
        etree.SubElement(columns, package.tag("col"), attributes)
    data = etree.SubElement(root, package.tag("sheetData"))
    links = etree.Element(package.tag("hyperlinks"))
    _add_row(package, data, 1, [(text, 0) for text in _HEADINGS[lang]])
    ordered = sorted(findings, key=lambda finding: finding.gravity)
    for number, finding in enumerate(ordered, start=2):
        texts = [
            severity_word(finding.severity, lang),
            finding.code,
            finding.sheet or "",
            "" if finding.row is None else str(finding.row),
            finding.column or "",
            finding.found,
            describe_finding(finding, lang),
        ]
        style = palette.style(0, finding.severity)
        _add_row(package, data, number, [(t, style if c == 0 else 0) for c, t in enumerate(texts)])
        if finding.row is not None and finding.sheet in sheet_names:
            quoted = finding.sheet.replace("'", "''")
            target = f"'{quoted}'!{format_column(column_of(finding))}{finding.row}"
            etree.SubElement(
                links, package.tag("hyperlink"), {"ref": f"D{number}", "location": target, "display": target}
            )
    if len(links):
        root.append(links)
    return serialise(root)


def _add_row(
    package: XlsxPackage, data: etree._Element, number: int, cells: Sequence[tuple[str, int]]
) -> None:
    row = etree.SubElement(data, package.tag("row"), {"r": str(number)})
    for column, (text, style) in enumerate(cells, start=1):
        reference = f"{format_column(column)}{number}"
        cell = etree.SubElement(row, package.tag("c"), {"r": reference, "s": str(style)})
        if column == _ROW_COLUMN and text.isdecimal():
            etree.SubElement(cell, package.tag("v")).text = text
            continue
        cell.set("t", "inlineStr")
        inline = etree.SubElement(etree.SubElement(cell, package.tag("is")), package.tag("t"))
        inline.text = replace_unwritable(text)
        inline.set("{http://www.w3.org/XML/1998/namespace}space", "preserve")

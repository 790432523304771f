"""A workbook comes back with its findings; everything else of it is what it was."""

from __future__ import annotations

import io
import shutil
import subprocess
import zipfile
from pathlib import Path
from typing import Any

import openpyxl
import pytest
import xlwt
from openpyxl.chart import BarChart, Reference
from openpyxl.comments import Comment
from openpyxl.formatting.rule import CellIsRule
from openpyxl.styles import Alignment, Font, PatternFill
from openpyxl.worksheet.datavalidation import DataValidation

from publisher.ingest.findings.kind import Finding
from publisher.ingest.formats.detect import open_file
from publisher.ingest.formats.grid import build_grid
from publisher.ingest.read_file import read_file
from publisher.log.model import LogError
from publisher.workflow.annotation.annotate_workbook import annotate_workbook
from publisher.workflow.annotation.coloured_cells import COLOURS
from publisher.workflow.annotation.grid_workbook import write_grids
from schemas.definition.file_loader import load_catalogue
from tests.support.command import HEADINGS, Home, item
from tests.support.required import skip_or_fail

POWERS = load_catalogue("power-list")


def departments_workbook() -> bytes:
    """A workbook as a department hands it in: merges, formulas, formats, a comment, a chart, a rule."""
    book = openpyxl.Workbook()
    sheet = book.active
    sheet.title = "行政许可"
    sheet.append(["示例市权责清单"])
    sheet.merge_cells("A1:H1")
    sheet["A1"].font = Font(bold=True, size=16, color="FF0000")
    sheet.append(list(HEADINGS))
    sheet.append(["=ROW()-2", *item("甲许可")])
    sheet.append(["=ROW()-2", *item("乙许可", kind="行政审批")])
    sheet.append(["=ROW()-2", *item("丙许可", promised="30个工作日")])
    sheet["C4"].fill = PatternFill("solid", fgColor="00FF00")
    sheet["C4"].number_format = "@"
    sheet["C4"].alignment = Alignment(wrap_text=True, vertical="top")
    sheet["C4"].comment = Comment("原有批注", "经办人")
    sheet["D3"].comment = Comment("另一批注", "经办人")
    sheet["J3"] = 0.03
    sheet["J3"].number_format = "0.00%"
    sheet.column_dimensions["B"].width = 44
    sheet.row_dimensions[3].height = 33
    sheet.freeze_panes = "A3"
    rule = CellIsRule(operator="equal", formula=['"行政许可"'], fill=PatternFill(bgColor="FFFF00"))
    sheet.conditional_formatting.add("C3:C5", rule)
    words = DataValidation(type="list", formula1='"行政许可,行政处罚"')
    sheet.add_data_validation(words)
    words.add("C3:C9")
    chart = BarChart()
    chart.add_data(Reference(sheet, min_col=10, min_row=3, max_row=5))
    sheet.add_chart(chart, "L2")
    book.create_sheet("附表")["A1"] = "说明：本表不公布"
    sheet["J4"] = "=SUM(1,2)"
    buffer = io.BytesIO()
    book.save(buffer)
    return buffer.getvalue()


def findings_of(data: bytes, name: str = "清单.xlsx") -> tuple[Finding, ...]:
    return read_file(data, name=name, catalogue=POWERS).findings


def parts(data: bytes) -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        assert archive.testzip() is None
        return {name: archive.read(name) for name in archive.namelist()}


def look_of(cell: Any) -> tuple[Any, ...]:
    """Everything of a cell but its fill and its comment."""
    return (
        *(cell.value, cell.number_format, cell.data_type, cell.hyperlink),
        *(repr(cell.font), repr(cell.border), repr(cell.alignment), repr(cell.protection)),
    )


@pytest.fixture(scope="module")
def both() -> tuple[bytes, bytes]:
    """The workbook, and the annotated one."""
    data = departments_workbook()
    return data, annotate_workbook(data, "清单.xlsx", findings_of(data)).data


def test_a_comment_and_a_colour_are_at_the_cell_of_each_finding(both: tuple[bytes, bytes]) -> None:
    sheet = openpyxl.load_workbook(io.BytesIO(both[1]))["行政许可"]
    assert "[unknown-word]" in sheet["C4"].comment.text
    assert "不是“权力类型”的规定用词" in sheet["C4"].comment.text
    assert sheet["C4"].fill.fgColor.rgb == COLOURS["error"]
    assert "[promised-exceeds-statutory]" in sheet["F5"].comment.text
    assert sheet["F5"].fill.fgColor.rgb == COLOURS["error"]
    assert sheet["F3"].comment is None
    assert sheet["F3"].fill.fill_type is None


def test_comments_of_the_clerk_stay(both: tuple[bytes, bytes]) -> None:
    sheet = openpyxl.load_workbook(io.BytesIO(both[1]))["行政许可"]
    assert sheet["C4"].comment.text.startswith("原有批注\n")
    assert sheet["D3"].comment.text == "另一批注"


def test_all_else_is_unchanged(both: tuple[bytes, bytes]) -> None:
    before, after = (openpyxl.load_workbook(io.BytesIO(data)) for data in both)
    assert after.sheetnames == [*before.sheetnames, "检查问题"]
    for name in before.sheetnames:
        old, new = before[name], after[name]
        assert new.merged_cells.ranges == old.merged_cells.ranges
        assert new.freeze_panes == old.freeze_panes
        assert {k: d.width for k, d in new.column_dimensions.items()} == {
            k: d.width for k, d in old.column_dimensions.items()
        }
        assert {k: d.height for k, d in new.row_dimensions.items() if d.height} == {
            k: d.height for k, d in old.row_dimensions.items() if d.height
        }
        assert [(str(r.sqref), repr(r.rules)) for r in new.conditional_formatting] == [
            (str(r.sqref), repr(r.rules)) for r in old.conditional_formatting
        ]
        assert [str(v.sqref) for v in new.data_validations.dataValidation] == [
            str(v.sqref) for v in old.data_validations.dataValidation
        ]
        assert (new.max_row, new.max_column) == (old.max_row, old.max_column)
        for row in old.iter_rows():
            for cell in row:
                assert look_of(new[cell.coordinate]) == look_of(cell), cell.coordinate


def test_parts_that_need_no_change_keep_their_bytes(both: tuple[bytes, bytes]) -> None:
    before, after = map(parts, both)
    changed = {name for name, content in before.items() if after[name] != content}
    assert changed <= {
        *("[Content_Types].xml", "xl/workbook.xml", "xl/_rels/workbook.xml.rels", "xl/styles.xml"),
        *("xl/worksheets/sheet1.xml", "xl/comments/comment1.xml", "xl/drawings/commentsDrawing1.vml"),
    }
    assert "xl/charts/chart1.xml" in before
    assert "xl/worksheets/sheet2.xml" not in changed


def test_the_sheet_of_findings_lists_each_and_leads_to_its_cell(both: tuple[bytes, bytes]) -> None:
    findings = findings_of(both[0])
    sheet = openpyxl.load_workbook(io.BytesIO(both[1]))["检查问题"]
    rows = list(sheet.iter_rows(min_row=2, values_only=True))
    assert len(rows) == len(findings)
    assert {row[1] for row in rows} == {finding.code for finding in findings}
    (number,) = [n for n, row in enumerate(rows, start=2) if row[1] == "unknown-word"]
    assert sheet[f"D{number}"].hyperlink.location == "'行政许可'!C4"


def test_an_annotated_workbook_is_annotated_again(both: tuple[bytes, bytes]) -> None:
    again = annotate_workbook(both[1], "清单.xlsx", findings_of(both[0]))
    assert again.findings_sheet == "检查问题2"
    sheet = openpyxl.load_workbook(io.BytesIO(again.data))["行政许可"]
    assert sheet["C4"].comment.text.count("[unknown-word]") == 2


def test_an_annotated_workbook_in_english_is_annotated_again() -> None:
    data = departments_workbook()
    once = annotate_workbook(data, "list.xlsx", findings_of(data), lang="en")
    again = annotate_workbook(once.data, "list.xlsx", findings_of(data), lang="en")
    assert again.findings_sheet == "Findings2"
    assert openpyxl.load_workbook(io.BytesIO(again.data)).sheetnames[-2:] == ["Findings", "Findings2"]


def test_english_on_request() -> None:
    data = departments_workbook()
    annotated = annotate_workbook(data, "list.xlsx", findings_of(data), lang="en")
    book = openpyxl.load_workbook(io.BytesIO(annotated.data))
    assert annotated.findings_sheet == "Findings"
    assert "is not a word of the vocabulary" in book["行政许可"]["C4"].comment.text


def test_a_finding_at_a_cell_that_does_not_exist_adds_it() -> None:
    data = departments_workbook()
    findings = [
        Finding("required-missing", "error", "清单.xlsx", "缺", "missing", "行政许可", 40, "AB 权力类型"),
        Finding("number-only-row", "warning", "清单.xlsx", "空", "blank", "行政许可", 4, "AA 备注"),
        Finding("no-header", "error", "清单.xlsx", "无", "none"),
    ]
    annotated = annotate_workbook(data, "清单.xlsx", findings)
    sheet = openpyxl.load_workbook(io.BytesIO(annotated.data))["行政许可"]
    assert annotated.cells == 2
    assert sheet["AB40"].comment.text.startswith("错误 [required-missing]")
    assert sheet["AA4"].fill.fgColor.rgb == COLOURS["warning"]


@pytest.mark.parametrize("text", ["007", "210300000001000000", "１２"])
def test_what_was_found_is_a_text_in_the_sheet_of_findings_also_of_digits(text: str) -> None:
    finding = Finding("code-like", "warning", "清单.xlsx", "码", "code", "行政许可", 4, "B 编码", text)
    annotated = annotate_workbook(departments_workbook(), "清单.xlsx", [finding])
    (row,) = list(openpyxl.load_workbook(io.BytesIO(annotated.data))["检查问题"].values)[1:]
    assert (row[3], row[5]) == (4, text)


def test_a_control_character_does_not_prevent_annotation_and_wide_spaces_stay() -> None:
    data = "事项名称,权力类型,法定办结时限,法定办结时限单位\n甲,行政许可,20,天\x0b地\n".encode()
    findings = read_file(data, name="许可　清单.csv", catalogue=POWERS).findings
    annotated = annotate_workbook(data, "许可　清单.csv", findings)
    book = openpyxl.load_workbook(io.BytesIO(annotated.data))
    assert "“天\ufffd地”" in book["许可　清单"]["D2"].comment.text
    rows = [row for row in book["检查问题"].values if row[1] == "unit-unknown"]
    assert [row[2] for row in rows] == ["许可　清单"]


def test_cells_of_a_page_that_overlap_stay_apart() -> None:
    page = (
        "<table><tr><td>事项名称</td><td rowspan=3>权力类型</td><td>设定依据</td></tr>"
        "<tr><td colspan=3>甲许可</td></tr><tr><td>乙许可</td><td>行政许可</td></tr></table>"
    )
    data, _ = write_grids(open_file(page.encode(), "清单.html").grids)
    sheet = openpyxl.load_workbook(io.BytesIO(data)).worksheets[0]
    assert [str(cells) for cells in sheet.merged_cells.ranges] == ["B1:B3"]
    assert sheet["A2"].value == "甲许可"


def test_merges_that_share_a_corner_stay_apart() -> None:
    grid = build_grid("表", [["甲", "", ""], ["", "", ""], ["", "", "乙"]], [(1, 1, 2, 2), (2, 2, 3, 3)])
    assert grid is not None
    data, _ = write_grids([grid])
    sheet = openpyxl.load_workbook(io.BytesIO(data)).worksheets[0]
    assert [str(cells) for cells in sheet.merged_cells.ranges] == ["A1:B2"]


def test_a_workbook_whose_parts_are_named_with_backslashes_is_annotated() -> None:
    data = departments_workbook()
    plain = annotate_workbook(data, "清单.xlsx", findings_of(data))
    names = parts(data)
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for name, content in names.items():
            entry = zipfile.ZipInfo(name)
            entry.filename = name.replace("/", "\\")
            archive.writestr(entry, content)
    assert "xl\\workbook.xml" in zipfile.ZipFile(out).namelist()
    annotated = annotate_workbook(out.getvalue(), "清单.xlsx", findings_of(out.getvalue()))
    assert parts(annotated.data) == parts(plain.data)
    assert annotated.cells == plain.cells


def test_a_text_that_no_cell_of_a_workbook_can_hold_says_that_it_is_cut() -> None:
    data = f"编码,名称,依据\n1,甲,{'法' * 32_767}\n2,乙,{'法' * 32_768}\n".encode()
    sheet = openpyxl.load_workbook(io.BytesIO(annotate_workbook(data, "清单.csv", ()).data))["清单"]
    assert sheet["C2"].value == "法" * 32_767
    assert sheet["C3"].value.endswith("法……（全文见原文件 / in full in the original file；此处从略）")
    assert len(sheet["C3"].value) == 32_767


def test_tables_of_one_name_or_a_long_one_become_sheets() -> None:
    names = ["收费", "收费", "收费", "收费_2", "甲" * 30 + "'乙"]
    data, _ = write_grids([grid for name in names if (grid := build_grid(name, [["甲"]]))])
    sheets = openpyxl.load_workbook(io.BytesIO(data)).sheetnames
    assert sheets == ["收费", "收费_2", "收费_3", "收费_2_2", "甲" * 30]


def test_the_old_format_comes_back_as_xlsx_and_says_so(site: Home, tmp_path: Path) -> None:
    book = xlwt.Workbook()
    sheet = book.add_sheet("行政许可")
    sheet.write_merge(0, 0, 0, 7, "示例市权责清单")
    for y, row in enumerate([list(HEADINGS), ["1", *item("甲许可", kind="行政审批")]], start=1):
        for x, text in enumerate(row):
            sheet.write(y, x, text)
    file, target = tmp_path / "应急管理局.xls", tmp_path / "批注.xlsx"
    book.save(str(file))
    site.dataset("shili-power-list", "应急管理局")
    ran = site.run("import", file, "--dataset", "shili-power-list", "--dry-run", "--annotate", target)
    assert ran.code == 1
    assert "已转换" in ran.err
    annotated = openpyxl.load_workbook(target)["行政许可"]
    assert [str(r) for r in annotated.merged_cells.ranges] == ["A1:H1"]
    assert "[unknown-word]" in annotated["C3"].comment.text
    assert annotated["B3"].value == "甲许可"


def test_ods_comes_back_as_xlsx(tmp_path: Path) -> None:
    from odf.opendocument import OpenDocumentSpreadsheet
    from odf.table import Table, TableCell, TableRow
    from odf.text import P

    book = OpenDocumentSpreadsheet()
    table = Table(name="行政许可")
    for line in (list(HEADINGS), ["1", *item("甲许可", kind="行政审批")]):
        row = TableRow()
        for text in line:
            cell = TableCell(valuetype="string")
            cell.addElement(P(text=text))
            row.addElement(cell)
        table.addElement(row)
    book.spreadsheet.addElement(table)
    buffer = io.BytesIO()
    book.write(buffer)
    annotated = annotate_workbook(buffer.getvalue(), "清单.ods", findings_of(buffer.getvalue(), "清单.ods"))
    assert annotated.converted
    assert (
        "[unknown-word]" in openpyxl.load_workbook(io.BytesIO(annotated.data))["行政许可"]["C2"].comment.text
    )


@pytest.mark.parametrize("data", [b'[{"name": "x"}]', b"", b"PK\x03\x04 broken"])
def test_what_has_no_cells_is_refused_with_the_reason(data: bytes) -> None:
    with pytest.raises(LogError) as refused:
        annotate_workbook(data, "清单", ())
    assert refused.value.code == "cannot-annotate"


@pytest.mark.slow
def test_several_files_are_annotated_into_a_folder(site: Home, tmp_path: Path) -> None:
    files = [tmp_path / "应急管理局.xlsx", tmp_path / "档案局.xlsx"]
    for file in files:
        file.write_bytes(departments_workbook())
    folder = tmp_path / "批注"
    site.dataset("shili-power-list", "应急管理局", "档案局")
    arguments = ("import", *files, "--dataset", "shili-power-list", "--dry-run", "--annotate", folder)
    assert "文件夹" in site.run(*arguments).err
    folder.mkdir()
    site.run(*arguments)
    for file in files:
        sheet = openpyxl.load_workbook(folder / file.name)["行政许可"]
        assert "[unknown-word]" in sheet["C4"].comment.text


def test_a_workbook_with_macros_comes_back_without_them(tmp_path: Path) -> None:
    macros = b"\xd0\xcf\x11\xe0 macros"
    plain, buffer = departments_workbook(), io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(plain)) as old, zipfile.ZipFile(buffer, "w") as new:
        for part in old.namelist():
            content = old.read(part)
            if part == "[Content_Types].xml":
                content = content.replace(
                    b"application/vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml",
                    b"application/vnd.ms-excel.sheet.macroEnabled.main+xml",
                ).replace(
                    b"</Types>",
                    b'<Override PartName="/xl/vbaProject.bin" '
                    b'ContentType="application/vnd.ms-office.vbaProject"/></Types>',
                )
            if part == "xl/_rels/workbook.xml.rels":
                relation = (
                    b'<Relationship Id="rIdM" Target="vbaProject.bin" '
                    b'Type="http://schemas.microsoft.com/office/2006/relationships/vbaProject"/></Relationships>'
                )
                content = content.replace(b"</Relationships>", relation)
            new.writestr(part, content)
        new.writestr("xl/vbaProject.bin", macros)
    data = buffer.getvalue()
    annotated = annotate_workbook(data, "清单.xlsm", findings_of(data, "清单.xlsm"))
    assert (annotated.converted, annotated.without_macros) == (False, True)
    with zipfile.ZipFile(io.BytesIO(annotated.data)) as archive:
        assert "xl/vbaProject.bin" not in archive.namelist()
        assert b"macroEnabled" not in archive.read("[Content_Types].xml")
        assert b"vbaProject" not in archive.read("xl/_rels/workbook.xml.rels")
    assert (
        "[unknown-word]" in openpyxl.load_workbook(io.BytesIO(annotated.data))["行政许可"]["C4"].comment.text
    )


def test_the_command_refuses_to_replace_the_file_itself(site: Home, tmp_path: Path) -> None:
    file = tmp_path / "应急管理局.xlsx"
    file.write_bytes(departments_workbook())
    site.dataset("shili-power-list", "应急管理局")
    command = ("import", file, "--dataset", "shili-power-list", "--dry-run", "--annotate")
    assert site.run(*command, file).code == 2
    assert site.run(*command, tmp_path / "a.xls").code == 2
    ran = site.run(*command[:-2], "--annotate", tmp_path / "没有" / "批注.xlsx")
    assert (ran.code, "不能写入文件夹" in ran.err) == (2, True)
    assert site.run("draft", "diff", "shili-power-list").code != 0
    ran = site.run(*command, tmp_path / "批注.xlsx")
    assert "个单元格有批注" in ran.err
    assert file.read_bytes() != (tmp_path / "批注.xlsx").read_bytes()


@pytest.mark.program
def test_libreoffice_opens_it_with_comments_and_values(both: tuple[bytes, bytes], tmp_path: Path) -> None:
    office = shutil.which("soffice")
    if office is None:
        skip_or_fail("LibreOffice is not installed")
    (tmp_path / "a.xlsx").write_bytes(both[1])
    subprocess.run(
        [
            *(office, f"-env:UserInstallation=file://{tmp_path / 'profile'}", "--headless"),
            *("--convert-to", "fods", "--outdir", str(tmp_path), str(tmp_path / "a.xlsx")),
        ],
        check=True,
        capture_output=True,
        timeout=180,
    )
    text = (tmp_path / "a.fods").read_text(encoding="utf-8")
    assert "[unknown-word]" in text
    assert "原有批注" in text
    assert 'table:name="检查问题"' in text

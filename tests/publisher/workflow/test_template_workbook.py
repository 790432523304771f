"""A blank workbook for each catalogue: filled in, it imports without a finding."""

from __future__ import annotations

import io
import shutil
import subprocess
from pathlib import Path

import openpyxl
import pytest

from publisher.ingest.parsed_file import UnreadableFile
from publisher.ingest.read_file import read_file
from publisher.workflow.template_workbook import NOTES_SHEET, ROWS, example_of, write_template
from schemas.definition.file_loader import list_names, load_catalogue
from tests.support.command import Home
from tests.support.required import skip_or_fail

NAMES = list_names()


def fill(data: bytes, name: str, rows: int = 2) -> bytes:
    """Fill in examples, as a clerk would below the headings; names differ by row."""
    catalogue = load_catalogue(name)
    book = openpyxl.load_workbook(io.BytesIO(data))
    sheet = book.worksheets[0]
    titles = {field.title: field for field in catalogue.fields if not field.personal}
    leads = {catalogue.title_field, *(names[0] for names in catalogue.identity)}
    for column, cell in enumerate(sheet[1], start=1):
        field = titles[cell.value]
        for row in range(2, rows + 2):
            text = example_of(field)
            if field.name in leads and row > 2:
                text = text.replace("1号", f"{row}号") if "1号" in text else f"{text}{row}"
            sheet.cell(row, column, text)
    buffer = io.BytesIO()
    book.save(buffer)
    return buffer.getvalue()


@pytest.mark.slow
@pytest.mark.parametrize("name", NAMES)
def test_filled_in_it_imports_without_a_finding(name: str) -> None:
    catalogue = load_catalogue(name)
    reading = read_file(fill(write_template(catalogue), name), name="报送.xlsx", catalogue=catalogue)
    assert [(f.code, f.column, f.found) for f in reading.findings] == []
    assert len(reading.records) == 2
    published = {field.name for field in catalogue.fields if not field.personal}
    assert reading.records[0].content.keys() == published
    assert reading.rows == len(reading.records) + len(reading.left_out)
    assert {row.reason for row in reading.left_out if row.sheet == NOTES_SHEET} == {"note"}


@pytest.mark.parametrize("name", NAMES)
def test_headings_are_the_fields_and_none_is_personal(name: str) -> None:
    catalogue = load_catalogue(name)
    sheet = openpyxl.load_workbook(io.BytesIO(write_template(catalogue))).worksheets[0]
    assert [cell.value for cell in sheet[1]] == [f.title for f in catalogue.fields if not f.personal]
    assert all(cell.comment is not None for cell in sheet[1])


@pytest.mark.parametrize("name", NAMES)
def test_a_drop_down_holds_the_vocabulary(name: str) -> None:
    catalogue = load_catalogue(name)
    book = openpyxl.load_workbook(io.BytesIO(write_template(catalogue)))
    rules = {str(rule.sqref): rule for rule in book.worksheets[0].data_validations.dataValidation}
    for column, field in enumerate(f for f in catalogue.fields if not f.personal):
        letters = openpyxl.utils.get_column_letter(column + 1)
        rule = rules[f"{letters}2:{letters}{ROWS + 1}"]
        assert rule.promptTitle
        if field.vocabulary:
            sheet, _, cells = rule.formula1.rpartition("!")
            words = [row[0].value for row in book[sheet.strip("'")][cells.replace("$", "")]]
            assert words == [term.value for term in field.vocabulary]
            assert rule.errorStyle == ("information" if field.open_vocabulary else None)


def test_a_blank_one_is_refused_as_it_would_remove_everything() -> None:
    catalogue = load_catalogue("fees")
    with pytest.raises(UnreadableFile) as unreadable:
        read_file(write_template(catalogue), name="模板.xlsx", catalogue=catalogue)
    assert unreadable.value.finding.code == "no-records"


def test_the_command_writes_it_and_replaces_nothing(site: Home, tmp_path: Path) -> None:
    target = tmp_path / "模板.xlsx"
    assert str(target) in site.ok("template", "fees", target).err
    assert site.run("template", "fees", target).code == 1
    assert site.run("template", "nothing", tmp_path / "x.xlsx").code == 3


@pytest.mark.program
@pytest.mark.parametrize("name", ["power-list", "fees", "policies"])
def test_libreoffice_opens_it(name: str, tmp_path: Path) -> None:
    office = shutil.which("soffice")
    if office is None:
        skip_or_fail("LibreOffice is not installed")
    (tmp_path / "a.xlsx").write_bytes(fill(write_template(load_catalogue(name)), name))
    subprocess.run(
        [
            *(office, f"-env:UserInstallation=file://{tmp_path / 'profile'}", "--headless"),
            *("--convert-to", "xlsx:Calc MS Excel 2007 XML", "--outdir", str(tmp_path / "out")),
            str(tmp_path / "a.xlsx"),
        ],
        check=True,
        capture_output=True,
        timeout=180,
    )
    catalogue = load_catalogue(name)
    saved = (tmp_path / "out" / "a.xlsx").read_bytes()
    reading = read_file(saved, name="报送.xlsx", catalogue=catalogue)
    assert reading.findings == ()
    assert len(reading.records) == 2

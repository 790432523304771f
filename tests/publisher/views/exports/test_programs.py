"""Files opened by common programs contain what the log contains."""

from __future__ import annotations

import csv
import datetime as dt
import hashlib
import json
import shutil
import sqlite3
import subprocess
import zipfile
from contextlib import closing
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import frictionless
import openpyxl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from publisher.log.log import Log
from publisher.log.model import RecordQuery, View
from publisher.views.exports import write_state
from tests.publisher.views.exports.conftest import NASTY, export_file
from tests.support.log import entry, stage
from tests.support.required import skip_or_fail

FULL = "城市基础设施配套费"
ARMED = tuple("=+-@\t\r\n＝＋－＠")


def contents(log: Log) -> dict[str, dict[str, Any]]:
    page = log.queries.records("fees", RecordQuery(view=View(release=1), limit=1000))
    return {r.id: r.content for r in page.records}


def test_csv_has_the_mark_and_no_cell_that_is_a_formula(log: Log, tmp_path: Path) -> None:
    path = export_file(log, "csv", tmp_path)
    assert path.read_bytes().startswith(b"\xef\xbb\xbf")
    with path.open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.reader(file))
    assert rows[0][0] == "编号"
    assert len(rows) == 10
    numbers = {rows[0].index("费率"), rows[0].index("金额")}
    for row in rows[1:]:
        assert not any(c.startswith(ARMED) for n, c in enumerate(row) if n not in numbers), row
    cells = dict(zip(rows[0], next(r for r in rows if FULL in r), strict=True))
    assert cells["金额"] == "-12345678901234567.89"
    assert cells["时限"] == "20个工作日"
    assert f"'{NASTY}" in {cell for row in rows for cell in row}


def test_english_headings_are_the_names_of_the_fields(log: Log, tmp_path: Path) -> None:
    with export_file(log, "csv", tmp_path, "en").open(encoding="utf-8-sig", newline="") as file:
        head = next(csv.reader(file))
    assert {"id", "name", "standard", "rate", "part", "release", "revision"} <= set(head)


def test_openpyxl_reads_types_header_and_licence_and_finds_no_formula(log: Log, tmp_path: Path) -> None:
    book = openpyxl.load_workbook(export_file(log, "xlsx", tmp_path))
    sheet, facts = book.worksheets
    assert sheet.freeze_panes == "A2"
    assert sheet.column_dimensions["B"].width > 10
    rows = list(sheet.iter_rows())
    assert len(rows) == 10
    assert not any(cell.data_type == "f" for row in rows for cell in row)
    head = [cell.value for cell in rows[0]]
    cells = {str(h): c.value for h, c in zip(head, next(r for r in rows if r[1].value == FULL), strict=True)}
    assert cells["费率"] == -5
    assert cells["公开"] is True
    assert cells["起始"] == dt.datetime(2015, 12, 1)  # noqa: DTZ001 - a day in a worksheet has no time zone
    assert cells["金额"] == "-12345678901234567.89"  # 19 digits; a number would be rounded
    assert "=1+1" in {c.value for row in rows for c in row}
    assert any(row[1].value == "CC0-1.0" for row in facts.iter_rows())


def test_json_and_json_lines_contain_the_contents_of_the_log(log: Log, tmp_path: Path) -> None:
    whole = json.loads(export_file(log, "json", tmp_path).read_bytes())
    lines = [json.loads(line) for line in export_file(log, "jsonl", tmp_path).read_bytes().splitlines()]
    assert whole["records"] == lines
    assert {line["id"]: line["content"] for line in lines} == contents(log)


def test_pyarrow_and_duckdb_read_typed_columns(log: Log, tmp_path: Path) -> None:
    path = export_file(log, "parquet", tmp_path)
    table = pq.read_table(path)
    assert table.schema.field("rate").type == pa.int64()
    assert table.schema.field("begins").type == pa.date32()
    row = next(r for r in table.to_pylist() if r["name"] == FULL)
    assert row["amount"] == Decimal("-12345678901234567.8900000000")
    blank = dict.fromkeys(("most", "of", "kind"))
    assert row["charge"] == blank | {"amount": Decimal("3.5000000000"), "unit": "元/份"}
    assert row["bases"] == ["《行政许可法》", "鞍政发〔2015〕34号"]
    with duckdb.connect() as db:
        totals = db.execute(
            "SELECT count(*), sum(rate), max(time.value), max(begins) FROM read_parquet(?)", [str(path)]
        ).fetchone()
    assert totals == (9, -5, 20, dt.date(2015, 12, 1))


def test_a_number_too_long_for_its_column_makes_the_column_text(log: Log, tmp_path: Path) -> None:
    stage(log, entry("细", "1", amount="0.123456789012345"), partial=True)
    log.releases.publish("fees", effective_on=dt.date(2016, 1, 1))
    table = pq.read_table(export_file(log, "parquet", tmp_path, view=View(release=2)))
    assert table.schema.field("amount").type == pa.string()
    assert "0.123456789012345" in table.column("amount").to_pylist()


def test_sqlite_reads_the_database(log: Log, tmp_path: Path) -> None:
    with closing(sqlite3.connect(export_file(log, "sqlite", tmp_path))) as db:
        assert db.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        cells = db.execute("SELECT rate, amount, open, bases FROM records WHERE name = ?", [FULL]).fetchone()
        assert cells[:3] == (-5, "-12345678901234567.89", 1)
        assert json.loads(cells[3])[0] == "《行政许可法》"
        assert db.execute("SELECT count(*) FROM records").fetchone() == (9,)
        assert db.execute("SELECT title FROM fields WHERE name = 'rate'").fetchone() == ("费率",)


def test_frictionless_accepts_the_packages_and_the_checksums_match(log: Log, tmp_path: Path) -> None:
    one, site = export_file(log, "zip", tmp_path), tmp_path / "site.zip"
    write_state.site_writer(log)(site)
    for path in (one, site):
        folder = tmp_path / path.stem
        with zipfile.ZipFile(path) as file:
            file.extractall(folder)
        for line in (folder / "SHA256SUMS").read_text().splitlines():
            digest, name = line.split("  ")
            assert hashlib.sha256((folder / name).read_bytes()).hexdigest() == digest
        report = frictionless.Package(str(folder / "datapackage.json")).validate()
        assert report.valid, report.flatten(["type", "message"])
        assert report.tasks[0].stats["rows"] == 9


@pytest.mark.program
@pytest.mark.parametrize("form", ["csv", "xlsx"])
def test_libreoffice_shows_the_chinese_and_runs_no_formula(log: Log, tmp_path: Path, form: str) -> None:
    office = shutil.which("soffice")
    if office is None:
        skip_or_fail("LibreOffice is not installed")
    path, out = export_file(log, form, tmp_path), tmp_path / "seen"
    filters = ["--infilter=CSV:44,34,76,1"] if form == "csv" else []
    profile = f"-env:UserInstallation=file://{tmp_path / 'profile'}"
    target = "csv:Text - txt - csv (StarCalc):44,34,76,1"
    subprocess.run(
        [office, profile, "--headless", *filters, "--convert-to", target, "--outdir", out, path],
        check=True,
        capture_output=True,
        timeout=150,
    )
    (converted,) = out.glob("*.csv")
    with converted.open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.reader(file))
    standards = {row[1]: row[rows[0].index("标准")] for row in rows}
    assert standards[FULL] == "正常"
    texts = {text.removeprefix("'") for text in standards.values()}
    assert {"=1+1", "+1+1", "-2+3", "@SUM(A1)", NASTY} <= texts
    assert "危险化学品“许可”, 一" in texts

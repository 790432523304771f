"""The table of file formats for routes, commands, documents and tests."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from publisher.views.exports import csv_and_json, data_package, sqlite, xlsx
from publisher.views.exports.export import About, FileFormat, Rows


def _write_parquet(path: Path, about: About, rows: Rows) -> None:
    from publisher.views.exports.parquet import write_parquet  # noqa: PLC0415 -- a start does not wait for Arrow

    write_parquet(path, about, rows)


FILE_FORMATS: Mapping[str, FileFormat] = {
    form.name: form
    for form in (
        FileFormat(
            "csv",
            "csv",
            "text/csv; charset=utf-8",
            "CSV（UTF-8 带 BOM）",
            csv_and_json.write_csv,
            compressible=True,
            has_headings=True,
            title_en="CSV (UTF-8 with BOM)",
        ),
        FileFormat(
            "xlsx",
            "xlsx",
            xlsx.MEDIA_TYPE,
            "Excel 工作簿",
            xlsx.write_xlsx,
            has_headings=True,
            title_en="Excel workbook",
        ),
        FileFormat("json", "json", "application/json", "JSON", csv_and_json.write_json, compressible=True),
        FileFormat(
            "jsonl",
            "jsonl",
            "application/jsonl",
            "JSON Lines",
            csv_and_json.write_json_lines,
            compressible=True,
        ),
        FileFormat("parquet", "parquet", "application/vnd.apache.parquet", "Parquet", _write_parquet),
        FileFormat(
            "sqlite", "sqlite", "application/vnd.sqlite3", "SQLite", sqlite.write_sqlite, compressible=True
        ),
        FileFormat(
            "zip",
            "zip",
            "application/zip",
            "数据包（Frictionless）",
            data_package.write_package,
            has_checkpoint=True,
            title_en="Data package (Frictionless)",
        ),
    )
}

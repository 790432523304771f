"""The table of file formats for routes, commands, documents and tests."""

from __future__ import annotations

from collections.abc import Mapping

from publisher.views.exports import csv_and_json, data_package, parquet, sqlite, xlsx
from publisher.views.exports.export import Form

FORMS: Mapping[str, Form] = {
    form.name: form
    for form in (
        Form(
            "csv",
            "csv",
            "text/csv; charset=utf-8",
            "CSV（UTF-8 带 BOM）",
            csv_and_json.write_csv,
            compressible=True,
            has_headings=True,
        ),
        Form(
            "xlsx",
            "xlsx",
            xlsx.MEDIA_TYPE,
            "Excel 工作簿",
            xlsx.write_xlsx,
            has_headings=True,
        ),
        Form("json", "json", "application/json", "JSON", csv_and_json.write_json, compressible=True),
        Form(
            "jsonl",
            "jsonl",
            "application/jsonl",
            "JSON Lines",
            csv_and_json.write_json_lines,
            compressible=True,
        ),
        Form("parquet", "parquet", "application/vnd.apache.parquet", "Parquet", parquet.write_parquet),
        Form("sqlite", "sqlite", "application/vnd.sqlite3", "SQLite", sqlite.write_sqlite, compressible=True),
        Form(
            "zip",
            "zip",
            "application/zip",
            "数据包（Frictionless）",
            data_package.write_package,
            has_checkpoint=True,
        ),
    )
}

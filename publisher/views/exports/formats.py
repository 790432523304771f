"""Every kind of file, in one table that routes, the command, documents and tests go through."""

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
            squeezed=True,
            headed=True,
        ),
        Form(
            "xlsx",
            "xlsx",
            xlsx.MEDIA_TYPE,
            "Excel 工作簿",
            xlsx.write_xlsx,
            headed=True,
        ),
        Form("json", "json", "application/json", "JSON", csv_and_json.write_json, squeezed=True),
        Form("jsonl", "jsonl", "application/jsonl", "JSON Lines", csv_and_json.write_lines, squeezed=True),
        Form("parquet", "parquet", "application/vnd.apache.parquet", "Parquet", parquet.write_parquet),
        Form("sqlite", "sqlite", "application/vnd.sqlite3", "SQLite", sqlite.write_sqlite, squeezed=True),
        Form("zip", "zip", "application/zip", "数据包（Frictionless）", data_package.write_package),
    )
}

"""Import of a folder of power-list workbooks, with 30 of its records compared with the cells.

``python -m benchmarks.workbooks [--data DIR] [--seed N]``. The comparison opens each workbook again and finds
header, rows and merged ranges by its own code, so that a defect of the importer cannot hide itself.
Characters must be equal, except for width (NFKC) and white space, which the importer normalises.
"""

from __future__ import annotations

import argparse
import io
import random
import re
import sys
import unicodedata
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from python_calamine import CalamineWorkbook

from benchmarks.support.laws import data_path
from publisher.ingest.parsed_file import ImportedRecord, Reading
from publisher.ingest.read_file import read_file
from schemas.definition.file_loader import load_catalogue

HEADINGS = {
    "事项名称": "name",
    "子项名称": "sub_name",
    "权力类型": "power_type",
    "实施依据": "basis",
    "行使主体": "actor",
    "承办机构": "office",
    "实施层级及权限": "level",
    "部门职责": "duty",
    "责任事项内容": "responsibility",
    "责任事项依据": "responsibility_basis",
    "追责对象范围": "accountable",
    "追责情形": "accountability",
    "备注": "remark",
}
"""Heading → field, as an independent map for this benchmark."""

EXPECTED_OUT = {"title", "header", "note", "group", "repeated-header", "covered"}
"""Reasons for which rows are left out that are not records."""


@dataclass(frozen=True, slots=True)
class RawSheet:
    """The cells of a sheet, 0-based, with its merged ranges."""

    rows: Sequence[Sequence[object]]
    merged: Sequence[tuple[tuple[int, int], tuple[int, int]]]

    def cell_text(self, row: int, column: int) -> str:
        """Return the text of a cell itself; empty outside the sheet."""
        value = self.rows[row][column] if row < len(self.rows) and column < len(self.rows[row]) else ""
        if isinstance(value, float) and value.is_integer():
            value = int(value)
        return str(value)

    def covering_text(self, row: int, column: int) -> str:
        """Return the text of the merged range that covers the cell and begins in its column, else its own."""
        for (top, first_column), (bottom, _) in self.merged:
            if top <= row <= bottom and first_column == column:
                return self.cell_text(top, first_column)
        return self.cell_text(row, column)


def bare(text: str) -> str:
    """Return the characters of a text that are compared."""
    return "".join(unicodedata.normalize("NFKC", text).split())


def read_raw_sheet(path: Path, sheet: str) -> RawSheet:
    with CalamineWorkbook.from_filelike(io.BytesIO(path.read_bytes())) as workbook:
        sheet_data = workbook.get_sheet_by_name(sheet)
        return RawSheet(sheet_data.to_python(skip_empty_area=False), sheet_data.merged_cell_ranges or [])


def find_columns(sheet: RawSheet) -> tuple[int, dict[int, str]]:
    """Return the index of the header row, and column → field."""
    for index, row in enumerate(sheet.rows):
        fields = {i: HEADINGS[b] for i, v in enumerate(row) if (b := bare(str(v))) in HEADINGS}
        if "name" in fields.values() and len(fields) >= 5:
            second = next((i for i, field in fields.items() if field == "level"), len(row)) + 1
            if second < len(row) and fields.get(second, "level") == "level":
                fields[second] = "level_scope"
            return index, fields
    raise SystemExit("no header found: this benchmark knows one kind of workbook")


def compare(record: ImportedRecord, sheet: RawSheet) -> Iterator[str]:
    """Yield differences between a record and the cells of its row and continuation rows."""
    start, fields = find_columns(sheet)
    first_row = record.rows[0] - 1
    for column, field in fields.items():
        expected = sheet.covering_text(first_row, column)
        if field == "name" and not expected.strip():
            above = (sheet.cell_text(r, column) for r in range(first_row - 1, start, -1))
            expected = next((text for text in above if text.strip()), "")
        expected += "".join(sheet.cell_text(r - 1, column) for r in record.rows[1:])
        value = record.content.get(field)
        if field == "level" and "level_scope" not in fields.values():
            # One column for both: the level, if present, and the sentence about its scope.
            parts = (record.content.get("level"), record.content.get("level_scope"))
            value = "。".join(str(part) for part in parts if part is not None) or None
        actual = "" if value is None else str(value)
        if bare(expected) != bare(actual):
            yield f"{field}: cell {expected[:60]!r}, record {actual[:60]!r}"
        elif field in record.content and not re.fullmatch(r"[A-Z]+\d+", record.cells.get(field, "")):
            yield f"{field}: no reference to a cell"


def report(readings: Sequence[Reading]) -> None:
    total: Counter[str] = Counter()
    for reading in readings:
        out = Counter(row.reason for row in reading.left_out)
        continuations = sum(s.continuations for s in reading.sheets)
        levels = Counter(f.severity for f in reading.findings)
        print(reading.file)
        print(
            f"  rows {reading.rows}, records {len(reading.records)}, continuations {continuations}, "
            f"left out {sum(out.values())} {dict(out)}, findings {dict(levels)}"
        )
        for row in reading.left_out:
            if row.reason not in EXPECTED_OUT:
                print(f"    left out: {row.sheet} row {row.row}: {row.reason}: {row.text}")
        total.update(out)
        total.update(rows=reading.rows, records=len(reading.records), continuations=continuations)
    rest = sum(row.reason not in EXPECTED_OUT for reading in readings for row in reading.left_out)
    share = rest / total["rows"] if total["rows"] else 0
    print(f"all: {dict(total)}; left out other than titles, headers, notes, groups: {rest} ({share:.2%})")


def compare_sample(readings: Sequence[Reading], folder: Path, seed: int, count: int) -> int:
    """Print each sampled record that differs from its cells. Return how many are correct in every field."""
    everything = [(reading, record) for reading in readings for record in reading.records]
    right = 0
    for reading, record in random.Random(seed).sample(everything, min(count, len(everything))):
        wrong = list(compare(record, read_raw_sheet(folder / reading.file, record.sheet)))
        right += not wrong
        for line in wrong:
            print(f"  differs: {reading.file} {record.sheet} row {record.rows[0]}: {line}")
    print(f"drawn with seed {seed}: {right} of {min(count, len(everything))} right in every field")
    return right


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "--data", type=Path, default=data_path("power-list-karamay"), help="folder of workbooks"
    )
    parser.add_argument("--seed", type=int, default=20151105)
    parser.add_argument("--draw", type=int, default=30, help="records to compare")
    arguments = parser.parse_args()
    if not arguments.data.is_dir():
        sys.exit(f"{arguments.data} is missing: give the folder with --data")
    catalogue = load_catalogue("power-list")
    paths = sorted(p for p in arguments.data.iterdir() if p.suffix in {".xls", ".xlsx", ".ods"})
    readings = [read_file(path.read_bytes(), name=path.name, catalogue=catalogue) for path in paths]
    report(readings)
    right = compare_sample(readings, arguments.data, arguments.seed, arguments.draw)
    sys.exit(0 if right + 1 >= min(arguments.draw, sum(len(r.records) for r in readings)) else 1)


if __name__ == "__main__":
    main()

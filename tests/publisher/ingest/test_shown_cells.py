"""Records of real workbooks against the text that LibreOffice shows and the merges that openpyxl reads."""

from __future__ import annotations

import random
import shutil
from collections.abc import Sequence
from pathlib import Path

import openpyxl
import pytest

from benchmarks.workbooks import RawSheet, compare
from publisher.ingest.parsed_file import ImportedRecord
from publisher.ingest.read_file import read_file
from schemas.definition.file_loader import load_catalogue
from tests.support.servers.libreoffice import convert, shown_cells
from tests.support.shared_data import require

SEED = 20151105


type Merges = dict[str, list[tuple[tuple[int, int], tuple[int, int]]]]


def _read_merges(paths: Sequence[Path], folder: Path) -> dict[str, Merges]:
    """Return the merged ranges by file and sheet, counted from 0; LibreOffice converts old workbooks."""
    old = [path for path in paths if not path.read_bytes().startswith(b"PK")]
    copies = [Path(shutil.copyfile(path, folder / f"{path.stem}.xls")) for path in old]
    convert("xlsx", folder, *copies)
    merges: dict[str, Merges] = {}
    for path in paths:
        book = openpyxl.load_workbook(folder / f"{path.stem}.xlsx" if path in old else path)
        merges[path.stem] = {
            sheet.title: [
                ((r.min_row - 1, r.min_col - 1), (r.max_row - 1, r.max_col - 1))
                for r in sheet.merged_cells.ranges
            ]
            for sheet in book.worksheets
        }
    return merges


@pytest.mark.shared
@pytest.mark.program
@pytest.mark.parametrize(
    ("every", "drawn"),
    [pytest.param(5, 60, id="a fifth"), pytest.param(1, 200, id="all", marks=pytest.mark.soak)],
)
def test_records_say_what_their_cells_show(tmp_path: Path, every: int, drawn: int) -> None:
    """LibreOffice takes a minute for all workbooks; in the ordinary run it opens every fifth one."""
    catalogue = load_catalogue("power-list")
    everything: list[tuple[Path, ImportedRecord]] = []
    paths = sorted(require("power-list-karamay").iterdir())[::every]
    for path in paths:
        reading = read_file(path.read_bytes(), name=path.name, catalogue=catalogue)
        everything += ((path, record) for record in reading.records)
    sheets, merges = shown_cells(tmp_path, *paths), _read_merges(paths, tmp_path)
    wrong: list[str] = []
    for path, record in random.Random(SEED).sample(everything, drawn):
        raw = RawSheet(sheets[f"{path.stem}-{record.sheet}"], merges[path.stem][record.sheet])
        wrong += (f"{path.name} {record.sheet} {record.rows}: {line}" for line in compare(record, raw))
    assert not wrong

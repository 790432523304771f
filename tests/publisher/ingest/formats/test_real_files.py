"""The shared files are recognised by their real format."""

from __future__ import annotations

from pathlib import Path

import pytest

from publisher.ingest.formats.detect import CSV, JSON, TEXT, XLS, XLSX, open_file
from tests.support.servers.libreoffice import shown_cells
from tests.support.shared_data import require


@pytest.mark.shared
def test_a_workbook_called_xlsx_that_is_the_old_binary_format_opens() -> None:
    path = require("power-list-karamay", "附件：克拉玛依市财政局2025年权责清单 (1).xlsx")
    opened = open_file(path.read_bytes(), path.name)
    assert opened.media_type == XLS
    assert [(g.name, len(g.rows), len(g.rows[0])) for g in opened.grids] == [("Sheet1", 23, 14)]


@pytest.mark.slow
@pytest.mark.shared
def test_all_fourteen_workbooks_open_without_a_finding() -> None:
    opened = {p.name: open_file(p.read_bytes(), p.name) for p in require("power-list-karamay").iterdir()}
    assert len(opened) == 14
    assert not [f for o in opened.values() for f in o.list_findings("f")]
    assert sum(o.media_type == XLSX for o in opened.values()) == 6
    assert sum(len(g.rows) for o in opened.values() for g in o.grids) == 3_030
    transport = opened["附件：克拉玛依市交通运输局2024年权责清单.xlsx"].grids[0]
    assert sum(c.merged_from is not None for row in transport.rows for c in row) > 2_000


@pytest.mark.shared
@pytest.mark.parametrize(
    ("path", "media_type"),
    [
        (("fees", "national-2009-partial.csv"), CSV),
        (("pre-approval-2017", "qianzhi_2017-11.csv"), CSV),
        (("power-list-liaoning", "government_data.json"), JSON),
        (("notice-anshan-2015", "page.txt"), TEXT),
    ],
)
def test_tables_and_prose_are_distinguished(path: tuple[str, ...], media_type: str) -> None:
    assert open_file(require(*path).read_bytes(), path[-1]).media_type == media_type


@pytest.mark.shared
@pytest.mark.program
def test_templates_of_platforms_are_read_cell_by_cell(tmp_path: Path) -> None:
    names = ("epower_CF_Template.xls", "epower_XK_Template.xlsx", "gdzwfw_template.xlsx")
    paths = [require("field-files", name) for name in names]
    shown = {name: _drop_blank_ends(rows) for name, rows in shown_cells(tmp_path, *paths).items()}
    read = {
        f"{path.stem}-{grid.name}": _drop_blank_ends([[cell.text for cell in row] for row in grid.rows])
        for path in paths
        for grid in open_file(path.read_bytes(), path.name).grids
    }
    assert len(read) == len(names)
    assert read == {name: rows for name, rows in shown.items() if rows}


def _drop_blank_ends(rows: list[list[str]]) -> list[list[str]]:
    filled = [[text.strip() for text in row] for row in rows]
    width = max((x for row in filled for x, text in enumerate(row, start=1) if text), default=0)
    while filled and not any(filled[-1]):
        filled.pop()
    return [(row + [""] * width)[:width] for row in filled]

"""Every cell of the input, by its address, is in a record, in a row left out, or in a finding."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from publisher.ingest.formats.detect import FileContent, open_file
from publisher.ingest.formats.grid import build_grid
from publisher.ingest.parsed_file import UnreadableFile
from publisher.ingest.read_file import read_content
from schemas.definition.file_loader import load_catalogue
from tests.publisher.ingest.cell_account import filled, in_rows, unaccounted
from tests.support.shared_data import require

_HEADERS = {
    "power-list": [
        *(
            "序号",
            "职权编码",
            "事项名称",
            "子项名称",
            "权力类型",
            "实施依据（含条款）",
            "行使主体",
            "实施层级及权限",
            "",
        ),
        *("法定办结时限", "法定办结时限单位", "法定办结时限说明", "备注", "备注", "领导批示", "录入人"),
    ],
    "fees": [
        "部门",
        "项目序号",
        "项目名称",
        "资金管理方式",
        "政策依据",
        "收费标准（元）",
        "收费金额",
        "收费金额单位",
        "备注",
        "附言",
    ],
    "pre-approvals": ["序号", "项目名称", "实施机关", "设定依据", "监管部门", "监管依据", "备注", "备注"],
}
_WORDS = [
    *(
        "甲许可",
        "乙费",
        "1.甲",
        "（1）乙",
        "一、公安",
        "行政许可",
        "行政处罚",
        "《某法》第一条。",
        "应当",
        "同上",
        "市局",
    ),
    *(
        "20",
        "3",
        "工作日",
        "元/证",
        "10元/证",
        "A1",
        "#REF!",
        "合计",
        "备注：无",
        "/",
        "地州市级",
        "2015-01-01",
        "第1页",
        "事项名称",
    ),
]
_texts = st.one_of(st.none(), st.sampled_from(_WORDS), st.text("甲乙。，1A \n", max_size=6))


@st.composite
def _tables(draw: st.DrawFn) -> tuple[str, list[list[str | None]], list[tuple[int, int, int, int]]]:
    name = draw(st.sampled_from(sorted(_HEADERS)))
    heading: list[str | None] = list(_HEADERS[name])
    width = len(heading)
    rows = draw(st.lists(st.lists(_texts, min_size=width, max_size=width), min_size=1, max_size=8))
    corners = draw(
        st.lists(st.tuples(st.integers(2, 8), st.integers(1, width), st.integers(1, 3)), max_size=4)
    )
    return name, [heading, *rows], [(top, column, top + down, column) for top, column, down in corners]


@pytest.mark.slow
@settings(deadline=None)  # the first table loads its catalogue
@given(_tables())
def test_each_cell_of_a_random_table_is_accounted_for(
    table: tuple[str, list[list[str | None]], list[tuple[int, int, int, int]]],
) -> None:
    name, rows, merges = table
    grid = build_grid("清单", rows, merges)
    assert grid is not None
    try:
        content = FileContent("text/csv", (grid,))
        reading = read_content(content, name="x.csv", digest="", catalogue=load_catalogue(name))
    except UnreadableFile as problem:
        assert problem.finding.code == "no-records"  # noqa: PT017 - it may be raised, and then only this one
        return
    assert unaccounted(reading, grid) == []


@pytest.mark.slow
@pytest.mark.shared
def test_at_most_two_in_a_hundred_cells_of_real_workbooks_are_in_findings_only() -> None:
    total = missing = by_findings = 0
    for file in sorted(require("power-list-karamay").iterdir()):
        content = open_file(file.read_bytes(), file.name)
        catalogue = load_catalogue("power-list")
        reading = read_content(content, name=file.name, digest="", catalogue=catalogue)
        for grid in content.grids:
            cells = filled(grid)
            total += len(cells)
            missing += len(unaccounted(reading, grid))
            by_findings += len(set(cells) - in_rows(reading, grid))
    assert total > 25_000
    assert missing == 0
    assert by_findings <= 0.02 * total

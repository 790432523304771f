"""Findings about tables: a file for each kind; position and fix in both languages."""

import io
import re
from collections.abc import Callable, Mapping
from itertools import chain
from pathlib import Path
from typing import get_args

import openpyxl
import pytest
from openpyxl.cell import Cell
from openpyxl.styles import Font
from openpyxl.worksheet.worksheet import Worksheet

from publisher.ingest.findings import all_kinds
from publisher.ingest.findings.kind import Finding, Kind, shorten
from publisher.ingest.parsed_file import Reason, UnreadableFile
from tests.publisher.ingest.workbooks import (
    POWER_HEADER,
    csv_bytes,
    merge_cells,
    power_row,
    read_workbook,
    xlsx,
)

EVERY_KIND = tuple(chain.from_iterable(all_kinds.KINDS_BY_STEP.values()))
_OK = power_row(1, "甲许可", kind="行政许可", basis="《甲法》", actor="某局")


def _power(*rows: list[object]) -> bytes:
    return csv_bytes(POWER_HEADER, *rows)


def _styled(change: Callable[[Worksheet], None], header: list[object] | None = None) -> bytes:
    """Build a workbook with one item and change its sheet."""
    book = openpyxl.Workbook()
    book.active.append(header or POWER_HEADER)
    book.active.append(["甲许可", "行政许可"] if header else _OK)
    change(book.active)
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def _hide(sheet: Worksheet, column: str) -> None:
    sheet.column_dimensions[column].hidden = True


def _strike(cell: Cell) -> None:
    cell.font = Font(strike=True)


def _write_number(cell: Cell, value: float, code: str) -> None:
    cell.value, cell.number_format = value, code


FILES: Mapping[str, Callable[[], bytes]] = {
    "no-header": lambda: csv_bytes(["甲", "乙"], [1, 2]),
    "no-records": lambda: xlsx(("清单", [POWER_HEADER])),
    "sheet-without-table": lambda: xlsx(("清单", [POWER_HEADER, _OK]), ("说明", [["如实填写"]])),
    "unmapped-column": lambda: csv_bytes(["事项名称", "权力类型", "领导批示"], ["甲", "行政许可", "同意"]),
    "column-twice": lambda: csv_bytes(["事项名称", "权力类型", "职权名称"], ["甲", "行政许可", "乙"]),
    "columns-differ": lambda: csv_bytes(["事项名称", "权力类型", "事项名称"], ["甲", "行政许可", "乙"]),
    "choice-unclear": lambda: csv_bytes(
        ["事项名称", "权力类型", "行使层级（市级）", "行使层级（县级）"], ["甲", "行政许可", "", "√（委托）"]
    ),
    "unit-unknown": lambda: csv_bytes(["事项名称", "法定办结时限", "法定办结时限单位"], ["甲", "20", "1"]),
    "unit-differs": lambda: csv_bytes(
        ["事项名称", "法定办结时限", "法定办结时限单位"], ["甲", "20个工作日", "自然日"]
    ),
    "note-beside": lambda: csv_bytes(
        ["事项名称", "法定办结时限", "法定办结时限说明"], ["甲", "20", "不含公示时间"]
    ),
    "missing-column": lambda: csv_bytes(["职权编码", "实施依据"], ["210000", "《某法》"]),
    "personal-column": lambda: csv_bytes(["事项名称", "权力类型", "录入人"], ["甲", "行政许可", "张三"]),
    "hidden-sheet": lambda: xlsx(("封面", [["某局"]]), ("清单", [POWER_HEADER, _OK]), hidden_sheets=["清单"]),
    "hidden-rows": lambda: xlsx(("清单", [POWER_HEADER, _OK]), hidden_rows=[2]),
    "covered-text": lambda: merge_cells(
        xlsx(("清单", [POWER_HEADER, _OK, power_row(actor="区局")])), ["B2:B3", "F2:F3"]
    ),
    "hidden-columns": lambda: _styled(lambda sheet: _hide(sheet, "B")),
    "struck-text": lambda: _styled(lambda sheet: _strike(sheet["B2"])),
    "cell-text-unseen": (
        "<table><tr><td>事项名称</td><td>权力类型</td></tr>"
        "<tr><td><s>旧名许可</s>新名许可</td><td>行政许可</td></tr></table>"
    ).encode,
    "picture-in-cell": (
        "<table><tr><td>事项名称</td><td>权力类型</td></tr>"
        "<tr><td>甲许可</td><td><img src='a.png'></td></tr></table>"
    ).encode,
    "cell-unclear": (
        "<table><tr><td>事项名称</td><td>权力类型</td></tr><tr><td>甲许可</td><td><a>更多</a></td></tr></table>"
    ).encode,
    "number-format-unknown": lambda: _styled(lambda sheet: _write_number(sheet["K2"], 3, "bbbb")),
    "number-not-shown": lambda: _styled(lambda sheet: _write_number(sheet["K2"], 3, ";;;")),
    "rounded-by-format": lambda: _styled(
        lambda sheet: _write_number(sheet["C2"], 0.85, '0.0"元"'), ["收费项目", "部门", "收费金额"]
    ),
    "date-in-cell": lambda: _styled(
        lambda sheet: _write_number(sheet["C2"], 46023, 'm"月"d"日"'), ["事项名称", "权力类型", "法定期限"]
    ),
    "required-missing": lambda: _power(power_row(1, None, kind="行政许可", actor="某局")),
    "name-without-words": lambda: csv_bytes(["事项名称", "权力类型"], ["42313", "行政许可"]),
    "name-only": lambda: _power(
        power_row(None, "食品类"), power_row(1, "甲", actor="某局"), power_row(2, "乙", actor="某局")
    ),
    "number-is-text": lambda: _power(power_row(1, "甲", actor="某局"), power_row("监督电话", "0412-12345")),
    "several-names": lambda: csv_bytes(["事项名称", "权力类型"], ["1.甲许可 2.乙许可", "行政许可"]),
    "parent-without-name": lambda: csv_bytes(
        ["项目序号", "项目名称", "资金管理方式"], ["1", "", "缴入国库"], ["（1）", "工本费", "缴入国库"]
    ),
    "text-joined": lambda: _power(
        power_row(1, "甲", kind="行政许可", basis="应当经"), power_row(basis="某局许可。")
    ),
    "ditto-without-source": lambda: _power(power_row(1, "甲", kind="同上")),
    "formula-error": lambda: _power(power_row(1, "甲", kind="行政许可", basis="《甲法》", actor="#REF!")),
    "number-only-row": lambda: _power(_OK, power_row(2)),
    "no-item": lambda: _power(_OK, power_row(2, "无", kind="行政强制")),
    "example-row": lambda: _power(power_row("例", "乙许可", kind="行政许可"), _OK),
    "unit-below-header": lambda: csv_bytes(
        ["部门", "项目名称", "收费金额"], ["甲局", "甲费", 10], ["注：金额单位为万元", "", ""]
    ),
    "stray-text": lambda: csv_bytes(
        ["事项名称", "权力类型", ""], ["甲", "行政许可", ""], ["", "", "行政检查"]
    ),
    "count-mismatch": lambda: xlsx(("行政许可（11项）", [POWER_HEADER, _OK])),
    "promised-exceeds-statutory": lambda: csv_bytes(
        ["事项名称", "法定期限", "承诺期限"], ["甲", "10个工作日", "20个工作日"]
    ),
    "duplicate-row": lambda: _power(_OK, _OK),
    "code-shared": lambda: csv_bytes(["职权编码", "事项名称"], ["A1", "甲"], ["A1", "乙"]),
    "identity-clash": lambda: _power(_OK, power_row(2, "甲许可", None, "行政许可", "《某法》", "某局")),
}


_CATALOGUES = dict.fromkeys(("parent-without-name", "rounded-by-format", "unit-below-header"), "fees")


def _findings_of(data: bytes, catalogue: str = "power-list") -> list[Finding]:
    try:
        return list(read_workbook(data, catalogue).findings)
    except UnreadableFile as problem:
        return [problem.finding]


@pytest.mark.slow
@pytest.mark.parametrize("kind", all_kinds.KINDS_BY_STEP["tables"], ids=lambda kind: kind.code)
def test_each_kind_of_finding_is_made_by_a_file_that_deserves_it(kind: Kind) -> None:
    catalogue = _CATALOGUES.get(kind.code, "power-list")
    findings = [f for f in _findings_of(FILES[kind.code](), catalogue) if f.code == kind.code]
    assert findings
    for finding in findings:
        assert finding.severity == kind.severity
        assert finding.file == "某局.xlsx"
        for text in (finding.message_zh, finding.message_en, finding.way_out_zh, finding.way_out_en):
            assert text
            assert "{" not in text


def test_a_sound_file_makes_no_finding() -> None:
    assert _findings_of(_power(_OK)) == []


def test_codes_are_unique_and_lower_case() -> None:
    codes = [kind.code for kind in EVERY_KIND]
    assert len(codes) == len(set(codes))
    assert all(code.replace("-", "").isalpha() and code.islower() for code in codes)


@pytest.mark.parametrize("kind", EVERY_KIND, ids=lambda kind: kind.code)
def test_each_kind_speaks_chinese_first_and_english_too(kind: Kind) -> None:
    assert any("\u4e00" <= c <= "\u9fff" for c in kind.zh + kind.way_out_zh)
    assert not any("\u4e00" <= c <= "\u9fff" for c in kind.en)
    assert kind.example


def test_cells_of_a_finding_are_named_by_letter_and_heading() -> None:
    findings = _findings_of(FILES["formula-error"]())
    assert [(f.sheet, f.row, f.column, f.found) for f in findings] == [("某局", 2, "F 行使主体", "#REF!")]


def test_long_cells_are_shortened_where_a_finding_repeats_them() -> None:
    assert len(shorten("法" * 5000)) < 200


def test_a_finding_about_a_value_comes_from_its_field() -> None:
    findings = _findings_of(_power(power_row(1, "甲", kind="行政审批", basis="《甲法》", actor="某局")))
    assert [(f.code, f.row, f.column, f.found) for f in findings] == [
        ("unknown-word", 2, "D 权力类型", "行政审批")
    ]


_DOCUMENTED = (Path(__file__).resolve().parents[4] / "docs" / "findings.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("kind", EVERY_KIND, ids=lambda kind: kind.code)
def test_the_documentation_describes_each_kind_in_its_own_words(kind: Kind) -> None:
    rows = [row for row in _DOCUMENTED.splitlines() if row.startswith(f"| `{kind.code}` |")]
    texts = (kind.severity, kind.zh, kind.en, kind.way_out_zh, kind.way_out_en, kind.example)
    assert len(rows) == 1
    assert all(text.replace("|", "\\|") in rows[0] for text in texts)


def test_the_documentation_lists_no_finding_that_does_not_exist() -> None:
    codes = set(re.findall(r"^\| `([a-z0-9-]+)` \| (?:error|warning|info) \|", _DOCUMENTED, re.MULTILINE))
    assert codes == {kind.code for kind in EVERY_KIND}


def test_the_documentation_lists_each_reason_for_leaving_a_row_out() -> None:
    reasons = set(re.findall(r"^\| `([a-z-]+)` \| [^|]+ \|$", _DOCUMENTED, re.MULTILINE))
    assert set(get_args(Reason.__value__)) <= reasons

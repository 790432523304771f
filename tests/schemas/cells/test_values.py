"""Cells: the values and problems of each type, and that a printed value parses to itself."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from schemas.cells.problems import PROBLEMS
from schemas.cells.value_texts import format_value
from schemas.cells.values import is_ditto, parse_value
from schemas.definition.catalogue import Field, FieldFormat, FieldType, Json, Term
from schemas.definition.file_loader import load_catalogue


def field(type: FieldType = "string", format: FieldFormat = "default", **more: Any) -> Field:  # noqa: A002 - Field's own words
    return Field("it", "栏目", "It", type=type, format=format, **more)


LEVELS = (Term("省级", ("2",)), Term("市级", ("3", "设区的市级")), Term("县级", ("4",)))
STRING, TEXT, BODY = field(), field(format="text"), field(format="body")
DATE, LIMIT, AMOUNT = field("date"), field("limit", unit="工作日"), field("amount")
BOOLEAN, INTEGER, DECIMAL = field("boolean"), field("integer", unit="项"), field("decimal")
CITATIONS, LIST, FILES = field("list", "citations"), field("list"), field("files")
NUMBER, CODE, DIVISION = field(format="document-number"), field(format="code"), field(format="division")
DEADLINE = field(format="deadline")
CLOSED = field(vocabulary=LEVELS)
OPEN = field(vocabulary=LEVELS, open_vocabulary=True)

READABLE: list[tuple[Field, str, Json]] = [
    # strings: width, spaces and invisible characters
    (STRING, "食品经营许可", "食品经营许可"),
    (STRING, "\u3000食品\u200b经营许可\xa0", "食品经营许可"),
    (STRING, "ＡＢＣ１２３％", "ABC123%"),
    (STRING, "（甲）、乙：“丙”。", "（甲）、乙：“丙”。"),
    (STRING, "认证费(含加急)", "认证费（含加急）"),
    (STRING, "往来(含前往)港澳通行证(含签注)", "往来（含前往）港澳通行证（含签注）"),
    (STRING, "f(x) and (y)", "f(x) and (y)"),
    (STRING, "㎡①Ⅰ", "㎡①Ⅰ"),
    (STRING, "⼈⼝", "人口"),
    (STRING, "a\x00b\x1fc\ufffe\ud800", "abc"),
    (STRING, "非刑事案件  财物", "非刑事案件 财物"),
    (STRING, "通过 ，根据", "通过，根据"),
    (STRING, " \u3000\n ", None),
    (STRING, "", None),
    (STRING, "进入自然保护区从\n事有关活动审批", "进入自然保护区从事有关活动审批"),
    (STRING, "Open\nData", "Open Data"),
    (BODY, "市发改委\n市财政局", "市发改委、市财政局"),
    (BODY, "克拉玛依市\n统计局", "克拉玛依市统计局"),
    # long text
    (
        TEXT,
        "1.具体承办人；\r\n2.内设机构负责人；\n\n3.分管领导。",
        "1.具体承办人；\n2.内设机构负责人；\n3.分管领导。",
    ),
    (TEXT, "（根据2024\n年9月13日修正）", "（根据2024年9月13日修正）"),
    (TEXT, "逐级转报自治区，\n3.监督责任。", "逐级转报自治区，\n3.监督责任。"),
    (TEXT, "负责甲工作\n负责乙乙工作", "负责甲工作\n负责乙乙工作"),
    (
        TEXT,
        (
            "【法律】《 中华\n人民共和国行政\n处罚法》\n（1996年3月\n17日第八届全\n国人民代表大会\n通过，自\n"
            "2021年7月15\n日起施行）\n  第五章、第\n六章、第七章。\n【规章】《统计\n执法监督检查办\n法》"
        ),
        (
            "【法律】《中华人民共和国行政处罚法》（1996年3月17日第八届全国人民代表大会通过，"
            "自2021年7月15日起施行）第五章、第六章、第七章。\n【规章】《统计执法监督检查办法》"
        ),
    ),
    (
        TEXT,
        "因不履行或不正确履行\n行政职责，有下列情形\n的，应承担相应的责\n任：\n1.不具备行政执法资格\n实施行政处罚的；\n2.违反规定的。",
        "因不履行或不正确履行行政职责，有下列情形的，应承担相应的责任：\n1.不具备行政执法资格实施行政处罚的；\n2.违反规定的。",
    ),
    (
        TEXT,
        "【 法律】《 统计法》（ 1983年12 月8 日通过 ，根据\n2024年修正 ）\n    第三十六条：由\n机构查处 。",
        "【法律】《统计法》（1983年12月8日通过，根据2024年修正）\n第三十六条：由机构查处。",
    ),
    (field(format="markdown"), "# 一、总则\r\n\r\n正文  \x07", "# 一、总则\n\n正文"),
    # dates
    (DATE, "2015年11月5日", "2015-11-05"),
    (DATE, "2015-11-05", "2015-11-05"),
    (DATE, "2015.11.5", "2015-11-05"),
    (DATE, "2015/11/05", "2015-11-05"),
    (DATE, "20151105", "2015-11-05"),
    (DATE, "20151105.0", "2015-11-05"),
    (DATE, "２０１５年１１月５日", "2015-11-05"),
    (DATE, "二〇一五年十一月五日", "2015-11-05"),
    (DATE, "二○一五年十二月三十一日", "2015-12-31"),
    (DATE, "2015-11-05T00:00:00", "2015-11-05"),
    (DATE, "2015-11-04T16:00:00.000Z", "2015-11-05"),
    (DATE, "2015-11-05T00:00+08:00", "2015-11-05"),
    (DATE, "2015-11-05 9:00:00+0900", "2015-11-05"),
    (DATE, "2015-11-05 00:00:00", "2015-11-05"),
    (DATE, "——", None),
    # limits
    (LIMIT, "20个工作日", {"value": 20, "unit": "工作日"}),
    (LIMIT, "20", {"value": 20, "unit": "工作日"}),
    (LIMIT, "20.0", {"value": 20, "unit": "工作日"}),
    (LIMIT, "二十个工作日", {"value": 20, "unit": "工作日"}),
    (LIMIT, "自受理之日起20个工作日内", {"value": 20, "unit": "工作日"}),
    (LIMIT, "48小时", {"value": 48, "unit": "小时"}),
    (LIMIT, "三个月", {"value": 3, "unit": "月"}),
    (LIMIT, "半年", {"value": 6, "unit": "月"}),
    (LIMIT, "15日", {"value": 15, "unit": "日"}),
    (LIMIT, "30个自然日", {"value": 30, "unit": "自然日"}),
    (LIMIT, "当场办结", {"value": 0, "unit": "即时"}),
    (LIMIT, "即办件", {"value": 0, "unit": "即时"}),
    (LIMIT, "无", None),
    # amounts
    (AMOUNT, "12.50元/证", {"amount": "12.50", "unit": "元/证"}),
    (AMOUNT, "每证12.50元", {"amount": "12.50", "unit": "元/证"}),
    (AMOUNT, "1,200元", {"amount": "1200", "unit": "元"}),
    (AMOUNT, "1.2万元", {"amount": "12000", "unit": "元"}),
    (AMOUNT, "1.25万元/台", {"amount": "12500", "unit": "元/台"}),
    (AMOUNT, "１００元每人", {"amount": "100", "unit": "元/人"}),
    (AMOUNT, "5", {"amount": "5", "unit": "元"}),
    (AMOUNT, "3%", {"amount": "3", "unit": "%"}),
    # numbers
    (INTEGER, "1.0", 1),
    (INTEGER, "1,234", 1234),
    (INTEGER, "12项", 12),
    (INTEGER, "-3", -3),
    (DECIMAL, "1,234.50", "1234.50"),
    (DECIMAL, "3万", "30000"),
    (DECIMAL, "007", "7"),
    (DECIMAL, "-0", "0"),
    # yes or no
    (BOOLEAN, "是", True),
    (BOOLEAN, "▲", True),
    (BOOLEAN, "√", True),
    (BOOLEAN, "有", True),
    (BOOLEAN, "Y", True),
    (BOOLEAN, "1.0", True),
    (BOOLEAN, "否", False),
    (BOOLEAN, "无", False),
    (BOOLEAN, "×", False),
    (BOOLEAN, "/", None),
    # words
    (CLOSED, "设区的\n市级", "市级"),
    (CLOSED, "3.0", "市级"),
    (OPEN, "2,3", "省级、市级"),
    (OPEN, "负责本级", "负责本级"),
    # codes
    (CODE, "210973001000.0", "210973001000"),
    (CODE, " ２１０ 973", "210973"),
    (CODE, "11210300MB1D\n12345X400011", "11210300MB1D12345X400011"),
    (CODE, "1234 1234", "12341234"),
    (DIVISION, "2103", "210300"),
    (DIVISION, "鞍山市铁东区", "210302"),
    (DIVISION, "210311.0", "210311"),
    (NUMBER, "鞍政发[2015] 34号", "鞍政发〔2015〕34号"),
    (NUMBER, "无", None),
    (DEADLINE, "2024年6月底前", "2024-06-01/2024-06-30"),
    (DEADLINE, "长期坚持", None),
    (CITATIONS, "[1992]价费字198号,财预[2000]127号", ["〔1992〕价费字198号", "财预〔2000〕127号"]),
    (LIST, "一、总则；（一）目标", ["一、总则", "（一）目标"]),
]


@pytest.mark.parametrize(
    ("column", "text", "value"), READABLE, ids=[f"{f.type}-{f.format}-{t!r}" for f, t, _ in READABLE]
)
def test_a_cell_is_parsed_without_a_problem(column: Field, text: str, value: Json) -> None:
    cell = parse_value(column, text)
    assert (cell.value, cell.problem) == (value, None)


WRONG: list[tuple[Field, str, Json, str, str]] = [
    (CLOSED, "国家级", None, "unknown-word", "error"),
    (CLOSED, "2,3", None, "unknown-word", "error"),
    (DATE, "2015年11月", None, "unreadable-date", "error"),
    (DATE, "2015年2月30日", None, "unreadable-date", "error"),
    (DATE, "42313", None, "unreadable-date", "error"),
    (DATE, "2015115日", None, "ambiguous-date", "warning"),
    (DATE, "20151231日", "2015-12-31", "repaired", "warning"),
    (LIMIT, "尽快办理", None, "unreadable-limit", "error"),
    (LIMIT, "2015年", None, "unreadable-limit", "error"),
    (LIMIT, "1,000日", None, "unreadable-limit", "error"),
    (LIMIT, "2 0个工作日", None, "unreadable-limit", "error"),
    (LIMIT, "-5个工作日", None, "unreadable-limit", "error"),
    (BOOLEAN, "○", None, "unreadable-yes-no", "error"),
    (DEADLINE, "2024年6月前", None, "deadline-as-text", "warning"),
    (LIMIT, "1.5个工作日", None, "unreadable-limit", "error"),
    (LIMIT, "半天", {"value": 4, "unit": "小时"}, "limit-converted", "warning"),
    (LIMIT, "新办20个工作日；变更10个工作日", None, "limit-as-text", "warning"),
    (LIMIT, "20个工作日（不含公示）", {"value": 20, "unit": "工作日"}, "limit-with-condition", "warning"),
    (AMOUNT, "普通80元，加急160元", None, "unreadable-amount", "error"),
    (CODE, "1.23457E+17", None, "code-spoilt", "error"),
    (CODE, "1月2日", None, "code-spoilt", "error"),
    (CODE, "2-Jan", None, "code-spoilt", "error"),
    (CODE, "2024/1/2", None, "code-spoilt", "error"),
    (CODE, "########", None, "code-spoilt", "error"),
    (CODE, "TRUE", None, "code-spoilt", "error"),
    (CODE, "50%", None, "code-spoilt", "error"),
    (CODE, "123456789012345000", "123456789012345000", "code-rounded", "warning"),
    (CODE, "210300001\n210300002", "210300001、210300002", "several-codes", "warning"),
    (CODE, "210300001/210300002", "210300001、210300002", "several-codes", "warning"),
    (DATE, "2105年11月5日", "2105-11-05", "date-unlikely", "warning"),
    (DATE, "1905-11-05", "1905-11-05", "date-unlikely", "warning"),
    (AMOUNT, "按规定收取", None, "unreadable-amount", "error"),
    (INTEGER, "1.5", None, "unreadable-number", "error"),
    (INTEGER, "9007199254740992", None, "unreadable-number", "error"),
    (DECIMAL, "=1+1", None, "unreadable-number", "error"),
    (DECIMAL, "٣", None, "unreadable-number", "error"),
    (INTEGER, "٣٤", None, "unreadable-number", "error"),
    (AMOUNT, "٣元", None, "unreadable-amount", "error"),
    (AMOUNT, "按合同额的٣5%", None, "unreadable-amount", "error"),
    (AMOUNT, "每0.0", None, "unreadable-amount", "error"),
    (BOOLEAN, "视情况", None, "unreadable-yes-no", "error"),
    (DIVISION, "219999", "219999", "unknown-division", "warning"),
    (DIVISION, "铁东区", None, "ambiguous-division", "error"),
    (DIVISION, "火星", None, "ambiguous-division", "error"),
    (NUMBER, "内部文件", "内部文件", "no-document-number", "warning"),
    (NUMBER, "辽政发〔201519号", "辽政发〔2015〕19号", "repaired", "warning"),
    (CITATIONS, "省政府批准", ["省政府批准"], "no-citation", "info"),
    (CITATIONS, "《条例》（国务院令第591号", ["《条例》（国务院令第591号"], "unclosed-bracket", "warning"),
    (DEADLINE, "年底前", None, "deadline-as-text", "warning"),
    (STRING, "经营许可（甲类", "经营许可（甲类", "unclosed-bracket", "warning"),
]


@pytest.mark.parametrize(("column", "text", "value", "code", "severity"), WRONG, ids=[w[1] for w in WRONG])
def test_a_problem_with_a_cell_is_reported_with_its_fix(
    column: Field, text: str, value: Json, code: str, severity: str
) -> None:
    cell = parse_value(column, text)
    assert cell.value == value
    assert cell.problem is not None
    assert (cell.problem.code, cell.problem.severity) == (code, severity)
    for words in (
        cell.problem.message_zh,
        cell.problem.message_en,
        cell.problem.way_out_zh,
        cell.problem.way_out_en,
    ):
        assert words
        assert "{" not in words


def test_every_kind_of_problem_is_made_by_a_cell_of_these_tests() -> None:
    assert {kind.code for kind in PROBLEMS} == {code for *_, code, _ in WRONG}
    assert len(PROBLEMS) == len({kind.code for kind in PROBLEMS})


def test_a_problem_with_a_very_long_cell_quotes_its_beginning_only() -> None:
    problem = parse_value(DATE, "很" * 5000).problem
    assert problem is not None
    assert len(problem.message_zh) < 200


@pytest.mark.parametrize("text", ["同上", " 同 上 ", "同上。", "〃", "″", "”", '"', "（同上）", "Ditto"])
def test_ditto_marks_are_recognised(text: str) -> None:
    assert is_ditto(text)


@pytest.mark.parametrize("text", ["", "同上级", "上", "详见同上所列的各项文件规定", "—"])
def test_plain_text_is_not_a_ditto_mark(text: str) -> None:
    assert not is_ditto(text)


def test_english_prints_units_and_answers_in_english() -> None:
    assert format_value(LIMIT, {"value": 20, "unit": "工作日"}, "en") == "20 working days"
    assert format_value(LIMIT, {"value": 1, "unit": "月"}, "en") == "1 month"
    assert format_value(LIMIT, {"value": 0, "unit": "即时"}, "en") == "at once"
    assert format_value(BOOLEAN, value=True, lang="en") == "yes"
    assert format_value(CITATIONS, ["甲", "乙"], "en") == "甲; 乙"
    assert format_value(STRING, None) == ""


decimals = st.decimals(0, 10**9, places=2).map(lambda d: format(d, "f"))
words = st.text("鞍山市食品经营许可甲乙丙（）、，。A1", min_size=1, max_size=30)
VALUES: dict[str, tuple[Field, st.SearchStrategy[Any]]] = {
    "date": (DATE, st.dates(date(1949, 1, 1), date(2030, 1, 1)).map(date.isoformat)),
    "limit": (
        LIMIT,
        st.builds(
            lambda n, unit: {"value": n, "unit": unit},
            st.integers(1, 9999),
            st.sampled_from(["工作日", "自然日", "日", "小时", "分钟", "周", "月"]),
        )
        | st.builds(lambda n: {"value": n, "unit": "年"}, st.integers(1, 1000))
        | st.just({"value": 0, "unit": "即时"}),
    ),
    "amount": (
        AMOUNT,
        st.builds(
            lambda n, unit: {"amount": n, "unit": unit},
            decimals,
            st.sampled_from(["元", "元/证", "元/平方米", "元/人", "元/人·次", "美元/件", "%", "‰"]),
        )
        | st.sampled_from(
            [
                {"amount": "0", "unit": "元", "kind": "free"},
                {"amount": "0.5", "unit": "元/吨", "most": "1", "kind": "range"},
                {"amount": "1", "unit": "‰", "of": "合同额"},
                {"amount": "0.5", "unit": "%", "most": "1", "of": "工程造价", "kind": "range"},
                {"amount": "100", "unit": "元/次", "kind": "ceiling"},
                {"amount": "3", "unit": "%", "kind": "floor"},
            ]
        ),
    ),
    "boolean": (BOOLEAN, st.booleans()),
    "integer": (INTEGER, st.integers(-(2**53) + 1, 2**53 - 1)),
    "decimal": (DECIMAL, decimals),
    "closed": (CLOSED, st.sampled_from([t.value for t in LEVELS])),
    "open": (OPEN, st.sampled_from(["省级", "省级、市级", "省级、市级、县级", "其他层级"])),
    "division": (DIVISION, st.sampled_from(["210000", "210300", "210302", "340500"])),
    "citations": (
        CITATIONS,
        st.lists(
            st.sampled_from(
                ["财综〔2003〕45号", "〔1992〕价费字198号", "国务院令第412号", "《教育法》第三条"]
            ),
            min_size=1,
        ),
    ),
    "list": (LIST, st.lists(words, min_size=1)),
    "files": (
        FILES,
        st.lists(
            st.builds(lambda name: {"name": name, "url": "https://a.example/附件1.pdf"}, words)
            | st.builds(lambda name: {"name": name}, words),
            min_size=1,
        ),
    ),
}


@pytest.mark.slow
@pytest.mark.parametrize("kind", VALUES)
@given(data=st.data())
def test_a_printed_value_reads_back_as_itself(kind: str, data: st.DataObject) -> None:
    column, values = VALUES[kind]
    value = data.draw(values)
    cell = parse_value(column, format_value(column, value))
    assert (cell.value, cell.problem) == (value, None)


@pytest.mark.slow
@pytest.mark.parametrize(
    "column", [STRING, BODY, CODE, NUMBER, CITATIONS, OPEN, TEXT, field(format="markdown")]
)
@given(text=st.text(max_size=80) | st.text("国发〔2015〕34号 （）(),，;；。\n\u3000 一1.a", max_size=60))
def test_reading_is_idempotent(column: Field, text: str) -> None:
    once = parse_value(column, text).value
    if once is not None:
        assert parse_value(column, format_value(column, once)).value == once


@pytest.mark.slow
@pytest.mark.parametrize(
    "column", [DATE, LIMIT, AMOUNT, BOOLEAN, INTEGER, DECIMAL, CLOSED, DIVISION, LIST, FILES]
)
@settings(deadline=None)  # the first division loads the table
@given(text=st.text(max_size=40) | st.text("0123456789.年月日元/-,万个工作即时%每 ", max_size=20))
def test_any_text_gives_a_value_or_a_problem_and_never_raises(column: Field, text: str) -> None:
    cell = parse_value(column, text)
    if cell.value is not None and column.type not in ("list", "files"):
        assert parse_value(column, format_value(column, cell.value)).value == cell.value


def test_a_plain_cell_returns_the_same_text_without_a_copy() -> None:
    text = "食品经营许可证核发"
    assert parse_value(load_catalogue("power-list").by_name["name"], text).value is text

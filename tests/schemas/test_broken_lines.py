"""Cells of several lines: pieces of one value are joined, two values stay two or are reported."""

from __future__ import annotations

import pytest

from schemas.broken_lines import hold_two_values, join_broken_lines
from schemas.cells.values import parse_value
from schemas.definition.catalogue import Field, Json
from tests.schemas.cells.test_values import (
    AMOUNT,
    CITATIONS,
    CLOSED,
    CODE,
    DATE,
    DECIMAL,
    DIVISION,
    FILES,
    INTEGER,
    LIMIT,
    LIST,
    NUMBER,
    OPEN,
    STRING,
    TEXT,
)

RIGHT: list[tuple[Field, str, Json]] = [
    (STRING, "0412-5512345\n0412-5512346", "0412-5512345、0412-5512346"),
    (STRING, "12345\n1\n2", "12345、1、2"),
    (STRING, "20个工作日\n30个工作日", "20个工作日、30个工作日"),
    (STRING, "A01\nA02", "A01、A02"),
    (STRING, "11210300MB1D\n12345X400011", "11210300MB1D12345X400011"),
    (STRING, "http://a.example/1\nhttp://a.example/2", "http://a.example/1、http://a.example/2"),
    (STRING, "http://a.example/long/na\nme.html", "http://a.example/long/name.html"),
    (STRING, "a@a.example\nb@a.example", "a@a.example、b@a.example"),
    (STRING, "窗口办理\n网上办理", "窗口办理、网上办理"),
    (STRING, "A座12\n34室", "A座12 34室"),
    (STRING, "2024年1\n0月的名称", "2024年10月的名称"),
    (TEXT, "0412-5512345\n0412-5512346", "0412-5512345\n0412-5512346"),
    (TEXT, "0412-5512345\n0412-5512346\n0412-5512347", "0412-5512345\n0412-5512346\n0412-5512347"),
    (
        TEXT,
        "窗口，0412-5512345\n热线，0412-5512346\n传真，0412-5512347",
        "窗口，0412-5512345\n热线，0412-5512346\n传真，0412-5512347",
    ),
    (TEXT, "http://a.example/1\nhttp://a.example/2", "http://a.example/1\nhttp://a.example/2"),
    (TEXT, "电话5512345\n日常受理", "电话5512345\n日常受理"),
    (TEXT, "1年\n2年", "1年\n2年"),
    (TEXT, "营业执照\n身份证明\n申请书", "营业执照\n身份证明\n申请书"),
    (TEXT, "（根据2024年1\n0月修正）", "（根据2024年10月修正）"),
    (OPEN, "省级\n市级", "省级、市级"),
    (CITATIONS, "国发〔2015〕3\n4号", ["国发〔2015〕34号"]),
    (CITATIONS, "国发〔2015〕34号\n《水法》", ["国发〔2015〕34号", "《水法》"]),
    (NUMBER, "鞍政发〔2015〕3\n4号", "鞍政发〔2015〕34号"),
    (DATE, "2015年11月1\n5日", "2015-11-15"),
    (LIMIT, "20\n个工作日", {"value": 20, "unit": "工作日"}),
    (AMOUNT, "1,200\n元", {"amount": "1200", "unit": "元"}),
    (LIST, "一、总则\n（一）目标", ["一、总则", "（一）目标"]),
    (
        FILES,
        "附件1.pdf https://a.example/1.pdf\n附件2.pdf\nhttps://a.example/long/\n2.pdf",
        [
            {"name": "附件1.pdf", "url": "https://a.example/1.pdf"},
            {"name": "附件2.pdf", "url": "https://a.example/long/2.pdf"},
        ],
    ),
    (FILES, "附件一\n附件二", [{"name": "附件一"}, {"name": "附件二"}]),
]


@pytest.mark.parametrize(
    ("column", "text", "value"), RIGHT, ids=[f"{f.type}-{f.format}-{t!r}" for f, t, _ in RIGHT]
)
def test_lines_are_pieces_of_one_value_or_values_of_their_own(column: Field, text: str, value: Json) -> None:
    cell = parse_value(column, text)
    assert (cell.value, cell.problem) == (value, None)


REPORTED: list[tuple[Field, str, Json, str]] = [
    (CODE, "2103-A-001\n2103-A-002", "2103-A-001、2103-A-002", "several-codes"),
    (CODE, "210300001\n410400002", "210300001、410400002", "several-codes"),
    (CODE, "210300001 410400002", "210300001、410400002", "several-codes"),
    (CODE, "210300001、3104", "210300001、3104", "several-codes"),
    (CODE, "9\n10", "9、10", "several-codes"),
    (CODE, "power-list\nfees", "power-list、fees", "several-codes"),
    (CLOSED, "2\n3", None, "unknown-word"),
    (LIMIT, "5\n10", None, "unreadable-limit"),
    (LIMIT, "1\n5个工作日", None, "unreadable-limit"),
    (AMOUNT, "80\n160", None, "unreadable-amount"),
    (INTEGER, "1\n2", None, "unreadable-number"),
    (DECIMAL, "1.5\n2", None, "unreadable-number"),
    (DIVISION, "210302\n210303", None, "ambiguous-division"),
    (NUMBER, "鞍政发〔2015〕34\n35号", "鞍政发〔2015〕34、35号", "no-document-number"),
    (CITATIONS, "国发〔2015〕34\n35号", ["国发〔2015〕34；35号"], "no-citation"),
]


@pytest.mark.parametrize(
    ("column", "text", "value", "code"), REPORTED, ids=[f"{f.type}-{f.format}-{t!r}" for f, t, *_ in REPORTED]
)
def test_two_values_in_a_field_of_one_are_reported(column: Field, text: str, value: Json, code: str) -> None:
    cell = parse_value(column, text)
    assert cell.problem is not None
    assert (cell.value, cell.problem.code) == (value, code)


@pytest.mark.parametrize("sign", ["1", "www.", "a@", "http://", "0412-", "年1", "(", "甲"])
def test_a_very_long_cell_is_joined_at_once(sign: str) -> None:
    text = f"{sign * 100_000}\n{sign * 100_000}\n1"
    assert join_broken_lines(text).count("\n") >= 1
    hold_two_values(sign * 100_000, sign * 100_000)

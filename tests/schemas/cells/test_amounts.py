"""Amounts in the forms of real fee catalogues."""

from __future__ import annotations

import time

import pytest

from schemas.cells.amounts import Amount, find_amount, read_amount
from schemas.cells.value_texts import format_value
from schemas.cells.values import parse_value
from schemas.definition.catalogue import Field

AMOUNTS = [
    ("0.95元/立方米", Amount("0.95", "元/立方米")),
    ("10元/证", Amount("10", "元/证")),
    ("3%", Amount("3", "%")),
    ("按合同额的1‰", Amount("1", "‰", of="合同额")),
    ("按销售额的3%收取", Amount("3", "%", of="销售额")),
    ("按工程造价的0.5%-1%收取", Amount("0.5", "%", "1", "工程造价", "range")),
    ("0.5—1元", Amount("0.5", "元", "1", kind="range")),
    ("0.5元～1元/吨", Amount("0.5", "元/吨", "1", kind="range")),
    ("100元至200元/次", Amount("100", "元/次", "200", kind="range")),
    ("5万-10万元", Amount("50000", "元", "100000", kind="range")),
    ("1-2万元", Amount("10000", "元", "20000", kind="range")),
    ("每人每次50元", Amount("50", "元/人·次")),
    ("50元/人/次", Amount("50", "元/人·次")),
    ("每平方米每月2元", Amount("2", "元/平方米·月")),
    ("按每吨1.5元收取", Amount("1.5", "元/吨")),
    ("每年1200元/艘", Amount("1200", "元/艘·年")),
    ("400元/每件", Amount("400", "元/件")),
    ("10元（每证）", Amount("10", "元/证")),
    ("5元/100平方米", Amount("5", "元/100平方米")),
    ("收费标准为80元/件", Amount("80", "元/件")),
    ("免费", Amount("0", "元", kind="free")),
    ("不收费", Amount("0", "元", kind="free")),
    ("1.2万元/年", Amount("12000", "元/年")),
    ("￥1,234.50", Amount("1234.50", "元")),
    ("1，234元", Amount("1234", "元")),
    ("壹佰元整", Amount("100", "元")),
    ("人民币壹万贰仟叁佰元整", Amount("12300", "元")),
    ("千分之三", Amount("3", "‰")),
    ("5角", Amount("0.5", "元")),
    ("1元5角", Amount("1.5", "元")),
    ("不超过100元/次", Amount("100", "元/次", kind="ceiling")),
    ("100元以内/次", Amount("100", "元/次", kind="ceiling")),
    ("不低于200元", Amount("200", "元", kind="floor")),
    ("100美元/件", Amount("100", "美元/件")),
    ("不超过成交额的0.1%", Amount("0.1", "%", of="成交额", kind="ceiling")),
    ("不超过工程造价的1%—2%", Amount("1", "%", "2", "工程造价", "ceiling")),
    ("收费标准为不超过销售额的3%", Amount("3", "%", of="销售额", kind="ceiling")),
    ("税率5%", Amount("5", "%")),
    ("千分之二至千分之五", Amount("2", "‰", "5", kind="range")),
    ("成交价的百分之一点五", Amount("1.5", "%", of="成交价")),
    ("不超过按合同额的1‰", Amount("1", "‰", of="合同额", kind="ceiling")),
    ("按收入总额的3‱", Amount("3", "‱", of="收入总额")),
    ("收入的百分之五", Amount("5", "%", of="收入")),
    ("标准工资的5%", Amount("5", "%", of="标准工资")),
    ("按揭贷款的0.1%", Amount("0.1", "%", of="按揭贷款")),
    ("征收率为3%", Amount("3", "%")),
    ("200元/次以下", Amount("200", "元/次", kind="ceiling")),
    ("每平方米不超过5元", Amount("5", "元/平方米", kind="ceiling")),
    ("5000元～1万元", Amount("5000", "元", "10000", kind="range")),
    ("8000—1万元", Amount("8000", "元", "10000", kind="range")),
    ("0.1元/吨—0.3元/吨", Amount("0.1", "元/吨", "0.3", kind="range")),
    (".5元", Amount("0.5", "元")),
    ("10（元/证）", Amount("10", "元/证")),
    ("10元/（人·次）", Amount("10", "元/人·次")),
    ("50元/每人每次", Amount("50", "元/人·次")),
    ("50元（人民币）/人", Amount("50", "元/人")),
    ("50元/m3", Amount("50", "元/m3")),
    ("100元/起", Amount("100", "元/起")),
    ("每本五元", Amount("5", "元/本")),
    ("十五元/人", Amount("15", "元/人")),
    ("每15分钟10元", Amount("10", "元/15分钟")),
    ("按照每亩1000元标准收取", Amount("1000", "元/亩")),
    ("一次性收取100元", Amount("100", "元")),
    ("RMB 10", Amount("10", "元")),
    ("每件交纳50元", Amount("50", "元/件")),
    ("每证收费50元", Amount("50", "元/证")),
    ("每户每月缴纳垃圾处理费5元", Amount("5", "元/户·月")),
    ("每人每学期住宿费500元", Amount("500", "元/人·学期")),
    ("每立方米征收水资源费0.2元", Amount("0.2", "元/立方米")),
    ("按10元/平方米计征", Amount("10", "元/平方米")),
    ("0.1元/㎡", Amount("0.1", "元/㎡")),
    ("10元/m2·月", Amount("10", "元/m2·月")),
    ("暂免征收", Amount("0", "元", kind="free")),
]
OTHER_TEXTS = [
    "按规定收取",
    "普通80元/件，加急160元/件",
    "依据发改价格〔2015〕1234号执行",
    "1996年前每证10元",
    "若干元",
    *("三五元", "每人二三十元", "百分之三五"),
    "10元/证不含邮费",
    "100元-50元",
    "每1000元收取1元",
    "50元以上100元以下",
    "10元/次，每日最高50元",
    "12,34元",
    "1 000元",
    *("3.5元5角", "每铺位取暖费5元"),
]


@pytest.mark.parametrize(("text", "expected"), AMOUNTS)
def test_an_amount_is_read_in_each_form(text: str, expected: Amount) -> None:
    assert read_amount(text) == expected


@pytest.mark.parametrize("text", [text for text, _ in AMOUNTS])
def test_an_amount_is_read_as_it_is_printed(text: str) -> None:
    field = Field("standard", "标准", "Standard", type="amount")
    value = parse_value(field, text).value
    assert parse_value(field, format_value(field, value)).value == value


@pytest.mark.parametrize("text", OTHER_TEXTS)
def test_several_amounts_and_other_texts_are_not_an_amount(text: str) -> None:
    assert read_amount(text) is None


@pytest.mark.parametrize(
    "text",
    [
        *("免费（首次）", "免征（小微企业）", "首次：免费", "小微企业：免征"),
        *("小型车：5元/次", "成人：10元/人", "首次：100元/件", "5元/次（小型车）", "80元/件（首次办理）"),
        *(
            "异地办理费用：100元",
            "首次费用：100元",
            "企业收费标准：200元",
            "小型车收费标准：50元",
            "个人收费：20元",
        ),
        *("逾期费用：100元", "100元（企业标准）", "加急费100元", "20元（补办工本费）"),
        *("300元/台（起）", "100元/次（可下浮）", "300元（基准价）", "5元/人（次）"),
    ],
)
def test_a_condition_beside_a_charge_is_not_left_out(text: str) -> None:
    assert find_amount(text) is None


COSTS = ("工本费", "证书工本费", "报名考务费", "依据辽价发", "按规定收取", "行政事业性收费", "一次性")


def test_a_remark_that_does_not_change_a_charge_is_left_out() -> None:
    for remark in ("含税", "不含材料费", "试行", "政府定价", "实行政府指导价管理", "由财政部门收取", *COSTS):
        assert find_amount(f"80元/件（{remark}）") == Amount("80", "元/件"), remark
    for label in ("收费标准：", "工本费：", "护照费", "证书工本费标准：", "价格："):
        assert find_amount(f"{label}80元/件") == Amount("80", "元/件"), label
    assert find_amount("不收费（由财政承担）") == Amount("0", "元", kind="free")
    assert find_amount("工本费：免费") == Amount("0", "元", kind="free")


def test_no_text_takes_long() -> None:
    started = time.process_time()
    for text in ("每人" * 39 + "x", "按照" * 39, "1-" * 39, "九" * 80, "1,111" * 16 + "x", "元" * 50_000):
        read_amount(text)
    assert time.process_time() - started < 1

"""Time limits in the forms of real lists, guides and statutes."""

from __future__ import annotations

import time

import pytest

from schemas.cells.time_limits import read_limit

LIMITS: list[tuple[str, tuple[int, str] | None]] = [
    ("20个工作日", (20, "工作日")),
    ("20工作日", (20, "工作日")),
    ("20个法定工作日", (20, "工作日")),
    ("15（工作日）", (15, "工作日")),
    ("15(个工作日)", (15, "工作日")),
    ("20日（工作日）", (20, "工作日")),
    ("30天（自然日）", (30, "自然日")),
    ("20工作日（天）", (20, "工作日")),
    ("工作日：20个工作日", (20, "工作日")),
    ("3个月（月）", (3, "月")),
    ("10个自然日", (10, "自然日")),
    ("自然日30天", (30, "自然日")),
    ("工作日：5", (5, "工作日")),
    ("二十个工作日", (20, "工作日")),
    ("20", (20, "工作日")),
    ("20.0", (20, "工作日")),
    ("7天", (7, "日")),
    ("十日", (10, "日")),
    ("60日内", (60, "日")),
    ("最长不超过30日", (30, "日")),
    ("不超过20个工作日", (20, "工作日")),
    ("≤20个工作日", (20, "工作日")),
    ("自受理之日起二十日内", (20, "日")),
    ("自受理之日起20个工作日内作出决定", (20, "工作日")),
    ("应当自收到环境影响报告书之日起六十日内", (60, "日")),
    ("应当在该活动完成之日起20日内", (20, "日")),
    ("应当自受理申请之日起20日内审查完毕", (20, "日")),
    ("并在二十四小时内", (24, "小时")),
    ("受理后5个工作日内办结", (5, "工作日")),
    ("申请人提交材料齐全后，3个工作日内办结", (3, "工作日")),
    ("当场办结", (0, "即时")),
    ("现场办结", (0, "即时")),
    ("即时办结", (0, "即时")),
    ("即来即办", (0, "即时")),
    ("随到随办", (0, "即时")),
    ("立等可取", (0, "即时")),
    ("即办件", (0, "即时")),
    ("当日办结", (1, "日")),
    ("当天办结", (1, "日")),
    ("24h", (24, "小时")),
    ("48小时内", (48, "小时")),
    ("30分钟", (30, "分钟")),
    ("1.5小时", (90, "分钟")),
    ("三个月", (3, "月")),
    ("两个月内", (2, "月")),
    ("半年", (6, "月")),
    ("1年", (1, "年")),
    ("两周", (2, "周")),
    ("1个季度", (3, "月")),
    ("15【工作日】", (15, "工作日")),
    ("15[工作日]", (15, "工作日")),
    ("15日（指工作日）", (15, "工作日")),
    ("30天（按自然日计算）", (30, "自然日")),
    ("壹拾伍日", (15, "日")),
    ("廿日", (20, "日")),
    ("1小时30分钟", (90, "分钟")),
    ("15 working days", (15, "工作日")),
    ("1 个 工 作 日", (1, "工作日")),
    ("马上就办", (0, "即时")),
    ("当场办结（0个工作日）", (0, "即时")),
    ("当日受理、当日办结", (1, "日")),
    ("长期有效", None),
    ("无固定期限", None),
    ("不受限制", None),
    ("无法定时限", None),
    ("无", None),
    ("法律法规无明确规定", None),
    ("不限时", None),
]
"""The text of a cell, and its limit without any condition; None where there is no limit."""

CONDITIONS = [
    ("1-3个工作日", (3, "工作日")),
    ("3至5日", (5, "日")),
    ("1-3", (3, "工作日")),
    ("60日（不含听证）", (60, "日")),
    ("20个工作日（不含专家评审时间）", (20, "工作日")),
    ("20日，经批准可延长10日", (20, "日")),
    ("20日（可延长10日）", (20, "日")),
    ("20个工作日内，特殊情况可延长10个工作日", (20, "工作日")),
    ("1个工作日（即办）", (1, "工作日")),
    ("15日（工作日，不含公示时间）", (15, "工作日")),
    ("10日（节假日顺延）", (10, "日")),
    ("3个月（自然日）", (3, "月")),
    ("2周（工作日）", (2, "周")),
    ("24小时（工作日）", (24, "小时")),
    ("半个月（工作日）", (15, "自然日")),
    ("工作日：1个月", (1, "月")),
]
TEXTS = [
    *("新办20个工作日；变更10个工作日", "首次申请：15个工作日，延续：10个工作日", "1日内受理，5日内办结"),
    *(
        "法定20个工作日，承诺5个工作日",
        "7个工作日/15个工作日",
        "按照法律规定办理",
        "视具体情况而定",
        "每月20日前",
    ),
    *("法定20个工作日，承诺当场办结", "普通程序60日；简易程序当场", "20+10个工作日", "最快3个工作日"),
    *("随时受理", "年底前", "每年3月底前", "次日办结", "具体以通知为准", "3月31日前"),
    *("不得少于12个月", "届满前六个月", "累计3个月以上", "20个工作日" * 40),
]


@pytest.mark.parametrize(("text", "expected"), LIMITS)
def test_a_limit_is_read_in_each_form(text: str, expected: tuple[int, str] | None) -> None:
    reading = read_limit(text, "工作日")
    assert reading is not None
    if expected is None:
        assert reading.kind == "none"
    else:
        assert reading.limit is not None
        assert (reading.limit[:2], reading.limit.rest) == (expected, "")


@pytest.mark.parametrize(("text", "expected"), CONDITIONS)
def test_a_condition_or_range_gives_the_longest_time_and_is_kept_as_rest(
    text: str, expected: tuple[int, str]
) -> None:
    reading = read_limit(text, "工作日")
    assert reading is not None
    assert reading.limit is not None
    assert reading.limit[:2] == expected
    assert reading.limit.rest


@pytest.mark.parametrize("text", TEXTS)
def test_several_or_open_limits_are_texts(text: str) -> None:
    reading = read_limit(text, "工作日")
    assert reading is not None
    assert (reading.kind, reading.limit) == ("text", None)


@pytest.mark.parametrize(
    "text",
    [
        *("尽快办理", "1月3日", "1.5个工作日", "国务院另有规定的除外？", "若干", "三五日", "二三十个工作日"),
        *("15工作日（自然日）", "自然日：15日（工作日）", "3天（小时）"),
    ],
)
def test_other_texts_are_unreadable(text: str) -> None:
    reading = read_limit(text, "工作日")
    assert reading is None or reading.kind == "text"


def test_halves_of_days_and_months_are_converted() -> None:
    for text, expected in (("半天", (4, "小时")), ("0.5个工作日", (4, "小时")), ("一个半月", (45, "自然日"))):
        reading = read_limit(text)
        assert reading is not None
        assert reading.limit is not None
        assert (reading.limit[:2], reading.limit.converted) == (expected, True)


def test_no_text_takes_long() -> None:
    started = time.process_time()
    for text in (
        "自受理" * 66 + "x",
        "无规定要求" * 39 + "x",
        "即办办" * 60 + "x",
        "算起" * 99 + "1",
        "当日" + "办结" * 98 + "x",
        "20个工作日" * 9000,
    ):
        read_limit(text, "工作日")
    assert time.process_time() - started < 1


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("新办：自受理之日起20日内", (20, "日")),
        ("材料不齐的自补正之日起5日内", (5, "日")),
        ("简易程序自立案之日起10日内", (10, "日")),
        ("约10天", (10, "日")),
        ("20个工作日（不含现场勘验、专家评审时间）", (20, "工作日")),
        ("20个工作日，不含现场检查", (20, "工作日")),
        ("现场核查的，20个工作日", (20, "工作日")),
    ],
)
def test_a_case_or_a_step_beside_a_limit_is_kept_as_rest(text: str, expected: tuple[int, str]) -> None:
    reading = read_limit(text, "工作日")
    assert reading is not None
    assert reading.limit is not None
    assert reading.limit[:2] == expected
    assert reading.limit.rest


def test_the_event_and_who_acts_do_not_change_a_limit() -> None:
    for text in (
        "登记机关应当自变更登记之日起20日内",
        "申请人自公告之日起20日内",
        "法定时限：自立案之日起20日",
    ):
        reading = read_limit(text, "工作日")
        assert reading is not None
        assert reading.limit is not None
        assert reading.limit == (20, "日", "", False)


@pytest.mark.parametrize(
    "text", ["7日公示+20个工作日", ">5个工作日", "超过5个工作日", "五个半工作日", "三百六十五个半日"]
)
def test_sums_least_times_and_parts_of_numbers_are_no_limit(text: str) -> None:
    reading = read_limit(text, "工作日")
    assert reading is None or reading.limit is None

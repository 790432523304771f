"""Levels of government in names of authorities, bodies and columns."""

from __future__ import annotations

import pytest

from schemas.reference.government_levels import Level, level_of_division, levels_in

NATION, PROVINCE, CITY, COUNTY = Level.NATION, Level.PROVINCE, Level.CITY, Level.COUNTY


@pytest.mark.parametrize(
    ("text", "levels"),
    [
        ("国家卫生计生委", {NATION}),
        ("农业部", {NATION}),
        ("证监会", {NATION}),
        ("广电总局、省级人民政府广播电视行政主管部门", {NATION, PROVINCE}),
        ("省级及计划单列市、副省级省会城市、新疆生产建设兵团发展改革部门", {PROVINCE, CITY}),
        ("县级以上地方人民政府教育行政部门", {PROVINCE, CITY, COUNTY}),
        ("设区的市级以上人民政府", {PROVINCE, CITY}),
        ("至省级人民政府环境保护行政主管部门", {PROVINCE}),
        ("示例市民政局", {CITY}),
        ("市委宣传部", {CITY}),
        ("北京市水务局", {PROVINCE}),
        ("国家税务总局鞍山市税务局", {CITY}),
        ("铁东区民政局", {COUNTY}),
        ("地州市级", {CITY}),
        ("县市区级", {COUNTY}),
        ("自治区级", {PROVINCE}),
        ("内蒙古自治区教育厅", {PROVINCE}),
        ("民政部门", set()),
        ("", set()),
    ],
)
def test_levels(text: str, levels: set[Level]) -> None:
    assert levels_in(text) == levels


def test_levels_of_codes() -> None:
    assert [level_of_division(code) for code in ("210000", "210300", "210311", "", "鞍山")] == [
        *(PROVINCE, CITY, COUNTY),
        *(None, None),
    ]

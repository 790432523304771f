"""Levels of government that a text names: of an authority (县级以上地方人民政府), a body or a level."""

from __future__ import annotations

import re
from enum import IntEnum

from schemas.reference import administrative_divisions


class Level(IntEnum):
    """A level of government; a higher number is further down."""

    NATION = 1
    PROVINCE = 2
    CITY = 3
    COUNTY = 4
    TOWNSHIP = 5


_MUNICIPALITIES = ("北京", "上海", "天津", "重庆")
_WORDS = {
    Level.NATION: r"国家级|中央级",
    Level.PROVINCE: r"(?<!副)省级|自治区级|兵团级|直辖市|省、自治区|自治区(?:人民政府|主管|行政)"
    r"|新疆生产建设兵团|(?<!副)省(?:人民)?政府",
    Level.CITY: r"(?<!县)(?<!辖)市级|设区的?市|地州|州市级|地[（(]?市[)）]?级"
    r"|副省级|计划单列市|市[、]县|市(?:人民)?政府",
    Level.COUNTY: r"县级|县市区级?|区县级?|县区级?|[、和]县(?:人民)?政府|市[、]县|旗县",
    Level.TOWNSHIP: r"乡级|乡镇|镇街",
}
_LEVEL_WORDS = {level: re.compile(words) for level, words in _WORDS.items()}
_AND_ABOVE = re.compile(r"(省级|市级|设区的?市|地[（(]?市[)）]?级|县级)(?:以上|及以上)")
_LOCAL = re.compile(r"地方各级|各级地方|^地方")
_NATIONAL_BODY = re.compile(
    r"^(?:国务院|国家(?!级|税务总局.)|中国|中央|中共中央|全国|最高|海关总署|中华人民共和国)|总局$|总署$|^[^省市县区州盟旗]{2,8}部$"
    r"|^(?:[银证保电]监会|人民银行|外汇局|发展改革委|新闻出版广电总局)$"
)
_PLACE = re.compile(
    r"^(?P<name>[^省市县区州盟旗、，（(]{1,12}?)?(?P<kind>省|自治区|市|县|区|自治州|州|地区|盟|旗)"
)
_KINDS = {
    "省": Level.PROVINCE,
    "自治区": Level.PROVINCE,
    "市": Level.CITY,
    "自治州": Level.CITY,
    "州": Level.CITY,
    "地区": Level.CITY,
    "盟": Level.CITY,
    "县": Level.COUNTY,
    "区": Level.COUNTY,
    "旗": Level.COUNTY,
}
_LEVEL_OF_CODE = {2: Level.PROVINCE, 4: Level.CITY, 6: Level.COUNTY}


def levels_in(text: str) -> frozenset[Level]:
    """Return the levels that a text names; empty if it names none.

    县级以上 is local: 省, 市 and 县. A body counts as the level of its place (示例市民政局 → 市), and a
    ministry or commission without a place as the nation.
    """
    plain = "".join(text.split())
    levels = {level for level, words in _LEVEL_WORDS.items() if words.search(plain)}
    for match in _AND_ABOVE.finditer(plain):
        lowest = next(level for level, words in _LEVEL_WORDS.items() if words.search(match[1]))
        levels |= {level for level in Level if Level.NATION < level <= lowest}
    if _LOCAL.search(plain):
        levels |= {Level.PROVINCE, Level.CITY, Level.COUNTY}
    for body in re.split(r"[、，,；;或]", plain):
        if _NATIONAL_BODY.search(body):
            levels.add(Level.NATION)
    return frozenset(levels) or _level_of_place(plain)


def level_of_division(code: str) -> Level | None:
    """Return the level of a division's code; None for text that is not one."""
    return _LEVEL_OF_CODE.get(len(administrative_divisions.shorten_code(code))) if code.isdecimal() else None


def _level_of_place(text: str) -> frozenset[Level]:
    place = _PLACE.match(text)
    if place is None:
        return frozenset()
    codes = administrative_divisions.find_codes(place[0])
    levels = {_LEVEL_OF_CODE[len(code)] for code in codes if len(code) in _LEVEL_OF_CODE}
    if len(levels) == 1:
        return frozenset(levels)
    if place["name"] in _MUNICIPALITIES:
        return frozenset({Level.PROVINCE})
    return frozenset({_KINDS[place["kind"]]})

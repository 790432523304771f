"""The text of a heading cell, taken apart: the heading itself, a unit, and remarks or codes beside it.

Templates write ``*法定办结时限（个工作日）``, ``事项名称 ITEM_NAME``, ``（1）设定依据【必填】`` or
``收费（征收）标准``.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator

import msgspec

LONGEST = 200
"""Characters of a heading with its remarks; a longer cell is data."""

_BRACKETS = re.compile(
    r"（([^（）()]*)）|\(([^（）()]*)\)|（([^（）()]*)\)|\(([^（）()]*)）|【([^【】]*)】|\[([^\[\]]*)\]|［([^［］]*)］"
    r"|〔([^〔〕]*)〕|〈([^〈〉]*)〉|<([^<>]*)>|\{([^{}]*)\}|「([^「」]*)」|｛([^｛｝]*)｝"
)
_NUMBER = re.compile(
    r"\s*(?:[（(]?\d{1,2}\s*(?:[）)、．]|\.(?!\d))|[①-⑳]|[一二三四五六七八九十]{1,2}、|[A-Z][.、．])\s*"
)
_CODE = r"[A-Za-z][A-Za-z0-9_.\-]*"
_IDENTIFIER = re.compile(rf"\s*{_CODE}\s*")
_CODE_AFTER = re.compile(rf"(?P<heading>.*[^\sA-Za-z0-9_/|:：\-])\s*[/|:：\-_]?\s*{_CODE}\s*", re.DOTALL)
_CODE_BEFORE = re.compile(rf"\s*{_CODE}\s*[/|:：\-_]?\s*(?P<heading>[^\sA-Za-z0-9_/|:：\-].*)", re.DOTALL)
_SEPARATOR = re.compile(r"\s*[:：|｜/／,，;；\n]\s*|\s+")
_UNIT_LABEL = re.compile(r"\s*(?:计量|计费|金额|时间)?单位\s*[:：为是]?\s*")
_TIMES = "工作日|工作天|自然日|日历日|日历天|天|日|小时|分钟|星期|周|月|年"
_TIME_UNIT = re.compile(rf"个?(?:{_TIMES})(?:[/或、]个?(?:{_TIMES}))*")
_UNIT = re.compile(
    # 元, 万元, 元/证, 元/吨·天
    r"(?:人民币)?[十百千万亿]*(?:元|美元|港元|港币|欧元)(?:人民币)?"
    r"(?:\s*[/／每]\s*[^\s/／]{1,12}(?:[/／·][^\s/／]{1,6})?)?"
    # 工作日, 天/日
    rf"|个?(?:{_TIMES})(?:\s*[/／或、]\s*个?(?:{_TIMES}))*"
    r"|[%％‰]|百分比|千分比"
    r"|件|个|项|次|人|户|份|本|证|张|页|台|辆|套|只|枚|名|家|吨|千克|公斤|克|公里|千米|米|亩|公顷|平方米"
    r"|立方米|平米|千瓦时|度|㎡|m²|m³|km|kg|t"
)
_DAYS = frozenset({"天", "日", "个天", "个日"})
_REMARK = re.compile(
    r"(?:非|不|是否)?(?:必填|选填|必录|可填|可选|单选|多选|必选|可空|可为空|空|须填|需填|自动生成|系统生成|下拉.*|唯一|只读|文本|数字|数值|日期型|字符型?.*)(?:项|列)?"
    r"|(?:含|包含|包括|不含|注|如|例如|例|请|不|勿|可|限|须|应|填|按|若|没有|无|多个|以|详|见|参|与|指|即|根据|格式|样例|示例|全称|简称|名称).*"
    r"|.*(?:请填|填写|填报|用.{1,6}(?:隔开|分隔)|为准|以内|字以内|个字|隔开|分隔|选择|可不填)"
    r"|\*+|★+|☆+|[√▲△●○]+|\d{1,3}|长度.*|[年]?版?|"
)


class HeadingText(msgspec.Struct, frozen=True):
    """One way to read a heading cell. ``heading`` may still be unknown to the catalogue."""

    heading: str
    unit: str = ""
    """Unit of the cells below, as :func:`parse_unit` returns it; of several, the first."""
    words: tuple[str, ...] = ()
    """Words in brackets that are neither a unit, a remark nor a code; they may change the meaning."""


def parse_unit(text: str) -> str:
    """Return the unit that a text names, ``单位：万元`` as 万元; ``""`` for other text. 天/日 is 日."""
    if len(text) > LONGEST:
        return ""
    unit = _UNIT_LABEL.sub("", text.strip(), count=1).strip()
    if not unit or not _UNIT.fullmatch(unit):
        return ""
    unit = unicodedata.normalize("NFKC", unit).replace(" ", "").replace("人民币", "")
    unit = {"百分比": "%", "千分比": "‰"}.get(unit, unit)
    alternatives = {part.removeprefix("个") for part in re.split("[/或、]", unit)}
    return "日" if alternatives <= _DAYS else unit


def is_time_unit(unit: str) -> bool:
    """Test for a unit of time, as :func:`parse_unit` returns it."""
    return _TIME_UNIT.fullmatch(unit) is not None


def is_identifier(text: str) -> bool:
    """Test for the name of a column in a program, such as ``ITEM_NAME``."""
    return bool(_IDENTIFIER.fullmatch(text))


def readings(text: str) -> Iterator[HeadingText]:
    """Yield the ways to read a heading cell, the most literal first."""
    text = text.strip()
    if not text or len(text) > LONGEST:
        return
    yield HeadingText(text)
    number = _NUMBER.match(text)
    if number and number.end() < len(text):
        text = text[number.end() :]
        yield HeadingText(text)
    contents: list[str] = []
    bare = _remove_brackets(text, contents)
    if contents and _IDENTIFIER.fullmatch(bare):
        for content in contents:  # ITEM_NAME(事项名称)
            if not _IDENTIFIER.fullmatch(content):
                yield from _read_bare(content.strip(), [])
        return
    if bare.strip():
        yield from _read_bare(bare.strip(), contents)


def _remove_brackets(text: str, contents: list[str]) -> str:
    def take(match: re.Match[str]) -> str:
        contents.append(next(g for g in match.groups() if g is not None).strip())
        # “收费（征收）标准” joins again; “title（标题）说明” must not glue two Latin words.
        return (
            " "
            if match.start() and text[match.start() - 1].isascii() and text[match.start() - 1].isalnum()
            else ""
        )

    for _ in range(3):  # the innermost pairs first
        shorter = _BRACKETS.sub(take, text)
        if shorter == text:
            break
        text = shorter
    return text


def _read_bare(bare: str, contents: list[str]) -> Iterator[HeadingText]:
    yield _create(bare, contents)
    for pattern in (_CODE_AFTER, _CODE_BEFORE):
        match = pattern.fullmatch(bare)
        if match:
            yield _create(match["heading"], contents)
    for separator in _SEPARATOR.finditer(bare):
        heading, rest = bare[: separator.start()], bare[separator.end() :]
        if heading and rest and (parse_unit(rest) or _REMARK.fullmatch(rest)):
            yield _create(heading, [*contents, rest])
        elif heading and rest and _IDENTIFIER.fullmatch(heading):
            yield _create(rest, contents)


def _split_remarks(content: str) -> list[str]:
    """Split the words in a pair of brackets where one of them is a unit: 元/年，不含税."""
    words = [word for word in re.split(r"[，,；;\s]+", content) if word]
    return words if any(map(parse_unit, words)) else [content]


def _create(heading: str, contents: list[str]) -> HeadingText:
    contents = [word for content in contents for word in _split_remarks(content)]
    unit = next((u for c in contents if (u := parse_unit(c))), "")
    words = tuple(
        c for c in contents if not parse_unit(c) and not _IDENTIFIER.fullmatch(c) and not _REMARK.fullmatch(c)
    )
    return HeadingText(heading.strip(), unit, words)

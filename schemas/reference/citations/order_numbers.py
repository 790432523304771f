"""Numbers of orders and announcements: 国务院令第412号, 第412号令, 财政部公告2016年第3号, also as lists."""

from __future__ import annotations

import re
from collections.abc import Iterator

import msgspec

from schemas.normalise import HAN, chinese_number
from schemas.reference.citations.places import begins_with_place, find_place

NUMERAL = r"(?:\d(?:\s?\d){0,4}|[一二三四五六七八九十百零〇○]{1,7})"
SHORT_ISSUER = "国"
"""Issuer in 国令第707号, the form in which the State Council's site prints 国务院令第707号."""
KINDS = ("令", "公告", "通告")
LONGEST_RUN = 40
"""Most characters before a number that are searched for its issuer."""
_LIST = rf"{NUMERAL}(?:\s?[、,，和及]\s?第?\s?{NUMERAL}){{0,99}}+"
_DIGIT = r"[\d一二三四五六七八九十百零〇○]"
_BEGIN = rf"(?:(?<!{_DIGIT}[、,，和及])第\s?|(?<!{_DIGIT})(?<!{_DIGIT}[、,，和及])(?<!{_DIGIT}[、,，和及]第))"
"""Where a list of numbers begins: not at each of its numbers again, which would take quadratic time."""
_ORDER = re.compile(
    r"(?P<kind>令|公告|通告)\s{0,3}(?:\[\s?[一二三四五六七八九十]{1,4}届[^\[\]]{0,6}\]\s{0,3})?"
    r"(?:\[?\s?(?P<year>(?:19|20)\d\d)\s?年?\s?\]?\s{0,3})?"
    rf"(?:\[\s?第?\s?(?P<bracketed>{NUMERAL})\s?号\s?\]|第?\s?(?P<numbers>{_LIST})\s?号)"
    rf"|(?:\[?(?P<year2>(?:19|20)\d\d)\s?年?\]?\s?第?\s?|{_BEGIN})(?P<numbers2>{_LIST})\s?号\s?(?P<kind2>令|公告(?![牌栏])|通告)"
)
"""令第412号, 公告2016年第3号 or 第412号令, in a folded text; the issuer is before it."""
_NUMBER = re.compile(rf"第?\s?(?P<number>{NUMERAL})")
_FURTHER = re.compile(rf"\s*+[、,，;；和及与]\s*+第?\s*+(?P<number>{NUMERAL})\s*+号(?!\s?令|\s?公告|\s?通告)")
"""、第591号: a further number of the same issuer."""
_BODY_CHARACTER = re.compile(f"[{HAN}、\\s]")
_NOT_IN_BODY = re.compile("[ 、年月日]")
_STATE = r"(?=(?:中华人民共和国)?(?:国务院|国家主席|主席))"
_PROSE = re.compile(
    r".*(?P<word>根据|依据|按照|依照|遵照|参照|执行|见|按|由|经(?![贸济信营管开])|及其|以及|行政法规|规章|法律|文件|批准|同意|通过"
    rf"|公布|发布|颁布|修订|修正|修改|下发|印发|废止|取消|公告|通告|比照|违反|符合|遵守|适用|(?:[和与及或、]|对|将|自|从|于){_STATE}"
    r"|[被以因除在已把该其此号条款\d]|为|项(?!目)|年|月(?!高新)|日)"
)
"""Words of the sentence before the issuer of an order."""
_FIRST = re.compile(
    r"(?P<word>[一二三四五六七八九十]{1,3}、|[的了及与或并另但而凡又则故含若和原将]|对(?!外)|自(?![然治]))\s*+"
)
"""Words right before it, which may also begin the name of a body: 和平区人民政府."""
_BEFORE_PLACE = tuple("经自从于")
"""Words that begin names of bodies (经信委, 自然资源部): left out only before a place, 经信阳市人民政府."""


class Order(msgspec.Struct, frozen=True):
    """An order at ``start`` to ``end``; the issuer includes the kind: 国务院令."""

    issuer: str
    year: int | None
    number: int
    start: int
    end: int


def find_orders(folded: str) -> Iterator[Order]:
    """Yield the orders in a folded text, in order."""
    if not any(kind in folded for kind in KINDS):  # a tenth of the time of the pattern
        return
    floor = 0
    for match in _ORDER.finditer(folded):
        issuer, start = _read_issuer(folded, match.start(), floor)
        # 命令第3号, 法令第3号 and 指令第3号 are not orders of a body, 关于…的通告 no issuer.
        if (len(issuer) < 2 and issuer != SHORT_ISSUER) or issuer.endswith(("命", "法", "指", "的", "了")):
            continue
        issuer += match["kind"] or match["kind2"]
        year = match["year"] or match["year2"]
        for number, first, end in _read_numbers(folded, match):
            floor = end
            yield Order(issuer, int(year) if year else None, number, start if start >= 0 else first, end)
            start = -1


def _read_numbers(folded: str, match: re.Match[str]) -> Iterator[tuple[int, int, int]]:
    """Yield each number of an order with its start and end; the end of the last is that of the match."""
    group = next(name for name in ("bracketed", "numbers", "numbers2") if match[name])
    numbers = list(_NUMBER.finditer(folded, *match.span(group)))
    for one in numbers:
        number = _value(one["number"])
        if number is not None:
            yield number, one.start(), match.end() if one is numbers[-1] else one.end()
    here = match.end()
    while not match["kind2"] and (further := _FURTHER.match(folded, here)):
        here, number = further.end(), _value(further["number"])
        start = further.start("number")
        if number is not None:
            yield number, start - (folded[start - 1] == "第"), here


def _value(numeral: str) -> int | None:
    return chinese_number("".join(numeral.split()))


def _read_issuer(folded: str, end: int, floor: int) -> tuple[str, int]:
    """Return the issuer whose name ends at a position, without its kind, and the start of its name."""
    issuer, start = take_run_before(folded, end, floor, _BODY_CHARACTER)
    before = folded[max(start - LONGEST_RUN, 0) : start]
    first, stop = 0, len(issuer)
    while prose := _PROSE.match(issuer, 0, stop):
        stop, end_of_word = prose.span("word")
        if find_place(issuer, stop, end_of_word, before) is None:
            first = end_of_word
            break
    while (sign := _NOT_IN_BODY.match(issuer, first)) and not find_place(issuer, first, first + 1, before):
        first = sign.end()
    if (word := _FIRST.match(issuer, first)) and not find_place(issuer, *word.span("word"), before):
        first = word.end()
    elif (
        issuer.startswith(_BEFORE_PLACE, first)
        and not find_place(issuer, first, first + 1, before)
        and begins_with_place(issuer[first + 1 :])
    ):
        first += 1
    issuer, start = issuer[first:], start + first
    return "".join(issuer.split()).removeprefix("中华人民共和国"), start


def take_run_before(folded: str, end: int, floor: int, allowed: re.Pattern[str]) -> tuple[str, int]:
    """Return the run of allowed characters from ``floor`` on that ends at ``end``, and its start."""
    start = end
    while start > max(floor, end - LONGEST_RUN) and allowed.match(folded[start - 1]):
        start -= 1
    return folded[start:end], start

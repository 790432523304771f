"""Places in decisions that a text cites: 附件1第12项 of 国发〔2013〕44号, 国务院令第412号 第86项."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator
from itertools import accumulate

import msgspec

from schemas.normalise import chinese_number
from schemas.reference.citations.article_lists import TO
from schemas.reference.document_numbers import Citation, find_citations

_NUMERAL = r"[\d０-９]{1,4}|[一二三四五六七八九十百零〇○]{1,7}"
_AND = rf"(?:以及|[、,，和及与{TO}]{{1,2}})"
_ITEM = re.compile(
    rf"(?:附件\s*(?P<annex>{_NUMERAL})?[^第。；;！？\n]{{0,60}}?[:：\s]*)?(?<![条款])第\s*(?P<item>{_NUMERAL})"
    rf"(?P<more>(?:\s*项?\s*{_AND}\s*第?\s*(?:{_NUMERAL}))*)\s*项"
)
"""附件1第12项, 第12项 alone, or several: 第12、13项, 第12项至第14项."""
_MORE = re.compile(rf"项?\s*(?P<mark>{_AND})\s*第?\s*(?P<item>{_NUMERAL})")
_MOST_IN_RANGE = 500
"""Most items of 第12项至第14项 that are listed one by one. Of a longer range only the ends are listed."""
_MOST_IN_RANGES = 20_000
"""Places in one text after which only the ends of ranges are listed: a hostile text has thousands of them."""
_IN_ARTICLE = re.compile(r"[条款][^。；：:\n《]{0,12}第\s*$")
_LONGEST_IN_ARTICLE = 40
"""Characters before an item in which its article is searched."""
_LISTS = ("目录", "清单")
"""Endings of titles that name an annex of the decision cited before, not another document."""
_SHORT_FORM = re.compile(r"(?<![\d院])412\s?号令")
"""412号令: 国务院令第412号 without its issuer."""
_NUMBER_OF_TITLE = {"国务院对确需保留的行政审批项目设定行政许可的决定": "国务院令第412号"}
"""Title → number of decisions whose items are often cited by the title alone."""
_OPENERS, _CLOSERS = "（(", "）)"


class DecisionPlace(msgspec.Struct, frozen=True):
    """An item of a decision, with the position of 附件N第N项 in the text."""

    decision: str
    """Number in standard form: 国发〔2013〕44号, 国务院令第412号."""
    annex: str
    """Number of the annex; empty if it is not stated."""
    item: str
    start: int
    end: int

    @property
    def key(self) -> str:
        """Decision and item. Most texts leave the annex out, so it is compared apart."""
        return f"{self.decision} {self.item}"

    def is_at(self, other: DecisionPlace) -> bool:
        """Test whether both are one place; an annex that is not stated may be any."""
        annexes = {self.annex, other.annex} - {""}
        return self.key == other.key and len(annexes) < 2


def find_decision_places(text: str) -> list[DecisionPlace]:
    """Find every item of a decision that a text cites, in order.

    第五条第三项 is not one: it is part of an article. An item belongs to the last decision before it; in the
    note after a title (2004年国务院令第412号，2016年国务院令第671号修订) that is the first number.
    """
    if "项" not in text or "第" not in text:
        return []
    items = [one for one in _ITEM.finditer(text) if not _is_in_article(text, one.start("item"))]
    if not items:
        return []
    citations = sorted([*find_citations(text), *_find_short_forms(text)], key=lambda citation: citation.start)
    starts, decisions = [one.start for one in citations], list(_decisions_after(citations, text))
    ends = list(accumulate((one.end for one in citations), max))
    places: list[DecisionPlace] = []
    for match in items:
        item = match.start("item")
        before = bisect_right(starts, item)
        if not before or ends[before - 1] > item:
            continue
        if decision := decisions[before - 1]:
            start = match.start() if match["annex"] else text.rindex("第", 0, item)
            annex = number_in_digits(match["annex"])
            most = _MOST_IN_RANGE if len(places) < _MOST_IN_RANGES else 0
            places += [
                DecisionPlace(decision, annex, number, start, match.end())
                for number in _numbers_of(match, most)
            ]
    return places


def _numbers_of(match: re.Match[str], most_in_range: int) -> Iterator[str]:
    """Yield the numbers of 第12、13项 or 第12项至第14项, in order."""
    last = number_in_digits(match["item"])
    yield last
    for more in _MORE.finditer(match["more"]):
        number = number_in_digits(more["item"])
        is_range = all(sign in TO for sign in more["mark"]) and last.isdecimal() and number.isdecimal()
        if is_range and int(number) - int(last) < most_in_range:
            yield from map(str, range(int(last) + 1, int(number)))
        yield number
        last = number


def _is_in_article(text: str, item: int) -> bool:
    return _IN_ARTICLE.search(text, max(0, item - _LONGEST_IN_ARTICLE), item) is not None


def _find_short_forms(text: str) -> Iterator[Citation]:
    for match in _SHORT_FORM.finditer(text):
        yield Citation("order", "国务院令", None, 412, text=match[0], start=match.start(), end=match.end())


def number_in_digits(text: str | None) -> str:
    """Write the number of an item or an annex in digits: 附件二 → 2, 第58项 → 58; other text as it is."""
    numeral = re.fullmatch(rf"(?:附件|第)?\s*({_NUMERAL})\s*[项号]?", (text or "").strip())
    number = chinese_number(numeral[1]) if numeral else None
    return str(number) if number is not None else (text or "").strip()


def _decisions_after(citations: list[Citation], text: str) -> Iterator[str]:
    """Yield for each citation the number of the decision that an item after it belongs to; empty if none.

    A title right after its number keeps that number; another title ends it. If one bracket contains several
    numbers, the first counts: the others are those of later editions.
    """
    decision, end = "", 0
    for citation in citations:
        if citation.kind == "statute":
            if not citation.title.endswith(_LISTS):
                is_named_by_number = decision and not text[end : citation.start].strip(" （(：:，,")
                decision = decision if is_named_by_number else _NUMBER_OF_TITLE.get(citation.title, "")
                end = citation.end
        elif not decision or not _shares_bracket(text, end, citation.start):
            decision, end = citation.standard, citation.end
        yield decision


def _shares_bracket(text: str, end: int, start: int) -> bool:
    """Test whether a number at ``start`` is in the bracket in which the one before ends."""
    before, between = text[:end], text[end:start]
    is_open = sum(map(before.count, _OPENERS)) > sum(map(before.count, _CLOSERS))
    return is_open and not any(sign in between for sign in _CLOSERS)

"""Patterns of articles, of places within them, and of places in annexes, as lists and ranges."""

from __future__ import annotations

import re

_DIGITS = "一二三四五六七八九十百千零〇○0-9０-９"
NUMERAL = rf"[{_DIGITS}](?:\s?[{_DIGITS}])*+"
TO = "至到—–－~～〜∼‐‑‒―─−﹣-"
"""Marks of a range; the hyphen is the last, as in a class of a pattern."""
_AND = rf"(?:[、,，和及与或]|以及|或者|[{TO}]{{1,2}})"
_NUMBER = rf"第?\s*+[（(]?\s*+{NUMERAL}\s*+[)）]?"
_PART = rf"{_NUMBER}(?:\s*+{_AND}\s*+{_NUMBER})*?\s*+[款项目](?![{_DIGITS}规录])"
"""A place within an article: 第二款 or 第（三）项, or several: 第（一）、（二）项."""
_ADDED = r"(?:\s*+之\s?[一二三四五六七八九十]+)?"
"""之一 of an article that was added later: 第七条之一."""
_PLACE = rf"{_ADDED}(?:\s*+{_PART}(?:\s*+{_AND}?\s*+{_PART})*+)?"
_CHAPTER = r"(?:编|分编|章|节)"
ARTICLE = re.compile(rf"第?\s*+(?P<number>{NUMERAL})(?!\s*+{_CHAPTER})\s*+(?:条(?P<place>{_PLACE}))?")
"""One article of a list that :data:`ARTICLES` matched, with its place."""
_SOME = (
    rf"{NUMERAL}\s*+(?:(?:[、,，和及与或]|[{TO}]{{1,2}})\s*+第?\s*+{NUMERAL}\s*+)*"
    rf"条(?!例(?!外)|[件约]){_PLACE}"
)
"""One article with its place, or several: 七条第二款, 七、八、九条 or 七至九条."""
_BEFORE = (
    r"(?:\s*+(?:19|20)?\d{0,2}年?(?:第[一二三四五]次)?(?:修正|修订|修改)(?:版|本)?)?"
    r"(?:\s*+(?:的|之|中的?|里的?|规定)?\s*+[:：,，、—-]{0,2})"
    rf"(?:\s*+(?:总则|分则|附则|第\s*+{NUMERAL}\s*+{_CHAPTER})[,，、]?)*"
)
"""Signs between a title and its article: 《刑法》第三章第一节第二百条, 《水法》：第七条."""
_IN_CHAPTERS = rf"(?:第\s*+{NUMERAL}\s*+{_CHAPTER}\s*+)*"
ARTICLES = re.compile(
    rf"{_BEFORE}\s*+(?P<list>第\s*+{_SOME}(?:(?:\s*+(?:{_AND}|[;；/／.](?!\n))\s*+{_IN_CHAPTERS}第?|\s*+第)\s*+{_SOME})*)"
)
_SECTION = (
    rf"[，,]?\s*+第?\s*+(?:{NUMERAL}\s*+(?:部分|大类|类)|[（(]\s*+{NUMERAL}\s*+[)）]\s*+(?:部分|大类|类)?)"
)
"""A section of an annex: 第二部分 or （三）大类."""
_ITEMS = rf"第\s*+{NUMERAL}(?:\s*+项?\s*+{_AND}\s*+第?\s*+{NUMERAL})*\s*+项"
"""Items of an annex: 第23项, 第23、24项 or 第23项至第25项."""
PLACE = re.compile(
    rf"\s*+(?P<place>附件\s*+(?:{NUMERAL})?\s*+(?:{_SECTION})?(?:[，,:：]?\s*+{_ITEMS})?|{_ITEMS})"
)
"""A place in an annex: 附件1第23项 or 第12项."""

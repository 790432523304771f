"""Articles that a cell of bases quotes: the number of each, and the text after it.

Such a cell names a statute and then its articles, each with its text: 《水法》（2016年修正）第七条：国家对….
A quoted text reaches to the next number that begins a line or ends in a colon, to the next basis, or to the
end.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

import msgspec

from schemas.normalise import chinese_number
from schemas.reference.legal_bases import CitedStatute

_NUMERAL = r"[一二三四五六七八九十百千零〇○\d]{1,8}"
_ARTICLE = rf"第{_NUMERAL}条(?:之[一二三四五六七八九十])?"
_PLACE = rf"(?>\s*[、，,和及至]?\s*(?:第?\s?[（(]?{_NUMERAL}[）)]?[、，,]?)++[款项目])*"
"""Possessive: a run of numerals is one, not split in every possible way."""
_SPACE = r"[ \t\u3000]"
_HEAD = re.compile(
    rf"^{_SPACE}*[“\"]?(?P<first>{_ARTICLE}){_PLACE}(?:规定)?[：:\s]*"
    rf"|(?<=[。；;”》）)\]】〕]){_SPACE}*(?P<inside>{_ARTICLE}){_PLACE}(?:规定)?(?:[：:]\s*|\s+)",
    re.MULTILINE,
)
"""第七条第二款规定： at the start of a line, or after the end of a sentence inside one."""
_SEVERAL = re.compile(rf"\s*[、，,和及至]\s*{_ARTICLE}")
"""、第九条: a number is followed by another one, so that no text is quoted under it."""
_LABEL_AT_END = re.compile(r"\s*(?:【[^】\n]*】|[（(]?[一二三四五六七八九十\d]{1,3}[）)]?[.、．]?)?\s*$")
"""【法律】 or 2. at the end of a quoted text: the label of the next basis."""
_PARTS = re.compile(r"第(?P<number>[^条]+)条(?:之(?P<added>.+))?")


class QuotedArticle(msgspec.Struct, frozen=True):
    """An article as written, at ``start`` to ``end``, and its text, at ``text_start`` to ``text_end``."""

    number: str
    start: int
    end: int
    text_start: int
    text_end: int


def find_quoted_articles(
    text: str, statute: CitedStatute, statutes: Sequence[CitedStatute]
) -> Iterator[QuotedArticle]:
    """Yield the articles of a basis that a text quotes. ``statutes``: all that the text cites."""
    until = min(
        (s.start for s in statutes if s.role == "basis" and s.start > statute.start), default=len(text)
    )
    heads = list(_HEAD.finditer(text, statute.start, until))
    ends = [*(head.start() for head in heads[1:]), until]
    for head, end in zip(heads, ends, strict=False):
        if _SEVERAL.match(text, head.end()):
            continue
        group = "first" if head["first"] else "inside"
        text_end = head.end() + len(_LABEL_AT_END.sub("", text[head.end() : end]))
        if text_end > head.end():
            yield QuotedArticle(head[group], *head.span(group), head.end(), text_end)


def article_key(number: str) -> tuple[int, str] | None:
    """Return an article's number, equal in its spellings: 第六十条 and 第60条. None if it is not one."""
    match = _PARTS.fullmatch(number)
    value = None if match is None else chinese_number(match["number"])
    return None if match is None or value is None else (value, match["added"] or "")

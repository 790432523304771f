"""What a document says of others: those it ends (废止, 失效), and those that it explains (解读, 回应)."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence

from schemas.reference.document_numbers import Citation, find

_ENDING = re.compile(r"废止|失效|停止执行|不再执行")
_STAYING = re.compile(r"修改|修订|保留|继续有效|继续执行|重新公布|不予废止|尚未废止")
_GROUND = re.compile(r"(?:根据|按照|依据|依照|贯彻|落实|为)[^，,。；;]*[，,]")
"""What a decision rests on stands before its first comma, and is not what it ends."""
_SECTION = re.compile(
    r"(?:[一二三四五六七八九十]+、|[（(][一二三四五六七八九十]+[）)]|附件\s?\d*[:：]?).{0,60}"
)
_SENTENCE = re.compile(r"[^。；;]+[。；;]?")
_EXPLAINING = re.compile(r"解读|图解|一图读懂|问答|答记者问|回应|新闻发布会|政策说明")


def ended(title: str, lines: Sequence[str]) -> list[str]:
    """Documents that it ends, as printed: 文号 where one stands beside a title, else 《title》.

    A notice whose title says so ends what its lists hold, but for sections about what stays; any other
    document ends what one of its sentences says (《…》（文号）同时废止).
    """
    listing = _ENDING.search(title) is not None
    found: dict[str, None] = {}
    ending = listing
    for line in lines:
        if listing and _SECTION.fullmatch(line.strip()) and (_STAYING.search(line) or _ENDING.search(line)):
            ending = not _STAYING.search(line)
        for sentence in _SENTENCE.findall(line):
            if _ENDING.search(sentence) or (listing and ending and not _STAYING.search(sentence)):
                found |= dict.fromkeys(_named(_before_ending(_GROUND.sub("", sentence))))
    return list(found)


def explained(title: str, lines: Sequence[str]) -> list[str]:
    """Documents that an interpretation is of: those that its title names, else the first one of its text."""
    if not _EXPLAINING.search(title):
        return []
    of_title = list(_named(title))
    numbers = [c.standard for line in lines for c in find(line) if c.kind != "statute"]
    if of_title:
        beside = _beside(of_title[0], lines)
        return [*of_title, *(() if beside is None else (beside,))]
    return numbers[:1]


def _before_ending(sentence: str) -> str:
    """Of 自…起施行，《甲》同时废止 all; of 《甲》废止后，按《乙》执行 the first part."""
    ending = list(_ENDING.finditer(sentence))
    if not ending or _ENDING.search(sentence[:6]):
        return sentence
    return sentence[: ending[-1].start()]


def _named(text: str) -> Iterator[str]:
    """One name for each document: a number right after a title stands for both."""
    before: Citation | None = None
    for citation in find(text):
        if before is not None:
            paired = before.kind == "statute" and citation.kind != "statute"
            between = text[before.end : citation.start]
            if not paired or len(between) > 2 or between.strip(" （(〔["):
                yield before.standard
        before = citation
    if before is not None:
        yield before.standard


def _beside(title: str, lines: Iterable[str]) -> str | None:
    """The number that stands right after a title somewhere in the text."""
    for line in lines:
        at = line.find(title)
        if at >= 0:
            after = line[at + len(title) : at + len(title) + 40]
            number = next((c for c in find(after) if c.kind != "statute" and c.start <= 2), None)
            if number is not None:
                return number.standard
    return None

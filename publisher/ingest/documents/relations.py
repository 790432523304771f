"""Relations of a document: the documents it repeals (废止, 失效) and those it explains (解读, 回应)."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence

from schemas.reference.document_numbers import Citation, find_citations

_ENDING = re.compile(r"废止|失效|停止执行|不再执行")
_REMAINING = re.compile(r"修改|修订|保留|继续有效|继续执行|重新公布|不予废止|尚未废止")
_GROUND = re.compile(r"(?:根据|按照|依据|依照|贯彻|落实|为)[^，,。；;]*[，,]")
"""Legal basis of a decision, up to the first comma. It is not repealed by the decision."""
_SECTION = re.compile(
    r"(?:[一二三四五六七八九十]+、|[（(][一二三四五六七八九十]+[）)]|附件\s?\d*[:：]?).{0,60}"
)
_SENTENCE = re.compile(r"[^。；;]+[。；;]?")
_EXPLAINING = re.compile(r"解读|图解|一图读懂|问答|答记者问|回应|新闻发布会|政策说明")


def find_repealed(title: str, lines: Sequence[str]) -> list[str]:
    """Find the documents that a document repeals, as printed: the 文号 next to a title, or else 《title》.

    A notice whose title announces a repeal repeals every document in its lists, except in sections about
    documents that remain in force. Any other document repeals what a sentence names (《…》（文号）同时废止).
    """
    listing = _ENDING.search(title) is not None
    names: dict[str, None] = {}
    ending = listing
    for line in lines:
        if listing and _SECTION.fullmatch(line.strip()) and (_REMAINING.search(line) or _ENDING.search(line)):
            ending = not _REMAINING.search(line)
        for sentence in _SENTENCE.findall(line):
            if _ENDING.search(sentence) or (listing and ending and not _REMAINING.search(sentence)):
                names |= dict.fromkeys(_iter_names(_cut_at_ending(_GROUND.sub("", sentence))))
    return list(names)


def find_explained(title: str, lines: Sequence[str]) -> list[str]:
    """Find the documents that an interpretation explains: in its title, or else the first in its text."""
    if not _EXPLAINING.search(title):
        return []
    title_names = list(_iter_names(title))
    numbers = [c.standard for line in lines for c in find_citations(line) if c.kind != "statute"]
    if title_names:
        number = _find_number_after(title_names[0], lines)
        return [*title_names, *(() if number is None else (number,))]
    return numbers[:1]


def _cut_at_ending(sentence: str) -> str:
    """Cut a sentence after its verb of repeal.

    自…起施行，《甲》同时废止 stays whole; 《甲》废止后，按《乙》执行 becomes 《甲》.
    """
    ending = list(_ENDING.finditer(sentence))
    if not ending or _ENDING.search(sentence[:6]):
        return sentence
    return sentence[: ending[-1].start()]


def _iter_names(text: str) -> Iterator[str]:
    """Yield one name for each document; a number right after a title represents both."""
    before: Citation | None = None
    for citation in find_citations(text):
        if before is not None:
            paired = before.kind == "statute" and citation.kind != "statute"
            between = text[before.end : citation.start]
            if not paired or len(between) > 2 or between.strip(" （(〔["):
                yield before.standard
        before = citation
    if before is not None:
        yield before.standard


def _find_number_after(title: str, lines: Iterable[str]) -> str | None:
    """Return the document number right after a title anywhere in the text."""
    for line in lines:
        position = line.find(title)
        if position >= 0:
            after = line[position + len(title) : position + len(title) + 40]
            number = next((c for c in find_citations(after) if c.kind != "statute" and c.start <= 2), None)
            if number is not None:
                return number.standard
    return None

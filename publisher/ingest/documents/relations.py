"""Relations of a document: the documents it repeals (废止, 失效) and those it explains (解读, 回应)."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence

import msgspec

from publisher.ingest.documents.repeal_sentences import (
    announces_list,
    find_repealed_documents,
    listed_documents,
)
from schemas.reference.citations.text_signs import unify_signs
from schemas.reference.document_numbers import Citation, find_citations

_ANNOUNCES = re.compile(
    r"(?:关于|公布|宣布).{0,60}?(?:废止|失效|停止执行)(?!后|前|的?(?:程序|办法|规定|制度|意见建议|情况|清理|标准|问题|说明))"
    r".*(?:决定|通知|公告|通告|令|目录|清单|批复|通报)(?:[（(][^（()）]*[）)])?$"
)
"""Title of a decision that repeals every document in its lists."""
_ONLY_REPORTS = re.compile(
    r"解读|图解|一图读懂|问答|答记者问|回应|新闻发布会|政策说明|起草说明|征求|草案|送审稿|审议稿|听证|咨询|答复"
)
"""Title of a document that reports or proposes an end and decides none."""
_REMAINING = re.compile(r"修改|修订|保留|继续有效|继续执行|重新公布|不予废止|尚未废止|暂不废止|拟")
_SECTION = re.compile(
    r"(?:[一二三四五六七八九十]+、|[（(][一二三四五六七八九十]+[）)]|附\s?件\s?\d*[:：]?)?\s?.{0,60}"
)
_LIST_HEADING = re.compile(
    r"(?:决定|予以|宣布|应当|全部)?(?:废止|失效|停止执行)的?(?:和[^，。]{0,8})?[^，。；]{0,16}(?:文件|规章|目录|清单|法规|办法|规定)?"
    r"(?:[（(][^（()）]*[）)])?(?:如下)?[:：]?$"
)
_ITEM = re.compile(
    r"\s*(?:[（(]?\d{1,3}[）)]?\s?[.．、]?|[（(]?[一二三四五六七八九十]+[）)]?、?|[①-⑳])?\s*(?:《|关于|.{2,40}关于|.{2,50}(?:办法|规定|细则|条例|通知)"
    r"|[\u4e00-\u9fff]{1,14}\s?[〔\[（(【﹝](?:19|20)\d\d)"
)
_DECISION_CELL = re.compile(r"(?:宣布|予以|建议)?(?:废止|失效|停止执行)")
_EXPLAINING = re.compile(r"解读|图解|一图读懂|问答|答记者问|回应|新闻发布会|政策说明")


class Repeal(msgspec.Struct, frozen=True):
    """A document that another one ends, and the sentence or list item that says so."""

    name: str
    """Document number, or title in 《》."""
    sentence: str


def find_repealed(title: str, lines: Sequence[str]) -> list[Repeal]:
    """Find the documents that a document repeals.

    A sentence repeals the documents of which it says so: 《甲》同时废止, 决定废止《甲》. A notice whose title
    announces a repeal also repeals what its lists name, except in sections about documents that remain in
    force; a heading such as 予以废止的文件目录 begins such a list too. ``lines``: paragraphs, and rows of
    tables with tabs between cells. Interpretations and drafts for comment repeal nothing.
    """
    title = unify_signs(title)
    if _ONLY_REPORTS.search(title):
        return []
    repeals: dict[str, Repeal] = {}
    is_announcement = _ANNOUNCES.search(title) is not None
    for name in _read_names_in_title(title) if is_announcement else ():
        number = _find_number_after(name, lines)
        repeals.setdefault(number or name, Repeal(number or name, title))
    ending = is_announcement
    in_list = False
    for line in lines:
        text = unify_signs(line.strip())
        if _is_heading(text):
            ending = _LIST_HEADING.search(text) is not None and not _REMAINING.search(text)
        names = find_repealed_documents(text)
        in_list = announces_list(text) or (in_list and _ITEM.match(text) is not None)
        if not names and (ending or in_list) and _is_item(text):
            names = listed_documents(text)
        for name in names or _read_names_in_row(text):
            if name not in repeals or repeals[name].sentence == title:
                repeals[name] = Repeal(name, line.strip())
    return list(repeals.values())


def _read_names_in_title(title: str) -> list[str]:
    """Return the documents in the title of a repeal: 关于废止《甲办法》的决定."""
    match = re.search(
        r"(?<!部分)(?<!不)(?<!不予)(?<!拟)(?:废止|停止执行)(?P<names>(?:[和、及]?《.+》)+|[\u4e00-\u9fff]{1,12}\s?[〔\[（(【﹝](?:19|20)\d\d\S*号)"
        r"(?:文件?|等\S{0,12})?的",
        title,
    )
    return listed_documents(match["names"]) if match else []


def _is_heading(text: str) -> bool:
    """Test for a heading that says what happens to the documents below it."""
    if len(text) > 60 or "《" in text or text.endswith(("。", "；")) or not _SECTION.fullmatch(text):
        return False
    return bool(
        _LIST_HEADING.search(text)
        or (_REMAINING.search(text) and re.match(r"[一二三四五六七八九十（(附]", text))
    )


def _is_item(text: str) -> bool:
    """Test for an item of a list of documents: a numbered line, a row of a table, or a title alone."""
    if _REMAINING.search(re.sub(r"《.*》|关于.*(?:通知|决定|意见)", "", text)):
        return False
    if "\t" in text or _ITEM.match(text) is None:
        return "\t" in text and bool(listed_documents(text))
    return not re.match(r"(?:根据|按照|依据|依照|为|经|现)", text)


def _read_names_in_row(text: str) -> list[str]:
    """Return the documents of a table's row whose cell for the result says 废止."""
    cells = [cell.strip() for cell in text.split("\t")]
    if (
        len(cells) < 2
        or not any(_DECISION_CELL.fullmatch(cell) for cell in cells)
        or _REMAINING.search(cells[-1])
    ):
        return []
    return listed_documents("\t".join(cells))


def find_explained(title: str, lines: Sequence[str]) -> list[str]:
    """Find the documents that an interpretation explains: in its title, or else the first in its text."""
    title = unify_signs(title)
    if not _EXPLAINING.search(title):
        return []
    title_names = list(_iter_names(title))
    numbers = [c.standard for line in lines for c in find_citations(line) if c.kind != "statute"]
    if title_names:
        number = _find_number_after(title_names[0], lines)
        return [*title_names, *(() if number is None else (number,))]
    return numbers[:1]


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

"""Document numbers (发文字号) and citations of statutes: search in text, lenient parsing, standard form.

The standard form is that of GB/T 9704.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator
from typing import Literal

import msgspec
from msgspec import structs

from schemas.normalise import HAN, chinese_number
from schemas.reference.agency_codes import LONGEST_CODE, find_start_of_code

type CitationKind = Literal["document", "order", "statute"]
"""By its form: 代字 with a number, 第…号, or a title in 《》, also that of a document."""


class Citation(msgspec.Struct, frozen=True):
    """A citation of one work. ``text``, ``start`` and ``end`` are its original text and position."""

    kind: CitationKind
    issuer: str = ""
    """机关代字 of a document (鞍政发), or issuer and kind of an order (国务院令, 财政部公告)."""
    year: int | None = None
    number: int | None = None
    title: str = ""
    """Title of a statute or document as written, without 《》."""
    article: str = ""
    """Articles as written: 第三十二条, also several."""
    year_first: bool = False
    """The year precedes the 代字: 〔1992〕价费字240号."""
    text: str = ""
    start: int = 0
    end: int = 0

    @property
    def standard(self) -> str:
        """The standard form: 鞍政发〔2015〕34号, 国务院令第412号, 《中华人民共和国水法》第七条."""
        if self.kind == "statute":
            return f"《{self.title}》{self.article}"
        if self.kind == "order":
            return f"{self.issuer}{f'{self.year}年' if self.year else ''}第{self.number}号"
        if self.year_first:
            return f"〔{self.year}〕{self.issuer}{self.number}号"
        return f"{self.issuer}〔{self.year}〕{self.number}号"


# Each character is replaced by one, so that positions in the folded text and in the original are equal.
_FOLD = str.maketrans(
    "〔[［(（【﹝{｛〕]］)）】﹞}｝０１２３４５６７８９\u3000\xa0\t\n\r〈〉＜＞",
    "[[[[[[[[[]]]]]]]]]0123456789     《》《》",
)
_NUMERAL = r"(?:\d(?:\s?\d){0,4}|[一二三四五六七八九十百零〇]{1,7})"
_YEAR = re.compile(r"\[\s*+(?P<year>(?:1\s?9|2\s?0)\s?\d\s?\d)\s*+年?\s*+\]")
"""〔2015〕, also 〔2 015年〕, in the folded text."""
_AFTER_YEAR = re.compile(
    rf"\s*+(?P<after>[{HAN}A-Za-z](?:\s?[{HAN}A-Za-z]){{0,{2 * LONGEST_CODE}}}?)??"
    r"\s*+第?\s*+(?P<number>\d(?:\s?\d){0,4})\s*+号"
)
"""34号 after the year, or 价费字240号 where the year precedes the 代字."""
_ORDER = re.compile(
    rf"(?P<kind>令|公告|通告)\s{{0,3}}(?:\[?\s?(?P<year>(?:19|20)\d\d)\s?年?\s?\]?\s{{0,3}})?第?\s?(?P<number>{_NUMERAL})\s?号"
    rf"|第?\s?(?P<number2>{_NUMERAL})\s?号\s?令"
)
"""令第412号, 公告2016年第3号 or 第412号令; its issuer is before it."""
_CODE_CHARACTER = re.compile(f"[{HAN}A-Za-z\\s]")
_BODY_CHARACTER = re.compile(f"[{HAN}、\\s]")
_NOT_IN_BODY = " 、年月日"
_SHORT_ISSUER = "国"
"""Issuer in 国令第707号, the form in which the State Council's site prints 国务院令第707号."""
_LONGEST_RUN = 40
"""Most characters before a number that are searched for its issuer."""
_FURTHER_NUMBER = re.compile(r"\s*+[、,，;；和及]\s*+第?\s*+(?P<number>\d(?:\s?\d){0,4})\s*+号(?!令)")
"""、23号: a further number of the same issuer and year."""
_TITLE = re.compile(r"《(?P<title>[^《》]+(?:《[^《》]*(?:《[^《》]*》[^《》]*)*》[^《》]*)*)》")
"""A title in 《》 that may contain titles, two levels deep."""
_ARTICLE = (
    r"\s*+[一二三四五六七八九十百千零〇\d]+\s*+条(?:之[一二三四五六七八九十]+)?"
    r"(?:第\s*+[一二三四五六七八九十\d]+\s*+[款项])*"
)
"""十二条之一第二款: an article without its 第."""
_ARTICLES = re.compile(
    rf"\s*+(?:\[[^\[\]]*\]\s*+)?(?P<article>第{_ARTICLE}(?:\s*+[、,，和及至]\s*+第?{_ARTICLE})*)"
)
"""[2016修正]第七条、第九条: the articles after a title, of which a note in brackets may state the edition."""
_ORDER_PROSE = re.compile(
    r".*(?:根据|依据|按照|依照|遵照|参照|执行|见|按|由|经|及其|以及|和(?=国务院|中华|主席)|[\d日])"
)
"""Words of the sentence before the issuer of an order."""
_FOLDABLE = re.compile(f"[{re.escape(''.join(map(chr, _FOLD)))}]")


def _fold(text: str) -> str:
    """Fold as ``text.translate(_FOLD)``, in a tenth of its time, since few characters change."""
    return _FOLDABLE.sub(lambda match: chr(_FOLD[ord(match[0])]), text)


def find_citations(text: str) -> list[Citation]:
    """Find every citation in a text, in order, even without separators between them.

    ``国发明电[1994]2号、23号`` has two. A number inside a title in 《》 belongs to the title.
    """
    if not any(sign in text for sign in "号《〈＜"):
        return []
    folded = _fold(text)
    citations = list(_find_statutes(folded, text)) if "《" in folded else []
    title_starts = [c.start for c in citations]
    title_ends = [c.start + len(c.title) + 2 for c in citations]
    if "号" in folded:
        numbers = sorted(
            (*_find_documents(folded, text), *_find_orders(folded, text)), key=lambda c: (c.start, -c.end)
        )
        end = 0
        for citation in numbers:
            before = bisect_right(title_starts, citation.start)
            inside = before > 0 and citation.start < title_ends[before - 1]
            if citation.start >= end and not inside:
                citations.append(citation)
                end = citation.end
    return sorted(citations, key=lambda c: c.start)


def _find_statutes(folded: str, text: str) -> Iterator[Citation]:
    for match in _TITLE.finditer(folded):
        start, end = match.span("title")
        title = _remove_spaces(text[start:end])
        articles = _ARTICLES.match(folded, match.end())
        stop = articles.end() if articles else match.end()
        article = _remove_spaces(articles["article"]) if articles else ""
        yield Citation(
            "statute",
            title=title,
            article=article,
            text=text[match.start() : stop],
            start=match.start(),
            end=stop,
        )


def _find_documents(folded: str, text: str) -> Iterator[Citation]:
    floor = 0
    for match in _YEAR.finditer(folded):
        tail = _AFTER_YEAR.match(folded, match.end())
        if tail is None:
            continue
        after, before, start = _remove_spaces(tail["after"]), "", match.start()
        if not after:
            run, start = _take_run_before(folded, match.start(), floor, _CODE_CHARACTER)
            lead = find_start_of_code(run)
            if run.startswith("日") and folded[max(start - 1, 0)].isdigit():  # 2014年11月24日国发〔2014〕50号
                lead = max(lead, 1)
            before, start = _remove_spaces(run[lead:]), start + lead
        first = Citation(
            "document",
            after or before,
            int(_remove_spaces(match["year"])),
            int(_remove_spaces(tail["number"])),
            year_first=bool(after),
            text=text[start : tail.end()],
            start=start,
            end=tail.end(),
        )
        floor = first.end
        yield first
        for further in _find_further_numbers(first, folded, text):
            floor = further.end
            yield further


def _take_run_before(folded: str, end: int, floor: int, allowed: re.Pattern[str]) -> tuple[str, int]:
    """Return the run of allowed characters from ``floor`` on that ends at ``end``, and its start."""
    start = end
    while start > max(floor, end - _LONGEST_RUN) and allowed.match(folded[start - 1]):
        start -= 1
    return folded[start:end], start


def _find_further_numbers(first: Citation, folded: str, text: str) -> Iterator[Citation]:
    """Yield further numbers of the same issuer and year: ``…2号、23号``."""
    here = first.end
    while match := _FURTHER_NUMBER.match(folded, here):
        start, here = match.start("number"), match.end()
        if folded[start - 1] == "第":
            start -= 1
        number = int(_remove_spaces(match["number"]))
        yield structs.replace(first, number=number, text=text[start:here], start=start, end=here)


def _find_orders(folded: str, text: str) -> Iterator[Citation]:
    if not ("令" in folded or "公告" in folded or "通告" in folded):  # a tenth of the time of the pattern
        return
    floor = 0
    for match in _ORDER.finditer(folded):
        issuer, start = _take_run_before(folded, match.start(), floor, _BODY_CHARACTER)
        if prose := _ORDER_PROSE.match(issuer):
            issuer, start = issuer[prose.end() :], start + prose.end()
        start += len(issuer) - len(issuer.lstrip(_NOT_IN_BODY))
        issuer = _remove_spaces(issuer.lstrip(_NOT_IN_BODY)).removeprefix("中华人民共和国")
        number = chinese_number(_remove_spaces(match["number"] or match["number2"]))
        # 命令第3号, 法令第3号 and 指令第3号 are not orders of a body.
        if (
            (len(issuer) < 2 and issuer != _SHORT_ISSUER)
            or number is None
            or issuer.endswith(("命", "法", "指"))
        ):
            continue
        floor = match.end()
        year = int(match["year"]) if match["year"] else None
        yield Citation(
            "order",
            issuer + (match["kind"] or "令"),
            year,
            number,
            text=text[start : match.end()],
            start=start,
            end=match.end(),
        )


def _remove_spaces(text: str | None) -> str:
    return "".join((text or "").split())


_TYPED = re.compile(
    rf"(?P<issuer>[{HAN}A-Za-z]{{2,12}}?)\s*+[-\s\[]*\s*+(?P<year>(?:19|20)\d\d)\s*+年?\s*+[-—_/\s\]]*第?\s*+(?P<number>\d{{1,5}})\s*+号?文?件?"
)
"""鞍政发 2015 34, 鞍政发2015-34号文件"""
_TYPED_YEAR = re.compile(r"\[?\s*+(?P<year>(?:19|20)\d\d)\s*+年?\s*+\]\s*+第?\s*+(?P<number>\d{1,5})\s*+号?")
"""（2015）34: a number without its issuer."""
_TYPED_ORDER = re.compile(
    rf"(?P<issuer>[{HAN}]{{2,20}}?|{_SHORT_ISSUER})(?:令\s*+(?:\[[^\[\]]*届[^\[\]]*\]\s*+)?\[?\s*+第?\s*+(?P<number>{_NUMERAL})\s*+号?\s*+\]?"
    rf"|第?\s*+(?P<number2>{_NUMERAL})\s*+号令)"
)
"""国务院令412, 国务院第412号令, 全国人大常委会令[十二届]第3号"""
_LONGEST_NUMBER = 100
"""Most characters of a number. The longest in force, whose issuers are named in full, has 40."""
_NOT_IN_CODE = re.compile(r"年|月|日|根据|关于|什么|哪|的|号")


def parse_number(text: str) -> Citation | None:
    """Parse one typed 发文字号 or order number; None if the text is not one.

    The whole text is the number: ``鞍政发 2015 34``, ``鞍政发[2015]34号``, ``（2015）34号`` (no issuer),
    ``国务院令412``. Brackets, width, spaces, 第, 号 and leading zeros do not matter.
    """
    folded = " ".join(text.translate(_FOLD).split()).strip(" .,;，。；、")
    if len(folded) > _LONGEST_NUMBER:
        return None
    for citation in (*_find_documents(folded, folded), *_find_orders(folded, folded)):
        if citation.start == 0 and citation.end == len(folded):
            return structs.replace(citation, text=text, end=len(text))
    if order := _TYPED_ORDER.fullmatch(folded):
        number = chinese_number(_remove_spaces(order["number"] or order["number2"]))
        issuer = order["issuer"].removeprefix("中华人民共和国")
        if number is not None and issuer:
            return Citation("order", f"{issuer}令", None, number, text=text, end=len(text))
    typed = _TYPED.fullmatch(folded) or _TYPED_YEAR.fullmatch(folded)
    if typed is None:
        return None
    issuer = typed.groupdict().get("issuer") or ""
    if _NOT_IN_CODE.search(issuer):
        return None
    return Citation("document", issuer, int(typed["year"]), int(typed["number"]), text=text, end=len(text))


_SEPARATORS = re.compile(r"[\s、，,;；。.．:：及和与]+")
_WRAPPED = re.compile(r"\s*+[(（\[［〔]\s*+$")
_CLOSER = re.compile(r"\s*+[)）\]］〕]")


def split_citations(text: str) -> tuple[list[str], list[str]]:
    """Split a cell of citations. Return all items in standard form, and the pieces that are not citations.

    A number in brackets after a title stays with it: ``《保安服务管理条例》（国务院令第564号）``. The pieces
    are also among the items, as written and in the order of the cell, so that nothing is lost.
    """
    items: list[str] = []
    pieces: list[str] = []
    end = 0
    for citation in find_citations(text):
        if citation.start < end:  # inside the brackets of a statute's version, which its item contains
            continue
        gap = text[end : citation.start]
        if items and citation.kind != "statute" and _WRAPPED.fullmatch(gap):
            closer = _CLOSER.match(text, citation.end)
            items[-1] = f"{items[-1]}（{citation.standard}{'）' if closer else ''}"
            end = closer.end() if closer else citation.end
            continue
        _add_rest(gap, items, pieces)
        has_edition = citation.kind == "statute" and len(_remove_spaces(citation.text)) > len(
            citation.standard
        )
        items.append(_remove_spaces(citation.text) if has_edition else citation.standard)
        end = citation.end
    _add_rest(text[end:], items, pieces)
    return items, pieces


def _add_rest(gap: str, items: list[str], pieces: list[str]) -> None:
    rest = _SEPARATORS.sub(" ", gap).strip()
    if rest and not (items and rest in {"文", "文件", "号文", "等", "等文件"}):
        rest = re.sub(r"\s+", " ", gap).strip(" 、，,;；。")
        items.append(rest)
        pieces.append(rest)

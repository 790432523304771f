"""Document numbers (发文字号) and citations of statutes: search in text, lenient parsing, standard form.

The standard form is that of GB/T 9704.
"""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Sequence
from typing import Literal

import msgspec
from msgspec import structs

from schemas.normalise import HAN, chinese_number
from schemas.reference.agency_codes import LONGEST_CODE, find_start_of_code
from schemas.reference.citations.order_numbers import (
    KINDS,
    NUMERAL,
    SHORT_ISSUER,
    find_orders,
    take_run_before,
)
from schemas.reference.citations.text_signs import unify_signs
from schemas.reference.issuers import has_code

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
_YEAR = re.compile(
    r"\[\s*+(?P<year>(?:1\s?9|2\s?0)\s?\d\s?\d|[一二][一二三四五六七八九零〇○]{3})\s*+年?\s*+\]"
)
"""〔2015〕, also 〔2 015年〕 and 〔二〇一五〕, in the folded text."""
_NUMBER = r"\d(?:\s?\d){0,4}"
_AFTER_YEAR = re.compile(
    r"(?:\s*+字(?=\s*+第?\s*+\d)"
    rf"|\s*+(?P<after>[{HAN}A-Za-z](?:\s?[{HAN}A-Za-z]){{0,{2 * LONGEST_CODE}}}?))??"
    rf"\s*+第?\s*+(?P<number>{_NUMBER})(?P<more>(?:\s*+[、,，和及]\s*+第?\s*+{_NUMBER})*+)\s*+号"
)
"""34号 after the year, 5、27号, or 价费字240号 where the year precedes the 代字."""
_AFTER_YEAR_IN_HAN = re.compile(
    r"\s*+第?\s*+(?P<number>[一二三四五六七八九十百零〇○]{1,7})\s*+号(?![线楼院地门机路桥井坝库厂馆店仓口台车])"
)
"""五号 after the year."""
_YEAR_WITHOUT_BRACKETS = re.compile(
    rf"(?P<run>[{HAN}]{{2,{LONGEST_CODE}}})\s?(?P<year>(?:19|20)\d\d)\s?年\s?第?\s?(?P<number>\d{{1,4}})\s?号"
)
"""国发2014年5号; only after a known code."""
_SAME_ISSUER = re.compile(r"\s*+[、,，;；和及与]\s*+")
"""Signs between two numbers of which the second has a year and no code: 国发〔2014〕5号、〔2015〕27号."""
_CODE_CHARACTER = re.compile(f"[{HAN}A-Za-z\\s]")
_FURTHER_NUMBER = re.compile(r"\s*+[、,，;；和及与]\s*+第?\s*+(?P<number>\d(?:\s?\d){0,4})\s*+号(?!令)")
"""、23号: a further number of the same issuer and year."""
_TITLE = re.compile(r"《(?P<title>(?!》)[^《》]*(?:《[^《》]*(?:《[^《》]*》[^《》]*)*》[^《》]*)*)》")
"""A title in 《》 that may contain titles, two levels deep."""
_DIGITS = r"[一二三四五六七八九十百千零〇○\d]+"
_ARTICLE = (
    rf"\s*+{_DIGITS}\s*+条(?:之[一二三四五六七八九十]+)?"
    rf"(?:\s*+第?\s*+(?:{_DIGITS}|\[\s*+{_DIGITS}\s*+\])\s*+[款项](?!目))*"
)
"""十二条之一第二款（三）项: an article without its 第."""
_ARTICLES = re.compile(
    rf"\s*+(?:\[[^\[\]]*\]\s*+)?(?P<article>第{_ARTICLE}(?:\s*+[、,，和及至]\s*+第?{_ARTICLE})*)"
)
"""[2016修正]第七条、第九条: the articles after a title, of which a note in brackets may state the edition."""
_NARROW = str.maketrans("０１２３４５６７８９", "0123456789")
_FOLDABLE = re.compile(f"[{re.escape(''.join(map(chr, _FOLD)))}]")


def _fold(text: str) -> str:
    """Fold as ``text.translate(_FOLD)``, in a tenth of its time, since few characters change."""
    return _FOLDABLE.sub(lambda match: chr(_FOLD[ord(match[0])]), text)


def find_citations(text: str) -> list[Citation]:
    """Find every citation in a text, in order, even without separators between them.

    ``国发明电[1994]2号、23号`` has two. A number inside a title in 《》 belongs to the title.
    """
    folded = _fold(unify_signs(text))
    if not ("号" in folded or "《" in folded):
        return []
    citations = list(_find_statutes(folded, text)) if "《" in folded else []
    title_starts = [c.start for c in citations]
    title_ends = [c.start + len(c.title) + 2 for c in citations]
    if "号" in folded:
        orders = list(_find_orders(folded, text))
        documents = _leave_out_covered(_find_documents(folded, text), orders)
        numbers = sorted((*documents, *orders), key=lambda c: (c.start, -c.end))
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
        article = _remove_spaces(text[slice(*articles.span("article"))]) if articles else ""
        yield Citation(
            "statute",
            title=title,
            article=article.translate(_NARROW),
            text=text[match.start() : stop],
            start=match.start(),
            end=stop,
        )


def _find_documents(folded: str, text: str) -> Iterator[Citation]:
    floor, latest = 0, None
    for match in _YEAR.finditer(folded):
        first = _read_document(match, folded, text, latest, floor)
        if first is None:
            continue
        latest, floor = first, first.end
        yield first
        for further in _find_further_numbers(first, folded, text):
            floor = further.end
            yield further
    for match in _YEAR_WITHOUT_BRACKETS.finditer(folded) if "年" in folded else ():
        before = folded[max(match.start() - LONGEST_CODE, 0) : match.start()]
        start = match.start() + find_start_of_code(match["run"], before)
        code, year, number = folded[start : match.end("run")], int(match["year"]), int(match["number"])
        if has_code(code):
            own = text[start : match.end()]
            yield Citation("document", code, year, number, text=own, start=start, end=match.end())


def _read_document(
    match: re.Match[str], folded: str, text: str, before: Citation | None, floor: int
) -> Citation | None:
    """Read the number around a year in brackets. ``before``: the one that ends at ``floor``."""
    tail = _AFTER_YEAR.match(folded, match.end()) or _AFTER_YEAR_IN_HAN.match(folded, match.end())
    if tail is None:
        return None
    after, code, start = _remove_spaces(tail.groupdict().get("after")), "", match.start()
    if not after:
        run, run_start = take_run_before(folded, start, floor, _CODE_CHARACTER)
        lead = find_start_of_code(run, folded[max(run_start - LONGEST_CODE, 0) : run_start])
        code, start = _remove_spaces(run[lead:]), run_start + lead
    year_first = bool(after)
    if before is not None and not (after or code) and _SAME_ISSUER.fullmatch(folded, floor, start):
        code, year_first = before.issuer, before.year_first
    year, number = (chinese_number(_remove_spaces(one)) for one in (match["year"], tail["number"]))
    end = tail.end("number") if tail.groupdict().get("more") else tail.end()
    return Citation(
        "document",
        after or code,
        year,
        number,
        year_first=year_first,
        text=text[start:end],
        start=start,
        end=end,
    )


_FURTHER = tuple("第0123456789")
"""Beginnings of a further number of a list, whose issuer is not repeated."""


def _leave_out_covered(documents: Iterable[Citation], orders: Sequence[Citation]) -> Iterator[Citation]:
    """Leave out documents, with their lists, that are parts of orders: 公安部、交通部令〔2006〕1、2号."""
    starts = [order.start for order in orders]
    covered: Citation | None = None
    for document in documents:
        before = bisect_left(starts, document.start)
        if before and document.start < orders[before - 1].end:
            covered = document
        elif not (
            covered
            and document.text.startswith(_FURTHER)
            and document.issuer.endswith(KINDS)
            and (document.issuer, document.year) == (covered.issuer, covered.year)
        ):
            covered = None
            yield document


_IN_LIST = re.compile(rf"\s*+[、,，和及]\s*+第?\s*+(?P<number>{_NUMBER})(?P<sign>\s*+号)?")
"""、27 or 、27号: a further number of 〔2014〕5、27号."""


def _find_further_numbers(first: Citation, folded: str, text: str) -> Iterator[Citation]:
    """Yield further numbers of the same issuer and year: ``…2号、23号`` and ``…2、23号``."""
    here, in_list = first.end, folded[first.end - 1] != "号"
    while match := (_IN_LIST if in_list else _FURTHER_NUMBER).match(folded, here):
        start, here = match.start("number"), match.end()
        in_list = in_list and match["sign"] is None
        if folded[start - 1] == "第":
            start -= 1
        number = int(_remove_spaces(match["number"]))
        yield structs.replace(first, number=number, text=text[start:here], start=start, end=here)


def _find_orders(folded: str, text: str) -> Iterator[Citation]:
    for order in find_orders(folded):
        own = text[order.start : order.end]
        yield Citation(
            "order", order.issuer, order.year, order.number, text=own, start=order.start, end=order.end
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
    rf"(?P<issuer>[{HAN}]{{2,20}}?|{SHORT_ISSUER})(?:令\s*+(?:\[[^\[\]]*届[^\[\]]*\]\s*+)?\[?\s*+第?\s*+(?P<number>{NUMERAL})\s*+号?\s*+\]?"
    rf"|第?\s*+(?P<number2>{NUMERAL})\s*+号令)"
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
    folded = " ".join(_fold(unify_signs(text)).split()).strip(" .,;，。；、")
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
    if _NOT_IN_CODE.search(issuer) or issuer.endswith(KINDS) or find_start_of_code(issuer):
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

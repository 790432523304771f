"""发文字号 and citations of statutes: found in text, read as people type them, printed as GB/T 9704 does."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Literal

from schemas.normalise import HAN, chinese_number
from schemas.reference.agency_codes import LONGEST, start_of_code
from schemas.reference.damaged_numbers import Repair, repair

__all__ = ["Citation", "CitationKind", "Repair", "find", "listed", "parse_number", "repair"]

type CitationKind = Literal["document", "order", "statute"]


@dataclass(frozen=True, slots=True)
class Citation:
    """One reference. ``text``, ``start`` and ``end`` tell how and where it stands in what was read."""

    kind: CitationKind
    issuer: str = ""
    """机关代字 of a document (鞍政发), or what an order is of (国务院令, 财政部公告)."""
    year: int | None = None
    number: int | None = None
    title: str = ""
    """Of a statute or a titled document, as found, without 《》."""
    article: str = ""
    """As found: 第三十二条, also several."""
    number_first: bool = False
    """The year stands before the 代字: 〔1992〕价费字240号."""
    text: str = ""
    start: int = 0
    end: int = 0

    @property
    def standard(self) -> str:
        """The printed form: 鞍政发〔2015〕34号, 国务院令第412号, 《中华人民共和国水法》第七条."""
        if self.kind == "statute":
            return f"《{self.title}》{self.article}"
        if self.kind == "order":
            return f"{self.issuer}{f'{self.year}年' if self.year else ''}第{self.number}号"
        if self.number_first:
            return f"〔{self.year}〕{self.issuer}{self.number}号"
        return f"{self.issuer}〔{self.year}〕{self.number}号"

    @property
    def short_title(self) -> str:
        """The title without 中华人民共和国 in front, by which a statute is known in both writings."""
        return self.title.removeprefix("中华人民共和国")


# One character for one, so that a place in the folded text is the same place in the original.
_FOLD = str.maketrans(
    "〔[［(（【﹝{｛〕]］)）】﹞}｝０１２３４５６７８９\u3000\xa0\t\n\r〈〉＜＞",
    "[[[[[[[[[]]]]]]]]]0123456789     《》《》",
)
_NUMERAL = r"(?:\d(?:\s?\d){0,4}|[一二三四五六七八九十百零〇]{1,7})"
_YEAR = re.compile(r"\[\s*(?P<year>(?:1\s?9|2\s?0)\s?\d\s?\d)\s*年?\s*\]")
_AFTER_YEAR = re.compile(
    rf"\s*(?P<after>[{HAN}A-Za-z](?:\s?[{HAN}A-Za-z]){{0,{2 * LONGEST}}}?)??"
    r"\s*第?\s*(?P<number>\d(?:\s?\d){0,4})\s*号"
)
_ORDER = re.compile(
    rf"(?P<kind>令|公告|通告)\s{{0,3}}(?:\[?\s?(?P<year>(?:19|20)\d\d)\s?年?\s?\]?\s{{0,3}})?第?\s?(?P<number>{_NUMERAL})\s?号"
    rf"|第?\s?(?P<number2>{_NUMERAL})\s?号\s?令"
)
_CODE_CHARACTER = re.compile(f"[{HAN}A-Za-z\\s]")
_BODY_CHARACTER = re.compile(f"[{HAN}、\\s]")
_NO_BODY = " 、年月日"
_FURTHEST = 40
"""Characters that are looked at before a number for who issued it."""
_MORE = re.compile(r"\s*[、,，;；和及]\s*第?\s*(?P<number>\d(?:\s?\d){0,4})\s*号(?!令)")
_TITLE = re.compile(r"《(?P<title>[^《》]+(?:《[^《》]*(?:《[^《》]*》[^《》]*)*》[^《》]*)*)》")
_PLACE = (
    r"\s*[一二三四五六七八九十百千零〇\d]+\s*条(?:之[一二三四五六七八九十]+)?"
    r"(?:第\s*[一二三四五六七八九十\d]+\s*[款项])*"
)
_ARTICLES = re.compile(rf"\s*(?:\[[^\[\]]*\]\s*)?(?P<article>第{_PLACE}(?:\s*[、,，和及至]\s*第?{_PLACE})*)")

_ORDER_PROSE = re.compile(
    r".*(?:根据|依据|按照|依照|遵照|参照|执行|见|按|由|经|及其|以及|和(?=国务院|中华|主席)|[\d日])"
)


_FOLDED = re.compile(f"[{re.escape(''.join(map(chr, _FOLD)))}]")


def _folded(text: str) -> str:
    """As ``text.translate(_FOLD)``, in a tenth of its time: few characters of a text are folded."""
    return _FOLDED.sub(lambda found: chr(_FOLD[ord(found[0])]), text)


def find(text: str) -> list[Citation]:
    """Every reference in a text, in order, also where several run together without a separator.

    ``国发明电[1994]2号、23号`` is two. A number inside a title in 《》 belongs to the title.
    """
    if not any(sign in text for sign in "号《〈＜"):
        return []
    folded = _folded(text)
    found = list(_statutes(folded, text)) if "《" in folded else []
    starts, stops = [c.start for c in found], [c.start + len(c.title) + 2 for c in found]  # none overlap
    if "号" in folded:
        numbers = sorted((*_documents(folded, text), *_orders(folded, text)), key=lambda c: (c.start, -c.end))
        end = 0
        for citation in numbers:
            before = bisect_right(starts, citation.start)
            inside = before > 0 and citation.start < stops[before - 1]
            if citation.start >= end and not inside:
                found.append(citation)
                end = citation.end
    return sorted(found, key=lambda c: c.start)


def _statutes(folded: str, text: str) -> Iterator[Citation]:
    for match in _TITLE.finditer(folded):
        start, end = match.span("title")
        title = _squeeze(text[start:end])
        articles = _ARTICLES.match(folded, match.end())
        stop = articles.end() if articles else match.end()
        article = _squeeze(articles["article"]) if articles else ""
        yield Citation(
            "statute",
            title=title,
            article=article,
            text=text[match.start() : stop],
            start=match.start(),
            end=stop,
        )


def _documents(folded: str, text: str) -> Iterator[Citation]:
    floor = 0
    for match in _YEAR.finditer(folded):
        tail = _AFTER_YEAR.match(folded, match.end())
        if tail is None:
            continue
        after, before, start = _squeeze(tail["after"]), "", match.start()
        if not after:
            run, start, _ = _run_before(folded, match.start(), floor, _CODE_CHARACTER)
            lead = start_of_code(run)
            before, start = _squeeze(run[lead:]), start + lead
        first = Citation(
            "document",
            after or before,
            int(_squeeze(match["year"])),
            int(_squeeze(tail["number"])),
            number_first=bool(after),
            text=text[start : tail.end()],
            start=start,
            end=tail.end(),
        )
        floor = first.end
        yield first
        for further in _more(first, folded, text):
            floor = further.end
            yield further


def _run_before(folded: str, end: int, floor: int, allowed: re.Pattern[str]) -> tuple[str, int, int]:
    """The unbroken run of allowed characters that ends at ``end``: the run, its start, its end."""
    start = end
    while start > max(floor, end - _FURTHEST) and allowed.match(folded[start - 1]):
        start -= 1
    return folded[start:end], start, end


def _more(first: Citation, folded: str, text: str) -> Iterator[Citation]:
    """``…2号、23号``: the further numbers of the same issuer and year."""
    here = first.end
    while match := _MORE.match(folded, here):
        start, here = match.start("number"), match.end()
        if folded[start - 1] == "第":
            start -= 1
        number = int(_squeeze(match["number"]))
        yield replace(first, number=number, text=text[start:here], start=start, end=here)


def _orders(folded: str, text: str) -> Iterator[Citation]:
    floor = 0
    for match in _ORDER.finditer(folded):
        issuer, start, _ = _run_before(folded, match.start(), floor, _BODY_CHARACTER)
        if prose := _ORDER_PROSE.match(issuer):
            issuer, start = issuer[prose.end() :], start + prose.end()
        start += len(issuer) - len(issuer.lstrip(_NO_BODY))
        issuer = _squeeze(issuer.lstrip(_NO_BODY)).removeprefix("中华人民共和国")
        number = chinese_number(_squeeze(match["number"] or match["number2"]))
        if len(issuer) < 2 or number is None or issuer.endswith(("命", "法", "指")):
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


def _squeeze(text: str | None) -> str:
    return "".join((text or "").split())


_TYPED = re.compile(
    rf"(?P<issuer>[{HAN}A-Za-z]{{2,12}}?)\s*[-\s\[]*\s*(?P<year>(?:19|20)\d\d)\s*年?\s*[-—_/\s\]]*第?\s*(?P<number>\d{{1,5}})\s*号?文?件?"
)
_TYPED_YEAR = re.compile(r"\[?\s*(?P<year>(?:19|20)\d\d)\s*年?\s*\]\s*第?\s*(?P<number>\d{1,5})\s*号?")
_TYPED_ORDER = re.compile(
    rf"(?P<issuer>[{HAN}]{{2,20}}?)(?:令\s*第?\s*(?P<number>{_NUMERAL})\s*号?|第?\s*(?P<n2>{_NUMERAL})\s*号令)"
)
_NO_CODE = re.compile(r"年|月|日|根据|关于|什么|哪|的|号")


def parse_number(text: str) -> Citation | None:
    """One 发文字号 or order number as people type it, or None.

    The whole text is the number: ``鞍政发 2015 34``, ``鞍政发[2015]34号``, ``（2015）34号`` (no issuer),
    ``国务院令412``. Brackets, width, spaces, 第, 号 and zeros in front do not matter.
    """
    folded = text.translate(_FOLD).strip(" .,;，。；、")
    for citation in (*_documents(folded, folded), *_orders(folded, folded)):
        if citation.start == 0 and citation.end == len(folded):
            return replace(citation, text=text, end=len(text))
    if order := _TYPED_ORDER.fullmatch(folded):
        number = chinese_number(_squeeze(order["number"] or order["n2"]))
        issuer = order["issuer"].removeprefix("中华人民共和国")
        if number is not None and issuer:
            return Citation("order", f"{issuer}令", None, number, text=text, end=len(text))
    typed = _TYPED.fullmatch(folded) or _TYPED_YEAR.fullmatch(folded)
    if typed is None:
        return None
    issuer = typed.groupdict().get("issuer") or ""
    if _NO_CODE.search(issuer):
        return None
    return Citation("document", issuer, int(typed["year"]), int(typed["number"]), text=text, end=len(text))


_SEPARATORS = re.compile(r"[\s、，,;；。.．:：及和与]+")
_WRAPPED = re.compile(r"\s*[(（\[［〔]\s*$")
_CLOSER = re.compile(r"\s*[)）\]］〕]")


def listed(text: str) -> tuple[list[str], list[str]]:
    """A cell of references as items in printed form, and the pieces that are no reference.

    A number in brackets behind a title stays with it: ``《保安服务管理条例》（国务院令第564号）``.
    Pieces come in the order of the cell among the items, as found, so that nothing is lost.
    """
    items: list[str] = []
    pieces: list[str] = []
    end = 0
    for citation in find(text):
        if citation.start < end:  # in the brackets of a statute's version, which its item holds
            continue
        gap = text[end : citation.start]
        if items and citation.kind != "statute" and _WRAPPED.fullmatch(gap):
            closer = _CLOSER.match(text, citation.end)
            items[-1] = f"{items[-1]}（{citation.standard}{'）' if closer else ''}"
            end = closer.end() if closer else citation.end
            continue
        _keep(gap, items, pieces)
        versioned = citation.kind == "statute" and len(_squeeze(citation.text)) > len(citation.standard)
        items.append(_squeeze(citation.text) if versioned else citation.standard)
        end = citation.end
    _keep(text[end:], items, pieces)
    return items, pieces


def _keep(gap: str, items: list[str], pieces: list[str]) -> None:
    rest = _SEPARATORS.sub(" ", gap).strip()
    if rest:
        rest = re.sub(r"\s+", " ", gap).strip(" 、，,;；。")
        items.append(rest)
        pieces.append(rest)

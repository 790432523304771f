"""Documents in several pages: links to further pages, and the lines that only turn pages."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from itertools import islice

from lxml import etree

from schemas.normalise import fold

_PAGING_SCRIPT = re.compile(
    r"createPageHTML\(\s*[\"']?(?P<count>\d{1,5})[\"']?\s*,\s*[\"']?\d+[\"']?\s*,"
    r"\s*[\"'](?P<stem>[^\"']+)[\"']\s*,\s*[\"'](?P<ext>\w+)[\"']"
)
"""Script by which TRS, the system of most government sites, writes the links to further pages."""
MOST_PAGES = 50
"""Most pages of one document."""
NEXT_PAGE = re.compile(
    r"[\[【(（]?\s*(?:下一?页|后一页|下页|next(?: page)?)\s*[>›»→]*\s*[\]】)）]?|[>›»]{1,2}", re.IGNORECASE
)
_TOTAL = re.compile(r"共\s?(?P<all>\d{1,3})\s?页")
_NUMBER = re.compile(r"[\[【(（]?\s*\d{1,2}\s*[\]】)）]?")
_TURNS = (
    r"首\s?页|第一页|上一?页|前一页|下一?页|后一页|下页|上页|尾页|末页|最后一页|共\s?\d{1,6}\s?页|第\s?\d{1,6}\s?页(?:/共\s?\d{1,6}\s?页)?"
    r"|当前(?:第)?\s?\d{1,6}\s?页|\d{1,6}\s?/\s?\d{1,6}\s?页?|跳(?:转)?(?:到|至)?(?:第)?|转到(?:第)?|GO|页码?[:：]?"
)
_NUMBERS_AND_SIGNS = r"\d{1,3}|\.{2,}|…+|[<>«»‹›|\[\]【】()（）,，、:：]|页|第|共"
# Atomic: a long number can be cut into pieces of three digits in more ways than there is time to try.
_LINE = re.compile(rf"(?:(?>{_TURNS}|{_NUMBERS_AND_SIGNS})\s*+)++", re.IGNORECASE)
_TURN = re.compile(r"上一?页|下一?页|后一页|前一页|尾页|末页|下页|上页|共\s?\d+\s?页|最后一页", re.IGNORECASE)


def scripted_pages(source: str) -> Iterator[str]:
    """Yield the further pages that a script of TRS numbers: ``index_1.html``, ``index_2.html``, …"""
    if (match := _PAGING_SCRIPT.search(source)) is not None:
        for number in range(1, int(match["count"])):
            yield f"{match['stem']}_{number}.{match['ext']}"


def find_page_links(root: etree._Element, source: str) -> tuple[tuple[str, ...], bool]:
    """Find the addresses of possible further pages of a document, and whether the page says it has any.

    Addresses are as printed: those of the script of TRS, of numbers, and of 下一页.
    """
    targets = dict.fromkeys(islice(scripted_pages(source), MOST_PAGES - 1))
    continues = bool(targets)
    for element in root.iter("a"):
        text = fold("".join(map(str, element.itertext())))
        href = (element.get("href") or "").strip()
        is_next = NEXT_PAGE.fullmatch(text) is not None or element.get("rel") == "next"
        if not href or not (is_next or _NUMBER.fullmatch(text)):
            continue
        if href.lower().startswith(("javascript:", "#")):
            continues = continues or (is_next and len(text) > 1 and not _does_nothing(element))
        else:
            targets[href] = None
            continues = continues or (is_next and len(text) > 1)
    return tuple(targets), continues


def _does_nothing(element: etree._Element) -> bool:
    """Test for a link that is switched off, as on the last page."""
    href = (element.get("href") or "").strip().lower()
    names = (element.get("class") or "").lower()
    has_no_action = re.fullmatch(r"#|javascript:(?:void\(0\)|;)?;?", href) is not None and not element.get(
        "onclick"
    )
    return has_no_action or "disabled" in names or "disabled" in element.attrib


def states_further_pages(turns: Iterable[str]) -> bool:
    """Test whether lines of the text that turn pages say that there are several: 第1页/共3页, 共2页."""
    return any(int(match["all"]) > 1 for text in turns for match in _TOTAL.finditer(text))


def find_page_turns(lines: Iterable[tuple[int, str]]) -> frozenset[int]:
    """Return the numbers of the lines that only turn pages: 1 2 下一页, also one word a line.

    ``lines``: number and text of the lines outside tables, in order.
    """
    numbers: set[int] = set()
    for run in _iter_runs(lines):
        if any(_TURN.search(text) for _, text in run):
            numbers |= {number for number, _ in run}
    return frozenset(numbers)


def _iter_runs(lines: Iterable[tuple[int, str]]) -> Iterator[list[tuple[int, str]]]:
    """Yield the longest runs of lines that may turn pages."""
    run: list[tuple[int, str]] = []
    for number, text in lines:
        if _LINE.fullmatch(text):
            run.append((number, text))
            continue
        yield run
        run = []
    yield run

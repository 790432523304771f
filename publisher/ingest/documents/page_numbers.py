"""Documents in several pages: links to further pages, and the lines that only turn pages."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from itertools import islice
from urllib.parse import urldefrag, urljoin

from lxml import etree

from schemas.normalise import fold

_PAGING_SCRIPT = re.compile(
    r"createPageHTML\s?\(\s*(?P<place>[\"'][\w-]+[\"']\s*,\s*)?"
    r"[\"']?(?P<count>\d{1,5}|(?<![\"'])[a-zA-Z_]\w{0,40})[\"']?\s*,\s*[\"']?\w+[\"']?\s*,"
    r"\s*[\"'](?P<stem>[^\"']+)[\"']\s*,\s*[\"'](?P<ext>\w+)[\"']"
)
"""Script by which TRS, the system of most government sites, writes the links to further pages.

It has two forms. The second page is ``index_1.html`` in ``createPageHTML(3, 0, "index", "html")``, and
``list_2.shtml`` in the form that begins with the place of the links:
``createPageHTML("page_div", 3, 1, "list", "shtml", 57)``.
"""
_PAGING_WORD = re.compile(r"createPageHTML\s?\(\s*[\"'\w]", re.IGNORECASE)
_COUNT = re.compile(r"\bcountPage\s?=\s?[\"']?(\d{1,5})\b")
"""Number of pages in the scripts of TRS that write the links one by one."""
_LONGEST_LABEL = 12
"""Most characters of a label in which blanks between the characters are left out."""
MOST_PAGES = 50
"""Most pages of one document."""
_SIGNS = r"[\s>›»→▶►|｜]*"
_NEXT_PAGE = re.compile(
    rf"[\[【(（]?{_SIGNS}(?:下一?[页頁]|后一?页|後一?頁|next(?:\s?page)?){_SIGNS}[\]】)）]?", re.IGNORECASE
)
_NEXT_SIGN = re.compile(r"[>›»]{1,2}")
_TOTAL = re.compile(r"共\s?(?P<all>\d{1,3})\s?页")
_NUMBER = re.compile(r"[\[【(（]?\s*\d{1,2}\s*[\]】)）]?")
_TURNS = (
    r"首\s?页|第一页|上一?页|前一?页|下一?页|后一?页|下页|上页|尾页|末页|最后一页|共\s?\d{1,6}\s?页|第\s?\d{1,6}\s?页(?:/共\s?\d{1,6}\s?页)?"
    r"|当前(?:第)?\s?\d{1,6}\s?页|\d{1,6}\s?/\s?\d{1,6}\s?页?|跳(?:转)?(?:到|至)?(?:第)?|转到(?:第)?|GO|页码?[:：]?"
)
_NUMBERS_AND_SIGNS = r"\d{1,3}|\.{2,}|…+|[<>«»‹›|\[\]【】()（）,，、:：]|页|第|共"
# Atomic: a long number can be cut into pieces of three digits in more ways than there is time to try.
_LINE = re.compile(rf"(?:(?>{_TURNS}|{_NUMBERS_AND_SIGNS})\s*+)++", re.IGNORECASE)
_TURN = re.compile(r"上一?页|下一?页|后一页|前一页|尾页|末页|下页|上页|共\s?\d+\s?页|最后一页", re.IGNORECASE)


def scripted_pages(source: str) -> Iterator[str]:
    """Yield the further pages that a script of TRS numbers: ``index_1.html``, ``index_2.html``, …"""
    for match in _PAGING_SCRIPT.finditer(source):
        count = _read_count(match["count"], source)
        if count is not None:
            first, end = (2, count + 1) if match["place"] else (1, count)
            for number in range(first, end):
                yield f"{match['stem']}_{number}.{match['ext']}"
            return


def _read_count(count: str, source: str) -> int | None:
    """Read a number of pages, or the variable of the script that has it; None for a parameter."""
    if count.isdigit():
        return int(count)
    value = re.search(rf"\b{count}\s?=\s?[\"']?(\d{{1,5}})\b", source)
    return None if value is None else int(value[1])


def has_unread_script(source: str) -> bool:
    """Test for a script that writes links to further pages, and names none that can be read."""
    counts = [int(match[1]) for match in _COUNT.finditer(source)]
    counts += [
        count
        for match in _PAGING_SCRIPT.finditer(source)
        if (count := _read_count(match["count"], source)) is not None
    ]
    calls = _PAGING_WORD.search(re.sub(r"function\s+createPageHTML", "", source)) is not None
    return any(count > 1 for count in counts) or (calls and not counts)


def is_next_link(element: etree._Element) -> bool:
    """Test for a link to the next page by its ``rel`` or label: 下一页, 后页, Next, >>, or an image."""
    if "next" in (element.get("rel") or "").lower().split():
        return True
    label = read_label(element)
    return _NEXT_PAGE.fullmatch(label) is not None or _NEXT_SIGN.fullmatch(label) is not None


def is_sign(label: str) -> bool:
    """Test for a label of signs only, which may also stand for 更多."""
    return _NEXT_SIGN.fullmatch(label) is not None


def read_label(element: etree._Element) -> str:
    """Return the text of a link or, without one, the name of its image or its own; 下 一 页 is 下一页."""
    label = fold("".join(map(str, element.itertext()))).strip()
    if not label:
        image = next(element.iter("img"), None)
        names = [element.get("aria-label"), element.get("title")]
        names += [] if image is None else [image.get("alt"), image.get("title")]
        label = fold(next((name for name in names if name), "")).strip()
    compact = "".join(label.split())
    return compact if len(compact) < len(label) <= _LONGEST_LABEL else label


def is_switched_by_script(element: etree._Element) -> bool:
    """Test for a link, or a button, to the next page that leads to no address, and is not switched off."""
    address = (element.get("href") or "").strip().lower()
    by_script = element.tag != "a" or address.startswith(("javascript:", "#"))
    if not by_script or _does_nothing(element):
        return False
    label = read_label(element) or fold(element.get("value") or "")
    return "页" in label and _NEXT_PAGE.fullmatch(label) is not None


def find_page_links(root: etree._Element, source: str, address: str = "") -> tuple[tuple[str, ...], bool]:
    """Find the addresses of possible further pages of a document, and whether the page says it has any.

    Addresses are as printed: of the script of TRS, of numbers, and of 下一页. ``address``: its own.
    """
    targets = dict.fromkeys(islice(scripted_pages(source), MOST_PAGES - 1))
    continues = bool(targets)
    for element in root.iter("a"):
        text = read_label(element)
        href = (element.get("href") or "").strip()
        is_next = is_next_link(element)
        if not href or not (is_next or _NUMBER.fullmatch(text)):
            continue
        says_next = is_next and not is_sign(text)
        if href.lower().startswith(("javascript:", "#")):
            continues = continues or (says_next and len(text) > 1 and not _does_nothing(element))
        else:
            targets[href] = None
            continues = continues or (says_next and len(text) > 1 and not _leads_to_itself(href, address))
    return tuple(targets), continues


def _leads_to_itself(href: str, address: str) -> bool:
    """Test for a link of a page to itself, as 下一页 of the last page."""
    try:
        return bool(address) and urldefrag(urljoin(address, href)).url == urldefrag(address).url
    except ValueError:
        return False


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

"""Lines of a document's page: text, page furniture, and repeated copies of the text."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence, Set
from dataclasses import dataclass, field
from itertools import islice

from lxml import etree

from publisher.ingest.documents import json_ld
from publisher.ingest.formats import html
from publisher.ingest.formats.html import Spot
from schemas.normalise import fold

TEXT_ELEMENTS = frozenset(
    {"UCAP-CONTENT", "TRS_Editor", "TRS_UEDITOR", "trs_editor_view", "pages_content", "zoom", "Zoom"}
    | {"article-content", "articleContent", "article_content", "news_content", "zw_content"}
)
"""``id`` or ``class`` of the text element in the content systems of most government sites."""

_PIECE = (
    r"打印(?:本页|此页|本稿|页面)?|关闭(?:本页|窗口|页面)?|收藏(?:本页)?|复制链接|返回(?:顶部|首页|列表|上页)?|TOP|top"
    r"|分享(?:到|至)?[:：]?|微信|微博|QQ空间|扫一扫\S{0,20}+|扫码\S{0,12}+|首页|网站地图|无障碍\S{0,4}+|大|中|小|字体|字号"
)
FURNITURE = re.compile(
    rf"(?>[\[【(（|｜/>]?\s?(?:{_PIECE})[\])）】]?[\s|｜/>、:：]*)++"
    r"|[\[【(（]?字[体号]\s?[:：].{0,20}"
    r"|[上下]一[篇条页]\s?[:：]?.{0,80}"
    r"|相关(?:链接|文章|阅读|稿件|文档|解读|信息)\s?[:：]?"
    r"|(?:您?(?:现在|当前)?(?:所在)?的?位置)\s?[:：].{0,100}"
    r"|(?:版权所有|主办单位|主办|承办单位|承办|网站标识码|技术支持)\s?[:：].{0,80}"
    r"|.{0,8}ICP备.{0,40}|.{0,8}公网安备.{0,40}"
)


@dataclass(frozen=True, slots=True)
class Line:
    number: int
    """1-based number of the line in the text, or in the visible text of a page."""
    raw: str
    text: str
    """With widths and spaces folded and ends trimmed; never blank."""
    spot: Spot | None = None
    """Cell of the data table that contains the line."""

    @property
    def key(self) -> str:
        return re.sub(r"\s", "", self.text)


@dataclass(frozen=True, slots=True)
class DocumentPage:
    lines: tuple[Line, ...]
    """Every line that is not blank; these are the rows of a report."""
    outside: frozenset[int] = frozenset()
    """Numbers of the lines outside the text element; empty where the page has no such element."""
    meta: Mapping[str, str] = field(default_factory=dict)
    """``<meta>`` tags by name (国办发〔2017〕47号, annex 2: ArticleTitle, PubDate, ContentSource …)."""
    heading: str = ""
    """The page's only ``<h1>``, or its ``<title>`` without the site's name."""
    links: tuple[tuple[str, str], ...] = ()
    """``href`` (relative to ``base``) and text of every link."""
    base: str = ""
    source: str = ""
    """The page as HTML, for :func:`find_outside_main`."""


def parse_text(text: str) -> DocumentPage:
    return DocumentPage(_number_lines((line, None) for line in text.splitlines()))


def parse_html(source: str) -> DocumentPage:
    """Parse an HTML page. Raises ``ReaderError`` where it cannot be parsed."""
    root = html.parse_page(source)
    lines = _number_lines(html.read_page_lines(root))
    meta = {
        name.strip(): fold(tag.get("content") or "")
        for tag in root.iter("meta")
        if (name := tag.get("name") or tag.get("property"))
    }
    base = root.find(".//base")
    return DocumentPage(
        lines,
        _find_outside(root, lines),
        {k: v for k, v in meta.items() if v} | json_ld.read_labels(root),  # JSON-LD takes precedence
        _read_heading(root),
        tuple(_read_links(root)),
        (base.get("href") or "") if base is not None else "",
        source,
    )


def find_outside_main(page: DocumentPage) -> frozenset[int]:
    """Return the numbers of the lines that trafilatura classifies as menus and similar.

    For pages without any structure of their own.
    """
    import trafilatura  # noqa: PLC0415 - takes half a second, and few pages need it

    main_text = trafilatura.extract(
        page.source, include_comments=False, include_tables=True, favor_recall=True
    )
    text = re.sub(r"\s", "", fold(main_text or ""))
    return frozenset(line.number for line in page.lines if line.key not in text) if text else frozenset()


def _number_lines(texts: Iterable[tuple[str, Spot | None]]) -> tuple[Line, ...]:
    folded = ((n, raw, fold(raw), spot) for n, (raw, spot) in enumerate(texts, start=1))
    return tuple(Line(n, raw, text, spot) for n, raw, text, spot in folded if text)


def _read_links(root: etree._Element) -> Iterator[tuple[str, str]]:
    for element in root.iter("a"):
        if href := element.get("href"):
            link_text = fold(" ".join("".join(map(str, element.itertext())).split()))
            yield href, link_text or fold(element.get("title") or "")


def _find_outside(root: etree._Element, lines: Sequence[Line]) -> frozenset[int]:
    keys = [line.key for line in lines]
    elements = (
        e for e in root.iter() if TEXT_ELEMENTS & {e.get("id") or "", *(e.get("class") or "").split()}
    )
    for element in islice(elements, 5):
        inside = [
            line.key
            for line in _number_lines((text, None) for text in html.read_page_text(element).split("\n"))
        ]
        for start, key in enumerate(keys):
            if inside and key == inside[0] and keys[start : start + len(inside)] == inside:
                within = range(start, start + len(inside))
                return frozenset(line.number for i, line in enumerate(lines) if i not in within)
    return frozenset()


def _read_heading(root: etree._Element) -> str:
    headings = [fold(html.read_text(h)).replace("\n", "") for h in root.iter("h1")]
    if len(headings) == 1 and len(headings[0]) > 5:
        return headings[0]
    title = root.findtext(".//title") or ""
    return re.split(r"[_|｜]|\s[-—–]+\s|--+", fold(title))[0].strip()


def is_furniture(line: Line) -> bool:
    return FURNITURE.fullmatch(line.text) is not None


def split_copies(lines: Sequence[Line], varying: Set[int]) -> tuple[list[Line], list[Line], list[Line]]:
    """Split lines into unique lines, lines of repeated copies, and the lines of these copies that differ.

    A copy begins at a repetition of the first repeated line; nine tenths of its text occur in the lines
    before it. ``varying``: numbers of lines that may differ, such as labels with a count of views.
    """
    times = Counter(line.key for line in lines)
    first = next((i for i, line in enumerate(lines) if len(line.key) > 7 and times[line.key] > 1), None)
    if first is None:
        return list(lines), [], []
    starts = [i for i, line in enumerate(lines) if line.key == lines[first].key]
    blocks = [lines[a:b] for a, b in zip(starts, [*starts[1:], len(lines)], strict=True)]
    unique = [*lines[:first], *blocks[0]]
    repeated: list[Line] = []
    differing: list[Line] = []
    unique_keys = {line.key for line in unique}
    for block in blocks[1:]:
        total = sum(len(line.key) for line in block)
        new_lines = [line for line in block if line.key not in unique_keys and line.number not in varying]
        long_enough = len(block) > 3 and total > 2 * len(block[0].key)
        if long_enough and sum(len(line.key) for line in new_lines) * 10 <= total:
            repeated += block
            differing += new_lines
        else:
            unique += block
            unique_keys |= {line.key for line in block}
    return unique, repeated, differing

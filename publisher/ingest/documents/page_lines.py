"""Lines of a document's page: text, page furniture, and repeated copies of the text."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence, Set
from itertools import pairwise, zip_longest

import msgspec
from lxml import etree
from msgspec import structs

from publisher.ingest.documents import json_ld, page_numbers
from publisher.ingest.formats import html
from publisher.ingest.formats.errors import ReaderError
from publisher.ingest.formats.html import BOUNDARY, PageText, Spot
from schemas.normalise import fold

_BODY = re.compile(
    r"ucap-content|trs_u?editor|trs_editor_view|zoom|zhengwen|artibody|maintext|htmlcontent|wzcon|zwnr"
    r"|(?:wenzhang|article|arti|news|detail|info|zw|xl|xxgk|gk|text|pages?|bt|view|doc|nr|wz)[-_]?"
    r"(?:contents?|con|cont|body|text|editor|main|nr|zw)",
    re.IGNORECASE,
)
"""``id`` or ``class`` of the text element in the content systems of most government sites."""
_FRAME_TAGS = frozenset({"nav", "footer", "header", "aside"})
_FRAME = re.compile(
    r"(?:page|site|main|web|top|bottom)?[-_]?(?:footer?|header|nav(?:bar|igation)?|menu|breadcrumbs?|crumbs?|sidebar|share|bdsharebuttonbox"
    r"|copyright|friend-?links?|pag(?:er|ing|ination)|page[-_]?(?:nav|num|list)|fenye|weizhi|dqwz|location)",
    re.IGNORECASE,
)
"""``id`` or ``class`` of menus and of the foot of a page."""
_PDF_SCRIPT = re.compile(
    r"(?:PDFObject\.embed|Pdfh5|pdfUrl|pdf_?url|DEFAULT_URL)\W{1,12}[\"'](?P<url>[^\"'<>\s]{1,400}\.pdf[^\"'<>\s]{0,100})[\"']",
    re.IGNORECASE,
)
_NO_TITLE = re.compile(
    r"无标题(?:文档|页面?|文稿)?.{0,6}|新建.{0,12}(?:文档|文稿|网页).{0,6}|(?:untitled|document|文档)\s*(?:document|page)?\s?[\d（）()]*"
    r"|(?:网站|本站)?首页|正文|(?:文章|内容|信息)?(?:正文|内容|详情|详细)页?|详细(?:信息|内容)|标题|title|index|home|default|test|null|undefined"
    r"|(?:政府)?信息公开(?:目录)?|(?:通知公告|政策文件|公示公告|政务公开)|\S*[\\/]\S*|.{0,80}\.(?:html?|s?html|jspx?|aspx?|php|docx?|wps|pdf|txt|xlsx?)",
    re.IGNORECASE,
)
"""Title of a page that names no document: that of a program, of a site's section, a path or a file."""
_LABEL_CELL = re.compile(r"[\[【]?[\u4e00-\u9fff A-Za-z·（）()]{2,16}[】\]]?\s?[:：]?")
_PAIR_TAGS = frozenset({"div", "p", "li", "dt", "dd", "section"})

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


class Line(msgspec.Struct, frozen=True):
    number: int
    """1-based number of the line in the text, or in the visible text of a page."""
    raw: str
    text: str
    """With widths and spaces folded and ends trimmed; never blank."""
    spot: Spot | None = None
    """Cell of the data table that contains the line."""
    pieces: tuple[str, ...] = ()
    """The texts of its inline elements, where it has several."""

    @property
    def key(self) -> str:
        return re.sub(r"\s", "", self.text)


class DocumentPage(msgspec.Struct, frozen=True):
    lines: tuple[Line, ...]
    """Every line that is not blank; these are the rows of a report."""
    outside: frozenset[int] = frozenset()
    """Numbers of the lines outside the text element, where the page has one, and of its menus and foot."""
    has_body: bool = False
    """Whether the page has a text element."""
    below: Mapping[int, tuple[int, ...]] = msgspec.field(default_factory=dict)
    """Number of a line that may be a label → lines of the cell below it."""
    pairs: Mapping[int, tuple[int, ...]] | None = None
    """Number of a line that may be a label → lines of the cell, ``<dd>`` or block beside it, possibly none.
    None for plain text, which does not show what belongs together."""
    meta: Mapping[str, str] = msgspec.field(default_factory=dict)
    """``<meta>`` tags by name (国办发〔2017〕47号, annex 2: ArticleTitle, PubDate, ContentSource …)."""
    heading: str = ""
    """The page's only ``<h1>``, or its ``<title>`` without the site's name."""
    links: tuple[tuple[str, str], ...] = ()
    """``href`` (relative to ``base``) and text of every link."""
    embedded: tuple[tuple[str, str], ...] = ()
    """Address and title of files that the page shows in a frame or viewer."""
    further: tuple[str, ...] = ()
    """Addresses that may be further pages of the document, as printed."""
    continues: bool = False
    """Whether the page says that the document has further pages."""
    joined_from: int = 0
    """Number of the first line of a further page; 0: none was joined."""
    hidden: tuple[str, ...] = ()
    """Texts within the text element that a reader of the page does not see, or that are struck out."""
    base: str = ""
    source: str = ""
    """The page as HTML, for :func:`find_outside_main`."""


def parse_text(text: str) -> DocumentPage:
    return DocumentPage(_number_lines((line, None) for line in text.splitlines()))


def parse_html(source: str, address: str = "") -> DocumentPage:
    """Parse an HTML page. Raises ``ReaderError`` where it cannot be parsed."""
    root = html.parse_page(source)
    meta = {
        name.strip(): fold(tag.get("content") or "")
        for tag in root.iter("meta")
        if (name := tag.get("name") or tag.get("property"))
    }
    base = root.find(".//base")
    links = tuple(_read_links(root))
    embedded = tuple(_read_embedded(root, source))
    further, continues = page_numbers.find_page_links(root, source, address)
    labels = json_ld.read_labels(root)
    hidden = html.drop_hidden(root)
    page_text = html.extract_page_lines(root)
    body = _find_body(root, page_text)
    outside = {n for elements in _find_frames(root) for n in page_text.ranges.get(elements, ())}
    if body is not None:
        outside = (outside & set(body)) | (set(range(len(page_text.lines))) - set(body))
    return DocumentPage(
        lines=_number_lines(page_text.lines),
        outside=frozenset(index + 1 for index in outside),
        has_body=body is not None,
        below=_find_cells_below(root, page_text),
        pairs=_find_pairs(root, page_text),
        meta={k: v for k, v in meta.items() if v} | labels,  # JSON-LD takes precedence
        heading=_read_heading(root),
        links=links,
        embedded=embedded,
        further=further,
        continues=continues,
        hidden=tuple(text for parent, text in hidden if _is_within(parent, body, page_text)),
        base=(base.get("href") or "") if base is not None else "",
        source=source,
    )


def has_text_element(source: str) -> bool:
    """Test whether an HTML page has an element for the text of a document, with a sentence outside tables."""
    try:
        root = html.parse_page(source)
    except ReaderError:
        return False
    html.drop_hidden(root)
    page_text = html.extract_page_lines(root)
    lines = (page_text.lines[index] for index in _find_body(root, page_text) or ())
    return any(spot is None and "。" in text for text, spot in lines)


def join_pages(first: DocumentPage, others: Sequence[DocumentPage]) -> DocumentPage:
    """Join the text of further pages to that of the first.

    Menus, labels and the title, which further pages repeat, are left out.
    """
    if not others:
        return first
    inside = [i for i, line in enumerate(first.lines) if line.number not in first.outside]
    stop = inside[-1] + 1 if first.has_body and inside else _find_end_of_text(first.lines)
    number = max((line.number for line in first.lines), default=0)
    joined_from = number + 1
    repeated = {line.key for line in first.lines}
    joined: list[Line] = []
    for page in others:
        own = [line for line in page.lines if not page.has_body or line.number not in page.outside]
        new = [line for line in own if line.key not in repeated]
        if len(new) * 5 <= len(own):  # the same text again, with another list beside it
            continue
        heading = re.sub(r"\s", "", page.heading)
        for line in own if page.has_body else new:
            if line.key != heading:
                number += 1
                joined.append(structs.replace(line, number=number))
    return structs.replace(
        first,
        lines=(*first.lines[:stop], *joined, *first.lines[stop:]),
        embedded=(*first.embedded, *(file for page in others for file in page.embedded)),
        links=(*first.links, *(link for page in others for link in page.links)),
        joined_from=joined_from,
        continues=False,
    )


def _find_end_of_text(lines: Sequence[Line]) -> int:
    """Return the index after the last sentence of a page without text element."""
    sentences = [i for i, line in enumerate(lines) if line.text.endswith(("。", "；", "：", "，"))]
    return sentences[-1] + 1 if sentences else len(lines)


def find_outside_main(page: DocumentPage) -> frozenset[int]:
    """Return the numbers of the lines that trafilatura classifies as menus and similar.

    For pages without any structure of their own.
    """
    import trafilatura  # noqa: PLC0415 - takes half a second, and few pages need it

    main_text = trafilatura.extract(
        page.source, include_comments=False, include_tables=True, favor_recall=True
    )
    text = re.sub(r"\s", "", fold(main_text or ""))
    own = [line for line in page.lines if not page.joined_from or line.number < page.joined_from]
    return frozenset(line.number for line in own if line.key not in text) if text else frozenset()


def _number_lines(texts: Iterable[tuple[str, Spot | None]]) -> tuple[Line, ...]:
    lines = []
    for number, (marked, spot) in enumerate(texts, start=1):
        raw = marked.replace(BOUNDARY, "")
        text = fold(raw)
        if text:
            pieces = tuple(filter(None, map(fold, marked.split(BOUNDARY)))) if BOUNDARY in marked else ()
            lines.append(Line(number, raw, text, spot, pieces if len(pieces) > 1 else ()))
    return tuple(lines)


def _read_links(root: etree._Element) -> Iterator[tuple[str, str]]:
    for element in root.iter("a"):
        if href := element.get("href"):
            link_text = fold(" ".join("".join(map(str, element.itertext())).split()))
            yield href, link_text or fold(element.get("title") or "")


def _read_embedded(root: etree._Element, source: str) -> Iterator[tuple[str, str]]:
    """Read the addresses of frames, embedded objects and PDF viewers."""
    for element in root.iter("iframe", "embed", "object", "frame"):
        names = ("src", "data-src", "data", "_src")
        addresses = [element.get(name) for name in names]
        addresses += [
            param.get("value")
            for param in element.iter("param")
            if (param.get("name") or "").lower() in {"src", "movie", "filename", "data", "url"}
        ]
        for address in filter(None, addresses):
            yield address, fold(element.get("title") or "")
    for match in _PDF_SCRIPT.finditer(source):
        yield match["url"], ""


def _find_body(root: etree._Element, page_text: PageText) -> range | None:
    """Return the lines of the text element, or None where the page has none with text."""
    for element in root.iter(etree.Element):
        names = (element.get("id") or "", *(element.get("class") or "").split())
        lines = page_text.ranges.get(element)
        if lines and any(_BODY.fullmatch(name) for name in names):
            return lines
    return None


def _is_within(element: etree._Element, body: range | None, page_text: PageText) -> bool:
    """Test whether the lines of an element are within those of the text element."""
    if body is None:
        return False
    ranges = (page_text.ranges.get(e) for e in (element, *element.iterancestors()))
    lines = next((r for r in ranges if r is not None), None)
    return lines is not None and lines.start >= body.start and lines.stop <= body.stop


def _find_frames(root: etree._Element) -> Iterator[etree._Element]:
    """Yield menus, navigation and the foot of a page."""
    for element in root.iter(etree.Element):
        names = (element.get("id") or "", *(element.get("class") or "").split())
        if element.tag in _FRAME_TAGS or any(_FRAME.fullmatch(name) for name in names):
            yield element


def _find_pairs(root: etree._Element, page_text: PageText) -> dict[int, tuple[int, ...]]:
    """Find the block beside each block of one short line: a cell, the ``<dd>`` of a ``<dt>``, a block."""
    pairs: dict[int, tuple[int, ...]] = {}
    for element in root.iter(etree.Element):
        for first, second in _blocks_in_pairs(element, page_text):
            label = page_text.ranges.get(first, range(0))
            beside = range(0) if second is None else page_text.ranges.get(second, range(0))
            if len(label) == 1 and _LABEL_CELL.fullmatch(fold(_text_of(page_text, label[0]))):
                pairs.setdefault(label[0] + 1, tuple(index + 1 for index in beside))
    return pairs


def _find_cells_below(root: etree._Element, page_text: PageText) -> dict[int, tuple[int, ...]]:
    """Find the cell below each cell of one short line."""
    below: dict[int, tuple[int, ...]] = {}
    for table in root.iter("table"):
        rows = [list(row.iterchildren("td", "th")) for row in table.iter("tr")]
        for row, next_row in pairwise(rows):
            if len(row) != len(next_row):
                continue
            for cell, other in zip(row, next_row, strict=True):
                lines = page_text.ranges.get(cell, range(0))
                if len(lines) == 1:
                    indexes = page_text.ranges.get(other, range(0))
                    below.setdefault(lines[0] + 1, tuple(index + 1 for index in indexes))
    return below


def _blocks_in_pairs(
    element: etree._Element, page_text: PageText
) -> Iterator[tuple[etree._Element, etree._Element | None]]:
    children = list(element.iterchildren(etree.Element))
    if element.tag == "tr":
        cells = [child for child in children if child.tag in {"td", "th"}]
        yield from zip_longest(cells, cells[1:])
    elif element.tag == "dl":
        for first, second in zip_longest(children, children[1:]):
            if first.tag == "dt":
                yield first, second if second is not None and second.tag == "dd" else None
    elif len(children) % 2 == 0 and children and all(child.tag in _PAIR_TAGS for child in children):
        labels = [page_text.ranges.get(child, range(0)) for child in children[::2]]
        texts = [_text_of(page_text, lines[0]) if len(lines) == 1 else "" for lines in labels]
        if len(children) == 2 or all(fold(text).endswith((":", "：")) for text in texts):
            yield from zip(children[::2], children[1::2], strict=True)


def _text_of(page_text: PageText, index: int) -> str:
    return page_text.lines[index][0].replace(BOUNDARY, "")


def _read_heading(root: etree._Element) -> str:
    headings = [fold(html.extract_text(h)).replace("\n", "") for h in root.iter("h1")]
    if len(headings) == 1 and len(headings[0]) > 3:
        return headings[0]
    title = re.split(r"[_|｜]|\s[-—–]+\s|--+", fold(root.findtext(".//title") or ""))[0].strip()
    return "" if _NO_TITLE.fullmatch(title) else title


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

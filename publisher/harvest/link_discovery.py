"""Which addresses a list names: links of a page and its further pages, of a sitemap, of a feed."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from email.utils import parsedate_to_datetime
from itertools import islice
from urllib.parse import parse_qsl, unquote, urldefrag, urljoin, urlsplit

from lxml import etree

from publisher.harvest import warc
from publisher.harvest.fetcher import Fetched
from publisher.harvest.report import SourceReport
from publisher.harvest.source_config import Source
from publisher.harvest.warc import Hop
from publisher.ingest.findings import harvest as kinds
from publisher.ingest.findings.files import BINARY
from publisher.ingest.formats import html, text_encoding, zip_safety
from publisher.ingest.formats.errors import ReaderError
from publisher.ingest.formats.xlsx_annotations import safe_parser
from publisher.log.clocks import day_at
from schemas.cells.quantities import read_date
from schemas.normalise import fold

_OFFICE = "application/vnd.openxmlformats-officedocument"
ATTACHMENTS: Mapping[str, str] = {
    ".doc": "application/msword",
    ".docx": f"{_OFFICE}.wordprocessingml.document",
    ".xls": "application/vnd.ms-excel",
    ".xlsx": f"{_OFFICE}.spreadsheetml.sheet",
    ".pdf": "application/pdf",
    ".ofd": "application/ofd",
    ".wps": "application/vnd.ms-works",
    ".et": "application/vnd.ms-excel",
    ".csv": "text/csv",
    ".ods": "application/vnd.oasis.opendocument.spreadsheet",
    ".zip": "application/zip",
    ".rar": "application/vnd.rar",
}
"""How the address of an attachment ends → what it most likely is."""
_NAMED = re.compile("|".join(map(re.escape, ATTACHMENTS)), re.IGNORECASE)
_FURTHER = re.compile(r"下一?页|后一页|下页|[>›»]{1,2}|next|next page", re.IGNORECASE)
_PAGING = re.compile(
    r"createPageHTML\(\s*(?P<count>\d{1,5})\s*,\s*\d+\s*,\s*[\"'](?P<stem>[\w-]+)[\"']\s*,\s*[\"'](?P<ext>\w+)[\"']"
)
"""How TRS, which most government sites run on, writes the links of a list: by script."""
_DATED = re.compile(r"(?:19|20)\d\d\s?[-年./]\s?\d{1,2}\s?[-月./]\s?\d{1,2}")
_NO_PAGES = re.compile(r"\.(?:jpe?g|png|gif|bmp|svg|ico|css|js|mp[34]|swf|wmv|avi|apk|exe)$", re.IGNORECASE)
_SHORTEST = 8
"""Characters of a link that may name a document; menus are shorter."""


@dataclass(frozen=True, slots=True)
class Link:
    url: str
    title: str
    on: date | None = None
    """The day that stands beside it, or that a sitemap or feed gives it."""


@dataclass(frozen=True, slots=True)
class Listed:
    documents: tuple[Link, ...]
    further: tuple[str, ...]
    """Further pages of the list, or sitemaps that an index names."""
    files: int = 0
    """Links that lead to a file and no page: those are not followed."""


def of_page(text: str, url: str, source: Source) -> Listed:
    """Links of a list page. Raises ``ReaderError``."""
    root = html.parse(text)
    base = _base(root, url)
    found: dict[str, Link] = {}
    files: set[str] = set()
    further: dict[str, None] = dict.fromkeys(_scripted(text, url))
    for element in root.iter("a"):
        target = _absolute(base, element.get("href"))
        if target is None or target == url or not source.holds(target):
            continue
        shown = _shown(element)
        title = fold(element.get("title") or "") or shown
        if element.get("rel") == "next" or _FURTHER.fullmatch(shown):
            further[target] = None
        elif _is_document(target, title, source):
            found.setdefault(target, Link(target, title, _beside(element)))
        elif is_attachment(target):
            files.add(target)
    return Listed(tuple(found.values()), tuple(further), len(files))


def of_sitemap(data: bytes, source: Source) -> Listed:
    """Addresses of a sitemap, or further sitemaps of an index (sitemaps.org 0.9). Raises ``ReaderError``."""
    root = _xml(data)
    entries = [(_child(e, "loc"), _child(e, "lastmod")) for e in root]
    kept = [(loc, day) for loc, day in entries if loc and source.holds(loc)]
    if etree.QName(root).localname == "sitemapindex":
        return Listed((), tuple(loc for loc, _ in kept))
    links = (Link(loc, "", read_day(day)) for loc, day in kept if _wanted(loc, source))
    return Listed(tuple(links), ())


def of_feed(data: bytes, source: Source) -> Listed:
    """Entries of RSS 2.0 or Atom. Raises ``ReaderError``."""
    found: dict[str, Link] = {}
    for element in _xml(data).iter("{*}item", "{*}entry"):
        link = _child(element, "link") or _alternate(element)
        if link and source.holds(link) and _wanted(link, source):
            day = _child(element, "updated") or _child(element, "published") or _child(element, "pubDate")
            found.setdefault(link, Link(link, fold(_child(element, "title") or ""), read_day(day)))
    return Listed(tuple(found.values()), ())


def attachments(links: Sequence[tuple[str, str]], url: str, base: str, source: Source) -> tuple[Link, ...]:
    """Files that a document's page links to (``href``, words), on the source's hosts."""
    found: dict[str, Link] = {}
    page = urljoin(url, base)
    for href, shown in links:
        # A menu has a hundred links, and to take one apart costs as much as to read a paragraph.
        named = _NAMED.search(unquote(href)) or _NAMED.search(shown)
        target = _absolute(page, href) if named else None
        if target is not None and source.holds(target) and _ends(file_name(target, shown)):
            found.setdefault(target, Link(target, shown or file_name(target)))
    return tuple(found.values())


def is_attachment(url: str) -> bool:
    return _ends(file_name(url))


def file_name(url: str, words: str = "") -> str:
    """Of a file that an address leads to: the end of its path, else what its query or the link's words name.

    Many sites hand files out by a script: ``downfile.jsp?filename=….doc``, ``/download/9`` under 附件.doc.
    """
    parts = urlsplit(url)
    own = unquote(parts.path).rpartition("/")[2]
    others = (*(value.rpartition("/")[2] for _, value in parse_qsl(parts.query)), words)
    return next((name for name in (own, *others) if _ends(name)), own)


def _ends(name: str) -> bool:
    return name.lower().endswith(tuple(ATTACHMENTS))


def read_day(text: str | None) -> date | None:
    """A day in any writing of lists, sitemaps (W3C) and feeds (RFC 822); an instant's is that of Shanghai."""
    if not text:
        return None
    for read in (datetime.fromisoformat, parsedate_to_datetime):
        try:
            at = read(text.strip())
            return day_at(at) if at.tzinfo else at.date()
        except (TypeError, ValueError, OverflowError):
            continue
    match = _DATED.search(text)
    return None if match is None else read_date(match[0])


def _is_document(url: str, title: str, source: Source) -> bool:
    return _wanted(url, source) and (bool(source.documents) or len(title) >= _SHORTEST)


def _wanted(url: str, source: Source) -> bool:
    if is_attachment(url) or _NO_PAGES.search(urlsplit(url).path):
        return False
    return not source.documents or re.search(source.documents, url) is not None


def _absolute(base: str, href: str | None) -> str | None:
    if not href or href.lstrip().lower().startswith(("javascript:", "mailto:", "tel:", "data:", "#")):
        return None
    try:
        target = urldefrag(urljoin(base, href.strip())).url
        parts = urlsplit(target)
        sound = parts.scheme in {"http", "https"} and parts.hostname and parts.port != 0
    except ValueError:
        return None
    return target if sound else None


def _base(root: etree._Element, url: str) -> str:
    element = root.find(".//base")
    return urljoin(url, element.get("href") or "") if element is not None else url


def _scripted(text: str, url: str) -> Iterator[str]:
    """``index.html``, ``index_1.html``, … as TRS counts them."""
    match = _PAGING.search(text)
    if match is not None:
        for number in range(1, int(match["count"])):
            yield urljoin(url, f"{match['stem']}_{number}.{match['ext']}")


def _beside(element: etree._Element) -> date | None:
    """The day in the same item of the list."""
    for holder in islice(element.iterancestors("li", "tr", "p", "dd", "td", "div"), 2):
        text = "".join(map(str, holder.itertext()))
        if len(text) < 400 and (match := _DATED.search(text)):
            return read_day(match[0])
    return None


def _xml(data: bytes) -> etree._Element:
    try:
        return etree.fromstring(data, safe_parser())
    except (etree.XMLSyntaxError, ValueError) as problem:
        raise ReaderError(BINARY) from problem


def _child(element: etree._Element, name: str) -> str:
    return (element.findtext(f"{{*}}{name}") or "").strip()


def _alternate(element: etree._Element) -> str:
    links = element.findall("{*}link")
    return next((e.get("href") or "" for e in links if e.get("rel") in (None, "alternate")), "")


def _shown(element: etree._Element) -> str:
    return fold(" ".join("".join(map(str, element.itertext())).split()))


_GZIP = b"\x1f\x8b"


def listed(source: Source, url: str, fetched: Fetched, report: SourceReport) -> Listed | None:
    """None where the list says nothing new, or cannot be read."""
    hop = fetched.last
    if hop.status != 200 or hop.truncated:
        return None
    try:
        data = warc.content(hop, source.largest << 20)
        if data.startswith(_GZIP):  # sitemap.xml.gz
            data = b"".join(zip_safety.gunzip(data, source.largest << 20))
        found = _read(data, hop, source)
    except ValueError as error:
        report.note(kinds.ANSWER_DAMAGED, url, detail=str(error))
    except ReaderError as problem:
        report.findings.append(problem.unreadable(url).finding)
    else:
        if url in source.entries and not (found.documents or found.further):
            report.note(kinds.LIST_EMPTY, url)
        if found.files:
            report.note(kinds.LIST_FILES, url, count=found.files)
        return found
    return None


def _read(data: bytes, hop: Hop, source: Source) -> Listed:
    if _is_feed(data):
        return of_feed(data, source)
    if _is_xml(data):
        return of_sitemap(data, source)
    text, _ = text_encoding.decode(data, warc.charset(hop))
    return of_page(text, hop.url, source)


def _is_xml(data: bytes) -> bool:
    head = data[:600].lstrip(b"\xef\xbb\xbf \r\n\t")
    return head.startswith((b"<?xml", b"<urlset", b"<sitemapindex")) and b"<html" not in head.lower()


def _is_feed(data: bytes) -> bool:
    head = data[:600].lstrip(b"\xef\xbb\xbf \r\n\t")
    return head.startswith((b"<?xml", b"<rss", b"<feed")) and any(
        mark in data[:2000] for mark in (b"<rss", b"<feed", b"<rdf:RDF")
    )

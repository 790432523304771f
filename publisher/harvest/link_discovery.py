"""Links of a list: a page with its further pages, a sitemap or a feed."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from email.utils import parsedate_to_datetime
from itertools import islice
from urllib.parse import parse_qsl, unquote, urldefrag, urlsplit

import msgspec
from lxml import etree
from msgspec import structs

from publisher.harvest import warc
from publisher.harvest.answers.joined_address import join_address
from publisher.harvest.fetcher import ResponseChain
from publisher.harvest.report import SourceReport
from publisher.harvest.source_config import SourceSite
from publisher.harvest.warc import Hop
from publisher.ingest.documents.page_numbers import (
    has_unread_script,
    is_next_link,
    is_sign,
    is_switched_by_script,
    read_label,
    scripted_pages,
)
from publisher.ingest.findings import harvest as kinds
from publisher.ingest.formats import html, text_encoding
from publisher.ingest.formats.errors import ReaderError
from publisher.ingest.formats.safety import zip_archive
from publisher.ingest.formats.safety.xml_parser import parse_xml
from publisher.ingest.formats.sandbox.fork_server import run_limited
from publisher.log.clocks import day_at
from schemas.cells.quantities import read_date
from schemas.normalise import fold

_OFFICE = "application/vnd.openxmlformats-officedocument"
MEDIA_TYPES: Mapping[str, str] = {
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
"""Extension of an attachment → its most likely media type."""
_ATTACHMENT_NAME = re.compile("|".join(map(re.escape, MEDIA_TYPES)), re.IGNORECASE)
_VIEWER = re.compile(r"\.html?$|viewer|preview|pdfjs|online|reader", re.IGNORECASE)
_PAGE_NUMBER = re.compile(r"[_-]\d{1,3}(?=\.\w{2,5}$|$)")
_PAGE_PARAMETER = re.compile(r"p|pg|page|pageno|pagenum|curpage|page_?index|currentpage", re.IGNORECASE)
_DATE = re.compile(r"(?:19|20)\d\d\s?[-年./]\s?\d{1,2}\s?[-月./]\s?\d{1,2}")
_MEDIA_PATH = re.compile(r"\.(?:jpe?g|png|gif|bmp|svg|ico|css|js|mp[34]|swf|wmv|avi|apk|exe)$", re.IGNORECASE)
_ONE_PAGE = re.compile(r"共\s*1\s*页|(?<![\d/])1\s*/\s*1(?![\d/])")
_SHORTEST = 8
"""Least characters of a link that may name a document; menus are shorter."""


class Link(msgspec.Struct, frozen=True):
    url: str
    title: str
    on: date | None = None
    """The date next to it, or its date in a sitemap or feed."""

    def is_recent(self, since: date | None) -> bool:
        """Test whether it may be of a document since a day; one without a date may."""
        return since is None or self.on is None or self.on >= since


class ListLinks(msgspec.Struct, frozen=True):
    documents: tuple[Link, ...]
    further: tuple[str, ...]
    """Further pages of the list, or sitemaps of an index."""
    files: int = 0
    """Number of links to files instead of pages; they are not followed."""
    continues: bool = False
    """Whether it says that it has further pages, and names no address of one."""


def extract_page_links(text: str, url: str, source: SourceSite) -> ListLinks:
    """Read the links of a list page. Raises ``ReaderError``."""
    root = html.parse_page(text)
    base = _find_base(root, url)
    links: dict[str, Link] = {}
    files: set[str] = set()
    scripted = (_resolve(url, page) for page in islice(scripted_pages(text), source.most_lists))
    further = dict.fromkeys(target for target in scripted if target and source.allows(target))
    for element in root.iter("a"):
        target = _resolve(base, element.get("href"))
        if target is None or target == url or not source.allows(target):
            continue
        link_text = _extract_link_text(element)
        title = fold(element.get("title") or "") or link_text
        if is_next_link(element):
            if not is_sign(read_label(element)) or _is_near(url, target):
                further[target] = None
        elif _is_document(target, title, source):
            links.setdefault(target, Link(target, title, _find_date_near(element)))
        elif is_attachment(target):
            files.add(target)
    buttons = root.iter("a", "button", "input")
    is_alone = _ONE_PAGE.search("".join(map(str, root.itertext()))) is not None
    switches = has_unread_script(text) or any(map(is_switched_by_script, buttons))
    continues = switches and not further and not is_alone
    return ListLinks(tuple(links.values()), tuple(further), len(files), continues)


def extract_sitemap_links(data: bytes, url: str, source: SourceSite) -> ListLinks:
    """Read a sitemap or an index of sitemaps (sitemaps.org 0.9). Raises ``ReaderError``."""
    root = parse_xml(data, "XML")
    entries = [(_resolve(url, _extract_child(e, "loc")), _extract_child(e, "lastmod")) for e in root]
    allowed = [(loc, day) for loc, day in entries if loc and source.allows(loc)]
    if etree.QName(root).localname == "sitemapindex":
        return ListLinks((), tuple(loc for loc, _ in allowed))
    links = (Link(loc, "", read_day(day)) for loc, day in allowed if _is_followed(loc, source))
    return ListLinks(tuple(links), ())


def extract_feed_links(data: bytes, url: str, source: SourceSite) -> ListLinks:
    """Read the entries of an RSS 2.0 or Atom feed. Raises ``ReaderError``."""
    links: dict[str, Link] = {}
    for element in parse_xml(data, "XML").iter("{*}item", "{*}entry"):
        link = _resolve(url, _extract_child(element, "link") or _find_alternate_link(element))
        if link and source.allows(link) and _is_followed(link, source):
            day = (
                _extract_child(element, "updated")
                or _extract_child(element, "published")
                or _extract_child(element, "pubDate")
            )
            links.setdefault(link, Link(link, fold(_extract_child(element, "title") or ""), read_day(day)))
    return ListLinks(tuple(links.values()), ())


def select_attachments(
    links: Sequence[tuple[str, str]], url: str, base: str, source: SourceSite
) -> tuple[Link, ...]:
    """Select the links (``href``, text) of a document's page to files on the source's hosts."""
    attachment_links: dict[str, Link] = {}
    page = join_address(url, base) or url
    for printed, text in links:
        href = find_viewed_file(printed)
        # A menu has a hundred links, and parsing an address costs as much as reading a paragraph.
        is_named = _ATTACHMENT_NAME.search(unquote(href)) or _ATTACHMENT_NAME.search(text)
        target = _resolve(page, href) if is_named else None
        if target is not None and source.allows(target) and _has_extension(find_file_name(target, text)):
            attachment_links.setdefault(target, Link(target, text or find_file_name(target)))
    return tuple(attachment_links.values())


def find_viewed_file(href: str) -> str:
    """Return the file that a viewer's address shows: ``/a.pdf`` for ``viewer.html?file=/a.pdf``."""
    try:
        parts = urlsplit(href) if "=" in href else None
        if parts is None or not _VIEWER.search(parts.path):
            return href
        values = [value for _, value in (*parse_qsl(parts.query), *parse_qsl(parts.fragment))]
        return next((value for value in values if _has_extension(urlsplit(value).path)), href)
    except ValueError:
        return href


def is_further_page(url: str, target: str) -> bool:
    """Test whether an address differs from a document's only in the number of a page."""
    one, other = urlsplit(url), urlsplit(target)
    if (one.scheme, one.netloc) != (other.scheme, other.netloc):
        return False
    if one.path == other.path:
        return one.query != other.query and _without_page(one.query) == _without_page(other.query)
    return _PAGE_NUMBER.sub("", one.path) == _PAGE_NUMBER.sub("", other.path)


def _is_near(url: str, target: str) -> bool:
    """Test whether an address is in the folder of a list: >> may also lead to the lists of another."""
    same_folder = url.partition("?")[0].rpartition("/")[0] == target.partition("?")[0].rpartition("/")[0]
    return same_folder or is_further_page(url, target)


def _without_page(query: str) -> list[tuple[str, str]]:
    return [pair for pair in parse_qsl(query) if not _PAGE_PARAMETER.fullmatch(pair[0])]


def is_attachment(url: str) -> bool:
    return _has_extension(find_file_name(url))


def find_file_name(url: str, link_text: str = "") -> str:
    """Return the name of a linked file: from the end of its path, or else from its query or link text.

    Many sites serve files by a script: ``downfile.jsp?filename=….doc``, ``/download/9`` with text 附件.doc.
    """
    parts = urlsplit(url)
    path_name = unquote(parts.path).rpartition("/")[2]
    other_names = (*(value.rpartition("/")[2] for _, value in parse_qsl(parts.query)), link_text)
    return next((name for name in (path_name, *other_names) if _has_extension(name)), path_name)


def _has_extension(name: str) -> bool:
    return name.lower().endswith(tuple(MEDIA_TYPES))


def read_day(text: str | None) -> date | None:
    """Parse a date of lists, sitemaps (W3C) and feeds (RFC 822); instants become days in Shanghai."""
    if not text:
        return None
    for parse in (datetime.fromisoformat, parsedate_to_datetime):
        try:
            instant = parse(text.strip())
            return day_at(instant) if instant.tzinfo else instant.date()
        except (TypeError, ValueError, OverflowError):
            continue
    match = _DATE.search(text)
    return None if match is None else read_date(match[0])


def _is_document(url: str, title: str, source: SourceSite) -> bool:
    return _is_followed(url, source) and (bool(source.documents) or len(title) >= _SHORTEST)


def _is_followed(url: str, source: SourceSite) -> bool:
    if is_attachment(url) or _MEDIA_PATH.search(urlsplit(url).path):
        return False
    return not source.documents or re.search(source.documents, url) is not None


def _resolve(base: str, href: str | None) -> str | None:
    if not href or href.lstrip().lower().startswith(("javascript:", "mailto:", "tel:", "data:", "#")):
        return None
    try:
        target = urldefrag(join_address(base, href.strip()) or "").url
        parts = urlsplit(target)
        sound = parts.scheme in {"http", "https"} and parts.hostname and parts.port != 0
    except ValueError:
        return None
    return target if sound else None


def _find_base(root: etree._Element, url: str) -> str:
    element = root.find(".//base")
    return url if element is None else join_address(url, element.get("href") or "") or url


def _find_date_near(element: etree._Element) -> date | None:
    """Return the date in the same item of the list."""
    for holder in islice(element.iterancestors("li", "tr", "p", "dd", "td", "div"), 2):
        text = "".join(map(str, holder.itertext()))
        if len(text) < 400 and (match := _DATE.search(text)):
            return read_day(match[0])
    return None


def _extract_child(element: etree._Element, name: str) -> str:
    return (element.findtext(f"{{*}}{name}") or "").strip()


def _find_alternate_link(element: etree._Element) -> str:
    links = element.findall("{*}link")
    return next((e.get("href") or "" for e in links if e.get("rel") in (None, "alternate")), "")


def _extract_link_text(element: etree._Element) -> str:
    return fold(" ".join("".join(map(str, element.itertext())).split()))


_GZIP = b"\x1f\x8b"


def read_list(
    source: SourceSite, url: str, responses: ResponseChain, report: SourceReport
) -> ListLinks | None:
    """Read a list of any format; None if it is not modified or cannot be read, which is reported."""
    hop = responses.last
    if hop.status != 200 or hop.truncated:
        return None
    try:
        data = warc.decode_body(hop, source.largest << 20)
        if data.startswith(_GZIP):  # sitemap.xml.gz
            data = b"".join(zip_archive.gunzip(data, source.largest << 20))
        head = structs.replace(hop, body=b"")
        list_links: ListLinks = run_limited(_read_any, data, head, source, result=ListLinks)
    except ValueError as error:
        report.add_finding(kinds.ANSWER_DAMAGED, url, detail=str(error))
    except ReaderError as problem:
        report.findings.append(problem.to_unreadable(url).finding)
    else:
        if url in source.entries and not (list_links.documents or list_links.further):
            report.add_finding(kinds.LIST_EMPTY, url)
        if url in source.entries and list_links.continues:
            report.add_finding(kinds.LIST_CONTINUES, url)
        if list_links.files:
            report.add_finding(kinds.LIST_FILES, url, count=list_links.files)
        return list_links
    return None


def _read_any(data: bytes, hop: Hop, source: SourceSite) -> ListLinks:
    if _is_feed(data):
        return extract_feed_links(data, hop.url, source)
    if _is_xml(data):
        return extract_sitemap_links(data, hop.url, source)
    text, _ = text_encoding.decode(data, warc.find_charset(hop))
    return extract_page_links(text, hop.url, source)


def _is_xml(data: bytes) -> bool:
    head = data[:600].lstrip(b"\xef\xbb\xbf \r\n\t")
    return head.startswith((b"<?xml", b"<urlset", b"<sitemapindex")) and b"<html" not in head.lower()


def _is_feed(data: bytes) -> bool:
    head = data[:600].lstrip(b"\xef\xbb\xbf \r\n\t")
    return head.startswith((b"<?xml", b"<rss", b"<feed")) and any(
        mark in data[:2000] for mark in (b"<rss", b"<feed", b"<rdf:RDF")
    )

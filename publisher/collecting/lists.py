"""What a list names, whichever of its three forms it has: told by its content."""

from __future__ import annotations

from publisher.collect import collecting_findings as kinds
from publisher.collect.readers import archive, encoding
from publisher.collect.readers.problems import ReaderError
from publisher.collecting import discovery, warc
from publisher.collecting.discovery import Listed
from publisher.collecting.fetching import Fetched
from publisher.collecting.report import SourceReport
from publisher.collecting.sources import Source
from publisher.collecting.warc import Hop

_GZIP = b"\x1f\x8b"


def listed(source: Source, url: str, fetched: Fetched, report: SourceReport) -> Listed | None:
    """None where the list says nothing new, or cannot be read."""
    hop = fetched.last
    if hop.status != 200 or hop.truncated:
        return None
    try:
        data = warc.content(hop, source.largest << 20)
        if data.startswith(_GZIP):  # sitemap.xml.gz
            data = b"".join(archive.gunzip(data, source.largest << 20))
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
        return discovery.of_feed(data, source)
    if _is_xml(data):
        return discovery.of_sitemap(data, source)
    text, _ = encoding.decode(data, warc.charset(hop))
    return discovery.of_page(text, hop.url, source)


def _is_xml(data: bytes) -> bool:
    head = data[:600].lstrip(b"\xef\xbb\xbf \r\n\t")
    return head.startswith((b"<?xml", b"<urlset", b"<sitemapindex")) and b"<html" not in head.lower()


def _is_feed(data: bytes) -> bool:
    head = data[:600].lstrip(b"\xef\xbb\xbf \r\n\t")
    return head.startswith((b"<?xml", b"<rss", b"<feed")) and any(
        mark in data[:2000] for mark in (b"<rss", b"<feed", b"<rdf:RDF")
    )

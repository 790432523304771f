"""Further pages of documents (role ``continuation``): their addresses, and their text joined to the first."""

from __future__ import annotations

from collections.abc import Sequence

from publisher.harvest import warc
from publisher.harvest.answers.joined_address import join_address
from publisher.harvest.link_discovery import is_further_page
from publisher.harvest.source_config import SourceSite
from publisher.harvest.warc import Hop
from publisher.ingest.documents import page_lines
from publisher.ingest.documents.page_lines import DocumentPage
from publisher.ingest.documents.page_numbers import MOST_PAGES
from publisher.ingest.formats import text_encoding
from publisher.ingest.formats.errors import ReaderError, ReaderStoppedError
from publisher.ingest.formats.sandbox.fork_server import run_limited


def parse_hop(hop: Hop, source: SourceSite) -> DocumentPage:
    """Parse a page as received. Raises ``ReaderError`` and, for damaged compression, ``ValueError``."""
    data = warc.decode_body(hop, source.largest << 20)
    text, _ = text_encoding.decode(data, warc.find_charset(hop))
    return page_lines.parse_html(text, hop.url)


def find_further_addresses(hop: Hop, source: SourceSite) -> tuple[str, ...]:
    """Return the addresses of further pages that a page of a document names, on the source's hosts.

    Raises ``ReaderStoppedError``.
    """
    try:
        addresses: tuple[str, ...] = run_limited(find_addresses, hop, source, result=tuple[str, ...])
    except ReaderStoppedError:
        raise
    except ReaderError:
        return ()
    return addresses


def find_addresses(hop: Hop, source: SourceSite) -> tuple[str, ...]:
    """Find the addresses as :func:`find_further_addresses` does, in this process. Raises ``ReaderError``."""
    try:
        page = parse_hop(hop, source)
    except ValueError:
        return ()
    base = join_address(hop.url, page.base) or hop.url
    targets = (join_address(base, address) for address in page.further)
    fitting = (
        target
        for target in targets
        if target and target != hop.url and source.allows(target) and is_further_page(hop.url, target)
    )
    return tuple(dict.fromkeys(fitting))[:MOST_PAGES]


def join_hops(first: DocumentPage, further: Sequence[Hop], source: SourceSite) -> DocumentPage:
    """Join further pages to the first. Raises ``ReaderError`` and ``ValueError`` as :func:`parse_hop`."""
    return page_lines.join_pages(first, [parse_hop(hop, source) for hop in further])

"""Collected files as they are stored: their bytes, their lines, and what the reader finds in them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import msgspec

from publisher.harvest import warc
from publisher.harvest.answers import document_pages
from publisher.harvest.attachments import load_stored_hop
from publisher.harvest.extraction import parse_response
from publisher.harvest.link_discovery import find_file_name
from publisher.harvest.source_config import SourceSite
from publisher.harvest.warc import Hop
from publisher.ingest.formats.errors import ReaderError
from publisher.ingest.formats.sandbox.fork_server import run_limited
from publisher.ingest.limited_reading import read_within_limits
from publisher.ingest.parsed_file import MendedCell, Reading
from publisher.log.evidence.harvested_pages import WARC, ArchivedResponse, Page
from publisher.log.log import Log
from publisher.log.model import LogError, Source
from schemas.definition.catalogue import Catalogue

_ANY_SOURCE = SourceSite(title="", dataset="", hosts=("",), largest=64)
"""A source with the widest limits: the response was within those of its own when it was stored."""


class StoredPage(msgspec.Struct, frozen=True):
    """The page of a collected file, with the responses of its further pages."""

    page: Page
    response: ArchivedResponse
    hops: tuple[Hop, ...]
    is_complete: bool
    """Whether all further pages are stored."""

    @property
    def body(self) -> bytes:
        """Bytes of the file. Raises ``ValueError`` if they are damaged."""
        return warc.decode_body(self.hops[0], _ANY_SOURCE.largest << 20)


def load_file(log: Log, source: Source) -> bytes:
    """Return the bytes of a file: of a collected one without the exchange around them.

    Raises ``LogError('no-such-source')``.
    """
    if source.media_type != WARC:
        return log.evidence.source_bytes(source.digest)
    try:
        return load_page(log, source).body
    except ValueError:
        raise _no_such_source(source) from None


def load_page(log: Log, source: Source) -> StoredPage:
    """Load the page of a collected file. Raises ``LogError('no-such-source')``."""
    stored = log.evidence.pages_of_responses([source.digest]).get(source.digest)
    if stored is None:
        raise _no_such_source(source)
    page, response = stored
    pages = log.evidence.continuations(page.key)
    further = [other.response for other in pages if other.response is not None and not other.erased]
    responses = (response, *(log.evidence.response(key) for key in further))
    hops = tuple(load_stored_hop(log, one) for one in responses)
    return StoredPage(page, response, hops, is_complete=len(further) == len(pages))


def read_again(log: Log, source: Source, catalogue: Catalogue, mended: Sequence[MendedCell] = ()) -> Reading:
    """Read a file of a draft again, collected or handed in.

    Raises ``UnreadableFile`` and ``LogError('no-such-source')``.
    """
    if source.media_type != WARC:
        data = log.evidence.source_bytes(source.digest)
        return read_within_limits(data, name=source.name, catalogue=catalogue, mended=mended)
    stored = load_page(log, source)
    if stored.page.role != "document":
        name = find_file_name(stored.page.url, stored.page.title)
        data = load_file(log, source)
        return read_within_limits(data, name=name, catalogue=catalogue, mended=mended)
    first, *further = stored.hops
    return parse_response(
        first,
        stored.page.url,
        stored.response.digest,
        _ANY_SOURCE,
        catalogue,
        further=further,
        is_complete=stored.is_complete,
    ).reading


def read_lines(hops: Sequence[Hop]) -> Mapping[int, str]:
    """Return the lines of a page and of its further ones by number; empty if they cannot be opened."""
    try:
        lines: dict[int, str] = run_limited(_number_lines, hops, result=dict[int, str])
    except (ReaderError, ValueError):
        return {}
    return lines


def _number_lines(hops: Sequence[Hop]) -> dict[int, str]:
    first, *further = hops
    page = document_pages.join_hops(document_pages.parse_hop(first, _ANY_SOURCE), further, _ANY_SOURCE)
    return {line.number: line.raw.strip() for line in page.lines}


def _no_such_source(source: Source) -> LogError:
    return LogError(
        "no-such-source", f"没有来源文件 {source.digest}。", f"There is no source {source.digest}."
    )

"""The evidence of a record: pages it was read from, every answer of theirs, the lines it stood in."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime

from publisher.harvest import warc
from publisher.ingest.documents import page_lines as pages
from publisher.ingest.formats import text_encoding
from publisher.ingest.formats.errors import ReaderError
from publisher.log.evidence.crawled_pages import Page, Response
from publisher.log.log import Log
from publisher.log.model import LogError, RecordState
from schemas.definition.catalogue import Catalogue

_LARGEST = 64 << 20
_LONGEST = 200


@dataclass(frozen=True, slots=True)
class Excerpt:
    """The line that a field was read from."""

    field: str
    title: str
    line: int
    text: str


@dataclass(frozen=True, slots=True)
class Origin:
    """One page, where it lies and what it answered."""

    url: str
    source: str
    copy: bool
    """The document was read from another page; this one says it again."""
    vanished_at: datetime | None
    parser_version: str
    responses: tuple[Response, ...]
    read_from: str | None
    """Digest of the response that this state of the record was read from; later ones may say otherwise."""
    excerpts: tuple[Excerpt, ...]


def of_record(log: Log, state: RecordState) -> tuple[Origin, ...]:
    """Empty where the record was not collected but handed in as a file."""
    catalogue = log.queries.catalogue(state.dataset)
    return tuple(
        _origin(log, page, state, catalogue) for page in log.evidence.pages_of_record(state.dataset, state.id)
    )


def _origin(log: Log, page: Page, state: RecordState, catalogue: Catalogue) -> Origin:
    responses = log.evidence.responses(page.key)
    sources = {source.digest: source for source in state.sources}
    read = next((one for one in responses if one.digest in sources), None)
    excerpts: tuple[Excerpt, ...] = ()
    if read is not None and not read.destroyed:
        excerpts = tuple(_excerpts(lines(log, read), state, catalogue))
    return Origin(
        url=page.url,
        source=page.source,
        copy=page.copy_of is not None,
        vanished_at=page.vanished_at,
        parser_version=page.parser_version if read is None else sources[read.digest].parser_version,
        responses=responses,
        read_from=None if read is None else read.digest,
        excerpts=excerpts,
    )


def lines(log: Log, response: Response) -> Mapping[int, str]:
    """The lines that a kept page shows, by number; none where it cannot be opened."""
    try:
        hop = warc.read(log.evidence.source_bytes(response.digest))[-1]
        text, _ = text_encoding.decode(warc.content(hop, _LARGEST), warc.charset(hop))
        return {line.number: line.raw.strip() for line in pages.of_html(text).lines}
    except (LogError, ReaderError, ValueError):
        return {}


def _excerpts(found: Mapping[int, str], state: RecordState, catalogue: Catalogue) -> Iterator[Excerpt]:
    cells: Mapping[str, str] = state.locator.get("cells", {})
    for field in catalogue.fields:
        cell = cells.get(field.name, "")
        number = int(cell[1:]) if cell[1:].isdigit() else 0
        if number in found and not field.personal:
            yield Excerpt(field.name, field.title, number, found[number][:_LONGEST])

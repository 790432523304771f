"""Pages from which a record was read, with all their responses, and the lines of its fields."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime

import msgspec

from publisher.harvest.attachments import load_stored_hop
from publisher.harvest.stored_files import read_lines
from publisher.log.evidence.harvested_pages import ArchivedResponse, Page
from publisher.log.log import Log
from publisher.log.model import LogError, RecordState
from schemas.definition.catalogue import Catalogue

_LONGEST = 200


class Excerpt(msgspec.Struct, frozen=True):
    """The line from which a field was read."""

    field: str
    title: str
    line: int
    text: str


class OriginPage(msgspec.Struct, frozen=True):
    """One page of a record with its address and responses."""

    url: str
    source: str
    copy: bool
    """Whether the document was read from another page, which this one repeats."""
    vanished_at: datetime | None
    parser_version: str
    responses: tuple[ArchivedResponse, ...]
    read_from: str | None
    """Digest of the response from which this state was read; later responses may differ."""
    excerpts: tuple[Excerpt, ...]


def find_origins(log: Log, state: RecordState) -> tuple[OriginPage, ...]:
    """Return the pages of a record; empty if it was imported from a file."""
    catalogue = log.queries.catalogue(state.dataset)
    return tuple(
        _build_origin(log, page, state, catalogue)
        for page in log.evidence.pages_of_record(state.dataset, state.id)
    )


def _build_origin(log: Log, page: Page, state: RecordState, catalogue: Catalogue) -> OriginPage:
    responses = log.evidence.responses(page.key)
    sources = {source.digest: source for source in state.sources}
    response = next((candidate for candidate in responses if candidate.digest in sources), None)
    excerpts: tuple[Excerpt, ...] = ()
    if response is not None and not response.destroyed:
        excerpts = tuple(_find_excerpts(_read_page(log, response), state, catalogue))
    return OriginPage(
        url=page.url,
        source=page.source_site,
        copy=page.copy_of is not None,
        vanished_at=page.vanished_at,
        parser_version=page.parser_version if response is None else sources[response.digest].parser_version,
        responses=responses,
        read_from=None if response is None else response.digest,
        excerpts=excerpts,
    )


def _read_page(log: Log, response: ArchivedResponse) -> Mapping[int, str]:
    """Return the lines of the page in a response; its further pages may have changed since."""
    try:
        return read_lines([load_stored_hop(log, response)])
    except LogError:
        return {}


def _find_excerpts(
    line_texts: Mapping[int, str], state: RecordState, catalogue: Catalogue
) -> Iterator[Excerpt]:
    cells: Mapping[str, str] = state.locator.get("cells", {})
    for field in catalogue.fields:
        cell = cells.get(field.name, "")
        number = int(cell[1:]) if cell[1:].isdigit() else 0
        if number in line_texts and not field.personal:
            yield Excerpt(field.name, field.title, number, line_texts[number][:_LONGEST])

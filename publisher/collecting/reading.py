"""What was kept → what is said: a document's page into the draft, once, however many sites hold it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from publisher import publishing
from publisher.collect import collecting_findings as kinds
from publisher.collect import document, page
from publisher.collect.findings import Place
from publisher.collect.model import Reading, UnreadableFile
from publisher.collect.readers import encoding
from publisher.collect.readers.problems import ReaderError
from publisher.collecting import copies, warc
from publisher.collecting.report import SourceReport
from publisher.collecting.sources import Source
from publisher.collecting.warc import Hop
from publisher.store.evidence import WARC, Page, Response, Understood
from publisher.store.model import Source as Evidence
from publisher.store.store import Store
from schemas.catalogue import Catalogue
from schemas.text import heading_key

if TYPE_CHECKING:
    from publisher.collecting.run import Asked

COLLECTED = "collected"
"""How a page was told to be new: it had not been read before."""


class Reader:
    """Reads answers of one source into the draft of its dataset."""

    def __init__(self, store: Store, source: Source, catalogue: Catalogue, report: SourceReport) -> None:
        self._store, self._source, self._catalogue = store, source, catalogue
        self.report = report

    def read_kept(self) -> None:
        """What was kept and not read: after an interruption, or with a better parser than then."""
        name, version = self._source.name, document.PARSER_VERSION
        for one in self._store.unread(name, role="document", parser_version=version):
            if one.response is not None:
                response = self._store.response(one.response)
                self._read(one, warc.read(self._store.source_bytes(response.digest))[-1], response)

    def read_all(self, some: Sequence[Asked]) -> None:
        for asked in some:
            one = self._store.page_at(self._source.name, asked.page.url)
            if one is None or one.response is None or asked.fetched.last.status not in {200, 304}:
                continue
            if one.read_digest == one.body_digest and one.parser_version == document.PARSER_VERSION:
                self.report.unchanged += 1
            elif asked.fetched.last.status == 200:
                self._read(one, asked.fetched.last, self._store.response(one.response))

    def take_attachments(self, some: Sequence[Asked]) -> None:
        """Nothing yet."""

    def _read(self, one: Page, hop: Hop, response: Response) -> None:
        """One page that said something new. What cannot be read is told of once."""
        try:
            reading = read_answer(hop, one.url, response.digest, self._source, self._catalogue)
        except UnreadableFile as unreadable:
            self.report.findings.append(unreadable.finding)
            self._not_taken(one)
        else:
            self._take(one, response, reading)

    def _take(self, one: Page, response: Response, reading: Reading) -> None:
        (record,) = reading.records
        number = record.content.get("number")
        understood = Understood(
            page=one.key,
            body_digest=one.body_digest or "",
            parser_version=reading.parser_version,
            text_digest=record.source_text,
            number=number if isinstance(number, str) else None,
            named=heading_key(self._catalogue.title_of(record.content)) or None,
            sketch=copies.sketch(str(record.content.get("body_markdown", ""))),
        )
        likeness = None if one.taken else copies.nearest(understood, self._store)
        if likeness is None:
            self.report.findings += reading.findings
            self._stage(response, reading, one.suspected_by or COLLECTED)
            self.report.read += 1
            self._understood(understood)
            return
        said = {"other": likeness.page.url, "likeness": f"{likeness.value:.2f}"}
        if likeness.same:
            self.report.copies += 1
            self.report.note(kinds.COPY, one.url, **said)
            self._understood(replace(understood, copy_of=likeness.page.key))
        else:
            self.report.note(kinds.NUMBER_ELSEWHERE, one.url, **said)
            self._not_taken(one, understood.text_digest)

    def _stage(self, response: Response, reading: Reading, sign: str) -> None:
        source = Evidence(
            digest=response.digest,
            name=response.url,
            media_type=WARC,
            size=response.size,
            obtained_at=response.at,
            url=response.url,
            detected_by=sign,
        )
        self._store.stage(
            self._source.dataset,
            publishing.entries_of(reading.records),
            part=None,
            source=source,
            parser_version=reading.parser_version,
            catalogue=self._catalogue,
        )

    def _not_taken(self, one: Page, text_digest: str | None = None) -> None:
        version = document.PARSER_VERSION
        self._understood(Understood(one.key, one.body_digest or "", version, text_digest))

    def _understood(self, understood: Understood) -> None:
        self.report.notice(self._store.understood([understood]))


def read_answer(hop: Hop, url: str, digest: str, source: Source, catalogue: Catalogue) -> Reading:
    """A document's page as it was answered. Raises ``UnreadableFile``."""
    try:
        text, _ = encoding.decode(warc.content(hop, source.largest << 20), warc.charset(hop))
        opened = page.of_html(text)
    except ReaderError as problem:
        raise problem.unreadable(url) from problem
    except ValueError as error:
        raise UnreadableFile(kinds.ANSWER_DAMAGED.at(Place(url), detail=str(error))) from error
    return document.read_page(opened, name=url, digest=digest, media_type=WARC, catalogue=catalogue)

"""What was kept → what is said: a document's page into the draft, once, however many sites hold it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from publisher.harvest import link_discovery, near_duplicates, soft_404, warc
from publisher.harvest.attachments import Attachments, evidence_of, with_attachments
from publisher.harvest.report import SourceReport
from publisher.harvest.source_config import Source
from publisher.harvest.warc import Hop
from publisher.ingest.documents import official_document, page_lines
from publisher.ingest.findings import documents
from publisher.ingest.findings import harvest as kinds
from publisher.ingest.findings.files import TOO_LARGE
from publisher.ingest.findings.kind import Place
from publisher.ingest.formats import text_encoding
from publisher.ingest.formats.errors import ReaderError
from publisher.ingest.parsed_file import Reading, UnreadableFile
from publisher.log.evidence.crawled_pages import WARC, Instead, Page, Response, Understood
from publisher.log.log import Log
from publisher.log.model import Gathered
from publisher.workflow.import_files import entries_of
from schemas.definition.catalogue import Catalogue
from schemas.normalise import heading_key

if TYPE_CHECKING:
    from publisher.harvest.fetcher import Asked

ATTACHED = 200
"""Attachments of one document that are asked for."""
COLLECTED = "collected"
"""How a page was told to be new: it had not been read before."""
_AT_ONCE = 20


@dataclass(frozen=True, slots=True)
class Read:
    reading: Reading
    links: tuple[tuple[str, str], ...]
    base: str


class Reader:
    """Reads answers of one source into the draft of its dataset."""

    def __init__(
        self,
        log: Log,
        source: Source,
        catalogue: Catalogue,
        report: SourceReport,
        catalogues: Callable[[str], Catalogue | None],
    ) -> None:
        self._log, self._source, self._catalogue = log, source, catalogue
        self.report = report
        self._attachments = Attachments(log, source, catalogues, report)
        self._gathered: dict[str, Gathered] = {}  # by the page
        self._waiting: list[tuple[Page, Understood]] = []
        # By an attachment that was named in this run: the pages that do.
        self._linked: dict[str, list[int | None]] = {}

    def read_kept(self) -> None:
        """What was kept and not read: after an interruption, or with a better parser than then."""
        name, version = self._source.name, official_document.PARSER_VERSION
        for one in self._log.evidence.unread_pages(name, role="document", parser_version=version):
            if one.response is not None:
                response = self._log.evidence.response(one.response)
                self._read(one, warc.read(self._log.evidence.source_bytes(response.digest))[-1], response)
            if len(self._waiting) >= _AT_ONCE:
                self.flush()
        self.flush()

    def read_all(self, some: Sequence[Asked]) -> None:
        for asked in some:
            one = self._log.evidence.page_at(self._source.name, asked.page.url)
            if one is None or one.response is None or asked.fetched.last.status not in {200, 304}:
                continue
            if one.read_digest == one.body_digest and one.parser_version == official_document.PARSER_VERSION:
                self.report.unchanged += 1
            elif asked.fetched.last.status == 200:
                self._read(one, asked.fetched.last, self._log.evidence.response(one.response))
        self.flush()

    def flush(self) -> None:
        """What was read into the draft, and then that it was read: a crash between reads it once more."""
        gathered, self._gathered = tuple(self._gathered.values()), {}
        waiting, self._waiting = self._waiting, []
        if gathered:
            self._log.drafts.stage_all(self._source.dataset, gathered, catalogue=self._catalogue)
        if waiting:
            self.report.notice(self._log.evidence.keep_parsed([one for _, one in waiting]))

    def take_attachments(self, some: Sequence[Asked]) -> None:
        """Tables into the drafts of their datasets; documents again, now with the text of these."""
        parents: dict[int | None, None] = {}
        for asked in some:
            file = self._log.evidence.page_at(self._source.name, asked.page.url)
            if file is None or file.response is None or asked.fetched.last.status != 200:
                continue
            if file.read_digest != file.body_digest:
                response = self._log.evidence.response(file.response)
                self._attachments.take_tables(file, asked.fetched.last, response)
                self._not_taken(file)
                parents |= dict.fromkeys(self._linked.get(file.url, (file.parent,)))
        for parent in parents:
            if parent is not None:
                self._again(self._log.evidence.page(parent))
        self.flush()

    def _again(self, one: Page) -> None:
        """A document whose surroundings changed, from what was kept."""
        if not one.taken or one.response is None:
            return
        response = self._log.evidence.response(one.response)
        hop = warc.read(self._log.evidence.source_bytes(response.digest))[-1]
        try:
            read = read_answer(hop, one.url, response.digest, self._source, self._catalogue)
        except UnreadableFile as unreadable:  # limits were other when it was read
            self.report.findings.append(unreadable.finding)
        else:
            self._stage(one, response, read)

    def _read(self, one: Page, hop: Hop, response: Response) -> None:
        """One page that said something new. What cannot be read is told of once."""
        known = one.taken or one.copy_of is not None
        anew = known and one.read_digest != one.body_digest
        try:
            read = read_answer(hop, one.url, response.digest, self._source, self._catalogue)
        except UnreadableFile as unreadable:
            damaged = unreadable.finding.code == kinds.ANSWER_DAMAGED.code
            if damaged or not anew:
                self.report.findings.append(unreadable.finding)
            if anew:
                self._came_instead(one, "spoilt" if damaged else "absent")
            else:
                self._not_taken(one)
            return
        understood = self._understood(one, read.reading)
        if anew and self._is_another(one, understood, read, hop):
            self._came_instead(one, "absent")
        else:
            self._take(one, response, read, understood)

    def _understood(self, one: Page, reading: Reading) -> Understood:
        (record,) = reading.records
        number = record.content.get("number")
        return Understood(
            page=one.key,
            body_digest=one.body_digest or "",
            parser_version=reading.parser_version,
            text_digest=record.source_text,
            number=number if isinstance(number, str) else None,
            named=heading_key(self._catalogue.title_of(record.content)) or None,
            sketch=near_duplicates.sketch(str(record.content.get("body_markdown", ""))),
        )

    def _is_another(self, one: Page, understood: Understood, read: Read, hop: Hop) -> bool:
        """Whether it is not what stood here, and came by a redirect or says nothing of itself."""
        (record,) = read.reading.records
        if hop.url == one.url and not soft_404.is_bare(record.content):
            return False
        if one.named == understood.named or (one.number and one.number == understood.number):
            return False
        mine = next(
            (
                kept
                for page, _, kept in self._log.evidence.duplicate_candidates(one.number, one.named)
                if page.key == one.key
            ),
            b"",
        )
        return near_duplicates.resemblance(mine, understood.sketch or b"") < near_duplicates.SAME_NUMBER

    def _take(self, one: Page, response: Response, read: Read, understood: Understood) -> None:
        reading = read.reading
        likeness = None if one.taken else near_duplicates.nearest(understood, self._log, self._waiting)
        if likeness is None:
            self.report.findings += reading.findings
            self._stage(one, response, read)
            self.report.read += 1
            self._waiting.append((one, understood))
            return
        said = {"other": likeness.page.url, "likeness": f"{likeness.value:.2f}"}
        if likeness.same:
            self.report.copies += 1
            self.report.note(kinds.COPY, one.url, **said)
            self._waiting.append((one, replace(understood, copy_of=likeness.page.key, sketch=None)))
        else:
            self.report.note(kinds.NUMBER_ELSEWHERE, one.url, **said)
            self._not_taken(one, understood.text_digest)

    def _stage(self, one: Page, response: Response, read: Read) -> None:
        """With its attachments."""
        reading, name = read.reading, self._source.name
        links = link_discovery.attachments(read.links, one.url, read.base, self._source)
        if len(links) > ATTACHED:
            self.report.note(kinds.ATTACHMENTS_CUT, one.url, count=len(links), most=ATTACHED)
            links = links[:ATTACHED]
        named = [(link.url, link.title) for link in links]
        self._log.evidence.add_links(name, named, role="attachment", parent=one.key)
        for link in links:
            self._linked.setdefault(link.url, []).append(one.key)
        (record,) = reading.records
        record = with_attachments(record, self._attachments.of(links), self._catalogue)
        entries = tuple(entries_of([record]))
        source = evidence_of(response, one.suspected_by or COLLECTED)
        self._gathered[one.url] = Gathered(entries, source, reading.parser_version)

    def _came_instead(self, one: Page, what: Instead) -> None:
        version = official_document.PARSER_VERSION
        self._waiting.append((one, Understood(one.key, one.body_digest or "", version, instead=what)))

    def _not_taken(self, one: Page, text_digest: str | None = None) -> None:
        version = official_document.PARSER_VERSION
        self._waiting.append((one, Understood(one.key, one.body_digest or "", version, text_digest)))


def read_answer(hop: Hop, url: str, digest: str, source: Source, catalogue: Catalogue) -> Read:
    """A document's page as it was answered. Raises ``UnreadableFile``."""
    try:
        data = warc.content(hop, source.largest << 20)
        if not data.strip():
            raise UnreadableFile(documents.NO_DOCUMENT.at(Place(url)))
        text, notes = text_encoding.decode(data, warc.charset(hop))
        if len(text) > official_document.MAX_TEXT:
            raise ReaderError(TOO_LARGE, f"{len(text)} > {official_document.MAX_TEXT}")
        opened = page_lines.of_html(text)
    except ReaderError as problem:
        raise problem.unreadable(url) from problem
    except ValueError as error:
        raise UnreadableFile(kinds.ANSWER_DAMAGED.at(Place(url), detail=str(error))) from error
    reading = official_document.read_page(
        opened, name=url, digest=digest, media_type=WARC, catalogue=catalogue
    )
    (record,) = reading.records
    shown = (opened.heading, *(line.text for line in opened.lines))
    if soft_404.leads_nowhere(url, hop.url) or soft_404.says_absent(record.content, shown):
        raise UnreadableFile(kinds.PAGE_ABSENT.at(Place(url)))
    damage = tuple(note.finding(url) for note in notes)
    reading = replace(reading, findings=(*damage, *reading.findings))
    return Read(reading, opened.links, opened.base)

"""Extraction of documents from stored pages into the draft, once per document across sites."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence, Set

import msgspec
from msgspec import structs

from publisher.harvest import link_discovery, near_duplicates, soft_404, warc
from publisher.harvest.answers import document_pages
from publisher.harvest.attachments import Attachments, add_attachments, describe_response, load_stored_hop
from publisher.harvest.fetcher import PageFetch
from publisher.harvest.page_guard import PageGuard
from publisher.harvest.report import SourceReport
from publisher.harvest.source_config import SourceSite
from publisher.harvest.warc import Hop
from publisher.ingest import row_checks
from publisher.ingest.documents import official_document, page_lines
from publisher.ingest.findings import documents
from publisher.ingest.findings import harvest as kinds
from publisher.ingest.findings.files import TOO_LARGE
from publisher.ingest.findings.kind import Place
from publisher.ingest.formats import text_encoding
from publisher.ingest.formats.errors import ReaderError, ReaderStoppedError
from publisher.ingest.formats.sandbox.fork_server import run_limited
from publisher.ingest.limited_reading import ReceivedReading, to_reading
from publisher.ingest.parsed_file import Reading, UnreadableFile
from publisher.log.drafts.staging import SourceEntries
from publisher.log.evidence.harvested_pages import WARC, ArchivedResponse, Page, ParsedPage, Replacement
from publisher.log.log import Log
from publisher.workflow.import_files import create_entries
from schemas.definition.catalogue import Catalogue
from schemas.normalise import heading_key

MOST_ATTACHMENTS = 200
"""Most attachments of one document that are requested."""
_BATCH = 20


class Extraction(msgspec.Struct, frozen=True):
    """Result of reading one response: the document, and the links of its page."""

    reading: Reading
    links: tuple[tuple[str, str], ...]
    """``href`` as printed, and text of each link."""
    base: str
    """``href`` of the page's ``<base>``; empty without one."""


class Extractor:
    """Extracts the documents of one source from responses into the draft of its dataset."""

    def __init__(
        self,
        log: Log,
        source: SourceSite,
        catalogue: Catalogue,
        report: SourceReport,
        guard: PageGuard,
        catalogues: Callable[[str], Catalogue | None],
    ) -> None:
        self._log, self._source, self._catalogue = log, source, catalogue
        self.report, self._guard = report, guard
        self._attachments = Attachments(log, source, catalogues, report, guard)
        self._staged_imports: dict[str, SourceEntries] = {}  # by URL of the page
        self._waiting: list[tuple[Page, ParsedPage]] = []
        # URL of an attachment → keys of the pages that link to it in this run.
        self._linked: dict[str, list[int]] = {}

    def read_stored(self) -> None:
        """Read stored pages that were not read, after an interruption or with a newer parser."""
        name, version = self._source.name, official_document.PARSER_VERSION
        for page in self._log.evidence.unparsed_pages(name, role="document", parser_version=version):
            if page.response is None or self._guard.is_set_aside(page):
                continue
            with self._guard.protect(page):
                response = self._log.evidence.response(page.response)
                self._read_page(page, load_stored_hop(self._log, response), response)
            if len(self._waiting) >= _BATCH:
                self.flush()
        self.flush()
        files = self._log.evidence.unread_pages(name, role="attachment")
        aside = (self._guard.is_set_aside, self._is_needed_by_failure)
        self._stage_files((file, None) for file in files if not any(test(file) for test in aside))

    def read_all(self, page_fetches: Sequence[PageFetch], changed: Set[int] = frozenset()) -> None:
        """Read new and changed documents. ``changed``: keys of those whose further pages changed."""
        for page_fetch in page_fetches:
            with self._guard.protect(page_fetch.page):
                self._read_fetch(page_fetch, has_changed_pages=page_fetch.page.key in changed)
        self.flush()

    def _read_fetch(self, page_fetch: PageFetch, *, has_changed_pages: bool) -> None:
        page = self._log.evidence.page_at(self._source.name, page_fetch.page.url)
        last = page_fetch.responses.last
        if page is None or page.response is None or last.status not in {200, 304}:
            return
        response = self._log.evidence.response(page.response)
        is_current = page.parser_version == official_document.PARSER_VERSION
        if page.read_digest == page.body_digest and is_current and not has_changed_pages:
            self.report.unchanged += 1
        elif last.status == 200:
            self._read_page(page, last, response)
        elif has_changed_pages:
            self._read_page(page, load_stored_hop(self._log, response), response)

    def flush(self) -> None:
        """Store what was read in one transaction; if that fails, each page in its own."""
        imports, self._staged_imports = self._staged_imports, {}
        waiting, self._waiting = self._waiting, []
        try:
            self._store(list(imports.values()), [parsed_page for _, parsed_page in waiting])
        except Exception:  # noqa: BLE001 - the guard reports the page that caused it
            parsed_pages = {page.url: parsed_page for page, parsed_page in waiting}
            for url in imports | parsed_pages:
                page = self._log.evidence.page_at(self._source.name, url)
                if page is not None and not self._is_needed_by_failure(page):
                    with self._guard.protect(page):
                        self._store(
                            [imports[url]] if url in imports else [],
                            [parsed_pages[url]] if url in parsed_pages else [],
                        )

    def _store(self, imports: Sequence[SourceEntries], parsed_pages: Sequence[ParsedPage]) -> None:
        """Stage documents, then mark their pages as read; after a crash they are read again."""
        if imports:
            self._log.drafts.stage_all(self._source.dataset, imports, catalogue=self._catalogue)
        if parsed_pages:
            self.report.add_notices(self._log.evidence.store_parsed(parsed_pages))

    def stage_attachments(self, page_fetches: Sequence[PageFetch]) -> None:
        """Stage tables in the drafts of their datasets, and documents again with the text of attachments."""
        fetches = ((page_fetch.page, page_fetch.responses.last) for page_fetch in page_fetches)
        self._stage_files((page, hop) for page, hop in fetches if hop.status == 200)

    def _stage_files(self, files: Iterable[tuple[Page, Hop | None]]) -> None:
        """Stage new or changed files. None: the response is the stored one."""
        staged: list[Page] = []
        for page, hop in files:
            with self._guard.protect(page):
                file = self._log.evidence.page_at(self._source.name, page.url)
                if file is not None and self._stage_file(file, hop):
                    staged.append(file)
        for parent in dict.fromkeys(parent for file in staged for parent in self._linking(file)):
            page = self._log.evidence.page(parent)
            with self._guard.protect(page):
                self._stage_again(page)
        for file in staged:  # only then: what fails is read at the next run
            if not (self._guard.has_failed(file.key) or self._is_needed_by_failure(file)):
                self._mark_skipped(file)
        self.flush()

    def _stage_file(self, file: Page, hop: Hop | None) -> bool:
        """Stage the tables of a file. Return whether it is new or changed."""
        if file.response is None or file.read_digest == file.body_digest:
            return False
        response = self._log.evidence.response(file.response)
        self._attachments.stage_tables(file, hop or load_stored_hop(self._log, response), response)
        return True

    def _linking(self, file: Page) -> Sequence[int]:
        """List the keys of the pages that link to a file."""
        return self._linked.get(file.url) or (() if file.parent is None else (file.parent,))

    def _is_needed_by_failure(self, file: Page) -> bool:
        """Test for a file of a document that failed, or is set aside, and is to be read with it."""
        return file.role == "attachment" and any(map(self._guard.has_failed, self._linking(file)))

    def _stage_again(self, page: Page) -> None:
        """Stage a document again from its stored response, because its attachments changed."""
        if not page.is_document or page.response is None:
            return
        response = self._log.evidence.response(page.response)
        hop = load_stored_hop(self._log, response)
        try:
            extraction = self._parse(page, hop, response)
        except UnreadableFile as unreadable:  # the limits differed when it was first read
            self.report.findings.append(unreadable.finding)
        else:
            self._stage(page, response, extraction)

    def _parse(self, page: Page, hop: Hop, response: ArchivedResponse) -> Extraction:
        """Parse a document with its further pages. Raises ``UnreadableFile``."""
        pages = self._log.evidence.continuations(page.key)
        responses = [other.response for other in pages if other.response is not None and not other.erased]
        further = [load_stored_hop(self._log, self._log.evidence.response(key)) for key in responses]
        return parse_response(
            hop,
            page.url,
            response.digest,
            self._source,
            self._catalogue,
            further=further,
            is_complete=len(further) == len(pages),
        )

    def _read_page(self, page: Page, hop: Hop, response: ArchivedResponse) -> None:
        """Read a new or changed page. An unreadable page is reported once."""
        was_read = page.is_document or page.copy_of is not None
        changed = was_read and page.read_digest != page.body_digest
        try:
            extraction = self._parse(page, hop, response)
        except UnreadableFile as unreadable:
            damaged = unreadable.finding.code == kinds.ANSWER_DAMAGED.code
            if damaged or not changed:
                self.report.findings.append(unreadable.finding)
            if changed:
                self._mark_replaced(page, "spoilt" if damaged else "absent")
            else:
                self._mark_skipped(page)
            return
        parsed_page = self._describe_page(page, extraction.reading)
        if changed and self._is_another(page, parsed_page, extraction, hop):
            self._mark_replaced(page, "absent")
        else:
            self._stage_or_skip(page, response, extraction, parsed_page)

    def _describe_page(self, page: Page, reading: Reading) -> ParsedPage:
        (record,) = reading.records
        number = record.content.get("number")
        return ParsedPage(
            page=page.key,
            body_digest=page.body_digest or "",
            parser_version=reading.parser_version,
            text_digest=record.source_text,
            number=number if isinstance(number, str) else None,
            title_key=heading_key(self._catalogue.title_of(record.content)) or None,
            sketch=near_duplicates.create_sketch(str(record.content.get("body_markdown", ""))),
        )

    def _is_another(self, page: Page, parsed_page: ParsedPage, extraction: Extraction, hop: Hop) -> bool:
        """Report whether a page now shows another document.

        It redirects or has neither number nor date, and title, number and text differ from before.
        """
        (record,) = extraction.reading.records
        if hop.url == page.url and not soft_404.is_bare(record.content):
            return False
        if page.title_key == parsed_page.title_key or (page.number and page.number == parsed_page.number):
            return False
        own_sketch = next(
            (
                sketch
                for candidate, _, sketch in self._log.evidence.duplicate_candidates(
                    page.number, page.title_key
                )
                if candidate.key == page.key
            ),
            b"",
        )
        return (
            near_duplicates.measure_resemblance(own_sketch, parsed_page.sketch or b"")
            < near_duplicates.SAME_NUMBER
        )

    def _stage_or_skip(
        self, page: Page, response: ArchivedResponse, extraction: Extraction, parsed_page: ParsedPage
    ) -> None:
        reading = extraction.reading
        likeness = (
            None
            if page.is_document
            else near_duplicates.find_nearest(parsed_page, self._source.name, self._log, self._waiting)
        )
        if likeness is None:
            self.report.findings += reading.findings
            self._stage(page, response, extraction)
            self.report.read += 1
            self._waiting.append((page, parsed_page))
            return
        words = {"other": likeness.page.url, "likeness": f"{likeness.value:.2f}"}
        if likeness.same:
            self.report.copies += 1
            self.report.add_finding(kinds.COPY, page.url, **words)
            self._waiting.append((page, structs.replace(parsed_page, copy_of=likeness.page.key, sketch=None)))
        else:
            self.report.add_finding(kinds.NUMBER_ELSEWHERE, page.url, **words)
            self._mark_skipped(page, parsed_page.text_digest)

    def _stage(self, page: Page, response: ArchivedResponse, extraction: Extraction) -> None:
        """Stage a document with its attachments."""
        reading, name = extraction.reading, self._source.name
        links = link_discovery.select_attachments(extraction.links, page.url, extraction.base, self._source)
        if len(links) > MOST_ATTACHMENTS:
            self.report.add_finding(kinds.ATTACHMENTS_CUT, page.url, count=len(links), most=MOST_ATTACHMENTS)
            links = links[:MOST_ATTACHMENTS]
        urls = [(link.url, link.title) for link in links]
        self._log.evidence.add_links(name, urls, role="attachment", parent=page.key)
        for link in links:
            self._linked.setdefault(link.url, []).append(page.key)
        (record,) = reading.records
        record = add_attachments(record, self._attachments.describe_links(links), self._catalogue)
        findings = row_checks.check_records([record], self._catalogue, page.url)
        self.report.findings += [one for one in findings if one not in self.report.findings]
        entries = tuple(create_entries([record]))
        source = describe_response(page, response)
        self._staged_imports[page.url] = SourceEntries(entries, source, reading.parser_version)

    def _mark_replaced(self, page: Page, replacement: Replacement) -> None:
        version = official_document.PARSER_VERSION
        self._waiting.append(
            (page, ParsedPage(page.key, page.body_digest or "", version, replacement=replacement))
        )

    def _mark_skipped(self, page: Page, text_digest: str | None = None) -> None:
        version = official_document.PARSER_VERSION
        self._waiting.append((page, ParsedPage(page.key, page.body_digest or "", version, text_digest)))


_ReceivedExtraction = msgspec.defstruct(
    "_ReceivedExtraction",
    [("reading", ReceivedReading), ("links", tuple[tuple[str, str], ...]), ("base", str)],
)


def parse_response(
    hop: Hop,
    url: str,
    digest: str,
    source: SourceSite,
    catalogue: Catalogue,
    *,
    further: Sequence[Hop] = (),
    is_complete: bool = True,
) -> Extraction:
    """Parse a response of a document, within limits. Raises ``UnreadableFile``, ``ReaderStoppedError``.

    ``further``: responses of its further pages, in order. ``is_complete``: whether these are all.
    """
    arguments = (hop, url, digest, source, catalogue, further, is_complete)
    try:
        received = run_limited(parse_unlimited, *arguments, result=_ReceivedExtraction)
    except ReaderStoppedError:
        raise
    except ReaderError as problem:
        raise problem.to_unreadable(url) from problem
    return Extraction(to_reading(received.reading), received.links, received.base)


def parse_unlimited(
    hop: Hop,
    url: str,
    digest: str,
    source: SourceSite,
    catalogue: Catalogue,
    further: Sequence[Hop],
    is_complete: bool,  # noqa: FBT001 -- sent to a process
) -> Extraction:
    """Parse a response in this process. Raises ``UnreadableFile``."""
    try:
        data = warc.decode_body(hop, source.largest << 20)
        if not data.strip():
            raise UnreadableFile(documents.NO_DOCUMENT.at(Place(url)))
        text, notes = text_encoding.decode(data, warc.find_charset(hop))
        if len(text) > official_document.MAX_TEXT:
            raise ReaderError(TOO_LARGE, f"{len(text)} > {official_document.MAX_TEXT}")
        page = document_pages.join_hops(page_lines.parse_html(text, hop.url), further, source)
        if not is_complete:
            page = structs.replace(page, continues=True)
    except ReaderError as problem:
        raise problem.to_unreadable(url) from problem
    except ValueError as error:
        raise UnreadableFile(kinds.ANSWER_DAMAGED.at(Place(url), detail=str(error))) from error
    reading = official_document.read_page(page, name=url, digest=digest, media_type=WARC, catalogue=catalogue)
    (record,) = reading.records
    texts = (page.heading, *(line.text for line in page.lines))
    if soft_404.is_redirect_to_home(url, hop.url) or soft_404.is_absent(record.content, texts):
        raise UnreadableFile(kinds.PAGE_ABSENT.at(Place(url)))
    damage = tuple(note.create_finding(url) for note in notes)
    reading = structs.replace(reading, findings=(*damage, *reading.findings))
    return Extraction(reading, (*page.links, *page.embedded), page.base)

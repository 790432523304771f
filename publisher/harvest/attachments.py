"""Attachments of documents: their text is added to the document, their tables are staged in drafts."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Iterator, Sequence

import msgspec
from msgspec import structs

from publisher.harvest import warc
from publisher.harvest.link_discovery import MEDIA_TYPES, Link, find_file_name
from publisher.harvest.page_guard import PageGuard
from publisher.harvest.report import SourceReport
from publisher.harvest.source_config import SourceSite
from publisher.harvest.warc import Hop
from publisher.ingest.documents import table_to_markdown
from publisher.ingest.documents.section_outline import escape
from publisher.ingest.findings import harvest as kinds
from publisher.ingest.findings.kind import Finding, Place
from publisher.ingest.formats import doc, docx, ofd, ole2, pdf
from publisher.ingest.formats.detect import open_file
from publisher.ingest.formats.errors import ReaderError, ReaderStoppedError
from publisher.ingest.formats.grid import Block
from publisher.ingest.formats.safety import zip_archive
from publisher.ingest.formats.sandbox.fork_server import run_limited
from publisher.ingest.limited_reading import read_within_limits
from publisher.ingest.parsed_file import ImportedRecord, Reading, UnreadableFile
from publisher.log.drafts.repeals import combined_digest
from publisher.log.evidence.harvested_pages import WARC, ArchivedResponse, Page
from publisher.log.log import Log
from publisher.log.model import LogError, Source
from publisher.workflow import part_of_file
from publisher.workflow.import_files import create_entries
from schemas.definition.catalogue import Catalogue, Json, add_headings
from schemas.normalise import fold

_TABLES = (".xls", ".xlsx", ".et", ".csv", ".ods")
_ATTACHMENT_MARK = re.compile(r"^附\s?件\s?\d{0,2}+\s?[:：.、]?\s?(?=.)")
_MEDIA_TYPE = re.compile(r"[a-z0-9][a-z0-9!#$&^_.+-]{0,99}/[a-z0-9][a-z0-9!#$&^_.+-]{0,99}")
_GENERIC_MEDIA_TYPES = frozenset(
    {"application/octet-stream", "application/x-download", "text/html", "text/plain"}
)
"""Media types that servers send for unknown files."""
_LONGEST = 200_000
"""Most characters of one attachment that a document includes; the whole text is stored as evidence."""
_CUT = f"（附件文字超过{_LONGEST:,}字，其余未收入，见原文件。）"
_COLLECTED = "collected"
"""``detected_by`` of a page that is read for the first time; one read again has its ``suspected_by``."""


class Attachment(msgspec.Struct, frozen=True):
    """One attachment of a document, with its text if it has any."""

    file: dict[str, Json]
    """A value of the field type ``files``."""
    blocks: tuple[Block, ...] = ()
    """Its paragraphs and tables, if it has text."""


class Attachments:
    """Reads the attachments of one source's documents."""

    def __init__(
        self,
        log: Log,
        source: SourceSite,
        catalogues: Callable[[str], Catalogue | None],
        report: SourceReport,
        guard: PageGuard,
    ) -> None:
        self._log, self._source, self._catalogues, self._report = log, source, catalogues, report
        self._guard = guard

    def describe_links(self, links: Sequence[Link]) -> list[Attachment]:
        """Return the attachments that a document links to, in its order, with details of those fetched."""
        attachments = []
        for link in links:
            page = self._log.evidence.page_at(self._source.name, link.url)
            if page is None:
                continue
            file: dict[str, Json] = {
                "name": _ATTACHMENT_MARK.sub("", link.title) or find_file_name(page.url),
                "url": page.url,
            }
            blocks: Sequence[Block] = ()
            if page.response is not None and not page.erased and not self._guard.is_set_aside(page):
                with self._guard.protect(page):  # the document is read without it
                    hop = load_stored_hop(self._log, self._log.evidence.response(page.response))
                    file |= self._describe_file(page, hop)
                    blocks = self._extract_blocks(page, hop)
            attachments.append(Attachment(file, tuple(blocks)))
        return attachments

    def _describe_file(self, page: Page, hop: Hop) -> dict[str, Json]:
        """Return media type, size and digest of the file when it was fetched."""
        try:
            data = self._decode_body(hop)
        except ValueError:  # reported when its text is read
            return {}
        return {
            "media_type": _find_media_type(page, hop),
            "size": len(data),
            "sha256": hashlib.sha256(data).hexdigest(),
        }

    def stage_tables(self, page: Page, hop: Hop, response: ArchivedResponse) -> None:
        """Stage a workbook or table in the draft of the first dataset whose catalogue can read it."""
        if not self._source.tables:
            return
        for dataset in self._source.tables:
            catalogue = self._catalogues(dataset) or self._log.queries.catalogue(dataset)
            own_catalogue = add_headings(catalogue, self._log.datasets.headings(dataset))
            try:
                reading = read_within_limits(
                    self._decode_body(hop),
                    name=find_file_name(page.url, page.title),
                    catalogue=own_catalogue,
                )
            except (UnreadableFile, ValueError):
                continue
            self._stage(dataset, catalogue, page, reading, response)
            return
        # A text file need not contain a table.
        if find_file_name(page.url, page.title).lower().endswith(_TABLES):
            self._report.add_finding(kinds.TABLE_NOT_USED, page.url)

    def _stage(
        self, dataset: str, catalogue: Catalogue, page: Page, reading: Reading, response: ArchivedResponse
    ) -> None:
        titled = structs.replace(
            reading, file=page.title or reading.file
        )  # the link text names the department
        self._report.findings += reading.findings
        try:
            identified = part_of_file.identify_part(self._log.datasets.get(dataset), titled)
            part = None if identified is None else identified.name
            source = describe_response(page, response)
            self._log.drafts.stage(
                dataset,
                create_entries(reading.records),
                part=part,
                source=source,
                parser_version=reading.parser_version,
                catalogue=catalogue,
                expected=None if catalogue.running else self._list_replaced(dataset, part, source),
            )
        except LogError as error:
            self._report.add_refusal(kinds.NOT_STAGED, page.url, error)
            return
        self._report.tables += 1

    def _list_replaced(self, dataset: str, part: str | None, source: Source) -> Sequence[str]:
        """List the tokens of the part's imports in the draft, which are of this file.

        Raises ``LogError('part-twice')`` if the draft has another file of the part, which would be lost.
        """
        imports = self._log.drafts.imports(dataset, (part,))
        for one in imports:
            if one.source.name != source.name:
                raise LogError(
                    "part-twice",
                    f"草稿中已有“{part or dataset}”的另一个文件“{one.source.name}”，写入会取代它。",
                    f"The draft has another file of {part or dataset}, {one.source.name}, which it would "
                    "replace.",
                )
        return [one.token for one in imports]

    def _extract_blocks(self, page: Page, hop: Hop) -> Sequence[Block]:
        """Return the text of a PDF, OFD, docx or doc (also wps) file, and report its errors.

        Raises ``ReaderStoppedError``.
        """
        try:
            text: AttachedText = run_limited(
                extract_text, self._decode_body(hop), page.url, not self._source.tables, result=AttachedText
            )
        except ReaderStoppedError:
            raise
        except ReaderError as problem:
            self._add_warning(problem.to_unreadable(page.url).finding)
        except UnreadableFile as unreadable:
            self._add_warning(unreadable.finding)
        except ValueError as error:
            self._add_warning(kinds.ANSWER_DAMAGED.at(Place(page.url), "", detail=str(error)))
        else:
            self._report_pages(page, text)
            return text.blocks
        return ()

    def _report_pages(self, page: Page, text: AttachedText) -> None:
        if text.form and not any(text.blocks):
            self._report.add_finding(kinds.SCANNED, page.url, form=text.form, pages=text.pages)
        elif text.without_text:
            numbers = "、".join(map(str, text.without_text[:20]))
            self._report.add_finding(kinds.PAGES_SCANNED, page.url, pages=numbers)
        if text.with_tables:
            numbers = "、".join(map(str, text.with_tables[:20]))
            self._report.add_finding(kinds.PDF_TABLES, page.url, pages=numbers)

    def _add_warning(self, finding: Finding) -> None:
        """Report a finding; errors become warnings, because they do not stop the document."""
        severity = "warning" if finding.severity == "error" else finding.severity
        self._report.findings.append(structs.replace(finding, severity=severity))

    def _decode_body(self, hop: Hop) -> bytes:
        return warc.decode_body(hop, self._source.largest << 20)


class AttachedText(msgspec.Struct):
    """The text of an attachment. ``form``: PDF or OFD, which consist of pages."""

    blocks: tuple[Block, ...] = ()
    form: str = ""
    pages: int = 0
    without_text: tuple[int, ...] = ()
    with_tables: tuple[int, ...] = ()


def extract_text(data: bytes, name: str, check: bool) -> AttachedText:  # noqa: FBT001 -- sent to a process
    """Extract the text of a file; ``check``: open a file of another form, to report its errors.

    Raises :class:`ReaderError` and ``UnreadableFile``.
    """
    if data.startswith(pdf.MAGIC):
        text = pdf.extract_text(data)
        return AttachedText(text.paragraphs, "PDF", text.pages, text.without_text, text.with_tables)
    if data.startswith(ole2.MAGIC) and ole2.is_word(data):
        return AttachedText(tuple(doc.extract_blocks(data)))
    members = zip_archive.inflate_members(data) if zip_archive.is_zip(data) else {}
    if "word/document.xml" in members:
        return AttachedText(tuple(docx.extract_blocks(members)))
    if ofd.ENTRY in members:
        pages = ofd.extract_pages(members)
        lines = [line for page in pages for line in page.splitlines()]
        return AttachedText(tuple(lines) if any(map(str.strip, pages)) else (), "OFD", len(pages))
    if check:
        open_file(data, name)
    return AttachedText()


def load_stored_hop(log: Log, response: ArchivedResponse) -> Hop:
    """Read the last hop of a stored response. Raises ``LogError`` if its bytes were destroyed."""
    return warc.read_warc(log.evidence.source_bytes(response.digest))[-1]


def describe_response(page: Page, response: ArchivedResponse) -> Source:
    """Describe a response of a page as the source of an import."""
    return Source(
        digest=response.digest,
        name=response.url,
        media_type=WARC,
        size=response.size,
        obtained_at=response.at,
        url=response.url,
        detected_by=page.suspected_by or _COLLECTED,
    )


def add_attachments(
    record: ImportedRecord, attachments: Sequence[Attachment], catalogue: Catalogue
) -> ImportedRecord:
    """Add attachments to a document, with their texts as its last sections."""
    field = next((f.name for f in catalogue.fields if f.type == "files"), None)
    if not attachments or field is None:
        return record
    content = dict(record.content)
    content[field] = [attachment.file for attachment in attachments]
    body, outline = str(content.get("body_markdown", "")), list(_iter_texts(content.get("outline")))
    for attachment in attachments:
        blocks = list(_write_blocks(attachment.blocks))
        if blocks:
            title = f"附件：{attachment.file['name']}"
            body = "\n\n".join([body, f"# {escape(title)}", *blocks])
            outline.append(title)
    content["body_markdown"] = body
    if outline:
        content["outline"] = list(outline)
    ordered = {f.name: content[f.name] for f in catalogue.fields if f.name in content}
    source = "\x1e".join(
        "\x1f".join((str(file.file["url"]), str(file.file.get("sha256", "")), _join_blocks(file.blocks)))
        for file in attachments
    )
    return structs.replace(record, content=ordered, source_text=combined_digest(record.source_text, source))


def _write_blocks(blocks: Sequence[Block]) -> Iterator[str]:
    """Write paragraphs and tables as Markdown, up to the most characters of an attachment."""
    length = 0
    for block in blocks:
        text = escape(fold(block)) if isinstance(block, str) else table_to_markdown.write_rows(block)
        length += len(text)
        if length > _LONGEST:
            yield _CUT
            return
        if text:
            yield text


def _join_blocks(blocks: Sequence[Block]) -> str:
    """Join all texts, for the digest of the source."""
    texts = (block if isinstance(block, str) else "\n".join(map("\t".join, block)) for block in blocks)
    return "\n".join(texts)


def _iter_texts(value: object) -> Iterator[str]:
    return (text for text in value if isinstance(text, str)) if isinstance(value, list) else iter(())


def _find_media_type(page: Page, hop: Hop) -> str:
    """Return the server's media type; where it is generic, the type of the file name's extension."""
    declared = (warc.find_header(hop, "content-type") or "").partition(";")[0].strip().lower()
    if _MEDIA_TYPE.fullmatch(declared) and declared not in _GENERIC_MEDIA_TYPES:
        return declared
    suffix = f".{find_file_name(page.url, page.title).lower().rpartition('.')[2]}"
    return MEDIA_TYPES.get(suffix, "application/octet-stream")

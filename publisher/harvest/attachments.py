"""Attachments of documents: text goes into the document, tables to the importer as drafts."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

from publisher.harvest import warc
from publisher.harvest.link_discovery import ATTACHMENTS, Link, file_name
from publisher.harvest.report import SourceReport
from publisher.harvest.source_config import Source
from publisher.harvest.warc import Hop
from publisher.ingest.documents.section_outline import escape
from publisher.ingest.findings import harvest as kinds
from publisher.ingest.findings.kind import Finding, Place
from publisher.ingest.formats import doc, docx, ofd, ole2, pdf, zip_safety
from publisher.ingest.formats.detect import open_grids
from publisher.ingest.formats.errors import ReaderError
from publisher.ingest.parsed_file import ImportedRecord, Reading, UnreadableFile
from publisher.ingest.read_file import read_file
from publisher.log.drafts.repeals import said_elsewhere
from publisher.log.evidence.crawled_pages import WARC, Page, Response
from publisher.log.log import Log
from publisher.log.model import LogError
from publisher.log.model import Source as Evidence
from publisher.workflow import part_of_file
from publisher.workflow.import_files import entries_of
from schemas.definition.catalogue import Catalogue, Json
from schemas.normalise import fold

_TABLES = (".xls", ".xlsx", ".et", ".csv", ".ods")
_MARK = re.compile(r"^附\s?件\s?\d{0,2}+\s?[:：.、]?\s?(?=.)")
_MEDIA = re.compile(r"[a-z0-9][a-z0-9!#$&^_.+-]{0,99}/[a-z0-9][a-z0-9!#$&^_.+-]{0,99}")
_ANY = frozenset({"application/octet-stream", "application/x-download", "text/html", "text/plain"})
"""Types that servers give to what they do not know."""
_LONGEST = 200_000
"""Characters of one attachment that a document takes in; the whole stays as evidence."""


@dataclass(frozen=True, slots=True)
class Attached:
    """One attachment of a document, with its text where it has any."""

    file: dict[str, Json]
    """A value of the field type ``files``."""
    text: str = ""


class Attachments:
    def __init__(
        self,
        log: Log,
        source: Source,
        catalogues: Callable[[str], Catalogue | None],
        report: SourceReport,
    ) -> None:
        self._log, self._source, self._catalogues, self._report = log, source, catalogues, report

    def of(self, links: Sequence[Link]) -> list[Attached]:
        """Those that a document links to, in its order; of one that was asked for, what it is."""
        found = []
        for link in links:
            page = self._log.evidence.page_at(self._source.name, link.url)
            if page is None:
                continue
            file: dict[str, Json] = {
                "name": _MARK.sub("", link.title) or file_name(page.url),
                "url": page.url,
            }
            text = ""
            if page.response is not None and not page.erased:
                hop = warc.read(
                    self._log.evidence.source_bytes(self._log.evidence.response(page.response).digest)
                )[-1]
                file |= self._facts(page, hop)
                text = self._text(page, hop)
            found.append(Attached(file, text))
        return found

    def _facts(self, page: Page, hop: Hop) -> dict[str, Json]:
        """What the file was when it was fetched, as who downloads it sees it."""
        try:
            data = self._data(hop)
        except ValueError:  # told of where its text is read
            return {}
        return {
            "media_type": _media_type(page, hop),
            "size": len(data),
            "sha256": hashlib.sha256(data).hexdigest(),
        }

    def take_tables(self, page: Page, hop: Hop, response: Response) -> None:
        """A workbook or table into the draft of the first dataset whose catalogue reads it."""
        if not self._source.tables:
            return
        for dataset in self._source.tables:
            catalogue = self._catalogues(dataset) or self._log.queries.catalogue(dataset)
            try:
                reading = read_file(
                    self._data(hop), name=file_name(page.url, page.title), catalogue=catalogue
                )
            except (UnreadableFile, ValueError):
                continue
            self._stage(dataset, catalogue, page, reading, response)
            return
        if file_name(page.url, page.title).lower().endswith(_TABLES):  # of a text nobody expects a table
            self._report.note(kinds.TABLE_NOT_TAKEN, page.url)

    def _stage(
        self, dataset: str, catalogue: Catalogue, page: Page, reading: Reading, response: Response
    ) -> None:
        named = replace(reading, file=page.title or reading.file)  # the link's words name the department
        self._report.findings += reading.findings
        try:
            part = part_of_file.told(self._log.datasets.get(dataset), named)
            self._log.drafts.stage(
                dataset,
                entries_of(reading.records),
                part=None if part is None else part.name,
                source=evidence_of(response, page.suspected_by or "collected"),
                parser_version=reading.parser_version,
                catalogue=catalogue,
            )
        except LogError as error:
            told = {"because": error.zh.rstrip("。"), "because_en": error.en.rstrip(".")}
            self._report.note(kinds.NOT_STAGED, page.url, **told)
            return
        self._report.tables += 1

    def _text(self, page: Page, hop: Hop) -> str:
        """The text of a PDF, OFD, docx or doc (wps is one); what is wrong with it is told."""
        try:
            data = self._data(hop)
            if data.startswith(pdf.MAGIC):
                return self._of_pages(page, "PDF", pdf.pages(data))
            if data.startswith(ole2.MAGIC) and ole2.is_word(data):
                return doc.text(data)
            members = zip_safety.members(data) if data.startswith(b"PK") else {}
            if "word/document.xml" in members:
                return docx.read(members["word/document.xml"])[1]
            if ofd.ENTRY in members:
                return self._of_pages(page, "OFD", ofd.pages(members))
            if not self._source.tables:
                open_grids(data, page.url)  # nobody takes it, but what is wrong with it is told
        except ReaderError as problem:
            self._note(problem.unreadable(page.url).finding)
        except UnreadableFile as unreadable:
            self._note(unreadable.finding)
        except ValueError as error:
            self._note(kinds.ANSWER_DAMAGED.at(Place(page.url), "", detail=str(error)))
        return ""

    def _of_pages(self, page: Page, form: str, texts: Sequence[str]) -> str:
        if not any(text.strip() for text in texts):
            self._report.note(kinds.SCANNED, page.url, form=form, pages=len(texts))
        return "\n".join(texts)

    def _note(self, finding: Finding) -> None:
        """An attachment in error does not stop its document."""
        severity = "warning" if finding.severity == "error" else finding.severity
        self._report.findings.append(replace(finding, severity=severity))

    def _data(self, hop: Hop) -> bytes:
        return warc.content(hop, self._source.largest << 20)


def evidence_of(response: Response, sign: str) -> Evidence:
    """An answer as the log names the file that an import was read from."""
    return Evidence(
        digest=response.digest,
        name=response.url,
        media_type=WARC,
        size=response.size,
        obtained_at=response.at,
        url=response.url,
        detected_by=sign,
    )


def with_attachments(
    record: ImportedRecord, attached: Sequence[Attached], catalogue: Catalogue
) -> ImportedRecord:
    """The document with its attachments, and their text as sections of its own."""
    field = next((f.name for f in catalogue.fields if f.type == "files"), None)
    if not attached or field is None:
        return record
    content = dict(record.content)
    content[field] = [one.file for one in attached]
    body, outline = str(content.get("body_markdown", "")), list(_strings(content.get("outline")))
    for one in attached:
        lines = [fold(line) for line in one.text[:_LONGEST].splitlines()]
        blocks = [escape(line) for line in lines if line]
        if blocks:
            title = f"附件：{one.file['name']}"
            body = "\n\n".join([body, f"# {escape(title)}", *blocks])
            outline.append(title)
    content["body_markdown"] = body
    if outline:
        content["outline"] = list(outline)
    ordered = {f.name: content[f.name] for f in catalogue.fields if f.name in content}
    said = "\x1e".join(f"{one.file['url']}\x1f{one.file.get('sha256', '')}\x1f{one.text}" for one in attached)
    return replace(record, content=ordered, source_text=said_elsewhere(record.source_text, said))


def _strings(value: object) -> Iterator[str]:
    return (one for one in value if isinstance(one, str)) if isinstance(value, list) else iter(())


def _media_type(page: Page, hop: Hop) -> str:
    """As the server names it; where it does not care, as the name's end tells."""
    said = (warc.header(hop, "content-type") or "").partition(";")[0].strip().lower()
    if _MEDIA.fullmatch(said) and said not in _ANY:
        return said
    suffix = f".{file_name(page.url, page.title).lower().rpartition('.')[2]}"
    return ATTACHMENTS.get(suffix, "application/octet-stream")

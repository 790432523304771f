"""Dry run: requests the lists and reports the first documents, without storing them."""

from __future__ import annotations

from datetime import date
from itertools import islice

from publisher.harvest import extraction
from publisher.harvest.answers.bad_answers import find_bad_answer
from publisher.harvest.fetcher import Fetcher, FetchError, OutOfTimeError, ResponseChain
from publisher.harvest.link_discovery import read_list
from publisher.harvest.report import PreviewedDocument, SourceReport
from publisher.harvest.source_config import SourceSite
from publisher.ingest.findings import harvest as kinds
from publisher.ingest.findings.documents import CONTINUES
from publisher.ingest.findings.kind import shorten
from publisher.ingest.parsed_file import Reading, UnreadableFile
from publisher.log.log import Log
from schemas.cells.value_texts import format_value
from schemas.definition.catalogue import Catalogue

MOST_PREVIEWED = 20
"""Number of new documents that are requested and read as a preview."""


class DryRun:
    """A dry run over one source."""

    def __init__(
        self,
        log: Log,
        source: SourceSite,
        fetcher: Fetcher,
        catalogue: Catalogue,
        report: SourceReport,
        since: date | None,
    ) -> None:
        self._log, self._source, self._fetcher = log, source, fetcher
        self._catalogue, self._report, self._since = catalogue, report, since

    def run(self) -> None:
        """Request the first page of every list, and the first unknown documents."""
        try:
            self._run()
        except OutOfTimeError:
            self._report.add_finding(kinds.DRY_RUN_CUT, self._source.name)

    def _run(self) -> None:
        new: dict[str, str] = {}
        for url in self._source.entries:
            responses = self._request(url)
            if responses is None:
                continue
            list_links = read_list(self._source, url, responses, self._report)
            for link in list_links.documents if list_links is not None else ():
                if not link.is_recent(self._since):
                    continue
                if self._log.evidence.page_at(self._source.name, link.url) is None:
                    new.setdefault(link.url, link.title)
        self._report.found = self._report.waiting = len(new)
        for url, title in islice(new.items(), MOST_PREVIEWED):
            self._preview(url, title)

    def _preview(self, url: str, title: str) -> None:
        responses = self._request(url)
        if responses is None:
            return
        bad_answer = find_bad_answer(responses, title, self._source.largest)
        if bad_answer is not None:
            self._report.add_finding(kinds.BAD_ANSWER, url, what=kinds.BAD_ANSWERS[bad_answer])
            return
        try:
            document = extraction.parse_response(
                responses.last, url, responses.digest, self._source, self._catalogue
            )
        except UnreadableFile as unreadable:
            self._report.findings.append(unreadable.finding)
        else:
            self._report.read += 1
            # A run requests the further pages of a document, a dry run does not.
            findings = (one for one in document.reading.findings if one.code != CONTINUES.code)
            self._report.findings += findings
            self._report.previews.append(self._describe(url, document.reading))

    def _describe(self, url: str, reading: Reading) -> PreviewedDocument:
        (record,) = reading.records
        texts = {
            field.title: format_value(field, record.content[field.name])
            for field in self._catalogue.fields
            if field.name in record.content and not field.personal
        }
        values = {title: shorten(text) for title, text in texts.items()}
        return PreviewedDocument(url, self._catalogue.title_of(record.content), values)

    def _request(self, url: str) -> ResponseChain | None:
        """Return a whole response with status 200; report any other and return None."""
        self._report.asked += 1
        try:
            responses = self._fetcher.get(url)
        except FetchError as error:
            self._report.add_finding(kinds.FETCH_KINDS[error.code], url, detail=error.detail)
            return None
        if responses.last.truncated:
            self._report.add_finding(kinds.ANSWER_TOO_LARGE, url, most=self._source.largest)
        elif responses.last.status != 200:
            self._report.add_finding(kinds.STATUS, url, status=responses.last.status)
        else:
            return responses
        return None

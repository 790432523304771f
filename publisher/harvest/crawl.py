"""One run over one source: its lists, its due documents and their attachments.

Every step is stored before the next: addresses in the table of pages, responses in the evidence, documents
in the draft. An interrupted run is therefore resumed: stored responses that were not read are read first,
after the further pages that they lack; then addresses that were not requested are requested.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from datetime import date, datetime

from msgspec import structs

from publisher.harvest import warc
from publisher.harvest.answers.bad_answers import find_bad_answer
from publisher.harvest.answers.document_pages import find_further_addresses
from publisher.harvest.attachments import load_stored_hop
from publisher.harvest.extraction import Extractor
from publisher.harvest.fetcher import Fetcher, FetchError, HostError, PageFetch, ResponseChain
from publisher.harvest.link_discovery import ListLinks, read_list
from publisher.harvest.page_guard import PageGuard
from publisher.harvest.report import SourceReport
from publisher.harvest.source_config import SourceSite
from publisher.harvest.warc import Hop
from publisher.indexing.indexer import Progress
from publisher.ingest.documents.page_numbers import MOST_PAGES
from publisher.ingest.findings import harvest as kinds
from publisher.log.evidence.harvested_pages import Exchange, Page, PageRole
from publisher.log.log import Log

LISTS_STEP, DOCUMENTS_STEP, ATTACHMENTS_STEP = "列表 lists", "文件 documents", "附件 attachments"
_BATCH = 20
"""Responses that one transaction stores; as many may be requested again after a crash."""
_BATCH_BYTES = 16 << 20
"""Bytes of response bodies at which a transaction is closed."""


class Crawl:
    """One run over one source, which stores each step before the next."""

    def __init__(
        self,
        log: Log,
        source: SourceSite,
        fetcher: Fetcher,
        extractor: Extractor,
        guard: PageGuard,
        *,
        now: datetime,
        clock: Callable[[], datetime],
        since: date | None,
        progress: Progress,
    ) -> None:
        self._log, self._source, self._fetcher, self._extractor = log, source, fetcher, extractor
        self._guard = guard
        self._now, self._clock, self._since, self._progress = now, clock, since, progress
        self._visited: set[str] = set()  # addresses of lists
        self._skipped_hosts: set[tuple[str, str]] = set()
        self.report: SourceReport = extractor.report

    def run(self) -> None:
        try:
            self._complete_documents()
            self._extractor.read_stored()
            self._request_lists()
            self._request_documents()
            self._request_attachments()
        finally:
            self._store_robots()
        self._guard.clear_successes()

    def _request_lists(self) -> None:
        """Request the source's lists, and their further pages while these contain new links."""
        visited = self._visited
        entries = self._source.entries
        self._log.evidence.add_links(self._source.name, [(url, "") for url in entries], role="list")
        lacking = [
            page.url
            for page in self._select_due("list")
            if page.url not in entries and (page.checked_at is None or page.failures)
        ]
        for start in (*entries, *lacking):
            queue = [start]
            while queue and len(visited) < self._source.most_lists * max(len(entries), 1):
                url = queue.pop(0)
                if url not in visited:
                    visited.add(url)
                    queue += self._read_list(url)
                    self._progress(LISTS_STEP, len(visited), None)

    def _read_list(self, url: str) -> list[str]:
        """Read one list and return its further pages, if it contained new links."""
        page = self._log.evidence.page_at(self._source.name, url)
        if page is None or self._guard.is_set_aside(page):
            return []
        further: list[str] = []
        with self._guard.protect(page):
            further += self._read_list_page(page)
        return further

    def _read_list_page(self, page: Page) -> list[str]:
        page_fetch = self._request(page)
        if page_fetch is None:
            return []
        links = read_list(self._source, page_fetch.page.url, page_fetch.responses, self.report)
        further = [] if links is None else self._add_links(page_fetch, links)
        # Stored after its links; without validators if links were skipped, so that a 304 cannot hide them.
        whole = links is not None and all(link.is_recent(self._since) for link in links.documents)
        exchange = self._build_exchange(page_fetch.page, page_fetch.responses)
        self._log.evidence.store_exchanges(
            [exchange if whole else structs.replace(exchange, etag=None, modified=None)]
        )
        if links is None and exchange.status == 200:  # it could not be read, and is requested again
            self._log.evidence.mark_unreachable(page.key, exchange.at, retry_early=True)
        return further

    def _add_links(self, page_fetch: PageFetch, list_links: ListLinks) -> list[str]:
        """Store the links of a list and return its further pages, if there were new links."""
        recent = [link for link in list_links.documents if link.is_recent(self._since)]
        further = [url for url in list_links.further if url not in self._visited]
        new = self._log.evidence.add_list_links(
            self._source.name,
            [(link.url, link.title) for link in recent],
            further if recent or not list_links.documents else (),
            parent=page_fetch.page.key,
        )
        self.report.found += new
        if list_links.documents and not new:  # all links are known or older than ``since``
            return []
        return further

    def _request_documents(self) -> None:
        due = self._select_due("document")
        self.report.waiting = len(due)
        for page_fetches in self._batches(due, DOCUMENTS_STEP):
            self._store(page_fetches)
            whole: list[PageFetch] = []
            changed: set[int] = set()
            for page_fetch in page_fetches:
                with self._guard.protect(page_fetch.page):
                    first = self._find_body(page_fetch.page, page_fetch.responses.last)
                    if self._request_further_pages(page_fetch.page, first):
                        changed.add(page_fetch.page.key)
                    whole.append(page_fetch)
            self._extractor.read_all(whole, changed)

    def _complete_documents(self) -> None:
        """Request further pages that stored documents lack, after an interruption or a failure."""
        name, evidence = self._source.name, self._log.evidence
        unread = evidence.unread_pages(name, role="document")
        requested_below = {page.key for page in self._select_due("document")}
        lacking = [
            page
            for page in self._select_due("continuation")
            if page.checked_at is None or page.failures or page.parent not in requested_below
        ]
        keys = {page.parent for page in lacking if page.parent is not None}
        keys -= {page.key for page in unread}
        parents = [page for page in map(evidence.page, sorted(keys)) if page.vanished_at is None]
        for page in (*unread, *parents):
            if page.response is None or page.erased or self._guard.is_set_aside(page):
                continue
            with self._guard.protect(page):
                self._request_further_pages(page, self._load_stored(page), only=lacking)

    def _request_further_pages(
        self, page: Page, hop: Hop | None, *, only: Sequence[Page] | None = None
    ) -> bool:
        """Request the further pages of a document. Return whether one of them is new or changed.

        ``hop``: the response of its first page. ``only``: request these and new ones.
        """
        if hop is None:
            return False
        name, changed = self._source.name, False
        stored_addresses = [other.url for other in self._log.evidence.continuations(page.key)]
        queue = list(dict.fromkeys((*find_further_addresses(hop, self._source), *stored_addresses)))
        requested = {page.url, hop.url}
        while queue and len(requested) <= MOST_PAGES:
            url = queue.pop(0)
            if url in requested:
                continue
            requested.add(url)
            self._log.evidence.add_links(name, [(url, "")], role="continuation", parent=page.key)
            further = self._log.evidence.page_at(name, url)
            if further is None or further.role != "continuation" or further.erased:
                continue  # a document of its own
            if only is None or further.checked_at is None or further in only:
                answer = self._request(further)
                if answer is None:
                    continue
                self._store([answer])
                last = answer.responses.last
                changed = changed or (last.status == 200 and answer.responses.digest != further.body_digest)
                other = self._find_body(further, last)
            else:
                other = self._load_stored(further)
            if other is not None:
                queue += find_further_addresses(other, self._source)
        return changed

    def _find_body(self, page: Page, hop: Hop) -> Hop | None:
        """Return the response with the body of a page: the stored one where it is not modified."""
        if hop.status == 304:
            return self._load_stored(page)
        return hop if hop.status == 200 else None

    def _load_stored(self, page: Page) -> Hop | None:
        if page.response is None:
            return None
        return load_stored_hop(self._log, self._log.evidence.response(page.response))

    def _request_attachments(self) -> None:
        for page_fetches in self._batches(self._select_due("attachment"), ATTACHMENTS_STEP):
            self._store(page_fetches)
            self.report.attachments += sum(
                page_fetch.responses.last.status == 200 for page_fetch in page_fetches
            )
            self._extractor.stage_attachments(page_fetches)

    def _select_due(self, role: PageRole) -> tuple[Page, ...]:
        """Return pages that were never or not recently requested; failures with increasing delays."""
        retries, wait = [self._now], self._source.interval
        while wait < self._source.recheck_interval:
            retries.append(self._now - wait)
            wait *= 2
        before = self._now - self._source.recheck_interval
        pages = self._log.evidence.pages(
            self._source.name, role=role, checked_before=before, retries=retries, now=self._now
        )
        return tuple(page for page in pages if not self._guard.is_set_aside(page))

    def _batches(self, pages: tuple[Page, ...], step: str) -> Iterator[list[PageFetch]]:
        """Yield responses in batches; on an interruption the current batch is stored first."""
        batch: list[PageFetch] = []
        try:
            for number, page in enumerate(pages, start=1):
                with self._guard.protect(page):
                    page_fetch = self._request(page)
                    if page_fetch is not None:
                        batch.append(page_fetch)
                if (
                    len(batch) == _BATCH
                    or sum(len(page_fetch.responses.last.body) for page_fetch in batch) > _BATCH_BYTES
                ):
                    yield batch
                    batch = []
                self._progress(step, number, len(pages))
        except KeyboardInterrupt:
            self._store(batch)
            raise
        if batch:
            yield batch

    def _request(self, page: Page) -> PageFetch | None:
        """Send one request, conditional if the page has validators. Return None for no or a bad answer."""
        try:
            responses = self._fetcher.get(page.url, etag=page.etag, modified=page.modified)
        except HostError as error:
            self._skip_host(page, error)
            return None
        except FetchError as error:
            self._count_request(page)
            kind = kinds.FETCH_KINDS[error.code]
            self.report.add_finding(kind, page.url, detail=error.detail)
            if error.hops:
                self._store([PageFetch(page, ResponseChain(error.hops))])
            else:
                self._log.evidence.mark_unreachable(page.key, self._clock(), retry_early=error.is_temporary)
            return None
        self._count_request(page)
        self._report_status(page, responses)
        title = page.title if page.role == "document" else ""
        bad_answer = find_bad_answer(responses, title, self._source.largest)
        if bad_answer is not None:
            self.report.add_finding(kinds.BAD_ANSWER, page.url, what=kinds.BAD_ANSWERS[bad_answer])
            exchange = structs.replace(self._build_exchange(page, responses), is_page=False)
            self.report.add_notices(self._log.evidence.store_exchanges([exchange]))
            return None
        return PageFetch(page, responses)

    def _count_request(self, page: Page) -> None:
        self.report.asked += 1
        self.report.waiting -= page.role == "document"

    def _skip_host(self, page: Page, error: HostError) -> None:
        """Skip a page of a host that failed. A host is reported once, with the first of its pages."""
        if (error.code, error.detail) not in self._skipped_hosts:
            self._skipped_hosts.add((error.code, error.detail))
            self.report.add_finding(kinds.FETCH_KINDS[error.code], page.url, detail=error.detail)
        if page.role == "list":  # the scheduler decides by lists whether a source is due
            self._log.evidence.mark_unreachable(page.key, self._clock(), retry_early=True)

    def _report_status(self, page: Page, responses: ResponseChain) -> None:
        hop = responses.last
        if hop.truncated:
            self.report.add_finding(kinds.ANSWER_TOO_LARGE, page.url, most=self._source.largest)
        elif _has_no_page(page, hop):
            self.report.add_finding(kinds.STATUS, page.url, status=hop.status)

    def _store(self, page_fetches: list[PageFetch]) -> None:
        """Store responses in one transaction; if that fails, each in its own."""
        if not page_fetches:
            return
        try:
            self._store_exchanges(page_fetches)
        except Exception:  # noqa: BLE001 - the guard reports the page that caused it
            for page_fetch in page_fetches:
                with self._guard.protect(page_fetch.page):
                    self._store_exchanges([page_fetch])

    def _store_exchanges(self, page_fetches: list[PageFetch]) -> None:
        exchanges = [
            self._build_exchange(page_fetch.page, page_fetch.responses) for page_fetch in page_fetches
        ]
        self.report.add_notices(self._log.evidence.store_exchanges(exchanges))

    def _store_robots(self) -> None:
        responses, self._fetcher.robots = self._fetcher.robots, []
        self._log.evidence.add_links(
            self._source.name, [(response.last.url, "") for response in responses], role="robots"
        )
        for response in responses:
            page = self._log.evidence.page_at(self._source.name, response.last.url)
            if page is not None:
                self._store([PageFetch(page, response)])

    def _build_exchange(self, page: Page, responses: ResponseChain) -> Exchange:
        """Build the evidence of a response; an unchanged body is stored only once."""
        hop = responses.last
        is_unchanged = hop.status == 200 and not hop.truncated and responses.digest == page.body_digest
        first = (
            self._log.evidence.response(page.response).at
            if is_unchanged and page.response is not None
            else None
        )
        return Exchange(
            page=page.key,
            at=hop.at,
            status=hop.status,
            warc=warc.write_warc(responses.hops, same_as=first),
            body_digest=responses.digest,
            length=len(hop.body),
            etag=warc.find_header(hop, "etag"),
            modified=warc.find_header(hop, "last-modified"),
            whole=not hop.truncated,
        )


def _has_no_page(page: Page, hop: Hop) -> bool:
    """Test for a status without the page, other than that it is gone or not modified since the last one."""
    if hop.status == 304:
        return page.response is None
    return hop.status != 200 and (page.body_digest is None or hop.status not in {404, 410})

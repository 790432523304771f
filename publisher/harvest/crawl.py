"""One run over one source: its lists, then the documents that are due, then what was read into the draft.

Every step is kept before the next: addresses in the table of pages, answers in the evidence, readings in the
draft. So a run that was killed goes on where it was: what was found and not asked is asked first, what was
kept and not read is read without asking again.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import date, datetime

from publisher.harvest import warc
from publisher.harvest.extraction import Reader
from publisher.harvest.fetcher import Asked, Fetched, Fetcher, FetchError, HostError
from publisher.harvest.link_discovery import Link, Listed, listed
from publisher.harvest.report import SourceReport
from publisher.harvest.source_config import Source
from publisher.ingest.findings import harvest as kinds
from publisher.log.evidence.crawled_pages import Answer, Page, Role
from publisher.log.log import Log

type Progress = Callable[[str, int, int | None], None]

LISTS, DOCUMENTS, ATTACHMENTS = "列表 lists", "文件 documents", "附件 attachments"
_AT_ONCE = 20
"""Answers that are kept by one transaction: as many may be asked again after a crash."""
_TOGETHER = 16 << 20
"""Bytes of bodies at which a transaction holds no more of them."""


class Run:
    def __init__(
        self,
        log: Log,
        source: Source,
        fetcher: Fetcher,
        reader: Reader,
        *,
        now: datetime,
        since: date | None,
        progress: Progress,
    ) -> None:
        self._log, self._source, self._fetcher, self._reader = log, source, fetcher, reader
        self._now, self._since, self._progress = now, since, progress
        self._left_alone: set[tuple[str, str]] = set()
        self.report: SourceReport = reader.report

    def go(self) -> None:
        self._reader.read_kept()
        try:
            self._walk()
            self._ask_documents()
            self._ask_attachments()
        finally:
            self._keep_robots()

    def _walk(self) -> None:
        """Lists as the source names them, and their further pages while these show what is not known."""
        seen: set[str] = set()
        entries = self._source.entries
        self._log.evidence.add_links(self._source.name, [(url, "") for url in entries], role="list")
        never_asked = [
            page.url
            for page in self._log.evidence.pages(self._source.name, role="list")
            if page.checked_at is None and page.url not in entries
        ]
        for start in (*entries, *never_asked):
            queue = [start]
            while queue and len(seen) < self._source.most_lists * max(len(entries), 1):
                url = queue.pop(0)
                if url not in seen:
                    seen.add(url)
                    queue += self._list(url)
                    self._progress(LISTS, len(seen), None)

    def _list(self, url: str) -> list[str]:
        """Read one list. → further pages of it, where it showed something that was not known."""
        page = self._log.evidence.page_at(self._source.name, url)
        if page is None:
            return []
        asked = self._ask(page)
        if asked is None:
            return []
        found = listed(self._source, asked.page.url, asked.fetched, self.report)
        further = [] if found is None else self._take(asked, found)
        # After its links, and without its validators where some were left out: a 304 hides none for ever.
        whole = found is None or all(map(self._is_recent, found.documents))
        kept = self._answer(asked.page, asked.fetched)
        self._log.evidence.keep([kept if whole else replace(kept, etag=None, modified=None)])
        return further

    def _take(self, asked: Asked, found: Listed) -> list[str]:
        """Remember what a list names. → its further pages, where it showed what was not known."""
        wanted = [link for link in found.documents if self._is_recent(link)]
        links = [(link.url, link.title) for link in wanted]
        name, parent = self._source.name, asked.page.key
        new = self._log.evidence.add_links(name, links, role="document", parent=parent)
        self.report.found += new
        if found.documents and not new:  # all of it is known, or older than what is asked for
            return []
        self._log.evidence.add_links(name, [(one, "") for one in found.further], role="list", parent=parent)
        return list(found.further)

    def _is_recent(self, link: Link) -> bool:
        return self._since is None or link.on is None or link.on >= self._since

    def _ask_documents(self) -> None:
        due = self._due("document")
        self.report.waiting = len(due)
        for some in self._batches(due, DOCUMENTS):
            self._keep(some)
            self._reader.read_all(some)

    def _ask_attachments(self) -> None:
        for some in self._batches(self._due("attachment"), ATTACHMENTS):
            self._keep(some)
            self.report.attachments += sum(one.fetched.last.status == 200 for one in some)
            self._reader.take_attachments(some)

    def _due(self, role: Role) -> tuple[Page, ...]:
        """Those that were never asked, or not for long; one that failed at the next run, then ever later."""
        retries, wait = [self._now], self._source.interval
        while wait < self._source.rechecked:
            retries.append(self._now - wait)
            wait *= 2
        before = self._now - self._source.rechecked
        return self._log.evidence.pages(self._source.name, role=role, checked_before=before, retries=retries)

    def _batches(self, pages: tuple[Page, ...], step: str) -> Iterator[list[Asked]]:
        """Answers, some at a time; what came before an interruption is given out first."""
        some: list[Asked] = []
        try:
            for number, page in enumerate(pages, start=1):
                asked = self._ask(page)
                if asked is not None:
                    some.append(asked)
                if len(some) == _AT_ONCE or sum(len(one.fetched.last.body) for one in some) > _TOGETHER:
                    yield some
                    some = []
                self._progress(step, number, len(pages))
        except KeyboardInterrupt:
            self._keep(some)
            raise
        if some:
            yield some

    def _ask(self, page: Page) -> Asked | None:
        """One request, conditional where the page said something before; None where nothing came."""
        try:
            fetched = self._fetcher.get(page.url, etag=page.etag, modified=page.modified)
        except HostError as error:
            self._leave_alone(page, error)
            return None
        except FetchError as error:
            self._asked(page)
            kind = kinds.OF_FETCHING[error.code]
            self.report.note(kind, page.url, detail=error.detail)
            if error.hops:
                self._keep([Asked(page, Fetched(error.hops))])
            else:
                self._log.evidence.mark_unreachable(page.key, self._now, again=error.passes)
            return None
        self._asked(page)
        self._tell(page, fetched)
        return Asked(page, fetched)

    def _asked(self, page: Page) -> None:
        self.report.asked += 1
        self.report.waiting -= page.role == "document"

    def _leave_alone(self, page: Page, error: HostError) -> None:
        """The page waits as if it were not due yet. A host is told of once, for the first of its pages."""
        if (error.code, error.detail) not in self._left_alone:
            self._left_alone.add((error.code, error.detail))
            self.report.note(kinds.OF_FETCHING[error.code], page.url, detail=error.detail)
        if page.role == "list":  # by its lists the scheduler tells whether a source is due
            self._log.evidence.mark_unreachable(page.key, self._now, again=True)

    def _tell(self, page: Page, fetched: Fetched) -> None:
        hop = fetched.last
        if hop.truncated:
            self.report.note(kinds.ANSWER_TOO_LARGE, page.url, most=self._source.largest)
        elif hop.status not in {200, 304} and (page.body_digest is None or hop.status not in {404, 410}):
            self.report.note(kinds.STATUS, page.url, status=hop.status)

    def _keep(self, some: list[Asked]) -> None:
        if some:
            self.report.notice(self._log.evidence.keep([self._answer(one.page, one.fetched) for one in some]))

    def _keep_robots(self) -> None:
        asked, self._fetcher.robots = self._fetcher.robots, []
        self._log.evidence.add_links(self._source.name, [(one.last.url, "") for one in asked], role="robots")
        for one in asked:
            page = self._log.evidence.page_at(self._source.name, one.last.url)
            if page is not None:
                self._log.evidence.keep([self._answer(page, one)])

    def _answer(self, page: Page, fetched: Fetched) -> Answer:
        """For the evidence; a body that was kept before is kept once."""
        hop = fetched.last
        again = hop.status == 200 and not hop.truncated and fetched.digest == page.body_digest
        first = self._log.evidence.response(page.response).at if again and page.response is not None else None
        return Answer(
            page=page.key,
            at=hop.at,
            status=hop.status,
            warc=warc.write(fetched.hops, same_as=first),
            body_digest=fetched.digest,
            length=len(hop.body),
            etag=warc.header(hop, "etag"),
            modified=warc.header(hop, "last-modified"),
            whole=not hop.truncated,
        )

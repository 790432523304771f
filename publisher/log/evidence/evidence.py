"""Source files, pages of sites, their responses, and notices of changes on them."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager
from datetime import datetime
from itertools import batched
from typing import Any

from sqlalchemy import ColumnElement, Connection, and_, func, insert, or_, select, union, update

from publisher.log import registry
from publisher.log.blob_store import digest_of, source_missing
from publisher.log.clocks import micros, utc_now
from publisher.log.database import page_tables as pt
from publisher.log.database import tables as t
from publisher.log.database.storable_text import storable
from publisher.log.evidence import failed_pages, harvested_pages, source_runs
from publisher.log.evidence.failed_pages import FailedPage
from publisher.log.evidence.harvested_pages import ArchivedResponse, Exchange, Page, PageRole, ParsedPage
from publisher.log.evidence.notices import PageNotice, read_notices
from publisher.log.evidence.source_runs import SourceRun
from publisher.log.model import LogError, Source
from publisher.log.session import Session

_WRITERS = 8


class Evidence:
    """``log.evidence``: store and list source files, pages, responses and notices."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def put_source(
        self,
        data: bytes,
        *,
        name: str,
        media_type: str,
        url: str | None = None,
        detected_by: str = "upload",
        partial: bool = False,
    ) -> Source:
        """Store the bytes of a file. Durable on return; nothing refers to them until they are staged."""
        digest = digest_of(data)
        self._session.sources.put(digest, data)
        return Source(digest, name, media_type, len(data), self._session.clock(), url, detected_by, partial)

    def source_bytes(self, digest: str) -> bytes:
        """Return the bytes of a source. Raises ``LogError('no-such-source')``, also if it was erased."""
        try:
            return self._session.sources.get(digest)
        except KeyError:
            raise LogError(
                "no-such-source", f"没有来源文件 {digest}。", f"There is no source {digest}."
            ) from None

    def add_links(
        self, source_site: str, links: Iterable[tuple[str, str]], *, role: PageRole, parent: int | None = None
    ) -> int:
        """Add new addresses, each with the text of its link. → number of new addresses."""
        titles = {storable(url): storable(title) for url, title in links}
        if not titles:
            return 0
        with self._session.read() as conn:
            known_urls = harvested_pages.known_urls(conn, source_site, list(titles))
        if len(known_urls) == len(titles):
            return 0
        with self._session.write() as conn:
            return self._insert_links(conn, source_site, titles, role, parent)

    def add_list_links(
        self,
        source_site: str,
        documents: Iterable[tuple[str, str]],
        further: Sequence[str],
        *,
        parent: int,
    ) -> int:
        """Add the links of a list. If documents are new, or there are none, its further pages are due.

        Both is stored at once, so that a run that is killed next does not leave these out. → new documents.
        """
        titles = {storable(url): storable(title) for url, title in documents}
        lists = {storable(url): "" for url in further}
        with self._session.write() as conn:
            new = self._insert_links(conn, source_site, titles, "document", parent)
            if lists and (new or not titles):
                self._insert_links(conn, source_site, lists, "list", parent)
                p = pt.page.c
                for urls in batched(lists, harvested_pages.BATCH):
                    due = (p.source == source_site, p.role == "list", p.url.in_(urls))
                    conn.execute(update(pt.page).where(*due).values(checked_at=None))
        return new

    def _insert_links(
        self,
        conn: Connection,
        source_site: str,
        titles: Mapping[str, str],
        role: PageRole,
        parent: int | None,
    ) -> int:
        known_urls = harvested_pages.known_urls(conn, source_site, list(titles))
        now = micros(self._session.clock())
        rows = [
            {
                "source": source_site,
                "url": url,
                "role": role,
                "parent": parent,
                "title": title,
                "found_at": now,
                "failures": 0,
                "parser_version": "",
                "erased": False,
            }
            for url, title in titles.items()
            if url not in known_urls
        ]
        if rows:
            conn.execute(insert(pt.page), rows)
        return len(rows)

    def pages(
        self,
        source_site: str,
        *,
        role: PageRole,
        checked_before: datetime | None = None,
        retries: Sequence[datetime] = (),
        now: datetime | None = None,
    ) -> tuple[Page, ...]:
        """List pages of a source site, oldest first. ``checked_before``: only those to fetch again.

        They were fetched before then, and are not erased. ``retries``: the same limit for pages that
        failed to respond once, twice … in a row. ``now``: time of the run; a page that was fetched later than
        that was fetched under a wrong clock, and is listed.
        """
        p = pt.page.c
        query = select(pt.page).where(p.source == source_site, p.role == role).order_by(p.key)
        if checked_before is not None:
            due = or_(
                p.checked_at.is_(None),
                p.checked_at < micros(checked_before),
                *(() if now is None else (p.checked_at > micros(max(now, utc_now())),)),
                *(and_(p.failures == n, p.checked_at < micros(at)) for n, at in enumerate(retries, 1)),
            )
            query = query.where(due, ~p.erased)
        with self._session.read() as conn:
            return tuple(harvested_pages.page_from_row(row) for row in conn.execute(query))

    def continuations(self, document: int) -> tuple[Page, ...]:
        """List the further pages of a document, in order."""
        p = pt.page.c
        query = select(pt.page).where(p.parent == document, p.role == "continuation").order_by(p.key)
        with self._session.read() as conn:
            return tuple(harvested_pages.page_from_row(row) for row in conn.execute(query))

    def unparsed_pages(self, source_site: str, *, role: PageRole, parser_version: str) -> tuple[Page, ...]:
        """List pages whose body, or that of a further page, was not parsed yet or by another version."""
        p, other = pt.page.c, pt.page.alias("other").c
        of_unread = select(other.parent).where(
            other.source == source_site, other.role == "continuation", _is_unread(other)
        )
        stale = or_(_is_unread(p), p.parser_version != parser_version, p.key.in_(of_unread))
        return self._stored_pages(source_site, role, stale)

    def unread_pages(self, source_site: str, *, role: PageRole) -> tuple[Page, ...]:
        """List pages whose body was stored and not read, because a run ended between the two."""
        return self._stored_pages(source_site, role, _is_unread(pt.page.c))

    def _stored_pages(
        self, source_site: str, role: PageRole, condition: ColumnElement[bool]
    ) -> tuple[Page, ...]:
        p = pt.page.c
        query = select(pt.page).where(p.source == source_site, p.role == role, p.body_digest.is_not(None))
        with self._session.read() as conn:
            rows = conn.execute(query.where(~p.erased, condition).order_by(p.key))
            return tuple(harvested_pages.page_from_row(row) for row in rows)

    def page_at(self, source_site: str, url: str) -> Page | None:
        p = pt.page.c
        with self._session.read() as conn:
            row = conn.execute(select(pt.page).where(p.source == source_site, p.url == storable(url))).first()
        return None if row is None else harvested_pages.page_from_row(row)

    def page(self, key: int) -> Page:
        with self._session.read() as conn:
            return harvested_pages.page_from_row(
                conn.execute(select(pt.page).where(pt.page.c.key == key)).one()
            )

    def store_exchanges(self, exchanges: Sequence[Exchange]) -> tuple[PageNotice, ...]:
        """Store exchanges: first the bytes, durably, then all rows in one transaction. → new notices."""
        digests = [digest_of(exchange.warc) for exchange in exchanges]
        with ThreadPoolExecutor(_WRITERS) as pool:  # each waits for the disk
            list(pool.map(self._session.sources.put, digests, (exchange.warc for exchange in exchanges)))
        notice_keys: list[int] = []
        with self._session.write() as conn:
            if not all(
                self._session.sources.has(conn, digest) for digest in digests
            ):  # an erasure deleted it
                raise source_missing()
            for exchange, digest in zip(exchanges, digests, strict=True):
                notice_keys += harvested_pages.store_exchange(conn, exchange, digest)
            return read_notices(conn, keys=notice_keys)

    def mark_unreachable(self, page: int, at: datetime, *, retry_early: bool) -> None:
        """Record that a page did not respond. ``retry_early``: count a failure, which shortens the wait."""
        p = pt.page.c
        with self._session.write() as conn:
            conn.execute(
                update(pt.page)
                .where(p.key == page)
                .values(checked_at=micros(at), failures=p.failures + 1 if retry_early else 0, status=None)
            )

    def add_failure(self, page: int, at: datetime, error: str) -> int:
        """Record that the program failed on a page. → number of failures in a row."""
        with self._session.write() as conn:
            return failed_pages.add_failure(conn, page, at, error)

    def clear_failures(self, pages: Collection[int]) -> None:
        with self._session.write() as conn:
            failed_pages.clear_failures(conn, pages)

    def failed_pages(self, source_site: str | None = None) -> tuple[FailedPage, ...]:
        """List pages on which the program failed, of one source site or of all."""
        with self._session.read() as conn:
            return failed_pages.list_failures(conn, source_site)

    def begin_run(self, source_site: str) -> int:
        """Record that a run over a source site begins. → its key."""
        with self._session.write() as conn:
            return source_runs.begin_run(conn, source_site, self._session.clock())

    def end_run(self, key: int, report: str) -> None:
        """Record that a run ended, with its report in JSON."""
        with self._session.write() as conn:
            source_runs.end_run(conn, key, self._session.clock(), report)

    def runs(self, source_site: str, *, most: int = source_runs.MOST_RUNS) -> tuple[SourceRun, ...]:
        """List the newest runs over a source site, the newest first."""
        with self._session.read() as conn:
            return source_runs.list_runs(conn, source_site, most)

    def store_parsed(self, pages: Sequence[ParsedPage]) -> tuple[PageNotice, ...]:
        """Store parsed pages. → new notices."""
        notice_keys: list[int] = []
        with self._session.write() as conn:
            for page in pages:
                notice_keys += harvested_pages.store_parsed(conn, page, micros(self._session.clock()))
            return read_notices(conn, keys=notice_keys)

    def duplicate_candidates(
        self, number: str | None, title_key: str | None
    ) -> tuple[tuple[Page, str | None, bytes], ...]:
        """List documents of all source sites with this number or title, but no copies.

        → (page, number, sketch).
        """
        p = pt.page.c
        queries = [
            select(p.key).where(column == value)
            for column, value in ((p.number, number), (p.named, title_key))
            if value
        ]
        if not queries:
            return ()
        # A union, so that each query uses its index. With one condition SQLite would scan every page.
        keys = p.key.in_(union(*queries))
        query = select(pt.page).where(keys, p.copy_of.is_(None), p.sketch.is_not(None)).order_by(p.key)
        with self._session.read() as conn:
            return tuple(
                (harvested_pages.page_from_row(row), row.number, bytes(row.sketch))
                for row in conn.execute(query)
            )

    def responses(self, page: int) -> tuple[ArchivedResponse, ...]:
        """List responses of a page, oldest first."""
        with self._session.read() as conn:
            return harvested_pages.responses(conn, pt.response.c.page == page)

    def response(self, key: int) -> ArchivedResponse:
        with self._session.read() as conn:
            return harvested_pages.responses(conn, pt.response.c.key == key)[0]

    def pages_of_responses(self, digests: Sequence[str]) -> Mapping[str, tuple[Page, ArchivedResponse]]:
        """Return the page and the response that each digest belongs to; without those that are destroyed."""
        stored: dict[str, tuple[Page, ArchivedResponse]] = {}
        with self._session.read() as conn:
            for some in batched(digests, harvested_pages.BATCH):
                chosen = harvested_pages.responses(conn, pt.response.c.digest.in_(some))
                keys = {one.page for one in chosen}
                rows = conn.execute(select(pt.page).where(pt.page.c.key.in_(keys)))
                pages = {row.key: harvested_pages.page_from_row(row) for row in rows}
                stored |= {one.digest: (pages[one.page], one) for one in chosen if not one.destroyed}
        return stored

    def pages_of_record(self, dataset: str, record: str) -> tuple[Page, ...]:
        """List the pages that a record was parsed from, and their copies on other sites."""
        with self._session.read() as conn:
            row = registry.dataset_row(conn, dataset)
            digests = (
                select(t.import_.c.digest)
                .join(t.held, t.held.c["import"] == t.import_.c.key)
                .join(t.record, t.record.c.key == t.held.c.record)
                .where(t.record.c.id == record, t.record.c.dataset == row.key)
            )
            keys = harvested_pages.add_copies(conn, conn.scalars(harvested_pages.select_pages(digests)).all())
            p = pt.page.c
            further = and_(p.parent.in_(keys), p.role == "continuation")
            query = select(pt.page).where(or_(p.key.in_(keys), further)).order_by(p.key)
            return tuple(harvested_pages.page_from_row(page) for page in conn.execute(query))

    def notices(self, *, after: int = 0, limit: int = 100, newest: bool = False) -> tuple[PageNotice, ...]:
        """List notices of changes of pages at their source sites, oldest first or newest first."""
        with self._session.read() as conn:
            return read_notices(conn, after=after, limit=limit, newest=newest)

    def notices_version(self) -> tuple[int, int]:
        """Return newest notice and number of erased pages: equal while :meth:`notices` is unchanged."""
        newest = select(func.coalesce(func.max(pt.notice.c.key), 0))
        erased = select(func.count()).where(pt.page.c.erased)
        with self._session.read() as conn:
            return int(conn.scalar(newest) or 0), int(conn.scalar(erased) or 0)

    def lock(self) -> AbstractContextManager[bool]:
        """Try to take the lock for a harvest. → whether this process holds it; never waits."""
        return self._session.database.lock("collecting")


def _is_unread(page: Any) -> ColumnElement[bool]:
    """Test for a stored body that was not read. ``page``: columns of the table."""
    condition: ColumnElement[bool] = page.body_digest.is_not(None) & page.read_digest.is_distinct_from(
        page.body_digest
    )
    return condition

"""Evidence: source files, pages of sites, their responses, and notices of what changed on them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager
from datetime import datetime

from sqlalchemy import and_, func, insert, or_, select, union, update

from publisher.log import registry
from publisher.log.blob_store import digest_of, source_missing
from publisher.log.clocks import micros
from publisher.log.database import tables as t
from publisher.log.database.storable_text import plain
from publisher.log.evidence import crawled_pages
from publisher.log.evidence.crawled_pages import Answer, Notice, Page, Response, Role, Understood
from publisher.log.model import LogError, Source
from publisher.log.session import Session

_WRITERS = 8


class Evidence:
    """``log.evidence``."""

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
        """Keep the bytes of a file. Durable on return; nothing refers to them until they are staged."""
        digest = digest_of(data)
        self._session.sources.put(digest, data)
        return Source(digest, name, media_type, len(data), self._session.clock(), url, detected_by, partial)

    def source_bytes(self, digest: str) -> bytes:
        """Raises ``LogError('no-such-source')``, also where it was erased."""
        try:
            return self._session.sources.get(digest)
        except KeyError:
            raise LogError(
                "no-such-source", f"没有来源文件 {digest}。", f"There is no source {digest}."
            ) from None

    def add_links(
        self, source: str, links: Iterable[tuple[str, str]], *, role: Role, parent: int | None = None
    ) -> int:
        """Add addresses (with the text of the link) that are new. → how many."""
        titles = {plain(url): plain(title) for url, title in links}
        p, now = t.page.c, micros(self._session.clock())
        if not titles:
            return 0
        with self._session.read() as conn:
            known_urls = crawled_pages.known_urls(conn, source, list(titles))
        if len(known_urls) == len(titles):
            return 0
        with self._session.write() as conn:
            known_urls = crawled_pages.known_urls(conn, source, list(titles))
            rows = [
                {
                    p.source.name: source,
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
                conn.execute(insert(t.page), rows)
        return len(rows)

    def pages(
        self,
        source: str,
        *,
        role: Role,
        checked_before: datetime | None = None,
        retries: Sequence[datetime] = (),
    ) -> tuple[Page, ...]:
        """Pages of a source, oldest first. ``checked_before``: only those not fetched since, and not erased.

        ``retries``: the same limit for pages that failed to answer once, twice … in a row.
        """
        p = t.page.c
        query = select(t.page).where(p.source == source, p.role == role).order_by(p.key)
        if checked_before is not None:
            due = or_(
                p.checked_at.is_(None),
                p.checked_at < micros(checked_before),
                *(and_(p.failures == n, p.checked_at < micros(at)) for n, at in enumerate(retries, 1)),
            )
            query = query.where(due, ~p.erased)
        with self._session.read() as conn:
            return tuple(crawled_pages.page_of(row) for row in conn.execute(query))

    def unread_pages(self, source: str, *, role: Role, parser_version: str) -> tuple[Page, ...]:
        """Pages whose body was not parsed yet, or parsed by another version."""
        p = t.page.c
        fresh = p.read_digest.is_not_distinct_from(p.body_digest) & (p.parser_version == parser_version)
        query = (
            select(t.page)
            .where(p.source == source, p.role == role, p.body_digest.is_not(None), ~p.erased, ~fresh)
            .order_by(p.key)
        )
        with self._session.read() as conn:
            return tuple(crawled_pages.page_of(row) for row in conn.execute(query))

    def page_at(self, source: str, url: str) -> Page | None:
        p = t.page.c
        with self._session.read() as conn:
            row = conn.execute(select(t.page).where(p.source == source, p.url == plain(url))).first()
        return None if row is None else crawled_pages.page_of(row)

    def page(self, key: int) -> Page:
        with self._session.read() as conn:
            return crawled_pages.page_of(conn.execute(select(t.page).where(t.page.c.key == key)).one())

    def keep(self, answers: Sequence[Answer]) -> tuple[Notice, ...]:
        """Keep responses: the bytes first, durably, then their rows, in one transaction. → new notices."""
        digests = [digest_of(one.warc) for one in answers]
        with ThreadPoolExecutor(_WRITERS) as pool:  # each waits for the disk
            list(pool.map(self._session.sources.put, digests, (one.warc for one in answers)))
        notice_keys: list[int] = []
        with self._session.write() as conn:
            if not all(self._session.sources.has(conn, digest) for digest in digests):  # an erasure swept it
                raise source_missing()
            for one, digest in zip(answers, digests, strict=True):
                notice_keys += crawled_pages.keep(conn, one, digest)
            return crawled_pages.notices(conn, keys=notice_keys)

    def mark_unreachable(self, page: int, at: datetime, *, again: bool) -> None:
        """Record that a page did not respond. ``again``: count a failure, so that it is retried early."""
        p = t.page.c
        with self._session.write() as conn:
            conn.execute(
                update(t.page)
                .where(p.key == page)
                .values(checked_at=micros(at), failures=p.failures + 1 if again else 0, status=None)
            )

    def keep_parsed(self, pages: Sequence[Understood]) -> tuple[Notice, ...]:
        """Keep the results of parsing bodies. → a notice for each text that differs from the one before."""
        notice_keys: list[int] = []
        with self._session.write() as conn:
            for one in pages:
                notice_keys += crawled_pages.take(conn, one, micros(self._session.clock()))
            return crawled_pages.notices(conn, keys=notice_keys)

    def duplicate_candidates(
        self, number: str | None, named: str | None
    ) -> tuple[tuple[Page, str | None, bytes], ...]:
        """Documents of any source with this number or name, without copies: number and sketch of each."""
        p = t.page.c
        same = [
            select(p.key).where(column == value)
            for column, value in ((p.number, number), (p.named, named))
            if value
        ]
        if not same:
            return ()
        # Each by its own index: of one condition SQLite would look at every page that is no copy.
        keys = p.key.in_(union(*same))
        query = select(t.page).where(keys, p.copy_of.is_(None), p.sketch.is_not(None)).order_by(p.key)
        with self._session.read() as conn:
            return tuple(
                (crawled_pages.page_of(row), row.number, bytes(row.sketch)) for row in conn.execute(query)
            )

    def responses(self, page: int) -> tuple[Response, ...]:
        """Responses of a page, oldest first."""
        with self._session.read() as conn:
            return crawled_pages.responses(conn, t.response.c.page == page)

    def response(self, key: int) -> Response:
        with self._session.read() as conn:
            return crawled_pages.responses(conn, t.response.c.key == key)[0]

    def pages_of_record(self, dataset: str, record: str) -> tuple[Page, ...]:
        """Pages that a record was read from, and their copies on other sites."""
        with self._session.read() as conn:
            row = registry.dataset_row(conn, dataset)
            digests = (
                select(t.import_.c.digest)
                .join(t.held, t.held.c["import"] == t.import_.c.key)
                .join(t.record, t.record.c.key == t.held.c.record)
                .where(t.record.c.id == record, t.record.c.dataset == row.key)
            )
            keys = crawled_pages.with_copies(conn, conn.scalars(crawled_pages.pages_of(digests)).all())
            query = select(t.page).where(t.page.c.key.in_(keys)).order_by(t.page.c.key)
            return tuple(crawled_pages.page_of(one) for one in conn.execute(query))

    def notices(self, *, after: int = 0, limit: int = 100, newest: bool = False) -> tuple[Notice, ...]:
        """Notices of changes at sources, oldest first or newest first."""
        with self._session.read() as conn:
            return crawled_pages.notices(conn, after=after, limit=limit, newest=newest)

    def notices_version(self) -> tuple[int, int]:
        """Newest notice and number of erased pages; equal while :meth:`notices` returns the same."""
        newest = select(func.coalesce(func.max(t.notice.c.key), 0))
        erased = select(func.count()).where(t.page.c.erased)
        with self._session.read() as conn:
            return int(conn.scalar(newest) or 0), int(conn.scalar(erased) or 0)

    def lock(self) -> AbstractContextManager[bool]:
        """True in the one process that may collect, by the scheduler or by command; never waits."""
        return self._session.database.lock("collecting")

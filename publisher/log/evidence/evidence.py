"""The store's door for who collects: pages of sources, their answers, what is noticed of them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime

from sqlalchemy import and_, func, insert, or_, select, union, update

from publisher.log import registry
from publisher.log.blob_store import digest_of, source_missing
from publisher.log.clocks import micros
from publisher.log.database import tables as t
from publisher.log.database.storable_text import plain
from publisher.log.evidence import crawled_pages
from publisher.log.evidence.crawled_pages import Answer, Notice, Page, Response, Role, Understood
from publisher.log.session import Base

_WRITERS = 8


class Collecting(Base):
    """The store's door for who collects."""

    def found(
        self, source: str, links: Iterable[tuple[str, str]], *, role: Role, parent: int | None = None
    ) -> int:
        """Remember addresses (with what the link says) that are not known yet. → how many."""
        wanted = {plain(url): plain(title) for url, title in links}
        p, now = t.page.c, micros(self._clock())
        if not wanted:
            return 0
        with self._read() as conn:
            known = crawled_pages.known(conn, source, list(wanted))
        if len(known) == len(wanted):
            return 0
        with self._write() as conn:
            known = crawled_pages.known(conn, source, list(wanted))
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
                for url, title in wanted.items()
                if url not in known
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
        """Those of a source, as they were found; ``checked_before``: never asked since, nor erased.

        ``retries``: the same of pages that gave no answer once, twice … in a row.
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
        with self._read() as conn:
            return tuple(crawled_pages.page_of(row) for row in conn.execute(query))

    def unread(self, source: str, *, role: Role, parser_version: str) -> tuple[Page, ...]:
        """Those that said something which was not read yet, or read by another parser."""
        p = t.page.c
        fresh = p.read_digest.is_not_distinct_from(p.body_digest) & (p.parser_version == parser_version)
        query = (
            select(t.page)
            .where(p.source == source, p.role == role, p.body_digest.is_not(None), ~p.erased, ~fresh)
            .order_by(p.key)
        )
        with self._read() as conn:
            return tuple(crawled_pages.page_of(row) for row in conn.execute(query))

    def page_at(self, source: str, url: str) -> Page | None:
        p = t.page.c
        with self._read() as conn:
            row = conn.execute(select(t.page).where(p.source == source, p.url == plain(url))).first()
        return None if row is None else crawled_pages.page_of(row)

    def page(self, key: int) -> Page:
        with self._read() as conn:
            return crawled_pages.page_of(conn.execute(select(t.page).where(t.page.c.key == key)).one())

    def keep(self, answers: Sequence[Answer]) -> tuple[Notice, ...]:
        """Answers as they came: durable first, then told of, all in one transaction. → what they show."""
        digests = [digest_of(one.warc) for one in answers]
        with ThreadPoolExecutor(_WRITERS) as pool:  # each waits for the disk
            list(pool.map(self._sources.put, digests, (one.warc for one in answers)))
        noticed: list[int] = []
        with self._write() as conn:
            if not all(self._sources.has(conn, digest) for digest in digests):  # an erasure swept it
                raise source_missing()
            for one, digest in zip(answers, digests, strict=True):
                noticed += crawled_pages.keep(conn, one, digest)
            return crawled_pages.notices(conn, keys=noticed)

    def unreachable(self, page: int, at: datetime, *, again: bool) -> None:
        """Nothing came. ``again``: it is worth while to ask before its turn."""
        p = t.page.c
        with self._write() as conn:
            conn.execute(
                update(t.page)
                .where(p.key == page)
                .values(checked_at=micros(at), failures=p.failures + 1 if again else 0, status=None)
            )

    def understood(self, pages: Sequence[Understood]) -> tuple[Notice, ...]:
        """What was made of their bodies; a text that is another than before is noticed."""
        noticed: list[int] = []
        with self._write() as conn:
            for one in pages:
                noticed += crawled_pages.take(conn, one, micros(self._clock()))
            return crawled_pages.notices(conn, keys=noticed)

    def alike(self, number: str | None, named: str | None) -> tuple[tuple[Page, str | None, bytes], ...]:
        """Documents of any source with this number or name, copies left out: number and sketch of each."""
        p = t.page.c
        same = [
            select(p.key).where(column == wanted)
            for column, wanted in ((p.number, number), (p.named, named))
            if wanted
        ]
        if not same:
            return ()
        # Each by its own index: of one condition SQLite would look at every page that is no copy.
        found = p.key.in_(union(*same))
        query = select(t.page).where(found, p.copy_of.is_(None), p.sketch.is_not(None)).order_by(p.key)
        with self._read() as conn:
            return tuple(
                (crawled_pages.page_of(row), row.number, bytes(row.sketch)) for row in conn.execute(query)
            )

    def responses(self, page: int) -> tuple[Response, ...]:
        """Of a page, oldest first."""
        with self._read() as conn:
            return crawled_pages.responses(conn, t.response.c.page == page)

    def response(self, key: int) -> Response:
        with self._read() as conn:
            return crawled_pages.responses(conn, t.response.c.key == key)[0]

    def evidence(self, dataset: str, record: str) -> tuple[Page, ...]:
        """The pages that a record was read from, and copies of these on other sites."""
        with self._read() as conn:
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
        """What was noticed at sources, oldest first or newest first."""
        with self._read() as conn:
            return crawled_pages.notices(conn, after=after, limit=limit, newest=newest)

    def noticed(self) -> tuple[int, int]:
        """Equal where :meth:`notices` says the same: the newest, and how many pages were erased."""
        newest = select(func.coalesce(func.max(t.notice.c.key), 0))
        erased = select(func.count()).where(t.page.c.erased)
        with self._read() as conn:
            return int(conn.scalar(newest) or 0), int(conn.scalar(erased) or 0)

"""Pages of source sites, their responses, and notices of changes.

The bytes of a response (a WARC file) are a source of the log, addressed by SHA-256. An import that was parsed
from a response refers to it like to any file, and an erasure destroys it the same way
(:mod:`.destroyed_pages`).
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Literal

import msgspec
from sqlalchemy import Connection, func, insert, select, update

from publisher.log.clocks import micros, moment
from publisher.log.database import page_tables as pt
from publisher.log.database.connection import among, inserted_key
from publisher.log.evidence.notices import NoticeKind, Sign

type PageRole = Literal["list", "document", "attachment", "robots", "continuation"]
type Replacement = Literal["", "absent", "spoilt"]
"""Content in place of a document: "" the document, ``absent`` other content, ``spoilt`` not readable."""

WARC = "application/warc"
GONE_STATUSES = frozenset({404, 410})
"""HTTP statuses of a removed page; any other failure may be temporary."""
MOST_BAD_ANSWERS = 3
"""Answers in a row, over a day or more, without the page's content before the page counts as gone."""
_A_DAY = 24 * 3600 * 1_000_000
"""Microseconds."""
UNCONDITIONAL: dict[str, Any] = {"etag": None, "modified": None}
"""Columns of a page whose next request asks for its body, even if it has not changed."""
BATCH = 400
"""Values of one condition."""


class Page(msgspec.Struct, frozen=True):
    """State of a page; see the table ``page``."""

    key: int
    source_site: str
    """Name in ``sources.toml``."""
    url: str
    role: PageRole
    parent: int | None
    title: str
    checked_at: datetime | None
    status: int | None
    vanished_at: datetime | None
    etag: str | None
    modified: str | None
    body_digest: str | None
    response: int | None
    failures: int
    """Requests in a row without its content."""
    suspected_by: Sign | None
    read_digest: str | None
    parser_version: str
    copy_of: int | None
    erased: bool
    number: str | None
    """文号 of its document."""
    title_key: str | None
    """Normalised title."""
    is_document: bool
    """It has a document of its own and is not a copy of another page."""


class Exchange(msgspec.Struct, frozen=True):
    """One HTTP exchange with the address of a page, redirects followed; ``warc`` contains it unmodified."""

    page: int
    at: datetime
    status: int
    warc: bytes
    body_digest: str
    length: int
    etag: str | None = None
    modified: str | None = None
    whole: bool = True
    """False if a limit of size or time interrupted it; then the page keeps the body that it had."""
    is_page: bool = True
    """False if the answer is not the page although its status is 200; then it counts as a failure."""


class ParsedPage(msgspec.Struct, frozen=True):
    """Result of parsing a page's body; fields are None if it is not a document."""

    page: int
    body_digest: str
    parser_version: str
    text_digest: str | None = None
    number: str | None = None
    title_key: str | None = None
    sketch: bytes | None = None
    copy_of: int | None = None
    replacement: Replacement = ""
    """If not "", the document parsed before stays."""


class ArchivedResponse(msgspec.Struct, frozen=True):
    key: int
    page: int
    url: str
    at: datetime
    status: int
    digest: str
    """Digest of the WARC file, which is a source; missing if ``destroyed``."""
    size: int
    """Size of that file, in bytes; ``length`` is the size of the body."""
    body_digest: str
    length: int
    destroyed: bool


def existing_digests(conn: Connection) -> frozenset[str]:
    """List digests of the responses that exist."""
    return frozenset(conn.scalars(select(pt.response.c.digest).where(~pt.response.c.destroyed)))


def destroyed_digests(conn: Connection) -> frozenset[str]:
    """List digests of the responses that an erasure destroyed."""
    return frozenset(conn.scalars(select(pt.response.c.digest).where(pt.response.c.destroyed)))


def response_digests(conn: Connection, digests: Sequence[str]) -> frozenset[str]:
    """Select the digests that belong to responses."""
    return frozenset(
        conn.scalars(select(pt.response.c.digest).where(among(conn, pt.response.c.digest, digests)))
    )


def known_urls(conn: Connection, source_site: str, urls: Sequence[str]) -> set[str]:
    p = pt.page.c
    existing: set[str] = set()
    for start in range(0, len(urls), BATCH):
        some = urls[start : start + BATCH]
        existing.update(conn.scalars(select(p.url).where(p.source == source_site, p.url.in_(some))))
    return existing


def store_exchange(conn: Connection, exchange: Exchange, digest: str) -> list[int]:
    """Write one exchange to the tables. → keys of notices."""
    p, at = pt.page.c, micros(exchange.at)
    row = conn.execute(select(pt.page).where(p.key == exchange.page)).one()
    key = inserted_key(
        conn.execute(
            insert(pt.response).values(
                page=exchange.page,
                at=at,
                status=exchange.status,
                digest=digest,
                size=len(exchange.warc),
                body_digest=exchange.body_digest,
                length=exchange.length,
                destroyed=False,
            )
        )
    )
    changes: dict[str, Any] = {
        "checked_at": at,
        "status": exchange.status,
        "failures": 0,
        "troubled_since": None,
    }
    notices: list[int] = []
    if not exchange.is_page:
        since = row.troubled_since or at
        changes |= {"failures": row.failures + 1, "troubled_since": since}
        lasting = row.failures + 1 >= MOST_BAD_ANSWERS and at - since >= _A_DAY
        if lasting and row.body_digest is not None and row.vanished_at is None:
            changes |= {"vanished_at": at, **UNCONDITIONAL}
            notices.append(_notice(conn, row, at, "vanished", "hash", key))
    elif exchange.status == 200 and exchange.whole:
        changes |= _page_columns(row, exchange, key)
        # Only parsing can show whether a different body is the same document.
        decided_by_parser = row.role == "document" and row.read_digest not in (None, exchange.body_digest)
        if row.vanished_at is not None and not decided_by_parser:
            changes["vanished_at"] = None
            notices.append(_notice(conn, row, at, "returned", "status", key))
        if row.role == "attachment" and changes.get("suspected_by"):
            notices.append(_notice(conn, row, at, "changed", changes["suspected_by"], key))
    elif exchange.status in GONE_STATUSES and row.body_digest is not None and row.vanished_at is None:
        changes |= {"vanished_at": at, **UNCONDITIONAL}
        notices.append(_notice(conn, row, at, "vanished", "status", key))
    elif exchange.status not in {200, 304, *GONE_STATUSES} or (exchange.status == 304 and not row.response):
        changes |= {"failures": row.failures + 1, "troubled_since": row.troubled_since}
    conn.execute(update(pt.page).where(p.key == exchange.page).values(**changes))
    return notices


def _page_columns(row: Any, exchange: Exchange, key: int) -> dict[str, Any]:
    """Columns of a complete response, with the first sign by which it differs from the one before."""
    values: dict[str, Any] = {
        "etag": exchange.etag,
        "modified": exchange.modified,
        "length": exchange.length,
        "body_digest": exchange.body_digest,
    }
    is_unchanged = row.body_digest == exchange.body_digest
    if is_unchanged and row.response is not None:  # the body is stored with its first response
        return values
    values["response"] = key
    if is_unchanged or row.body_digest is None:
        return values
    signs = (
        ("etag", row.etag, exchange.etag),
        ("date", row.modified, exchange.modified),
        ("length", row.length, exchange.length),
    )
    differs = (name for name, before, now in signs if before and now and before != now)
    return {**values, "suspected_by": next(differs, "hash")}


def store_parsed(conn: Connection, parsed: ParsedPage, at: int) -> list[int]:
    p = pt.page.c
    row = conn.execute(select(pt.page).where(p.key == parsed.page)).one()
    if parsed.replacement:
        return _store_replacement(conn, row, parsed, at)
    notices = []
    sign = row.suspected_by or _sign_of_further_pages(conn, parsed.page)
    # A body that was read before, and is read by a newer parser, did not come from the page just now.
    has_answered = row.status == 200 and row.read_digest != row.body_digest
    if row.vanished_at is not None and has_answered and parsed.text_digest is not None:
        conn.execute(update(pt.page).where(p.key == parsed.page).values(vanished_at=None))
        notices.append(_notice(conn, row, at, "returned", row.suspected_by or "status", row.response))
    conn.execute(
        update(pt.page)
        .where(p.key == parsed.page)
        .values(
            read_digest=parsed.body_digest,
            parser_version=parsed.parser_version,
            text_digest=parsed.text_digest,
            number=parsed.number,
            named=parsed.title_key,
            sketch=parsed.sketch,
            copy_of=parsed.copy_of,
            suspected_by=None,
        )
    )
    _mark_further_pages(conn, parsed.page)
    if sign is None or row.text_digest is None or row.text_digest == parsed.text_digest:
        return notices
    return [*notices, _notice(conn, row, at, "changed", sign, row.response)]


def _mark_further_pages(conn: Connection, key: int) -> None:
    """Record that the bodies of a document's further pages were read with it."""
    p = pt.page.c
    conn.execute(
        update(pt.page)
        .where(p.parent == key, p.role == "continuation")
        .values(read_digest=p.body_digest, suspected_by=None)
    )


def _sign_of_further_pages(conn: Connection, key: int) -> Sign | None:
    """Take the sign by which a further page of a document differs from the one read before."""
    p = pt.page.c
    further = (p.parent == key) & (p.role == "continuation") & p.suspected_by.is_not(None)
    sign: Sign | None = conn.execute(select(p.suspected_by).where(further).order_by(p.key)).scalar()
    return sign


def _store_replacement(conn: Connection, row: Any, parsed: ParsedPage, at: int) -> list[int]:
    """Keep the parsed state of the page; the next request for it is unconditional."""
    r = pt.response.c
    first_response = select(func.min(r.key)).where(
        r.page == row.key, r.body_digest == row.read_digest, r.status == 200, ~r.destroyed
    )
    vanished = parsed.replacement == "absent" and row.vanished_at is None
    if parsed.replacement == "absent":
        _mark_further_pages(conn, row.key)
    conn.execute(
        update(pt.page)
        .where(pt.page.c.key == row.key)
        .values(
            body_digest=row.read_digest,
            response=conn.scalar(first_response),
            suspected_by=None,
            **UNCONDITIONAL,
            **({"vanished_at": at} if vanished else {}),
        )
    )
    if not vanished:
        return []
    return [_notice(conn, row, at, "vanished", row.suspected_by or "hash", row.response)]


def _notice(conn: Connection, page: Any, at: int, kind: NoticeKind, sign: Sign, after: int | None) -> int:
    before = conn.scalar(
        select(pt.response.c.key)
        .where(
            pt.response.c.page == page.key,
            pt.response.c.status == 200,
            pt.response.c.key != after,
        )
        .order_by(pt.response.c.key.desc())
        .limit(1)
    )
    values = {"page": page.key, "at": at, "kind": kind, "detected_by": sign, "before": before, "after": after}
    return inserted_key(conn.execute(insert(pt.notice).values(**values)))


def responses(conn: Connection, condition: Any) -> tuple[ArchivedResponse, ...]:
    r = pt.response.c
    query = (
        select(pt.response, pt.page.c.url)
        .join(pt.page, pt.page.c.key == r.page)
        .where(condition)
        .order_by(r.at, r.key)
    )
    return tuple(
        ArchivedResponse(
            row.key,
            row.page,
            row.url,
            moment(row.at),
            row.status,
            row.digest,
            row.size,
            row.body_digest,
            row.length,
            row.destroyed,
        )
        for row in conn.execute(query)
    )


def select_pages(digests: Any) -> Any:
    return select(pt.response.c.page).where(pt.response.c.digest.in_(digests)).distinct()


def add_copies(conn: Connection, keys: Sequence[int]) -> list[int]:
    """Add the originals of copies, and all copies of the originals."""
    p = pt.page.c
    of_copies = select(p.copy_of).where(among(conn, p.key, keys), p.copy_of.is_not(None))
    originals = {*keys, *conn.scalars(of_copies)}
    copies = conn.scalars(select(p.key).where(among(conn, p.copy_of, originals))).all()
    return sorted({*originals, *copies})


def page_from_row(row: Any) -> Page:
    return Page(
        key=row.key,
        source_site=row.source,
        url=row.url,
        role=row.role,
        parent=row.parent,
        title=row.title,
        checked_at=None if row.checked_at is None else moment(row.checked_at),
        status=row.status,
        vanished_at=None if row.vanished_at is None else moment(row.vanished_at),
        etag=row.etag,
        modified=row.modified,
        body_digest=row.body_digest,
        response=row.response,
        failures=row.failures,
        suspected_by=row.suspected_by,
        read_digest=row.read_digest,
        parser_version=row.parser_version,
        copy_of=row.copy_of,
        erased=row.erased,
        number=row.number,
        title_key=row.named,
        is_document=row.sketch is not None and row.copy_of is None,
    )

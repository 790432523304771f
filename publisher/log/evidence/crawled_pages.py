"""Evidence: the pages of sources, every response of theirs, and what is noticed of them since.

The bytes of a response (a WARC file) lie among the log's sources by their SHA-256, so an import that was read
from one names it as any import names its file, and an erasure destroys it the same way.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from sqlalchemy import Connection, func, insert, select, update

from publisher.log.clocks import micros, moment
from publisher.log.database import tables as t
from publisher.log.database.connection import inserted_key

type Role = Literal["list", "document", "attachment", "robots"]
type Sign = Literal["etag", "date", "length", "hash", "status"]
type NoticeKind = Literal["changed", "vanished", "returned"]
type Instead = Literal["", "absent", "spoilt"]
"""What came where a document had been read: another state of it; nothing of it; what cannot be opened."""

WARC = "application/warc"
GONE = frozenset({404, 410})
"""Answers that say that a page is there no longer; any other failure may pass."""
_AT_ONCE = 400


@dataclass(frozen=True, slots=True)
class Page:
    """A page as it is known: see the table ``page``."""

    key: int
    source: str
    url: str
    role: Role
    parent: int | None
    title: str
    checked_at: datetime | None
    status: int | None
    vanished_at: datetime | None
    etag: str | None
    modified: str | None
    body_digest: str | None
    response: int | None
    suspected_by: Sign | None
    read_digest: str | None
    parser_version: str
    copy_of: int | None
    erased: bool
    number: str | None
    """文号 of the document read from it."""
    named: str | None
    """Its title, as a key."""
    taken: bool
    """It was read into a document of its own, and is no copy of another page."""


@dataclass(frozen=True, slots=True)
class Answer:
    """One exchange with a page's address, redirects followed; ``warc`` holds all of it as it came."""

    page: int
    at: datetime
    status: int
    warc: bytes
    body_digest: str
    length: int
    etag: str | None = None
    modified: str | None = None
    whole: bool = True
    """False where a limit of size or time cut it off: it says nothing of the page."""


@dataclass(frozen=True, slots=True)
class Understood:
    """What was made of a page's body; blank where it is no document."""

    page: int
    body_digest: str
    parser_version: str
    text_digest: str | None = None
    number: str | None = None
    named: str | None = None
    sketch: bytes | None = None
    copy_of: int | None = None
    instead: Instead = ""
    """Other than "", what was read of the page before stays known."""


@dataclass(frozen=True, slots=True)
class Response:
    key: int
    page: int
    url: str
    at: datetime
    status: int
    digest: str
    """Of the WARC file among the sources; gone where ``destroyed``."""
    size: int
    """Of that file, in bytes; ``length`` is the body's."""
    body_digest: str
    length: int
    destroyed: bool


@dataclass(frozen=True, slots=True)
class Notice:
    """Something that happened to a page at its source since it was first read."""

    key: int
    source: str
    url: str
    title: str
    at: datetime
    kind: NoticeKind
    detected_by: Sign
    before: int | None
    after: int | None
    """Keys of responses."""


def destroy(conn: Connection, imports: Sequence[int]) -> None:
    """Every response of the pages that these imports were read from, of their copies, of their attachments,
    and of the lists that name them: all may hold what is erased. The pages are never asked again."""
    p = t.page.c
    digests = select(t.import_.c.digest).where(t.import_.c.key.in_(imports))
    keys = with_copies(conn, conn.scalars(pages_of(digests)).all())
    if not keys:
        return
    attached = conn.scalars(select(p.key).where(p.parent.in_(keys))).all()
    lists = conn.scalars(select(p.parent).where(p.key.in_(keys), p.parent.is_not(None))).all()
    documents = [*keys, *attached]
    touched = t.response.c.page.in_([*documents, *lists])
    conn.execute(update(t.response).where(touched).values(destroyed=True))
    gone = select(t.response.c.digest).where(touched)
    conn.execute(update(t.import_).where(t.import_.c.digest.in_(gone)).values(destroyed=True))
    conn.execute(
        update(t.page)
        .where(p.key.in_(documents))
        .values(erased=True, title="", number=None, named=None, sketch=None, etag=None, text_digest=None)
    )


def kept_digests(conn: Connection) -> frozenset[str]:
    """Digests of the responses that no erasure destroyed."""
    return frozenset(conn.scalars(select(t.response.c.digest).where(~t.response.c.destroyed)))


def destroyed_digests(conn: Connection) -> frozenset[str]:
    """Digests of those that one did."""
    return frozenset(conn.scalars(select(t.response.c.digest).where(t.response.c.destroyed)))


def response_digests(conn: Connection, digests: Sequence[str]) -> frozenset[str]:
    """Which of these are a response of a source."""
    return frozenset(conn.scalars(select(t.response.c.digest).where(t.response.c.digest.in_(digests))))


def known_urls(conn: Connection, source: str, urls: Sequence[str]) -> set[str]:
    p = t.page.c
    result: set[str] = set()
    for start in range(0, len(urls), _AT_ONCE):
        some = urls[start : start + _AT_ONCE]
        result.update(conn.scalars(select(p.url).where(p.source == source, p.url.in_(some))))
    return result


def keep(conn: Connection, answer: Answer, digest: str) -> list[int]:
    """One answer into the tables. → keys of notices."""
    p, at = t.page.c, micros(answer.at)
    row = conn.execute(select(t.page).where(p.key == answer.page)).one()
    key = inserted_key(
        conn.execute(
            insert(t.response).values(
                page=answer.page,
                at=at,
                status=answer.status,
                digest=digest,
                size=len(answer.warc),
                body_digest=answer.body_digest,
                length=answer.length,
                destroyed=False,
            )
        )
    )
    changes: dict[str, Any] = {"checked_at": at, "status": answer.status, "failures": 0}
    notices: list[int] = []
    if answer.status == 200 and answer.whole:
        changes |= _said(row, answer, key)
        # Whether another body is the document again is told by reading it.
        told_later = row.role == "document" and row.read_digest not in (None, answer.body_digest)
        if row.vanished_at is not None and not told_later:
            changes["vanished_at"] = None
            notices.append(_notice(conn, row, at, "returned", "status", key))
        if row.role == "attachment" and changes.get("suspected_by"):
            notices.append(_notice(conn, row, at, "changed", changes["suspected_by"], key))
    elif answer.status in GONE and row.body_digest is not None and row.vanished_at is None:
        changes["vanished_at"] = at
        notices.append(_notice(conn, row, at, "vanished", "status", key))
    elif answer.status not in {200, 304} and answer.status not in GONE:
        changes["failures"] = row.failures + 1
    conn.execute(update(t.page).where(p.key == answer.page).values(**changes))
    return notices


def _said(row: Any, answer: Answer, key: int) -> dict[str, Any]:
    """What a page says now, and by what it differs from before: the first sign that does."""
    said: dict[str, Any] = {
        "etag": answer.etag,
        "modified": answer.modified,
        "length": answer.length,
        "body_digest": answer.body_digest,
    }
    if row.body_digest == answer.body_digest:  # the body stays where it was kept first
        return said
    said["response"] = key
    if row.body_digest is None:
        return said
    signs = (
        ("etag", row.etag, answer.etag),
        ("date", row.modified, answer.modified),
        ("length", row.length, answer.length),
    )
    differs = (name for name, before, now in signs if before and now and before != now)
    return {**said, "suspected_by": next(differs, "hash")}


def take(conn: Connection, one: Understood, at: int) -> list[int]:
    p = t.page.c
    row = conn.execute(select(t.page).where(p.key == one.page)).one()
    if one.instead:
        return _came_instead(conn, row, one, at)
    notices = []
    if row.vanished_at is not None and one.text_digest is not None:
        conn.execute(update(t.page).where(p.key == one.page).values(vanished_at=None))
        notices.append(_notice(conn, row, at, "returned", row.suspected_by or "status", row.response))
    conn.execute(
        update(t.page)
        .where(p.key == one.page)
        .values(
            read_digest=one.body_digest,
            parser_version=one.parser_version,
            text_digest=one.text_digest,
            number=one.number,
            named=one.named,
            sketch=one.sketch,
            copy_of=one.copy_of,
            suspected_by=None,
        )
    )
    if row.suspected_by is None or row.text_digest is None or row.text_digest == one.text_digest:
        return notices
    return [*notices, _notice(conn, row, at, "changed", row.suspected_by, row.response)]


def _came_instead(conn: Connection, row: Any, one: Understood, at: int) -> list[int]:
    """The page is known by what was read of it; asked next, it is asked without condition."""
    r = t.response.c
    read = select(func.min(r.key)).where(
        r.page == row.key, r.body_digest == row.read_digest, r.status == 200, ~r.destroyed
    )
    gone = one.instead == "absent" and row.vanished_at is None
    conn.execute(
        update(t.page)
        .where(t.page.c.key == row.key)
        .values(
            body_digest=row.read_digest,
            response=conn.scalar(read),
            etag=None,
            modified=None,
            suspected_by=None,
            **({"vanished_at": at} if gone else {}),
        )
    )
    return [_notice(conn, row, at, "vanished", row.suspected_by or "hash", row.response)] if gone else []


def _notice(conn: Connection, page: Any, at: int, kind: NoticeKind, sign: Sign, after: int | None) -> int:
    before = conn.scalar(
        select(t.response.c.key)
        .where(t.response.c.page == page.key, t.response.c.status == 200, t.response.c.key != after)
        .order_by(t.response.c.key.desc())
        .limit(1)
    )
    values = {"page": page.key, "at": at, "kind": kind, "detected_by": sign, "before": before, "after": after}
    return inserted_key(conn.execute(insert(t.notice).values(**values)))


def notices(
    conn: Connection,
    *,
    keys: Sequence[int] | None = None,
    after: int = 0,
    limit: int | None = None,
    newest: bool = False,
) -> tuple[Notice, ...]:
    n, p = t.notice.c, t.page.c
    query = select(t.notice, p.source, p.url, p.title).join(t.page, p.key == n.page)
    query = query.where(n.key > after, ~p.erased)
    if keys is not None:
        query = query.where(n.key.in_(keys))
    query = query.order_by(n.key.desc() if newest else n.key).limit(limit)
    return tuple(
        Notice(
            row.key,
            row.source,
            row.url,
            row.title,
            moment(row.at),
            row.kind,
            row.detected_by,
            row.before,
            row.after,
        )
        for row in conn.execute(query)
    )


def responses(conn: Connection, which: Any) -> tuple[Response, ...]:
    r = t.response.c
    query = (
        select(t.response, t.page.c.url)
        .join(t.page, t.page.c.key == r.page)
        .where(which)
        .order_by(r.at, r.key)
    )
    return tuple(
        Response(
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


def pages_of(digests: Any) -> Any:
    return select(t.response.c.page).where(t.response.c.digest.in_(digests)).distinct()


def with_copies(conn: Connection, keys: Sequence[int]) -> list[int]:
    """The pages, those that they are copies of, and all copies of these."""
    p = t.page.c
    firsts = conn.scalars(select(p.copy_of).where(p.key.in_(keys), p.copy_of.is_not(None))).all()
    heads = {*keys, *firsts}
    copies = conn.scalars(select(p.key).where(p.copy_of.in_(heads))).all()
    return sorted({*heads, *copies})


def page_of(row: Any) -> Page:
    return Page(
        key=row.key,
        source=row.source,
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
        suspected_by=row.suspected_by,
        read_digest=row.read_digest,
        parser_version=row.parser_version,
        copy_of=row.copy_of,
        erased=row.erased,
        number=row.number,
        named=row.named,
        taken=row.sketch is not None and row.copy_of is None,
    )

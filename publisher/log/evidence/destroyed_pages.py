"""Pages whose responses an erasure destroys, or destroys again after a restoration."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any

import msgspec
from sqlalchemy import ColumnElement, Connection, delete, select, update

from publisher.log.blob_store import digest_of
from publisher.log.database import page_tables as pt
from publisher.log.database import tables as t
from publisher.log.database.connection import among, stream
from publisher.log.evidence import source_runs
from publisher.log.evidence.harvested_pages import UNCONDITIONAL, add_copies

_ERASED: dict[str, Any] = {
    "erased": True,
    "title": "",
    "number": None,
    "named": None,
    "sketch": None,
    "etag": None,
    "text_digest": None,
}
"""Columns of a page that contained erased data: it is never requested again."""


class PagesOfFiles(msgspec.Struct, frozen=True):
    """Keys of the pages that may contain what files of an import contained."""

    documents: Sequence[int]
    """The pages that the files were parsed from, their copies and attachments."""
    linking: Sequence[int]
    """The pages that link to them, lists or documents, which stay and are fetched again."""


def find_pages(conn: Connection, digests: Collection[str]) -> PagesOfFiles:
    """Find the pages of files, by the digests of these."""
    p, r = pt.page.c, pt.response.c
    of_files = conn.scalars(select(r.page).where(among(conn, r.digest, digests)).distinct()).all()
    keys = add_copies(conn, of_files)
    attached = conn.scalars(select(p.key).where(among(conn, p.parent, keys))).all()
    linking = select(p.parent).where(among(conn, p.key, keys), p.parent.is_not(None)).distinct()
    documents = sorted({*keys, *attached})
    return PagesOfFiles(documents, sorted(set(conn.scalars(linking)).difference(documents)))


def digests_of_pages(conn: Connection, pages: Sequence[int]) -> Sequence[str]:
    """List the digests of the responses of pages."""
    r = pt.response.c
    return conn.scalars(select(r.digest).where(among(conn, r.page, pages)).distinct()).all()


def destroy(conn: Connection, digests: Collection[str]) -> None:
    """Destroy the responses of all pages that may contain the erased data of files."""
    pages, p = find_pages(conn, digests), pt.page.c
    touched = [*pages.documents, *pages.linking]
    if not touched:
        return
    _destroy_responses(conn, among(conn, pt.response.c.page, touched))
    _forget_failures(conn, touched)
    mark_erased(conn, pages.documents)
    staying = among(conn, p.key, pages.linking)
    conn.execute(update(pt.page).where(staying).values(response=None, **UNCONDITIONAL))


def find_addressed(conn: Connection, digests: Collection[str]) -> Mapping[int, str]:
    """Find pages that are still requested by the SHA-256 of their addresses. → key → that digest."""
    if not digests:
        return {}
    p = pt.page.c
    rows = stream(conn, select(p.key, p.url).where(~p.erased))
    keys = {row.key: digest_of(row.url.encode()) for row in rows}
    return {key: digest for key, digest in keys.items() if digest in digests}


def mark_erased(conn: Connection, pages: Sequence[int]) -> None:
    """Never request these pages again, and forget what is known of them."""
    conn.execute(update(pt.page).where(among(conn, pt.page.c.key, pages)).values(_ERASED))
    _forget_failures(conn, pages)


def destroy_again(conn: Connection, digests: Collection[str]) -> Sequence[str]:
    """Destroy exactly these responses, in a log that was restored from before their destruction.

    → the digests of those that there were.
    """
    p, r = pt.page.c, pt.response.c
    is_named = among(conn, r.digest, digests) & ~r.destroyed
    rows = conn.execute(select(r.key, r.page, r.digest).where(is_named)).all()
    if not rows:
        return ()
    _destroy_responses(conn, is_named)
    pages = sorted({row.page for row in rows})
    _forget_failures(conn, pages)
    staying = among(conn, p.response, [row.key for row in rows]) & ~p.erased
    conn.execute(update(pt.page).where(staying).values(response=None, **UNCONDITIONAL))
    return sorted({row.digest for row in rows})


def _destroy_responses(conn: Connection, which: ColumnElement[bool]) -> None:
    r = pt.response.c
    digests = conn.scalars(select(r.digest).where(which)).all()
    conn.execute(update(pt.response).where(which).values(destroyed=True))
    of_responses = among(conn, t.import_.c.digest, digests)
    conn.execute(update(t.import_).where(of_responses).values(destroyed=True))


def _forget_failures(conn: Connection, pages: Sequence[int]) -> None:
    """Delete the failures and runs of pages: the text of an error may quote the page."""
    conn.execute(delete(pt.page_failure).where(among(conn, pt.page_failure.c.page, pages)))
    source_runs.forget_runs(conn, pages)

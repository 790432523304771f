"""The inbox on the public side: it takes requests, and shows their state to the holder of the token."""

from __future__ import annotations

import base64
import hashlib
import logging
import os
import re
import unicodedata
from collections.abc import Callable, Sequence
from datetime import datetime
from pathlib import Path

from sqlalchemy import Connection, func, select
from sqlalchemy.exc import DBAPIError, OperationalError, ProgrammingError

from publisher.inbox import contact_seal
from publisher.inbox import tables as t
from publisher.inbox.correction import AcceptedCorrection, Correction, Status, moment_of
from publisher.inbox.database import InboxDatabase, newest_key
from publisher.inbox.public_followers import PublicFollowers
from publisher.log.clocks import micros, moment, utc_now

_MOST_STATEMENTS = 5
"""Proofs of different senders that are stored for one request."""
_MOST_LISTED = 200
_TOKEN = re.compile(r"[A-Za-z0-9_-]{22}")
logger = logging.getLogger(__name__)


class QueueFullError(Exception):
    """No request can be taken: the most that may be open are."""


class PublicInbox:
    """Thread-safe. Methods raise ``OperationalError`` while the database is away."""

    def __init__(
        self,
        database: InboxDatabase,
        key: bytes,
        *,
        capacity: int,
        clock: Callable[[], datetime] = utc_now,
    ) -> None:
        """``key``: of tokens; the site's processes share it. ``capacity``: requests that may be open."""
        self._database, self._key = database, key
        self._capacity, self._clock = capacity, clock

    @classmethod
    def open(
        cls, url: str, file: Path, key: bytes, *, capacity: int, clock: Callable[[], datetime] = utc_now
    ) -> PublicInbox | None:
        """Open the inbox; None if it is off: no store, or none that can be written or used, no key in it,
        another version, or no capacity.
        """
        if capacity == 0 or (url.startswith("sqlite") and not file.exists()):
            return None
        if url.startswith("sqlite") and not os.access(file, os.W_OK):
            logger.warning("the inbox is off: %s cannot be written", file)
            return None
        database = InboxDatabase(url, file, public=True, application="qingdan serve")
        try:
            with database.read() as conn:
                is_usable = conn.scalar(select(t.version.c.number)) in (1, t.VERSION)
                has_key = is_usable and bool(conn.scalar(select(func.count()).select_from(t.key)))
        except (ProgrammingError, OperationalError) as error:
            if _is_missing(error):
                database.close()
                return None
            raise
        if not has_key:
            logger.warning("the inbox is off: it has no key, or another version of the program made it")
            database.close()
            return None
        return cls(database, key, capacity=capacity, clock=clock)

    def followers(self) -> PublicFollowers:
        """Return the followers in the same store, whose :meth:`.close` closes this too."""
        return PublicFollowers(self._database, self._key, self._clock)

    def submit(self, correction: Correction) -> str:
        """Store a request → the token of its receipt. Raises :class:`QueueFullError`.

        An equal request, also a decided one, has the same token and no second row.
        """
        token = self._token(correction)
        request = _id_of(token)
        with self._database.write() as conn:
            state = conn.scalar(select(t.request.c.state).where(t.request.c.id == request))
            if state is None:
                self._insert_request(conn, request, correction)
            if state in (None, "open"):
                self._insert_statement(conn, request, correction)
        return token

    def _insert_request(self, conn: Connection, request: str, correction: Correction) -> None:
        is_open = t.request.c.state == "open"
        waiting = conn.scalar(select(func.count(t.request.c.id)).where(is_open)) or 0
        if waiting >= self._capacity:
            raise QueueFullError
        c = correction
        conn.execute(
            t.request.insert().inline(),
            {
                "id": request,
                "dataset": c.dataset,
                "record": c.record,
                "revision": c.revision,
                "field": c.field,
                "value": c.value,
                "received_at": micros(self._clock()),
            },
        )

    def _insert_statement(self, conn: Connection, request: str, correction: Correction) -> None:
        digest = self._code("statement", request, _fold(correction.proof), _fold(correction.contact)).hex()
        s = t.statement.c
        digests = conn.scalars(select(s.digest).where(s.request == request)).all()
        if digest in digests or len(digests) >= _MOST_STATEMENTS:
            return
        number = len(digests) + 1
        values = {"request": request, "number": number, "digest": digest, "proof": correction.proof}
        conn.execute(t.statement.insert().inline(), {**values, "received_at": micros(self._clock())})
        if correction.contact:
            key = newest_key(conn)
            sealed = contact_seal.seal(correction.contact, bytes(key.public))
            conn.execute(
                t.contact.insert().inline(),
                {"request": request, "number": number, "key": key.id, "sealed": sealed},
            )

    def status(self, token: str) -> Status | None:
        """Return the state of a request; None if there is none with this token."""
        if not _TOKEN.fullmatch(token):
            return None
        r = t.request.c
        columns = (r.dataset, r.record, r.field, r.state, r.reason, r.release, r.decided_at)
        with self._database.read() as conn:
            row = conn.execute(select(*columns).where(r.id == _id_of(token))).one_or_none()
        if row is None:
            return None
        return Status(*row[:-1], decided_at=moment_of(row.decided_at))

    def accepted(self) -> Sequence[AcceptedCorrection]:
        """List what was accepted, newest first."""
        a = t.accepted.c
        columns = (a.id, a.dataset, a.record, a.field, a.value, a.proof, a.reason, a.release, a.decided_at)
        query = select(*columns).order_by(a.decided_at.desc(), a.id).limit(_MOST_LISTED)
        with self._database.read() as conn:
            return [
                AcceptedCorrection(*row[:-1], decided_at=moment(row.decided_at))
                for row in conn.execute(query)
            ]

    def close(self) -> None:
        self._database.close()

    def _token(self, c: Correction) -> str:
        code = self._code("receipt", c.dataset, c.record, c.revision, c.field, _fold(c.value))
        return base64.urlsafe_b64encode(code).rstrip(b"=").decode()

    def _code(self, *parts: str) -> bytes:
        return hashlib.blake2b(repr(parts).encode(), key=self._key, digest_size=16).digest()


def _fold(text: str) -> str:
    """Fold what does not make a text another one: widths and blanks."""
    return " ".join(unicodedata.normalize("NFKC", text).split())


def _id_of(token: str) -> str:
    """Compute the id of a row, from which nobody can compute the token."""
    return hashlib.sha256(token.encode()).hexdigest()[:16]


def _is_missing(error: DBAPIError) -> bool:
    """Report whether there is no inbox, or none that this role may use."""
    return isinstance(error, ProgrammingError) or "no such table" in str(error.orig)

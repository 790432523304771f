"""The inbox as clerks and the worker have it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from contextlib import closing
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from msgspec import structs
from sqlalchemy import Connection, RowMapping, delete, func, select, update

from publisher.inbox import tables as t
from publisher.inbox.contact_seal import SealKeys
from publisher.inbox.correction import Request, SenderStatement, State, moment_of, proof_to_publish
from publisher.inbox.database import InboxDatabase
from publisher.log.clocks import micros, moment, utc_now
from publisher.log.model import LogError

CONTACT_DAYS = 30
"""Days after the outcome, in which a clerk can still answer the sender."""
REJECTED_DAYS = 365
"""Days for which the receipt of a rejected request states its outcome."""

_r = t.request.c


class Inbox:
    """Requests for correction. Each change is one transaction."""

    def __init__(
        self, database: InboxDatabase, keys: SealKeys, clock: Callable[[], datetime] = utc_now
    ) -> None:
        self._database, self._keys, self._clock = database, keys, clock

    @classmethod
    def open(
        cls, url: str, file: Path, keys: SealKeys, *, clock: Callable[[], datetime] = utc_now
    ) -> Inbox | None:
        """Open the inbox; None if the site has none. Raises ``LogError('newer-database')``."""
        database = InboxDatabase(url, file)
        number = database.version()
        if number is None:
            database.close()
            return None
        if number == 1:
            database.upgrade()
        elif number != t.VERSION:
            database.close()
            raise LogError(
                "newer-database",
                "收件箱由另一版本的程序建立，请升级程序。",
                "The inbox was created by another version of the program; upgrade the program.",
            )
        return cls(database, keys, clock)

    @classmethod
    def create(cls, url: str, file: Path, keys: SealKeys, *, clock: Callable[[], datetime] = utc_now) -> str:
        """Create the store where there is none, and a new key of contacts → its id.

        Contacts that were sealed to an earlier key are opened with that key's file.
        """
        with closing(InboxDatabase(url, file)) as database:
            database.create_tables()
            key, public = keys.create()
            with database.write() as conn:
                newest = conn.scalar(select(func.max(t.key.c.made_at))) or 0
                made_at = max(micros(clock()), newest + 1)  # it is used, also if the clock was ahead before
                conn.execute(t.key.insert().values(id=key, public=public, made_at=made_at))
        return key

    def list(self, state: State | None = None) -> Sequence[Request]:
        """List requests without their statements, those that wait longest first."""
        query = select(t.request).order_by(_r.received_at, _r.id)
        if state is not None:
            query = query.where(_r.state == state)
        with self._database.read() as conn:
            return [_request(row) for row in conn.execute(query).mappings()]

    def waiting(self) -> tuple[int, datetime | None]:
        """Count the open requests → their number, and when the oldest came."""
        query = select(func.count(), func.min(_r.received_at)).where(_r.state == "open")
        with self._database.read() as conn:
            number, oldest = conn.execute(query).one()
        return number, moment_of(oldest)

    def get(self, id_: str, *, with_contacts: bool = True) -> Request:
        """Return a request with its statements, and their contacts unsealed unless nobody needs them.

        Raises ``no-such-correction``.
        """
        with self._database.read() as conn:
            request = _get(conn, id_)
            s, c = t.statement.c, t.contact.c
            both = t.statement.outerjoin(t.contact, (s.request == c.request) & (s.number == c.number))
            query = select(s.proof, s.received_at, c.key, c.sealed).select_from(both)
            rows = conn.execute(query.where(s.request == id_).order_by(s.number)).all()
        statements = tuple(self._statement(row, with_contact=with_contacts) for row in rows)
        return structs.replace(request, statements=statements)

    def _statement(self, row: Any, *, with_contact: bool) -> SenderStatement:
        statement = SenderStatement(row.proof, moment(row.received_at))
        if not with_contact or not row.sealed:
            return statement
        try:
            return structs.replace(statement, contact=self._keys.open(row.key, bytes(row.sealed)))
        except LogError as error:
            return structs.replace(statement, unreadable=str(error))

    def accept(
        self, id_: str, *, outcome: str, proof: str | None = None, release: int | None = None
    ) -> Request:
        """Accept a request, or change what was said of an accepted one → the request without contacts.

        ``proof``: as of :func:`.proof_to_publish`. Raises ``no-such-correction``, ``correction-decided``.
        """
        request = self.get(id_, with_contacts=False)
        values = {"reason": outcome, "release": release, "proof": proof_to_publish(request, proof)}
        self._decide(id_, "accepted", ("open", "accepted"), values)
        return self.get(id_, with_contacts=False)

    def reject(self, id_: str, *, reason: str) -> Request:
        """Reject a request; only its receipt says why. Returns and raises as :meth:`accept`."""
        self._decide(id_, "rejected", ("open",), {"reason": reason})
        return self.get(id_, with_contacts=False)

    def _decide(
        self, id_: str, state: State, allowed: tuple[State, ...], values: dict[str, str | int | None]
    ) -> None:
        with self._database.write() as conn:
            request = _get(conn, id_)
            if request.state not in allowed:
                raise LogError(
                    "correction-decided",
                    f"纠错 {id_} 已有处理结果，不能更改。",
                    f"Correction {id_} has its outcome, which cannot be changed.",
                )
            decided_at = request.decided_at or self._clock()
            conn.execute(
                update(t.request)
                .where(_r.id == id_)
                .values(state=state, decided_at=micros(decided_at), **values)
            )

    def forget(self) -> int:
        """Delete contacts, proofs and rejected values, and later rejected requests → changed rows."""
        now = self._clock()
        decided = select(_r.id).where(_r.decided_at <= micros(now - timedelta(days=CONTACT_DAYS)))
        old = micros(now - timedelta(days=REJECTED_DAYS))
        with self._database.write() as conn:
            deleted = conn.execute(delete(t.contact).where(t.contact.c.request.in_(decided))).rowcount
            deleted += conn.execute(delete(t.statement).where(t.statement.c.request.in_(decided))).rowcount
            is_rejected = (_r.state == "rejected") & _r.id.in_(decided) & (_r.value != "")
            deleted += conn.execute(update(t.request).where(is_rejected).values(value="")).rowcount
            ended = (_r.state == "rejected") & (_r.decided_at <= old)
            deleted += conn.execute(delete(t.request).where(ended)).rowcount
        if deleted or self._database.file is not None:  # on SQLite also what an earlier reader prevented
            self._database.erase_contacts()
        return deleted

    def records(self) -> set[tuple[str, str]]:
        """List the records (dataset, id) that requests are about."""
        with self._database.read() as conn:
            return {
                (row.dataset, row.record) for row in conn.execute(select(_r.dataset, _r.record).distinct())
            }

    def erase(self, records: Iterable[tuple[str, str]]) -> int:
        """Delete all requests about erased records, whose content readers may have quoted → their number."""
        erased = 0
        with self._database.write() as conn:
            for dataset, record in records:
                ids = select(_r.id).where(_r.dataset == dataset, _r.record == record)
                for table in (t.contact, t.statement):
                    conn.execute(delete(table).where(table.c.request.in_(ids)))
                erased += conn.execute(
                    delete(t.request).where(_r.dataset == dataset, _r.record == record)
                ).rowcount
        if erased:
            self._database.erase_contacts()
        return erased

    def close(self) -> None:
        self._database.close()


def _get(conn: Connection, id_: str) -> Request:
    row = conn.execute(select(t.request).where(_r.id == id_)).mappings().one_or_none()
    if row is None:
        raise LogError(
            "no-such-correction",
            f"没有这件纠错：{id_}。",
            f"There is no correction {id_}.",
        )
    return _request(row)


def _request(row: RowMapping) -> Request:
    times = {"received_at": moment(row["received_at"]), "decided_at": moment_of(row["decided_at"])}
    return Request(**{**row, **times})

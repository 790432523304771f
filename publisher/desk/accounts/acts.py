"""Acts on the log that are under way: each gets its line in the audit log, even if the desk is killed.

The log and the desk's store are two databases. An act is noted here before it changes the log, and forgotten
in the transaction that appends its line. Acts that a killed desk left here are looked up in the log by
:mod:`publisher.desk.acts`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any

import msgspec
from sqlalchemy import Connection, delete, select

from publisher.desk.accounts import audit_log
from publisher.desk.accounts import tables as t
from publisher.desk.accounts.store import DeskStore
from publisher.log.clocks import micros, moment

_c, _l = t.act.c, t.correction.c
_LINK = "link"
"""Key of an act's event; it is no part of the line."""


class CorrectionLink(msgspec.Struct, frozen=True):
    """The reader's request that a submission is for. ``proof``: is published with it."""

    request: str
    proof: str


class Act(msgspec.Struct, frozen=True):
    """An act whose line is not yet in the audit log."""

    number: int
    kind: audit_log.Kind
    event: Mapping[str, Any]
    """As :func:`.audit_log.append`, and perhaps a link."""
    begun_at: datetime
    entries: int
    """Number of entries of the public log when it began."""
    lines: int
    """Number of lines of the audit log when it began."""

    @property
    def actor(self) -> str:
        return str(self.event["actor"])

    @property
    def subject(self) -> str:
        return str(self.event["subject"])

    @property
    def details(self) -> Mapping[str, Any]:
        details: Mapping[str, Any] = self.event["details"]
        return details


class Acts:
    """Acts that are under way, and those that a killed desk left."""

    def __init__(self, store: DeskStore, clock: Callable[[], datetime]) -> None:
        self._store, self._clock = store, clock

    def begin(
        self,
        kind: audit_log.Kind,
        event: Mapping[str, Any],
        entries: int,
        link: CorrectionLink | None = None,
    ) -> Act:
        """Note an act before it changes the log. ``link``: is stored with the line of a submission."""
        now = self._clock()
        if link is not None:
            event = {**event, _LINK: msgspec.to_builtins(link)}
        with self._store.write() as conn:
            lines = audit_log.head(conn).size
            values = {"kind": kind, "event": msgspec.json.encode(event).decode(), "begun_at": micros(now)}
            result = conn.execute(t.act.insert().values(**values, entries=entries, lines=lines))
            (number,) = result.inserted_primary_key or (0,)
        return Act(number, kind, event, now, entries, lines)

    def all(self) -> Sequence[Act]:
        """List the acts that have no line, in the order in which they began."""
        with self._store.read() as conn:
            return [_act(row) for row in conn.execute(select(t.act).order_by(_c.number))]

    def finish(self, act: Act, more: Mapping[str, object]) -> None:
        """Append the line of an act, unless another desk did so meanwhile. ``more``: further details."""
        with self._store.write() as conn:
            if _forget(conn, act):
                details = {**act.details, **more}
                event = {**act.event, "details": details}
                link = event.pop(_LINK, None)
                if link is not None:
                    conn.execute(delete(t.correction).where(_l.request == link["request"]))
                    conn.execute(t.correction.insert().values(**link, submission=details["submission"]))
                audit_log.append(conn, act.kind, at=micros(self._clock()), **event)

    def forget(self, act: Act) -> None:
        """Forget an act that changed nothing."""
        with self._store.write() as conn:
            _forget(conn, act)


def _forget(conn: Connection, act: Act) -> bool:
    return bool(conn.execute(delete(t.act).where(_c.number == act.number)).rowcount)


def _act(row: Any) -> Act:
    event = msgspec.json.decode(row.event)
    return Act(row.number, row.kind, event, moment(row.begun_at), row.entries, row.lines)

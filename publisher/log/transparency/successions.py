"""Successions: entries with which a log continues another whose last entries were lost.

The successor has a name of its own, so that nobody takes its checkpoints for those of the log before, and no
number of a release that may have been lost is used again.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import msgspec
from sqlalchemy import Connection, func, select

from publisher.log.database import entry_tables as e
from publisher.log.database import tables as t

_CHANGES_APART = 10**9
"""The changes of a successor begin at a multiple of this, beyond all that may have been lost."""
_LOG = "/log"


class KnownCheckpoint(msgspec.Struct, frozen=True):
    """A checkpoint that somebody holds."""

    size: int
    root: str
    """Hexadecimal."""
    note: str | None = None
    """The signed note; None where the site had no key."""


class Succession(msgspec.Struct, frozen=True):
    """The properties of its document; ``docs/proof.md`` describes them."""

    origin: str
    checkpoint: KnownCheckpoint
    size: int
    sequence: int
    change: int
    lost: int
    reason: str
    succeeded_at: datetime

    def gives_up(self, origin: str, size: int) -> bool:
        """Report whether a checkpoint of the log ``origin`` has entries that the successor lacks for good."""
        is_of_site = origin.rpartition(_LOG)[0] == self.origin.rpartition(_LOG)[0]
        return is_of_site and number_of(origin) <= number_of(self.origin) and size > self.size

    def last_change(self) -> int:
        """Return the number after which the changes of the successor begin."""
        return max(self.change // _CHANGES_APART + 1, number_of(self.origin)) * _CHANGES_APART


_decode = msgspec.json.Decoder(Succession).decode


def first_origin(base: str) -> str:
    """Name of the first log of a site, with which those of its successors begin."""
    return f"{base.partition('://')[2]}{_LOG}"


def number_of(origin: str) -> int:
    """Return the number of a log among those of its site: 1 for the first, 2 for ``/log-2``."""
    number = origin.rpartition(_LOG)[2].removeprefix("-")
    return int(number) if number.isdecimal() else 1


def successions(conn: Connection, size: int | None = None) -> Sequence[Succession]:
    """List the successions among the first ``size`` entries, by default among all, oldest first."""
    c = e.entry.c
    query = select(c.document).where(c.kind == "succession").order_by(c.position)
    texts = conn.scalars(query if size is None else query.where(c.position < size))
    return [_decode(text) for text in texts if text is not None]


def lost_after(conn: Connection, sequence: int) -> int:
    """Count the entries lost since a release (site-wide sequence; 0: ever): as many numbers are skipped."""
    return sum(one.lost for one in successions(conn) if one.sequence >= sequence)


def lost_at(conn: Connection, sequence: int) -> int:
    """Count the entries lost directly after a release (site-wide sequence)."""
    return sum(one.lost for one in successions(conn) if one.sequence == sequence)


def next_number(conn: Connection, dataset: int) -> int:
    """Return the number that the next release of a dataset gets. ``dataset``: its key."""
    c = t.release.c
    newest = select(func.max(c.number).label("number"), func.max(c.sequence).label("sequence"))
    last = conn.execute(newest.where(c.dataset == dataset)).one()
    return (last.number or 0) + lost_after(conn, last.sequence or 0) + 1


def last_number_of_changes(conn: Connection, sequence: int) -> int:
    """Return the number after which the next change is numbered. ``sequence``: that of the newest change."""
    return max([sequence, *(one.last_change() for one in successions(conn) if one.change >= sequence)])


def is_lost_change(conn: Connection, sequence: int) -> bool:
    """Report whether a change with this number may have existed, and is lost."""
    return any(one.change < sequence <= one.last_change() for one in successions(conn))

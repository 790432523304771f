"""Deadlines of commitments as a calendar (RFC 5545): a task and an all-day event for each.

The UIDs come from the id of the record, which never changes. A moved deadline raises SEQUENCE.

Values are encoded by ``icalendar``. Its components are not used: they encode every line again and fold it
letter by letter, which took 12 s for 5,000 commitments. Only numbers and days are cached: many commitments
share them.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, date, timedelta
from functools import lru_cache

from icalendar import Component, vText

from publisher.log.clocks import start_of
from publisher.log.commitments.commitment_query import PublishedCommitment
from publisher.log.commitments.deadline_moves import DeadlineMoves
from publisher.log.model import Site
from schemas.words import COMMITMENT_STATUSES

_WIDTH = 74
"""Octets of a line, without the blank that begins a folded one."""
_UNFIT = re.compile(r"[\x00-\x09\x0b-\x1f\x7f-\x9f\u2028\u2029]")
"""Characters that RFC 5545 forbids, or that some readers take for the end of a line."""

type Line = tuple[str, str | date | int]
"""Name and value of a property."""


def write_calendar(
    site: Site, commitments: Iterable[PublishedCommitment], moves: Mapping[int, DeadlineMoves], *, title: str
) -> bytes:
    """Write the commitments that have a deadline. The same state gives the same bytes."""
    lines = [b"BEGIN:VCALENDAR\r\n", *map(_encode, _calendar_lines(title))]
    for one in commitments:
        if one.due is not None and one.key in moves:
            for kind in ("TODO", "EVENT"):
                lines.append(b"BEGIN:V%s\r\n" % kind.encode())
                lines += map(_encode, _commitment_lines(kind.lower(), site, one, one.due, moves[one.key]))
                lines.append(b"END:V%s\r\n" % kind.encode())
    lines.append(b"END:VCALENDAR\r\n")
    return b"".join(lines)


def _calendar_lines(title: str) -> Iterator[Line]:
    yield "PRODID", "-//Qingdan//Commitments//ZH"
    yield "VERSION", "2.0"
    yield "METHOD", "PUBLISH"
    yield "NAME", title
    yield "X-WR-CALNAME", title


def _commitment_lines(
    kind: str, site: Site, one: PublishedCommitment, due: date, moves: DeadlineMoves
) -> Iterator[Line]:
    changed_at = max(moves.changed_at, one.known_from or moves.changed_at).replace(microsecond=0)
    yield "UID", f"{one.id}.{kind}@{site.tag_authority.partition(',')[0]}"
    yield "DTSTAMP", changed_at
    yield "LAST-MODIFIED", changed_at
    yield "SEQUENCE", moves.sequence
    yield "SUMMARY", one.title if kind == "todo" else f"时限：{one.title}"
    yield "DESCRIPTION", _description(one)
    yield "URL", f"{site.base}/commitments/{one.id}"
    if plan := one.content.get("plan"):
        yield "CATEGORIES", str(plan)
    if kind == "todo":
        yield "DUE", due
        yield from _progress(one.done_on)
    else:
        yield "DTSTART", due
        if due < date.max:  # without an end it is one day
            yield "DTEND", due + timedelta(days=1)
        yield "TRANSP", "TRANSPARENT"


def _progress(done_on: date | None) -> Iterator[Line]:
    if done_on is None:
        yield "STATUS", "NEEDS-ACTION"
        return
    yield "STATUS", "COMPLETED"
    yield "PERCENT-COMPLETE", 100
    yield "COMPLETED", start_of(done_on).astimezone(UTC)


def _description(one: PublishedCommitment) -> str:
    fields = (
        ("lead", "牵头单位"),
        ("responsible", "责任单位"),
        ("supporting", "配合单位"),
        ("result", "成果形式"),
    )
    lines = [f"{title}：{one.content[name]}" for name, title in fields if name in one.content]
    return "\n".join([f"状态：{COMMITMENT_STATUSES[one.status].zh}", *lines])


def _encode(line: Line) -> bytes:
    name, value = line
    if not isinstance(value, str):
        return _encode_typed(name, value)
    text = vText(_UNFIT.sub(" ", value.replace("\r\n", "\n")))
    return _fold(name.encode() + b":" + text.to_ical()) + b"\r\n"


@lru_cache(4096)
def _encode_typed(name: str, value: date | int) -> bytes:
    component = Component()
    component.add(name, value)
    (_, encoded, *_) = component.content_lines(sorted=False)
    return bytes(encoded.to_ical()) + b"\r\n"


def _fold(line: bytes) -> bytes:
    """Fold a line so that none has more than 75 octets, neither inside a letter nor inside an escape."""
    pieces, start = [], 0
    while len(line) - start > _WIDTH:
        end = start + _WIDTH
        while line[end] & 0xC0 == 0x80:  # goes on with a letter of UTF-8
            end -= 1
        piece = line[start:end]
        end -= (len(piece) - len(piece.rstrip(b"\\"))) % 2  # an even number are backslashes, each escaped
        pieces.append(line[start:end])
        start = end
    return b"\r\n ".join((*pieces, line[start:]))

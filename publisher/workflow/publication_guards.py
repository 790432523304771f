"""Questions before a draft is published, about what is allowed and yet probably a mistake."""

from __future__ import annotations

import calendar
import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import date, datetime, timedelta

import msgspec

from publisher.log.clocks import day_at
from publisher.log.log import Log
from publisher.log.model import DraftDiff, OnConflict, RecordQuery, View
from schemas.reference.document_numbers import parse_number

MOST_REMOVED = 50
"""Records of a part that a complete import (mode ``snapshot``) removes without a question."""
FEWEST_REMOVED, LARGEST_SHARE = 3, 0.2
"""A complete import is questioned too if it removes at least so many records and more than this share."""
MOST_YEARS = 2
"""Years from today after which a day of effect is questioned."""

LONGEST_IDLE = timedelta(days=30)
"""After so long without a release, a wrong clock would not be noticed by its difference to the last one."""
MOST_DRIFT = timedelta(hours=1)
"""Most by which the clock may be set, while one process runs, without a question."""

CODES = ("check-today", "many-removed", "far-day", "basis-without-number", "basis-missing")


class Guard(msgspec.Struct, frozen=True):
    """One question. ``code`` is one of :data:`CODES`, by which a script accepts it."""

    code: str
    zh: str
    en: str
    part: str | None = None
    """The part that it is about."""


def find_guards(
    log: Log,
    dataset: str,
    *,
    effective_on: date,
    basis: str,
    now: datetime,
    drift: timedelta = timedelta(0),
    on_conflict: OnConflict = "refuse",
    parts: Sequence[str] | None = None,
) -> tuple[Guard, ...]:
    """List the questions before the draft, or parts of it, is published; none if conflicts prevent that.

    ``drift``: by how much the clock was set since this process started.
    Raises ``LogError('no-draft')``.
    """
    diff = log.drafts.diff(dataset, effective_on=effective_on, on_conflict=on_conflict, limit=0, parts=parts)
    is_running = log.queries.catalogue(dataset).running  # where a conflict keeps back its own rows only
    prevents = (c for c in diff.conflicts if c.code != "rows-in-error" and not (is_running and c.entries))
    if any(prevents):
        return ()
    return (
        *check_clock(log, now=now, drift=drift),
        *check_removals(log, dataset, diff, effective_on),
        *_check_day(effective_on, day_at(now)),
        *check_basis(basis),
        *_check_bases_of_rows(log, dataset, parts),
    )


def check_clock(log: Log, *, now: datetime, drift: timedelta) -> Iterator[Guard]:
    """Ask whether today is right, if the clock was set meanwhile or the last release is long ago."""
    last, day = log.queries.last_published_at(), day_at(now)
    words = f"{day.year}年{day.month}月{day.day}日，星期{'一二三四五六日'[day.weekday()]}"
    english = f"{calendar.day_name[day.weekday()]}, {day.day} {calendar.month_name[day.month]} {day.year}"
    if abs(drift) > MOST_DRIFT:
        yield Guard(
            "check-today",
            f"运行期间，本机时间被调了{abs(drift)}。现为{words}。请核对。",
            f"While it ran, the clock was set by {abs(drift)}. It says {english}. Check it.",
        )
    elif last is not None and now - last > LONGEST_IDLE:
        yield Guard(
            "check-today",
            f"距最近一次发布已{(now - last).days}天。本机时间为{words}。请核对今天的日期。",
            f"The last release was {(now - last).days} days ago. The clock says {english}. Check the date.",
        )


def check_removals(log: Log, dataset: str, diff: DraftDiff, day: date) -> Iterator[Guard]:
    """Ask about parts of which a complete import removes many records."""
    removed: dict[str | None, int] = {}
    for sheet in diff.sheets:
        removed[sheet.part] = removed.get(sheet.part, 0) + sheet.counts.get("removed", 0)
    if not any(removed.values()):
        return
    present = _count_by_part(log, dataset, day)
    for part, count in removed.items():
        total = present.get(part, 0) if part is not None else sum(present.values())
        if count > MOST_REMOVED or (count >= FEWEST_REMOVED and count > total * LARGEST_SHARE):
            yield Guard(
                "many-removed",
                f"“{part or dataset}”的{total}项中有{count}项将移出清单。请确认文件完整；只含部分条目的，"
                "请注明后重新报送。",
                f"{count} of {total} records of {part or dataset} are removed. Check that the file is "
                "complete; one with a share of the records has to say so.",
                part,
            )


def _count_by_part(log: Log, dataset: str, day: date) -> Mapping[str | None, int]:
    query = RecordQuery(view=View(as_of=day), limit=0, facets=("part",))
    page = log.queries.records(dataset, query)
    counts: dict[str | None, int] = dict(page.facets.get("part", ()))
    counts[None] = (page.total or 0) - sum(counts.values())
    return counts


def _check_day(day: date, today: date) -> Iterator[Guard]:
    if (day.year - MOST_YEARS, day.month, day.day) > (today.year, today.month, today.day):
        yield Guard(
            "far-day",
            f"生效日期{day}在{MOST_YEARS}年以后。请核对年份。",
            f"The day of effect {day} is more than {MOST_YEARS} years ahead. Check the year.",
        )


def split_basis(basis: str) -> list[str]:
    """Split a basis into the texts between its commas and semicolons."""
    return [piece.strip() for piece in re.split(r"[、，,；;]", basis) if piece.strip()]


def check_basis(basis: str) -> Iterator[Guard]:
    """Ask about a basis of which a piece is not a document number."""
    pieces = split_basis(basis)
    if not pieces or any(parse_number(piece) is None for piece in pieces):
        yield Guard(
            "basis-without-number",
            f"依据“{basis}”不是文号。文号写作“鞍政发〔2015〕34号”。",
            f"The basis “{basis}” is not a document number, which is written like 鞍政发〔2015〕34号.",
        )


def _check_bases_of_rows(log: Log, dataset: str, parts: Sequence[str] | None) -> Iterator[Guard]:
    field = log.queries.catalogue(dataset).basis_field
    count = log.drafts.count_without(dataset, field, parts) if field is not None else 0
    if count:
        yield Guard(
            "basis-missing",
            f"有{count}行没有写明依据。没有依据的事项不应列入清单。",
            f"{count} rows name no legal basis. An item without one does not belong on the list.",
        )

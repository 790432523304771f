"""The outbox: each item is compared with the span or the release for which it was written."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import date, datetime
from typing import Any

from sqlalchemy import Connection, and_, select

from publisher.log.clocks import micros, start_of
from publisher.log.database import tables as t
from publisher.log.database.connection import stream
from publisher.log.releases import release_writer
from publisher.log.releases.release_rows import cancellations
from publisher.log.verification.problem import Problem
from publisher.log.verification.span_fold import ReleaseRow


def check_outbox(conn: Connection, releases: Mapping[int, ReleaseRow], now: datetime) -> Iterator[Problem]:
    """Check items that nobody has tried yet; the others are sealed."""
    # A clock that was set back is not damage: items are due at the latest when their release was published.
    latest = max([micros(now), *(release.published_at for release in releases.values())])
    o, s = t.outbox.c, t.span.c
    span_items = and_(s.sequence == o.sequence, o.kind == "span")
    query = (
        select(t.outbox, release_writer.span_key().label("span"), s.dataset.label("owner"))
        .join_from(t.outbox, t.span, span_items, isouter=True)
        .outerjoin(t.record, t.record.c.key == s.record)
        .order_by(o.sequence)
    )
    by_number = {(release.dataset, str(release.number)): release for release in releases.values()}
    rows: Iterable[Any] = stream(conn, query)
    for row in rows:
        place = f"待索引 outbox item {row.sequence}"
        if row.seal:
            continue
        if row.attempts or row.error:
            yield Problem(f"{place}: 已尝试却没有封存值 it was tried, and has no seal")
        if row.kind == "span" and not _is_of_span(conn, row):
            yield Problem(place, "outbox.key", (row.key, row.dataset), (row.span, row.owner))
        if row.kind not in ("span", "erase", "release"):
            yield Problem(place, "outbox.kind", row.kind, None)
        release = by_number.get((row.dataset, row.key))
        if row.kind == "release" and release is None:
            yield Problem(place, "outbox.key", row.key, None)
        if row.due_at > latest and (row.kind != "release" or row.due_at != _effect(release)):
            yield Problem(place, "outbox.due_at", row.due_at, _effect(release))
    yield from _check_waiting(conn, releases, latest)


def _is_of_span(conn: Connection, item: Any) -> bool:
    """Report whether the item names the span that was written with its sequence, or later once more."""
    if item.span is not None:
        return bool(item.key == item.span and item.dataset == item.owner)
    record, made, first = item.key.split(".")
    s = t.span.c
    query = (
        select(s.dataset, s.sequence)
        .join_from(t.span, t.record, t.record.c.key == s.record)
        .where(t.record.c.id == record, s.made == int(made), s.effective_from == int(first))
    )
    row = conn.execute(query).first()
    return row is not None and row.dataset == item.dataset and row.sequence > item.sequence


def _effect(release: ReleaseRow | None) -> int | None:
    return None if release is None else micros(start_of(date.fromordinal(release.effective_on)))


def _check_waiting(conn: Connection, releases: Mapping[int, ReleaseRow], latest: int) -> Iterator[Problem]:
    """Check that a release with a later day of effect waits for it, unless it was cancelled."""
    o = t.outbox.c
    waiting = {
        (row.dataset, row.key, row.due_at)
        for row in conn.execute(select(o.dataset, o.key, o.due_at).where(o.kind == "release"))
    }
    cancelled = {(one.dataset, one.cancels) for one in cancellations(conn)}
    for release in releases.values():
        effect = _effect(release)
        is_later = effect is not None and effect > latest
        if not is_later or (release.dataset, release.number) in cancelled:
            continue
        if (release.dataset, str(release.number), effect) not in waiting:
            yield Problem(f"{release}: 生效时不会通知 nothing waits for its day of effect")

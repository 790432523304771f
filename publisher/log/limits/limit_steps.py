"""The steps of a record's limits: each one that it listed, since when, and how it differs from the last."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import date, datetime
from typing import Any

import msgspec
from sqlalchemy import Connection, select

from publisher.log.clocks import moment
from publisher.log.database import tables as t
from publisher.log.database.storable_text import storable
from publisher.log.queries.point_in_time import is_known
from schemas.cells.limit_comparison import LimitComparison, ListedLimit, compare_limits, read_listed_limit
from schemas.definition.catalogue import Catalogue, Content, Field

_decode = msgspec.json.Decoder(dict[str, Any]).decode
_s, _v, _r, _b, _d = t.span.c, t.revision.c, t.record.c, t.release.c, t.dataset.c


class LimitStep(msgspec.Struct, frozen=True):
    """A limit that a record lists from a day on."""

    field: str
    limit: ListedLimit | None
    """None: none is listed, or none that could be read; or the record was removed."""
    removed: bool
    effective_from: date
    release: int
    """Number of the release that brought it."""
    published_at: datetime
    revision: str
    """Hash; empty if the record was removed."""
    comparison: LimitComparison | None
    """With the last limit before it; None for the first, and if they do not compare."""


class ListedState(msgspec.Struct, frozen=True):
    """The content that a record had from a day on."""

    effective_from: date
    content: Content | None
    """None: it was removed."""
    release: int
    published_at: datetime
    revision: str


def limit_fields(catalogue: Catalogue) -> tuple[Field, ...]:
    """List the public fields of a catalogue that are limits, in its order."""
    return tuple(field for field in catalogue.fields if field.type == "limit" and not field.personal)


def steps_of_field(field: str, states: Iterable[ListedState]) -> Iterator[LimitStep]:
    """Yield a step for each state that lists another limit than the one before. ``states``: by day."""
    last: ListedLimit | None = None
    previous: tuple[ListedLimit | None, bool] | None = None
    for state in states:
        is_removed = state.content is None
        limit = None if state.content is None else read_listed_limit(state.content.get(field))
        if previous == (limit, is_removed) or (previous is None and limit is None):
            continue
        comparison = compare_limits(last, limit) if last and limit else None
        yield LimitStep(
            field,
            limit,
            removed=is_removed,
            effective_from=state.effective_from,
            release=state.release,
            published_at=state.published_at,
            revision=state.revision,
            comparison=comparison,
        )
        previous, last = (limit, is_removed), limit or last


def read_states(
    conn: Connection, dataset: str, records: Iterable[str], day: int | None, instant: int
) -> Mapping[str, list[ListedState]]:
    """Read what records listed over time, as known at an instant, each by day. Withdrawn states are left out.

    ``day``: the last one on which a state may begin; None for any, also a later one than today.
    """
    query = (
        select(_r.id, _s.effective_from, _s.status, _v.content, _v.hash, _b.number, _b.published_at)
        .join_from(t.span, t.record, _r.key == _s.record)
        .join(t.revision, _v.key == _s.revision)
        .join(t.release, _b.sequence == _s.brought)
        .join(t.dataset, _d.key == _s.dataset)
        .where(_d.name == dataset, _r.id.in_([storable(one) for one in records]))
        .where(_s.status.in_(("stated", "removed")), is_known(_s, instant))
        .order_by(_r.id, _s.effective_from)
    )
    if day is not None:
        query = query.where(_s.effective_from <= day)
    states: dict[str, list[ListedState]] = {}
    for row in conn.execute(query).all():
        is_stated = row.status == "stated"
        if is_stated and row.content is None:  # erased
            continue
        states.setdefault(row.id, []).append(
            ListedState(
                date.fromordinal(row.effective_from),
                _decode(row.content) if is_stated else None,
                row.number,
                moment(row.published_at),
                row.hash if is_stated else "",
            )
        )
    return states

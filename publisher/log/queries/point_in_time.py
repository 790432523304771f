"""Conversion of views to a day and an instant."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import msgspec
from sqlalchemy import ColumnElement, Connection, and_, select

from publisher.log.clocks import FOREVER, day_at, known_instant
from publisher.log.database import tables as t
from publisher.log.model import LogError, View
from publisher.log.releases.release_rows import has_number, no_such_release


class Clocks(msgspec.Struct, frozen=True):
    """Both clocks in the form of the tables."""

    day: int
    instant: int = FOREVER - 1
    """By default as known now."""

    def in_view(self, span: Any) -> ColumnElement[bool]:
        """Condition of the spans in effect on the day, as known at the instant."""
        return in_view(span, self.day, self.instant)

    def is_known(self, span: Any) -> ColumnElement[bool]:
        return is_known(span, self.instant)


def in_view(span: Any, day: Any, instant: Any) -> ColumnElement[bool]:
    """Condition of the spans in effect on a day, as known at an instant; both numbers or parameters."""
    return and_(is_known(span, instant), span.effective_from <= day, span.effective_to > day)


def is_known(span: Any, instant: Any) -> ColumnElement[bool]:
    return and_(span.known_from <= instant, span.known_to > instant)


def clocks(conn: Connection, dataset: str | None, view: View, now: datetime) -> Clocks:
    """Convert a view to clocks. Without ``as_of`` the day is that of ``known_at``.

    Raises ``LogError``: ``no-such-release``, ``mixed-view`` (a release sets both clocks already).
    """
    if view.release is not None:
        if view.as_of is not None or view.known_at is not None:
            raise LogError(
                "mixed-view",
                "release 已同时固定 as_of 与 known_at，不能再加 as_of 或 known_at。",
                "A release pins both clocks; as_of and known_at cannot be added.",
            )
        row = conn.execute(
            select(t.release.c.effective_on, t.release.c.published_at)
            .join(t.dataset, t.dataset.c.key == t.release.c.dataset)
            .where(t.dataset.c.name == dataset, has_number(view.release))
        ).first()
        if row is None:
            raise no_such_release(view.release)
        return Clocks(row.effective_on, row.published_at)
    day = view.as_of or day_at(view.known_at or now)
    return Clocks(day.toordinal(), known_instant(view.known_at))

"""Legal force of a work on a day, as far as records state it: what ended it or will, and if it is back."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from typing import Literal

import msgspec

from publisher.log.citations.effects import EffectKind
from publisher.log.graph.passage_query import PublishedEffect
from publisher.log.graph.work_query import Work
from schemas.definition.catalogue import Content

type LegalForce = Literal["InForce", "PartiallyInForce", "NotInForce"]
"""Terms of schema.org."""

ENDING_KINDS: tuple[EffectKind, ...] = ("repeals",)
"""A work is replaced by an edition of itself, which does not end it."""
_STATED: dict[str, LegalForce] = {
    "失效": "NotInForce",
    "废止": "NotInForce",
    "部分失效": "PartiallyInForce",
}
"""Words of a source for the validity of a document."""
_STARTS = ("effective", "effective_on", "version")


class Endings(msgspec.Struct, frozen=True):
    """Effects of other works that end a work."""

    past: tuple[PublishedEffect, ...]
    """Those that hold on the day, also those whose day nobody states."""
    coming: tuple[PublishedEffect, ...]
    """Those whose day is later."""


def find_endings(work: Work, effects: Iterable[PublishedEffect], day: date) -> Endings:
    """Choose the effects that end a work, without those before the work was enacted again."""
    enacted = [_enacted(record.content) for record in work.records]
    again = max((start for start in enacted if start is not None and start <= day), default=None)
    past, coming = [], []
    for effect in effects:
        if effect.kind not in ENDING_KINDS or effect.source in work.names or effect.target not in work.names:
            continue
        since = effect.day or _latest_day(work, effect)
        if since is not None and since > day:
            coming.append(effect)
        elif since is None or again is None or again < since:
            past.append(effect)
    return Endings(tuple(past), tuple(coming))


def judge_force(work: Work, endings: Endings, day: date) -> LegalForce | None:
    """Return whether a work is in force on a day; None if no record says anything about it."""
    if endings.past:
        return "NotInForce"
    if not work.records:
        return None
    starts = [_start(record.content) for record in work.records]
    if all(start is not None and start > day for start in starts):
        return "NotInForce"
    stated = {_STATED.get(str(record.content.get("validity")), "InForce") for record in work.records}
    return stated.pop() if len(stated) == 1 else None


def _enacted(content: Content) -> date | None:
    """Return since when the edition of a row is in force; None if the row states that it was repealed."""
    return None if content.get("repealed_by") else _day(content, "effective") or _day(content, "version")


def _start(content: Content) -> date | None:
    return next((day for name in _STARTS if (day := _day(content, name))), None)


def _latest_day(work: Work, effect: PublishedEffect) -> date | None:
    """Return the day by which a statute was certainly repealed: that of the edition which says so."""
    return next(
        (
            _day(record.content, "repealed_by_version")
            for record in work.records
            if record.record == effect.passage.record
        ),
        None,
    )


def _day(content: Content, field: str) -> date | None:
    try:
        return date.fromisoformat(str(content[field])) if content.get(field) else None
    except ValueError:
        return None

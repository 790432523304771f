"""Amounts of a record over time as a line of steps, and what a fact was before."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from decimal import Decimal

import msgspec
from markupsafe import Markup
from msgspec import structs

from publisher.log.model import Change, RecordState, Span, View
from publisher.views.pages.printing import charts, field_html, value_difference
from publisher.views.pages.printing.field_html import FieldValue
from publisher.views.pages.printing.page_request import Visit
from schemas.definition.catalogue import Catalogue, Content, Field, Json

_MEASURED = ("amount", "limit")
_STATING_KINDS = ("added", "changed", "renamed", "corrected")
"""Kinds of changes that state an amount from their day on: a correction, from the day that it corrects."""


class Prices(msgspec.Struct, frozen=True):
    """An amount over time, with its unit."""

    title: str
    chart: Markup


def note_changes(
    visit: Visit, catalogue: Catalogue, facts: Sequence[FieldValue], changes: Sequence[Change]
) -> Sequence[FieldValue]:
    """Add to each number since when it is so and what it was before. ``changes``: newest first."""
    return [structs.replace(fact, note=_note(visit, catalogue.by_name[fact.name], changes)) for fact in facts]


def has_numbers(catalogue: Catalogue, facts: Sequence[FieldValue]) -> bool:
    """Test whether a fact is a number, which may have been another one before."""
    return any(catalogue.by_name[fact.name].type in _MEASURED for fact in facts)


def led_to_state(change: Change, state: Span | RecordState, view: View) -> bool:
    """Test whether a change was published by the time of the view, and in effect when the state began."""
    is_published = view.known_at is None or change.published_at <= view.known_at
    return is_published and change.effective_on <= state.effective_from


def _note(visit: Visit, field: Field, changes: Sequence[Change]) -> str:
    if field.type not in _MEASURED:
        return ""
    first: dict[date, int] = {}
    after: dict[date, Json] = {}
    for n, change in enumerate(changes):
        for one in change.fields if change.kind in ("changed", "renamed") else ():
            if one.field == field.name:  # a later release may take back what comes on this day, or change it
                first[change.effective_on] = n
                after.setdefault(change.effective_on, one.after)
    before = {day: _content_before(changes[n], changes[:n]).get(field.name) for day, n in first.items()}
    day = max((day for day in before if before[day] != after[day]), default=None)
    if day is None or before[day] is None:
        return ""
    since, earlier = visit.day(day), field_html.format_text(visit, field, before[day])
    return visit.t(f"{since}起，原{earlier}", f"since {since}, before that {earlier}")


def _content_before(change: Change, later: Sequence[Change]) -> Content:
    """Return the content before a change, as corrected since. ``later``: changes after it, newest first."""
    content = change.before or {}
    for correction in reversed(later):
        if correction.kind == "corrected" and correction.before == content:
            content = correction.after or {}
    return content


def draw_prices(
    visit: Visit, catalogue: Catalogue, state: RecordState, changes: Sequence[Change], until: date
) -> Sequence[Prices]:
    """Draw each amount that changed and kept its measure, until the page's day. ``changes``: newest first."""
    if state.status != "current":
        return ()
    prices = []
    for field in catalogue.fields:
        if field.type != "amount" or field.personal:
            continue
        steps, unit = _steps(field, changes)
        if len({value for _, value in steps}) > 1:
            title = f"{visit.title_of(field)}{visit.t('（', ' (')}{unit}{visit.t('）', ')')}"
            end = max(until, steps[-1][0])
            label = visit.t(
                f"{title}的变化，数据见历次变化", f"{title} over time; the history has the numbers"
            )
            prices.append(Prices(title, charts.draw_steps(tuple(steps), end, label=label)))
    return prices


def _steps(field: Field, changes: Sequence[Change]) -> tuple[list[tuple[date, Decimal]], Json]:
    """Return (day of effect, number) in the order of days, and the unit; nothing if some do not compare."""
    by_day: dict[date, Decimal] = {}
    measures: list[Sequence[Json] | None] = []
    for change in reversed(changes):
        value: Json = (change.after or {}).get(field.name) if change.kind in _STATING_KINDS else None
        if isinstance(value, Mapping):
            number, measure = value_difference.read_number(field, value) or (Decimal(0), None)
            by_day[change.effective_on] = number
            measures.append(measure)
    first = measures[0] if measures else None
    if first is None or any(measure != first for measure in measures):
        return [], ""
    return sorted(by_day.items()), first[0]

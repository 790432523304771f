"""Changes of records as texts: whole values side by side, and the difference of numbers."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal, InvalidOperation
from typing import Any

import msgspec

from publisher.log.model import Change, FieldChange
from schemas.cells.value_texts import format_value
from schemas.definition.catalogue import Catalogue, Field
from schemas.words import Lang


class FieldTexts(msgspec.Struct, frozen=True):
    """A field that changes."""

    title: str
    before: str
    after: str
    difference: str
    """Difference of two numbers of one unit, with its sign; empty otherwise."""


class ChangeTexts(msgspec.Struct, frozen=True):
    """A change of a record."""

    kind: str
    record: str
    title: str
    part: str | None
    fields: Sequence[FieldTexts]


def format_changes(changes: Sequence[Change], catalogue: Catalogue, lang: Lang) -> Sequence[ChangeTexts]:
    return [
        ChangeTexts(
            change.kind,
            change.record,
            change.title,
            change.part,
            [_format_field(field, catalogue, lang) for field in change.fields or _whole(change, catalogue)],
        )
        for change in changes
    ]


def _whole(change: Change, catalogue: Catalogue) -> Sequence[FieldChange]:
    """List all values of a record that is added or removed."""
    before, after = change.before or {}, change.after or {}
    names = [field.name for field in catalogue.fields if field.name in before or field.name in after]
    return [FieldChange(name, before.get(name), after.get(name)) for name in names]


def _format_field(change: FieldChange, catalogue: Catalogue, lang: Lang) -> FieldTexts:
    field = catalogue.by_name.get(change.field)
    before, after = format_value(field, change.before, lang), format_value(field, change.after, lang)
    if field is None:  # the part, or a field that the catalogue dropped
        return FieldTexts(change.field, before, after, "")
    title = field.title_en if lang == "en" and field.title_en else field.title
    return FieldTexts(title, before, after, _find_difference(field, change.before, change.after))


def _find_difference(field: Field, before: Any, after: Any) -> str:
    """Return the difference of two numbers of one unit, such as ``−5工作日``; empty for anything else."""
    (first, unit), (second, other) = _number(field, before), _number(field, after)
    if first is None or second is None or unit != other or first == second:
        return ""
    difference = second - first
    return f"{'+' if difference > 0 else '−'}{abs(difference)}{unit}"


def _number(field: Field, value: Any) -> tuple[Decimal | None, str]:
    if isinstance(value, dict):
        is_plain = not {"most", "of"} & value.keys() and not value.get("kind")
        text = value.get("value" if field.type == "limit" else "amount") if is_plain else None
        return _decimal(text), str(value.get("unit", ""))
    return (_decimal(value) if field.type in ("integer", "decimal") else None), ""


def _decimal(value: Any) -> Decimal | None:
    if value is None or isinstance(value, bool):
        return None
    try:
        number = Decimal(str(value))
    except InvalidOperation:
        return None
    return number if number.is_finite() else None

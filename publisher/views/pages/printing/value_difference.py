"""Two values of a field: whole values with their difference, long texts with marked characters."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal, InvalidOperation
from html import escape

from markupsafe import Markup

from publisher.log.model import FieldChange
from publisher.views.comparison.text_diff import Piece, pieces
from publisher.views.pages.printing import marked_text
from schemas.cells.value_texts import format_value
from schemas.definition.catalogue import Catalogue, Field, Json
from schemas.words import Lang

_LONGEST_WHOLE = 24
"""A longer text is compared by character; a shorter one, and every number, is replaced as a whole."""
_PLAIN_NUMBERS = ("integer", "decimal")
_HUNDRED = Decimal(100)


def mark_sides(
    field: Field | None,
    values: tuple[Json, Json],
    texts: tuple[str, str],
    address: marked_text.AddressOfWork,
    lang: Lang = "zh",
) -> tuple[Markup, Markup]:
    """Mark two values, old and new, by their texts; the difference follows the second."""
    marked = marked_text.mark_sides(compare_texts(*texts), address)
    difference = format_difference(field, *values, lang)
    if not difference:
        return marked
    return marked[0], marked[1] + Markup(f' <span class="by">{escape(difference)}</span>')  # noqa: S704 - escaped


def compare_texts(before: str, after: str) -> Sequence[Piece]:
    """Compare long texts by character. Short values are replaced as a whole, which is easier to read."""
    if max(len(before), len(after)) > _LONGEST_WHOLE:
        return pieces(before, after)
    whole = [Piece("delete", before), Piece("insert", after)]
    return [piece for piece in whole if piece.text]


def format_difference(field: Field | None, old: Json, new: Json, lang: Lang = "zh") -> str:
    """Format by how much a number changed (``+0.10，+11.8 %``); empty if the two do not compare."""
    before, after = read_number(field, old), read_number(field, new)
    if before is None or after is None or before[1] != after[1] or before[0] == after[0]:
        return ""
    change = after[0] - before[0]
    parts = [_signed(change, f"{abs(change):,f}")]
    if before[0]:
        share = change / abs(before[0]) * _HUNDRED
        parts.append(_signed(change, f"{abs(share):,.1f} %"))
    return (", " if lang == "en" else "，").join(parts)


def _signed(change: Decimal, text: str) -> str:
    return f"{'+' if change > 0 else '−'}{text}"


def read_number(field: Field | None, value: Json) -> tuple[Decimal, Sequence[Json]] | None:
    """Return the number of a value, and its measure: numbers of equal measures compare. None for a range.

    The measure of an amount is its unit, the sum of which it is a rate, and its kind: a ceiling is no price.
    """
    if field is None or value is None:
        return None
    measure: Sequence[Json]
    if field.type in ("amount", "limit") and isinstance(value, Mapping):
        number = None if "most" in value else value.get("amount", value.get("value"))
        measure = [value.get(name) for name in ("unit", "of", "kind")]
    elif field.type in _PLAIN_NUMBERS:
        number, measure = value, [field.unit]
    else:
        return None
    try:
        return Decimal(str(number)), measure
    except InvalidOperation:
        return None


def without_repeated_texts(catalogue: Catalogue, changes: Sequence[FieldChange]) -> Sequence[FieldChange]:
    """Leave out the change of a text if the change of the amount that was read from it says the same."""
    by_field = {change.field: change for change in changes}
    stated = {
        field.derived_from
        for field in catalogue.fields
        if field.derived_from in by_field
        and (amount := by_field.get(field.name))
        and _say_the_same(field, by_field[field.derived_from], amount)
    }
    return [change for change in changes if change.field not in stated]


def _say_the_same(field: Field, text: FieldChange, amount: FieldChange) -> bool:
    pairs = ((text.before, amount.before), (text.after, amount.after))
    return all(isinstance(t, str) and v is not None and format_value(field, v, "zh") == t for t, v in pairs)

"""Formatting of a field's values for files, feeds and pages."""

from __future__ import annotations

from collections.abc import Mapping

from schemas.cells.deadlines import format_deadline
from schemas.cells.limit_comparison import AT_ONCE
from schemas.definition.catalogue import Field, Json
from schemas.words import BOOLEANS, Lang

_UNITS_EN = {
    "工作日": "working days",
    "自然日": "calendar days",
    "日": "days",
    "小时": "hours",
    "分钟": "minutes",
    "周": "weeks",
    "月": "months",
    "年": "years",
}
_UNITS_WITH_MEASURE_WORD = frozenset({"工作日", "自然日", "月"})


def format_value(field: Field | None, value: Json, lang: Lang = "zh") -> str:
    """Format a value for files and feeds; ``""`` if it is blank. ``field``: None if its catalogue dropped it.

    Units and booleans follow ``lang``. Names, texts and words of a vocabulary stay as published.
    :func:`.values.parse_value` reads the Chinese back.
    """
    if value is None:
        return ""
    if isinstance(value, bool):
        words = BOOLEANS["true" if value else "false"]
        return words.zh if lang == "zh" else words.en
    if isinstance(value, list):
        return ("；" if lang == "zh" else "; ").join(map(_format_item, value))
    if isinstance(value, dict):
        return format_limit(value, lang) if "value" in value else _format_amount(value, lang)
    return format_deadline(str(value), lang) if field and field.format == "deadline" else str(value)


def _format_item(value: Json) -> str:
    """Format an item of a list; for a file, its name and address."""
    if isinstance(value, dict):
        return " ".join(str(value[key]) for key in ("name", "url") if key in value)
    return str(value)


def _format_amount(value: dict[str, Json], lang: Lang) -> str:
    amount, unit, kind = (str(value.get(key, "")) for key in ("amount", "unit", "kind"))
    if kind == "free":
        return "免费" if lang == "zh" else "free of charge"
    number = f"{amount}—{value['most']}" if "most" in value else amount
    if "of" in value:
        number = f"按{value['of']}的{number}" if lang == "zh" else f"{value['of']} × {number}"
    before, after = _BOUNDS.get((kind, lang), ("", ""))
    return f"{before}{number}{unit}{after}"


_BOUNDS: Mapping[tuple[str, Lang], tuple[str, str]] = {
    ("ceiling", "zh"): ("不超过", ""),
    ("ceiling", "en"): ("at most ", ""),
    ("floor", "zh"): ("不低于", ""),
    ("floor", "en"): ("at least ", ""),
}


def format_limit(value: dict[str, Json], lang: Lang = "zh") -> str:
    """Format a limit as :func:`format_value` does."""
    number, unit = value.get("value"), str(value.get("unit", ""))
    if unit == AT_ONCE:
        return "即时办结" if lang == "zh" else "at once"
    if lang == "zh":
        return f"{number}{'个' if unit in _UNITS_WITH_MEASURE_WORD else ''}{unit}"
    name = _UNITS_EN.get(unit, unit)
    return f"{number} {name.removesuffix('s') if number == 1 else name}"

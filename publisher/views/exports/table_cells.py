"""Conversion of canonical JSON to the cells of a row, and the columns of every table."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from datetime import date
from functools import lru_cache
from typing import Any, Literal

import msgspec

from publisher.log.queries.whole_state import StateRow
from schemas.cells.formula_guard import guard_of, guard_text
from schemas.cells.value_texts import format_value
from schemas.definition.catalogue import Catalogue, Field
from schemas.words import Lang

type Style = Literal["zh", "en", "exact"]
"""Format of values: for people, or ``exact``: lists and measures as JSON, booleans as true and false."""

STATE_COLUMNS: tuple[tuple[str, str], ...] = (
    ("id", "编号"),
    ("part", "报送部门"),
    ("release", "发布编号"),
    ("effective_from", "生效日期"),
    ("revision", "内容哈希值"),
)
"""Columns in addition to the catalogue's fields; fields cannot have these names."""
decode = msgspec.json.Decoder(dict[str, Any]).decode


@lru_cache(10_000)
def day(ordinal: int) -> str:
    return date.fromordinal(ordinal).isoformat()


def public_fields(catalogue: Catalogue) -> tuple[Field, ...]:
    return tuple(field for field in catalogue.fields if not field.personal)


def headings(catalogue: Catalogue, lang: Lang) -> list[str]:
    """List unique headings: the field's name is appended to repeated titles."""
    fields = public_fields(catalogue)
    own = {name: title if lang == "zh" else name for name, title in STATE_COLUMNS}
    titles = [f.title if lang == "zh" else f.name for f in fields]
    all_titles = [*own.values(), *titles]
    unique = [
        text if all_titles.count(text) == 1 else f"{text} ({f.name})"
        for text, f in zip(titles, fields, strict=True)
    ]
    return [own["id"], *unique, *(own[name] for name, _ in STATE_COLUMNS[1:])]


def rows(states: Iterable[StateRow], catalogue: Catalogue, style: Style) -> Iterator[list[str]]:
    """Yield the text of each cell of each record, guarded against formulas; empty if it is blank."""
    fields = public_fields(catalogue)
    blank = [""] * (len(fields) + len(STATE_COLUMNS))
    places = {field.name: (n, _make_formatter(field, style)) for n, field in enumerate(fields, 1)}
    for record, content, part, release, effective_from, revision in states:
        row = blank.copy()
        row[0] = record
        for name, value in decode(content).items():  # most fields of most records are blank
            if name in places and value is not None:
                n, format_cell = places[name]
                row[n] = format_cell(value)
        row[-4:] = guard_text(part) if part else "", str(release), day(effective_from), revision
        yield row


def _make_formatter(field: Field, style: Style) -> Callable[[Any], str]:
    """Create a function that formats a value of this field as a guarded text."""
    guard = guard_of(field)

    def format_cell(value: Any) -> str:
        return guard(_format_exactly(value) if style == "exact" else format_value(field, value, style))

    def format_text(value: Any) -> str:
        return guard_text(value) if isinstance(value, str) else format_cell(value)

    return format_text if field.type == "string" else format_cell


def _format_exactly(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return msgspec.json.encode(value).decode() if isinstance(value, dict | list) else str(value)

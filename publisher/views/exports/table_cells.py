"""Conversion of canonical JSON to the cells of a row, and the columns of every table."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import date
from functools import lru_cache
from typing import Any, Literal

import msgspec

from publisher.log.queries.whole_state import StateRow
from schemas.cells.formula_guard import guard_text
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
_NUMBERS = ("integer", "decimal")


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


def rows(states: Iterable[StateRow], catalogue: Catalogue, style: Style) -> Iterator[Sequence[Any]]:
    """Yield the cells of each record; ``None`` is blank. Texts are guarded against formulas."""
    fields = public_fields(catalogue)
    values = decoder(fields)
    formatters = [
        (n, _make_formatter(field, style)) for n, field in enumerate(fields, 1) if field.type != "string"
    ]
    texts = [*(n for n, field in enumerate(fields, 1) if field.type not in _NUMBERS), len(fields) + 1]
    for record, content, part, release, effective_from, revision in states:
        row = [record, *values(content), part, release, day(effective_from), revision]
        for n, format_cell in formatters:
            if row[n] is not None:
                row[n] = format_cell(row[n])
        for n in texts:
            text = row[n]
            if type(text) is str and not "\u4e00" <= text[:1] <= "\u9fff":  # nearly every text begins so
                row[n] = guard_text(text)
        yield row


def decoder(fields: Sequence[Field]) -> Callable[[bytes], tuple[Any, ...]]:
    """Create a function that decodes a content to the values of these fields; ``None`` if absent."""
    names = {f"value_{n}": field.name for n, field in enumerate(fields)}
    values = msgspec.defstruct("Values", [(name, Any, None) for name in names], rename=names)
    decode_values = msgspec.json.Decoder(values).decode
    return lambda content: msgspec.structs.astuple(decode_values(content))


def _make_formatter(field: Field, style: Style) -> Callable[[Any], Any]:
    if style == "exact":
        return _exact

    def show(value: Any) -> str:
        return format_value(field, value, style)

    return show


def _exact(value: Any) -> Any:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, dict | list):
        return msgspec.json.encode(value).decode()
    return value

"""Items as a table: columns and rows, and CSV."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from typing import Any

import msgspec

from publisher.views.ogc.item_source import Items
from schemas.cells.formula_guard import guard_number, guard_text


def rows(items: Items, columns: Sequence[str]) -> tuple[Sequence[str], list[dict[str, Any]]]:
    """Return the columns and rows of a table of features."""
    decoded = [msgspec.json.decode(feature) for feature in items.features]
    return ("id", *columns), [{"id": f["id"], **f["properties"]} for f in decoded]


def as_csv(columns: Sequence[str], rows: Iterable[Mapping[str, Any]], numeric: Collection[str] = ()) -> bytes:
    """Encode a table as CSV (RFC 4180) in UTF-8 with a byte order mark, without formulas in cells.

    ``numeric``: columns of numbers, which JSON has as texts where they are decimals.
    """
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(columns)
    guards = [(column, guard_number if column in numeric else guard_text) for column in columns]
    for row in rows:
        writer.writerow([_cell(row.get(column), guard) for column, guard in guards])
    return b"\xef\xbb\xbf" + out.getvalue().encode()


def _cell(value: Any, guard: Callable[[str], str]) -> str:
    if value is None:
        return ""
    return guard(value) if isinstance(value, str) else msgspec.json.encode(value).decode()

"""Rows of files that a release leaves out, as it lists them: their places, each with a reason."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import msgspec

_NAMES = ("file", "sheet", "rows", "reason")
_key = msgspec.json.Encoder(order="sorted").encode


def row_left_out(place: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return what a release says of a row that it leaves out, without the rest of its place in the file."""
    return {name: place[name] for name in _NAMES if name in place}


def list_with(
    listed: Sequence[Mapping[str, Any]], rows: Iterable[Mapping[str, Any]]
) -> tuple[Mapping[str, Any], ...]:
    """Return what the imports list, and the rows that are not among it."""
    keys = {_key(row) for row in listed}
    return (*listed, *(row for row in rows if _key(row) not in keys))

"""Excerpts of the original cells of a record, from the values that the log stores."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

import msgspec
from msgspec import Raw

from publisher.log.model import RecordState
from schemas.cells.value_texts import format_value
from schemas.definition.catalogue import Catalogue

LONGEST = 200
"""Maximum length of an excerpt, in characters. A longer one ends in an ellipsis."""


class _Mended(msgspec.Struct, frozen=True):
    read: str = ""
    """The text in the file."""


class _Locator(msgspec.Struct, frozen=True):
    cells: dict[str, str] = {}
    mended: dict[str, _Mended] = {}


_CELLS = msgspec.json.Decoder(_Locator).decode
_ORIGINALS = msgspec.json.Decoder(dict[str, str]).decode
_CONTENT = msgspec.json.Decoder(dict[str, Raw]).decode
_VALUE: Callable[[Raw], Any] = msgspec.json.Decoder().decode


def read_excerpts(state: RecordState, catalogue: Callable[[], Catalogue]) -> dict[str, str]:
    """Return field → beginning of its cell (or line of a document), for fields with a place and a value.

    ``catalogue`` returns the catalogue of the state's release. It is called only for values that are
    formatted by their type.
    """
    locator = _CELLS(state.locator_json)
    cells = locator.cells
    if not cells:
        return {}
    mended = {name: locator.mended[cell].read for name, cell in cells.items() if cell in locator.mended}
    originals, content = _ORIGINALS(state.originals_json), _CONTENT(state.content_json)
    values = {name: _VALUE(content[name]) for name in cells if name in content}
    return cell_texts(cells, {**originals, **mended}, values, catalogue)


def mended_texts(locator: Mapping[str, Any]) -> dict[str, str]:
    """Return field → text in the file, for the cells of a record that a clerk changed."""
    cells, mended = locator.get("cells") or {}, locator.get("mended") or {}
    return {name: mended[cell]["read"] for name, cell in cells.items() if cell in mended}


def cell_texts(
    names: Iterable[str],
    originals: Mapping[str, str],
    content: Mapping[str, Any],
    catalogue: Callable[[], Catalogue],
) -> dict[str, str]:
    """Return field → beginning of the text of its cell, for the fields with a value."""
    excerpts = {}
    for name in names:
        if name in content:  # a place without a value is a blank cell
            text = originals.get(name)
            if text is None:
                text = _format_cell(name, content[name], catalogue)
            excerpts[name] = text if len(text) <= LONGEST else f"{text[:LONGEST]}…"
    return excerpts


def _format_cell(name: str, value: Any, catalogue: Callable[[], Catalogue]) -> str:
    if isinstance(value, str):
        return value
    # A row beside the record's own in its file (origins.row_texts) can have a field that was dropped since.
    field = catalogue().by_name.get(name)
    return msgspec.json.encode(value).decode() if field is None else format_value(field, value)

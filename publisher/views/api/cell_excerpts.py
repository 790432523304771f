"""What stood where a record was read, cell by cell: from what the log holds of it, whichever way it came."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec
from msgspec import Raw

from publisher.log.model import RecordState
from schemas.cells.values import format_value
from schemas.definition.catalogue import Catalogue

LONGEST = 200
"""Characters of one excerpt; a longer one ends in an ellipsis."""


class _Locator(msgspec.Struct, frozen=True):
    cells: dict[str, str] = {}


_CELLS = msgspec.json.Decoder(_Locator).decode
_ORIGINALS = msgspec.json.Decoder(dict[str, str]).decode
_CONTENT = msgspec.json.Decoder(dict[str, Raw]).decode
_VALUE: Callable[[Raw], Any] = msgspec.json.Decoder().decode


def of_record(state: RecordState, catalogue: Callable[[], Catalogue]) -> dict[str, str]:
    """Field → the beginning of its cell (of a document: of its line), for every field whose place is known.

    ``catalogue``: of the state's release; asked only for values that are printed by their type.
    """
    cells = _CELLS(state.locator_json).cells
    if not cells:
        return {}
    originals, content = _ORIGINALS(state.originals_json), _CONTENT(state.content_json)
    found = {}
    for name in cells:
        if name in content:  # a place without a value is a blank cell
            said = originals.get(name) or _printed(name, _VALUE(content[name]), catalogue)
            found[name] = said if len(said) <= LONGEST else f"{said[:LONGEST]}…"
    return found


def _printed(name: str, value: Any, catalogue: Callable[[], Catalogue]) -> str:
    return value if isinstance(value, str) else format_value(catalogue().by_name[name], value)

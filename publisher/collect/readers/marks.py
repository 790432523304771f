"""What the cells' library does not tell of a sheet, read from the file itself by two small passes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from publisher.collect.readers.grid import Position


@dataclass(frozen=True, slots=True)
class Marks:
    """Positions are 1-based (row, column)."""

    hidden_rows: frozenset[int] = frozenset()
    errors: Mapping[Position, str] = field(default_factory=dict)
    """Cells that hold a formula error and the error as shown, ``#REF!``; the library reads them blank."""
    uncalculated: Mapping[Position, str] = field(default_factory=dict)
    """Cells whose formula was saved without a result, and the formula."""


ERRORS = {
    0x00: "#NULL!",
    0x07: "#DIV/0!",
    0x0F: "#VALUE!",
    0x17: "#REF!",
    0x1D: "#NAME?",
    0x24: "#NUM!",
    0x2A: "#N/A",
}
"""Error codes of binary workbooks ([MS-XLS] 2.5.10 Bes)."""

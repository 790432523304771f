"""Cells of a file that a clerk changed at the desk: their new texts replace those of the file."""

from __future__ import annotations

from collections.abc import Mapping, Sequence, Set
from typing import Any

from msgspec import structs

from publisher.ingest.formats.detect import FileContent
from publisher.ingest.formats.grid import Cell, Grid, Position, SheetAnnotations, parse_reference
from publisher.ingest.parsed_file import MendedCell


def position_of(cell: str) -> Position:
    """Return the row and column of an A1 reference. Raises ``ValueError``."""
    position = parse_reference(cell)
    if position is None:
        raise ValueError(cell)
    return position


def mend_cells(
    content: FileContent, mended: Sequence[MendedCell]
) -> tuple[FileContent, tuple[MendedCell, ...]]:
    """Write the texts into the tables of a file. Return its new content, and the cells with their old texts.

    A cell outside the tables is not among them. A changed cell leaves its merged range; the other cells stay.
    """
    if not mended:
        return content, ()
    by_sheet: dict[str, dict[Position, MendedCell]] = {}
    for one in mended:
        by_sheet.setdefault(one.sheet, {})[position_of(one.cell)] = one
    grids, applied = [], []
    for grid in content.grids:
        mended_grid, grid_cells = _mend_grid(grid, by_sheet.get(grid.name, {}))
        grids.append(mended_grid)
        applied += grid_cells
    return structs.replace(content, grids=tuple(grids)), tuple(applied)


def _mend_grid(grid: Grid, mended: Mapping[Position, MendedCell]) -> tuple[Grid, list[MendedCell]]:
    rows, applied = list(grid.rows), []
    for (row, column), one in sorted(mended.items()):
        if row > len(rows) or column > len(rows[row - 1]):
            continue
        line = list(rows[row - 1])
        applied.append(structs.replace(one, read=line[column - 1].text))
        line[column - 1] = Cell(one.written, row, column)
        rows[row - 1] = tuple(line)
    if not applied:
        return grid, []
    cells = {position_of(one.cell) for one in applied}
    return structs.replace(grid, rows=tuple(rows), annotations=_forget(grid.annotations, cells)), applied


def _forget(annotations: SheetAnnotations, cells: Set[Position]) -> SheetAnnotations:
    """Remove the annotations of the old texts of cells, such as number formats and errors."""
    remaining: dict[str, Any] = {
        field.name: {position: mark for position, mark in value.items() if position not in cells}
        for field in structs.fields(annotations)
        if isinstance(value := getattr(annotations, field.name), Mapping)
    }
    return structs.replace(annotations, **remaining)

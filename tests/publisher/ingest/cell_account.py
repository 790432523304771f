"""An account of cells: each is in a record, in a row that is left out, or in a finding."""

from __future__ import annotations

import re
from collections.abc import Iterator

from publisher.ingest.formats.grid import Grid, format_column
from publisher.ingest.parsed_file import Reading
from publisher.ingest.tables.header_row import has_own_text

_LETTERS = re.compile(r"([A-Z]+)(?: |$)")


def unaccounted(reading: Reading, grid: Grid) -> list[str]:
    """Return the A1 references of a sheet's filled cells that the reading does not mention."""
    accounted = in_rows(reading, grid) | in_findings(reading, grid)
    return [cell for cell in _filled(grid) if cell not in accounted]


def in_rows(reading: Reading, grid: Grid) -> set[str]:
    """Return the cells that a record holds or that stand in a row that is left out."""
    cells = {
        cell
        for record in reading.records
        if record.sheet == grid.name
        for cell in (*record.cells.values(), *record.other_cells)
    }
    rows = {x.row for x in reading.left_out if x.sheet == grid.name}
    return cells | {cell for cell in _filled(grid) if int(cell.lstrip("ABCDEFGHIJKLMNOPQRSTUVWXYZ")) in rows}


def in_findings(reading: Reading, grid: Grid) -> set[str]:
    """Return the cells that a finding names, by its row and column, or by a column that is not read."""
    cells: set[str] = set()
    for finding in reading.findings:
        match = _LETTERS.match(finding.column or "")
        if match is None or finding.sheet != grid.name:
            continue
        if finding.code in {"unmapped-column", "personal-column"}:
            first = finding.row or 0
            cells |= {c for c in _filled(grid) if _split(c)[0] == match[1] and _split(c)[1] > first}
        else:
            cells.add(f"{match[1]}{finding.row}")
    return cells


def filled(grid: Grid) -> list[str]:
    return list(_filled(grid))


def _filled(grid: Grid) -> Iterator[str]:
    for row in grid.rows:
        for cell in row:
            if has_own_text(cell):
                yield f"{format_column(cell.column)}{cell.row}"


def _split(reference: str) -> tuple[str, int]:
    letters = reference.rstrip("0123456789")
    return letters, int(reference[len(letters) :])

"""Tables inside a document's text, written as Markdown tables (GFM)."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby

from publisher.ingest.documents.page_lines import Line
from publisher.ingest.documents.section_outline import escape
from publisher.ingest.formats.grid import MAX_COLUMNS


def write_paragraphs(
    lines: Sequence[Line], date_index: int | None
) -> tuple[list[str], int | None, frozenset[int]]:
    """Return the paragraphs, the index of the one with the date of signature, and the indexes of tables."""
    texts: list[str] = []
    tables: set[int] = set()
    offset, paragraph_index = 0, date_index
    for table, group in groupby(lines, key=lambda line: line.spot.table if line.spot else None):
        table_lines = list(group)
        if date_index is not None and offset <= date_index < offset + len(table_lines):
            paragraph_index = len(texts) + (date_index - offset if table is None else 0)
        offset += len(table_lines)
        if table is None or len({line.spot.row for line in table_lines if line.spot}) < 2:
            texts += (line.text for line in table_lines)
        else:
            tables.add(len(texts))
            texts.append(write_table(table_lines))
    return texts, paragraph_index, frozenset(tables)


def list_rows(lines: Sequence[Line]) -> list[str]:
    """Return each paragraph, and each row of a table with tabs between its cells."""
    rows: list[str] = []
    for key, group in groupby(
        lines, key=lambda line: (line.spot.table, line.spot.row) if line.spot else None
    ):
        if key is None:
            rows += (line.text for line in group)
            continue
        cells: dict[int, list[str]] = {}
        for line in group:
            if line.spot is not None:
                cells.setdefault(line.spot.column, []).append(line.text)
        rows.append("\t".join("".join(cells[column]) for column in sorted(cells)))
    return rows


def write_table(lines: Sequence[Line]) -> str:
    """Write a table. The first row is the header, which GFM requires; a cell's lines are joined by spaces.

    Of a table wider than ``MAX_COLUMNS`` only columns with text are written, at most that many.
    """
    cells: dict[tuple[int, int], list[str]] = {}
    for line in lines:
        if line.spot is not None:
            cells.setdefault((line.spot.row, line.spot.column), []).append(line.text)
    columns: Sequence[int] = sorted({column for _, column in cells})
    columns = range(columns[-1] + 1) if columns[-1] < MAX_COLUMNS else columns[:MAX_COLUMNS]
    rows = sorted({row for row, _ in cells})
    markdown_rows = [
        _format_row([" ".join(cells.get((row, column), ())) for column in columns]) for row in rows
    ]
    return "\n".join([markdown_rows[0], _join_cells(["---"] * len(columns)), *markdown_rows[1:]])


def write_rows(rows: Sequence[Sequence[str]]) -> str:
    """Write the rows of a table, of which the first is the header; blank columns and rows are left out."""
    texts = [[" ".join(cell.split()) for cell in row] for row in rows]
    texts = [row for row in texts if any(row)]
    width = max((n for row in texts for n, cell in enumerate(row, start=1) if cell), default=0)
    lines = [_format_row([*row[:width], *[""] * (width - len(row))]) for row in texts]
    return "\n".join([*lines[:1], _join_cells(["---"] * width), *lines[1:]]) if texts else ""


def _format_row(cells: Sequence[str]) -> str:
    return _join_cells([escape(cell).replace("|", "\\|") for cell in cells])


def _join_cells(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"

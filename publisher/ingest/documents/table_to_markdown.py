"""Tables inside a document's text: lines that are cells of one become a table in Markdown (GFM)."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby

from publisher.ingest.documents.page_lines import Line
from publisher.ingest.formats.grid import MAX_COLUMNS


def paragraphs(lines: Sequence[Line], signed: int | None) -> tuple[list[str], int | None, frozenset[int]]:
    """Texts of the paragraphs, the index of the signed one, and the indexes of those that are tables."""
    texts: list[str] = []
    tables: set[int] = set()
    at, place = 0, signed
    for table, group in groupby(lines, key=lambda line: line.spot.table if line.spot else None):
        some = list(group)
        if signed is not None and at <= signed < at + len(some):
            place = len(texts) + (signed - at if table is None else 0)
        at += len(some)
        if table is None or len({line.spot.row for line in some if line.spot}) < 2:
            texts += (line.text for line in some)
        else:
            tables.add(len(texts))
            texts.append(markdown(some))
    return texts, place, frozenset(tables)


def markdown(lines: Sequence[Line]) -> str:
    """The first row is the header, as GFM knows no table without; a cell's lines stand side by side."""
    cells: dict[tuple[int, int], list[str]] = {}
    for line in lines:
        if line.spot is not None and line.spot.column < MAX_COLUMNS:
            cells.setdefault((line.spot.row, line.spot.column), []).append(line.text)
    columns = range(1 + max(column for _, column in cells))
    rows = sorted({row for row, _ in cells})
    drawn = [_row([" ".join(cells.get((row, column), ())) for column in columns]) for row in rows]
    return "\n".join([drawn[0], _row(["---"] * len(columns)), *drawn[1:]])


def _row(cells: Sequence[str]) -> str:
    return f"| {' | '.join(_escaped(cell) for cell in cells)} |"


def _escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace("|", "\\|").replace("<", "\\<").replace("`", "\\`")

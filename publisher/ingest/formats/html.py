"""HTML → grids and clean text. Nothing is fetched, no script runs, no entity is expanded."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from lxml import etree

from publisher.ingest.findings.files import BINARY, TOO_LARGE
from publisher.ingest.findings.kind import Bilingual
from publisher.ingest.formats.errors import ReaderError
from publisher.ingest.formats.grid import MAX_CELLS, MAX_COLUMNS, Grid, Merge, build

SKIPPED = frozenset({"script", "style", "noscript", "template", "head", "iframe", "object", "select"})
BLOCKS = frozenset(
    {"address", "article", "aside", "blockquote", "br", "center", "dd", "div", "dl", "dt", "fieldset"}
    | {"footer", "form", "h1", "h2", "h3", "h4", "h5", "h6", "header", "hr", "li", "main", "nav", "ol"}
    | {"p", "pre", "section", "ul"}
    | {"caption", "table", "tbody", "td", "tfoot", "th", "thead", "tr"}
)
SPACES = re.compile(r"[ \t\r\n\f]+")
"""HTML's own white space; U+3000 and no-break spaces are text."""
XML_DECLARATION = re.compile(r"^\s*<\?xml[^>]*\?>")


def parse(text: str) -> etree._Element:
    """The page's root. Raises :class:`ReaderError` where nothing can be made of it."""
    clean = XML_DECLARATION.sub("", text).replace("\x00", "")
    parser = etree.HTMLParser(
        encoding="utf-8", no_network=True, huge_tree=False, remove_comments=True, remove_pis=True
    )
    try:
        root = etree.fromstring(clean.encode("utf-8", "replace"), parser)
    except (etree.XMLSyntaxError, ValueError) as problem:
        raise ReaderError(BINARY) from problem
    # libxml2 stops at such a place and says nothing else: what follows would be lost unseen.
    limits = [entry.message for entry in parser.error_log if entry.type_name == "ERR_RESOURCE_LIMIT"]
    if limits:
        raise ReaderError(TOO_LARGE, f"HTML: {limits[0]}")
    if root is None:
        raise ReaderError(BINARY)
    return root


def grids(root: etree._Element) -> tuple[Grid, ...]:
    """One grid a table that holds text of its own; a table inside a cell is a grid of its own."""
    found = []
    for number, table in enumerate(root.iter("table"), start=1):
        caption = table.find("caption")
        name = lines(caption) if caption is not None else ""
        rows, merges = _cells(table)
        grid = build(name.replace("\n", " ") or f"表{number}", rows, merges)
        if grid is not None:
            found.append(grid)
    return tuple(found)


def _cells(table: etree._Element) -> tuple[list[list[str]], list[Merge]]:
    """Cells at the columns that HTML's table model gives them (HTML Standard 4.9.12.1)."""
    rows: list[list[str]] = []
    merges: list[Merge] = []
    blocked: dict[int, int] = {}  # column → last row that a cell above spans
    own_rows = [row for row in table.iter("tr") if next(row.iterancestors("table")) is table]
    total = 0
    for r, row in enumerate(own_rows, start=1):
        texts: list[str] = []
        column = 1
        for cell in row.iterchildren("td", "th"):
            while blocked.get(column, 0) >= r:
                column += 1
            width = _span(cell.get("colspan"), 1000)
            height = _span(cell.get("rowspan"), 65534) or len(own_rows)
            bottom = min(r + height - 1, len(own_rows))
            total += width
            if column + width > 4 * MAX_COLUMNS or total > MAX_CELLS:
                raise ReaderError(TOO_LARGE, Bilingual(f"{column + width}列", f"{column + width} columns"))
            texts.extend("" for _ in range(column - 1 - len(texts)))
            texts.append(lines(cell))
            if (width, bottom) != (1, r):
                merges.append((r, column, bottom, column + width - 1))
            for c in range(column, column + width):
                blocked[c] = bottom
            column += width
        rows.append(texts)
    return rows, merges


def _span(text: str | None, most: int) -> int:
    number = (text or "1").strip()
    return min(int(number), most) if number.isascii() and number.isdigit() and len(number) < 7 else 1


def lines(element: etree._Element) -> str:
    """The text as a reader sees it: a line a block, scripts and tables within left out, ends trimmed."""
    return "\n".join(line for line in _lines(element, nested_tables=False) if line)


@dataclass(frozen=True, slots=True)
class Spot:
    """A cell of a table of data: number of the table in the page, row and column from 0."""

    table: int
    row: int
    column: int


def page_lines(root: etree._Element) -> list[tuple[str, Spot | None]]:
    """The text of a whole page, tables included, a line a block; with the cell where it is of a table."""
    spots = _spots(root)
    found: list[tuple[str, Spot | None]] = []
    pieces: list[str] = []
    here: Spot | None = None

    def flush() -> None:
        text = SPACES.sub(" ", "".join(pieces)).strip(" ")
        pieces.clear()
        found.extend((line, here) for line in text.split("\n") if line)

    walker = etree.iterwalk(root, events=("start", "end"))
    for event, node in walker:
        if event == "start":
            if node is not root and node.tag in SKIPPED:
                walker.skip_subtree()
                continue
            if node.tag in BLOCKS:
                flush()
                here = spots.get(node, here)
            pieces.append(node.text or "")
        else:
            if node.tag in BLOCKS:
                flush()
                here = None if node in spots else here
            pieces.append((node.tail or "") if node is not root else "")
    flush()
    return found


def page_text(root: etree._Element) -> str:
    """The same as one text, blocks apart by newlines."""
    return "\n".join(line for line in _lines(root, nested_tables=True) if line)


MOST_OF_A_CELL = 600
"""Characters; a longer cell is that of a table which lays the page out."""


def _spots(root: etree._Element) -> dict[etree._Element, Spot]:
    """The cells of tables that hold data: no table within, two rows of two cells or more, no long cell."""
    found: dict[etree._Element, Spot] = {}
    for number, table in enumerate(root.iter("table")):
        rows = list(table.iter("tr"))
        cells = [list(row.iterchildren("td", "th")) for row in rows]
        if sum(len(row) > 1 for row in cells) < 2 or next(table.iterdescendants("table"), None) is not None:
            continue
        if any(len("".join(map(str, c.itertext())).strip()) > MOST_OF_A_CELL for row in cells for c in row):
            continue
        found |= _placed(number, cells)
    return found


def _placed(table: int, cells: list[list[etree._Element]]) -> dict[etree._Element, Spot]:
    """Cells at the columns that HTML's table model gives them; what spans rows stands in its first."""
    found: dict[etree._Element, Spot] = {}
    blocked: dict[int, int] = {}
    for r, row in enumerate(cells):
        column = 0
        for cell in row:
            while blocked.get(column, -1) >= r:
                column += 1
            width, height = _span(cell.get("colspan"), MAX_COLUMNS) or 1, _span(cell.get("rowspan"), 65534)
            found[cell] = Spot(table, r, column)
            for c in range(column, column + width):
                blocked[c] = r + (height or len(cells)) - 1
            column += width
    return found


def _lines(element: etree._Element, *, nested_tables: bool) -> Iterator[str]:
    pieces: list[str] = []
    for piece in _pieces(element, nested_tables=nested_tables):
        if piece is None:
            yield SPACES.sub(" ", "".join(pieces)).strip(" ")
            pieces = []
        else:
            pieces.append(piece)
    yield SPACES.sub(" ", "".join(pieces)).strip(" ")


def _pieces(element: etree._Element, *, nested_tables: bool) -> Iterator[str | None]:
    """Text runs, and ``None`` for every edge of a block. No recursion: pages nest as deep as they like."""
    walker = etree.iterwalk(element, events=("start", "end"))
    for event, node in walker:
        if event == "start":
            tag = node.tag
            if node is not element and (tag in SKIPPED or (tag == "table" and not nested_tables)):
                walker.skip_subtree()
                continue
            if node is not element and tag in BLOCKS:
                yield None
            if node.text:
                yield node.text
        else:
            if node is element:
                return
            if node.tag in BLOCKS:
                yield None
            if node.tail:
                yield node.tail

"""Tables and text of HTML pages. No resource is fetched, no script runs and no entity is expanded."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence, Set
from itertools import takewhile

import msgspec
from lxml import etree
from msgspec import structs

from publisher.ingest.findings.files import BINARY, TOO_LARGE
from publisher.ingest.findings.kind import Bilingual
from publisher.ingest.formats.cell_styles.page_styles import PageStyles, TableMarks
from publisher.ingest.formats.errors import ReaderError
from publisher.ingest.formats.grid import (
    MAX_CELLS,
    MAX_COLUMNS,
    Grid,
    Merge,
    Position,
    SheetAnnotations,
    build_grid,
    find_lines_around,
)
from publisher.ingest.formats.number_formats.superscript import RaisedText

SKIPPED = frozenset({"script", "style", "noscript", "template", "head", "iframe", "object", "select"})
BLOCKS = frozenset(
    {"address", "article", "aside", "blockquote", "br", "center", "dd", "div", "dl", "dt", "fieldset"}
    | {"footer", "form", "h1", "h2", "h3", "h4", "h5", "h6", "header", "hr", "li", "main", "nav", "ol"}
    | {"p", "pre", "section", "ul"}
    | {"caption", "table", "tbody", "td", "tfoot", "th", "thead", "tr"}
)
SPACES = re.compile(r"[ \t\r\n\f]+")
"""White space as HTML defines it; U+3000 and no-break spaces are text."""
XML_DECLARATION = re.compile(r"^\s*<\?xml[^>]*\?>")

_KEEPS_BLOCKS = {"s": "del", "strike": "del"} | dict.fromkeys(("b", "i", "u", "big", "small", "tt"), "span")
"""Elements that libxml2 ends at the first paragraph in them → like elements that it does not end."""
_INLINE_TAG = re.compile(rf"(</?)({'|'.join(_KEEPS_BLOCKS)})(?=[\s/>])", re.IGNORECASE)


def parse_page(text: str) -> etree._Element:
    """Return the page's root element. Raises :class:`ReaderError` where the page cannot be parsed."""
    clean = XML_DECLARATION.sub("", text).replace("\x00", "")
    clean = _INLINE_TAG.sub(lambda m: f"{m[1]}{_KEEPS_BLOCKS[m[2].lower()]}", clean)
    parser = etree.HTMLParser(
        encoding="utf-8", no_network=True, huge_tree=False, remove_comments=True, remove_pis=True
    )
    try:
        root = etree.fromstring(clean.encode("utf-8", "replace"), parser)
    except (etree.XMLSyntaxError, ValueError) as problem:
        raise ReaderError(BINARY) from problem
    # libxml2 stops at a limit without an error: the rest of the page would be lost silently.
    limits = [entry.message for entry in parser.error_log if entry.type_name == "ERR_RESOURCE_LIMIT"]
    if limits:
        raise ReaderError(TOO_LARGE, f"HTML: {limits[0]}")
    if root is None:
        raise ReaderError(BINARY)
    return root


def drop_hidden(root: etree._Element) -> list[tuple[etree._Element, str]]:
    """Remove the elements that a reader of the page does not see, and struck-out text.

    Return the text of each with the element that contained it. Text after a removed element stays.
    """
    styles = PageStyles(root)
    hidden = []
    removed: set[etree._Element] = set()
    outermost: list[etree._Element] = []
    for element in list(root.iter(etree.Element)):
        parent = element.getparent()
        if parent is None:
            continue
        if parent in removed:
            removed.add(element)
            continue
        if styles.find_sign(element) is None:
            continue
        removed.add(element)
        outermost.append(element)
        if element.tag not in SKIPPED and (text := extract_text(element)):
            hidden.append((parent, text))
    remove(outermost)
    return hidden


def remove(elements: Sequence[etree._Element]) -> None:
    """Remove elements from the page, in its order; the text after each stays.

    Neighbours are removed together: the text between them would be copied once for each.
    """
    removed = set(elements)
    for first in elements:
        parent, before = first.getparent(), first.getprevious()
        if parent is None or before in removed:
            continue
        run = [first, *takewhile(removed.__contains__, first.itersiblings())]
        text = "".join(one.tail or "" for one in run)
        for one in run:
            parent.remove(one)
        if text and before is not None:
            before.tail = (before.tail or "") + text
        elif text:
            parent.text = (parent.text or "") + text


class CellMarks(msgspec.Struct):
    """Cells without text that have a picture, and cells whose text the page does not state."""

    pictures: dict[etree._Element, str] = msgspec.field(default_factory=dict)
    """Cell → alternative text."""
    unclear: dict[etree._Element, str] = msgspec.field(default_factory=dict)
    """Cell → the options or the button in it."""


def extract_grids(
    root: etree._Element, marks: TableMarks | None = None, cell_marks: CellMarks | None = None
) -> tuple[Grid, ...]:
    """Return one grid per table with text; a nested table is a separate grid.

    A hidden table that repeats another one, as for small screens, is left out.
    """
    marks = marks or TableMarks()
    visible, all_grids = set[tuple[tuple[str, ...], ...]](), []
    around = find_lines_around(_iter_lines_and_tables(root))
    for number, table in enumerate(root.iter("table"), start=1):
        caption = table.find("caption")
        name = extract_text(caption) if caption is not None else ""
        rows, merges, annotations = _extract_cells(table, marks, cell_marks or CellMarks())
        grid = build_grid(name.replace("\n", " ") or f"表{number}", rows, merges, annotations=annotations)
        if grid is None:
            continue
        above, below = around.get(table, ((), ()))
        is_hidden = marks.hidden_rows.issuperset(own_rows(table))
        texts = tuple(tuple(cell.text for cell in row) for row in grid.rows) if marks.hidden_rows else ()
        all_grids.append((structs.replace(grid, above=above, below=below), texts, is_hidden))
        if not is_hidden:
            visible.add(texts)
    return tuple(grid for grid, texts, is_hidden in all_grids if not is_hidden or texts not in visible)


def own_rows(table: etree._Element) -> list[etree._Element]:
    """Return the rows of a table without those of nested tables."""
    return [row for row in table.iter("tr") if next(row.iterancestors("table")) is table]


def _iter_lines_and_tables(root: etree._Element) -> Iterator[str | etree._Element]:
    """Yield the lines and the tables of a page in order; of tables that serve the layout, what is inside."""
    pieces: list[str] = []
    walker = etree.iterwalk(root, events=("start", "end"))
    for event, node in walker:
        if node.tag in BLOCKS or node.tag == "table":
            yield "".join(pieces)
            pieces.clear()
        if event == "end":
            pieces.append(node.tail or "" if node is not root else "")
        elif node.tag in SKIPPED:
            walker.skip_subtree()
        elif node.tag == "table" and next(node.iterdescendants("table"), None) is None:
            walker.skip_subtree()
            yield node
        else:
            pieces.append(node.text or "")
    yield "".join(pieces)


def _extract_cells(
    table: etree._Element, marks: TableMarks, cell_marks: CellMarks
) -> tuple[list[list[str]], list[Merge], SheetAnnotations]:
    elements = own_rows(table)
    cells = [list(row.iterchildren("td", "th")) for row in elements]
    struck: dict[Position, str] = {}
    pictures: dict[Position, str] = {}
    unclear: dict[Position, str] = {}
    hidden_columns = set(marks.hidden_columns.get(table, ()))
    rows: list[list[str]] = [[] for _ in cells]
    merges: list[Merge] = []
    total = 0
    for cell, merge in _place_cells(cells):
        top, left, bottom, right = merge
        total += right - left + 1
        if right >= MOST_COLUMNS or total > MAX_CELLS:
            raise ReaderError(TOO_LARGE, Bilingual(f"{right}列", f"{right} columns"))
        texts = rows[top - 1]
        texts.extend("" for _ in range(left - 1 - len(texts)))
        texts.append(extract_text(cell))
        if (top, left) != (bottom, right):
            merges.append(merge)
        if cell in marks.struck_cells:
            struck[top, left] = ""
        for by_cell, by_position in ((cell_marks.pictures, pictures), (cell_marks.unclear, unclear)):
            if cell in by_cell:
                by_position[top, left] = by_cell[cell]
        if cell in marks.hidden_cells:
            hidden_columns.update(range(left, right + 1))
    annotations = SheetAnnotations(
        hidden_rows=_numbers(elements, marks.hidden_rows),
        hidden_columns=frozenset(hidden_columns),
        struck=struck,
        pictures=pictures,
        unclear=unclear,
        unseen_rows=_numbers(elements, marks.unseen_rows),
    )
    return rows, merges, annotations


def _numbers(rows: Sequence[etree._Element], marked: Set[etree._Element]) -> frozenset[int]:
    return frozenset(number for number, row in enumerate(rows, start=1) if row in marked)


MOST_COLUMNS = 4 * MAX_COLUMNS


def _place_cells(rows: list[list[etree._Element]]) -> Iterator[tuple[etree._Element, Merge]]:
    """Place cells in rows and columns, from 1, by the table model of the HTML Standard, 4.9.12.1."""
    blocked: dict[int, int] = {}  # column → last row that a cell above spans
    for r, row in enumerate(rows, start=1):
        column = 1
        for cell in row:
            while blocked.get(column, 0) >= r:
                column += 1
            end = column + (parse_span(cell.get("colspan"), 1000) or 1)
            height = parse_span(cell.get("rowspan"), 65534) or len(rows)
            bottom = min(r + height - 1, len(rows))
            yield cell, (r, column, bottom, end - 1)
            for c in range(column, min(end, MOST_COLUMNS)):
                blocked[c] = bottom
            column = end


def parse_span(text: str | None, most: int) -> int:
    number = (text or "1").strip()
    return min(int(number), most) if number.isascii() and number.isdigit() and len(number) < 7 else 1


def extract_text(element: etree._Element) -> str:
    """Return the visible text, one line per block, trimmed, without scripts and nested tables."""
    return "\n".join(line for line in _iter_lines(element) if line)


class Spot(msgspec.Struct, frozen=True):
    """A cell of a data table: number of the table in the page, row and column, all from 0."""

    table: int
    row: int
    column: int


class PageText(msgspec.Struct, frozen=True):
    """The text of a page, one line per block, and the lines of its elements."""

    lines: list[tuple[str, Spot | None]]
    """Texts in which ``BOUNDARY`` separates inline elements, with the cell for lines of a data table."""
    ranges: dict[etree._Element, range]
    """Indexes of the lines of each block, and of other elements with an ``id`` or a class."""


BOUNDARY = "\ue001"
"""Private-use character at the edges of inline elements: ``<span>文号：</span><span>来源：</span>``."""


def extract_page_lines(root: etree._Element) -> PageText:
    """Return the text of a page with its tables, one line per block."""
    collector = _TextCollector(_find_spots(root))
    walker = etree.iterwalk(root, events=("start", "end"))
    for event, node in walker:
        skipped = node is not root and node.tag in SKIPPED
        if event == "end":
            collector.end(node, tail="" if node is root else node.tail or "", skipped=skipped)
        elif skipped:
            walker.skip_subtree()
        else:
            collector.start(node)
    collector.flush()
    return collector.page_text


class _TextCollector:
    """Collects the lines of a page while its elements begin and end."""

    def __init__(self, spots: dict[etree._Element, Spot]) -> None:
        self.page_text = PageText([], {})
        self._spots = spots
        self._spot: Spot | None = None
        self._pieces: list[str] = []
        self._starts: dict[etree._Element, int] = {}
        self._raised = RaisedText()

    def start(self, node: etree._Element) -> None:
        if node.tag in BLOCKS:
            self.flush()
            self._spot = self._spots.get(node, self._spot)
            self._pieces.append(self._raised.show(node.text or ""))
        else:
            if _is_raised(node):
                self._raised.begin(node)
            self._pieces.append(f"{BOUNDARY}{self._raised.show(node.text or '')}")
        if node.tag in BLOCKS or node.get("id") or node.get("class"):
            self._starts[node] = len(self.page_text.lines)

    def end(self, node: etree._Element, *, tail: str, skipped: bool) -> None:
        if skipped:
            self._pieces.append(self._raised.show(tail))
            return
        if node.tag in BLOCKS:
            self.flush()
            self._spot = None if node in self._spots else self._spot
            self._pieces.append(self._raised.show(tail))
        else:
            self._raised.end(node)
            self._pieces.append(f"{BOUNDARY}{self._raised.show(tail)}")
        if node in self._starts:
            self.page_text.ranges[node] = range(self._starts.pop(node), len(self.page_text.lines))

    def flush(self) -> None:
        text = SPACES.sub(" ", "".join(self._pieces)).strip(" ")
        self._pieces.clear()
        if text.replace(BOUNDARY, "").strip(" "):
            self.page_text.lines.append((text, self._spot))


MOST_CELL_TEXT = 600
"""Most characters of a data cell; a table with a longer cell serves the page's layout."""


def _find_spots(root: etree._Element) -> dict[etree._Element, Spot]:
    """Find the cells of data tables: no nested table, no long cell, two or more rows with several cells."""
    spots: dict[etree._Element, Spot] = {}
    for number, table in enumerate(root.iter("table")):
        rows = list(table.iter("tr"))
        cells = [list(row.iterchildren("td", "th")) for row in rows]
        if sum(len(row) > 1 for row in cells) < 2 or next(table.iterdescendants("table"), None) is not None:
            continue
        if any(len("".join(map(str, c.itertext())).strip()) > MOST_CELL_TEXT for row in cells for c in row):
            continue
        spots |= {c: Spot(number, top - 1, left - 1) for c, (top, left, _, _) in _place_cells(cells)}
    return spots


def _iter_lines(element: etree._Element) -> Iterator[str]:
    pieces: list[str] = []
    for piece in _iter_pieces(element):
        if piece is None:
            yield SPACES.sub(" ", "".join(pieces)).strip(" ")
            pieces = []
        else:
            pieces.append(piece)
    yield SPACES.sub(" ", "".join(pieces)).strip(" ")


def _iter_pieces(element: etree._Element) -> Iterator[str | None]:
    """Yield text runs, and ``None`` at every block boundary. No recursion, since pages may nest deeply."""
    walker = etree.iterwalk(element, events=("start", "end"))
    raised = RaisedText()
    for event, node in walker:
        if event == "start":
            tag = node.tag
            if node is not element and (tag in SKIPPED or tag == "table"):
                walker.skip_subtree()
                continue
            if node is not element and tag in BLOCKS:
                yield None
            if _is_raised(node):
                raised.begin(node)
            if node.text:
                yield raised.show(node.text)
        else:
            if node is element:
                return
            if node.tag in BLOCKS:
                yield None
            raised.end(node)
            if node.tail:
                yield raised.show(node.tail)


_RAISED = re.compile(r"(?:^|;)\s*vertical-align\s*:\s*super\b", re.IGNORECASE)


def _is_raised(element: etree._Element) -> bool:
    if element.tag in BLOCKS:
        return False
    return element.tag == "sup" or _RAISED.search(element.get("style") or "") is not None

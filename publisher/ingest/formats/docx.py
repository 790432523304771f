"""Tables and text of a docx file, read from ``word/document.xml``, without tracked deletions.

ECMA-376 part 1, chapter 17. Tables inside content controls and tracked insertions are included, and
the numbers that Word computes.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import chain

from lxml import etree
from msgspec import structs

from publisher.ingest.findings.files import TOO_LARGE
from publisher.ingest.findings.kind import Bilingual
from publisher.ingest.formats.errors import ReaderError
from publisher.ingest.formats.grid import (
    MAX_CELLS,
    MAX_COLUMNS,
    Block,
    Grid,
    Merge,
    Position,
    SheetAnnotations,
    build_grid,
    find_lines_around,
)
from publisher.ingest.formats.number_formats.superscript import raise_digits
from publisher.ingest.formats.number_formats.word_numbering import number_paragraphs
from publisher.ingest.formats.safety.xml_parser import parse_xml

W = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
STRICT = b"http://purl.oclc.org/ooxml/wordprocessingml/main"
SKIPPED = frozenset(
    {
        f"{W}{name}"
        for name in ("del", "moveFrom", "delText", "instrText", "rPr", "pPr", "tcPr", "tblPr", "rt")
    }
    | {"{http://schemas.openxmlformats.org/markup-compatibility/2006}Fallback"}
)
BREAKS = {f"{W}tab": "\t", f"{W}br": "\n", f"{W}cr": "\n", f"{W}noBreakHyphen": "-"}
_SIGNS = {
    "wingdings": {"FC": "√", "FE": "☑", "A8": "□", "6F": "□", "71": "□", "FB": "×", "FD": "☒"},
    "wingdings 2": {"50": "√", "52": "☑", "A3": "□", "4F": "×", "51": "☒", "53": "☒", "54": "☒"},
}
"""Characters of fonts of symbols, by the last two digits of their code: ticks and boxes."""


def read_document(parts: Mapping[str, bytes]) -> tuple[tuple[Grid, ...], str]:
    """Return the tables with text, and the whole text with one line per table row and tabs between cells.

    ``parts``: the members of the file. Raises :class:`ReaderError`.
    """
    root = _parse_numbered(parts)
    grids = []
    around = find_lines_around(_iter_pieces(root))
    for number, table in enumerate(_iter_tables(root), start=1):
        pictures: dict[Position, str] = {}
        rows, merges = _read_cells(table, pictures)
        annotations = SheetAnnotations(page_starts=_page_starts(table), pictures=pictures)
        grid = build_grid(f"表{number}", rows, merges, annotations=annotations)
        if grid is not None:
            above, below = around.get(table, ((), ()))
            grids.append(structs.replace(grid, above=above, below=below))
    return tuple(grids), "\n".join(_iter_lines(root))


_DOCUMENT, _NUMBERING, _STYLES = "word/document.xml", "word/numbering.xml", "word/styles.xml"


def _parse(content: bytes, name: str = _DOCUMENT) -> etree._Element:
    """Parse a part; the strict variant of the format differs only in its namespace."""
    return parse_xml(content.replace(STRICT, W.strip("{}").encode()), name)


def _parse_numbered(parts: Mapping[str, bytes]) -> etree._Element:
    """Parse the document, and write the numbers of its lists into it."""
    root = _parse(parts[_DOCUMENT])
    if _NUMBERING in parts:
        styles = _parse(parts[_STYLES], _STYLES) if _STYLES in parts else None
        number_paragraphs(root, _parse(parts[_NUMBERING], _NUMBERING), styles)
    return root


def extract_blocks(parts: Mapping[str, bytes]) -> list[Block]:
    """Return paragraphs, and tables as rows of cells, in order. Raises :class:`ReaderError`."""
    root = _parse_numbered(parts)
    blocks: list[Block] = []
    for piece in _iter_pieces(root):
        if isinstance(piece, str):
            blocks.append(piece)
        else:
            blocks += (_read_cells(table)[0] for table in _iter_tables(piece))
    return blocks


def _iter_pieces(root: etree._Element) -> Iterator[str | etree._Element]:
    """Yield the lines of paragraphs, and tables, in order."""
    walker = etree.iterwalk(root, events=("start",))
    for _, element in walker:
        if element.tag in SKIPPED:
            walker.skip_subtree()
        elif element.tag == f"{W}tbl":
            walker.skip_subtree()
            yield element
        elif element.tag == f"{W}p":
            walker.skip_subtree()
            yield from "".join(_iter_runs(element)).split("\n")


def _iter_tables(parent: etree._Element) -> Iterator[etree._Element]:
    """Yield the tables, also nested ones. A text box repeats its tables in its fallback, which is skipped."""
    walker = etree.iterwalk(parent, events=("start",))
    for _, element in walker:
        if element.tag in SKIPPED:
            walker.skip_subtree()
        elif element.tag == f"{W}tbl":
            yield element


def _page_starts(table: etree._Element) -> frozenset[int]:
    """Return the rows that begin a page, by a break in the text or where Word last broke it (17.3.3.13)."""
    starts = set()
    for number, row in enumerate(_iter_own(table, f"{W}tr"), start=1):
        breaks = (e for e in row.iter(f"{W}br") if e.get(f"{W}type") == "page")
        before = (e for e in row.iter(f"{W}pageBreakBefore") if _is_on(e))
        if any(True for _ in chain(breaks, before, row.iter(f"{W}lastRenderedPageBreak"))):
            starts.add(number)
    return frozenset(starts)


def _read_cells(
    table: etree._Element, pictures: dict[Position, str] | None = None
) -> tuple[list[list[str]], list[Merge]]:
    """Return the rows and the merged ranges. ``pictures`` gets the cells with a picture and no text."""
    rows: list[list[str]] = []
    merges: list[Merge] = []
    open_merges: dict[int, Merge] = {}  # first column of an open vertical merge → its range so far
    total = 0
    for r, row in enumerate(_iter_own(table, f"{W}tr"), start=1):
        texts: list[str] = []
        column = 1 + _parse_number(row.find(f"{W}trPr/{W}gridBefore"))
        merges_here: dict[int, Merge] = {}
        for cell in _iter_own(row, f"{W}tc"):
            properties = cell.find(f"{W}tcPr")
            width = max(1, _parse_number(properties.find(f"{W}gridSpan")) if properties is not None else 1)
            right = column + width - 1
            total += width
            if right > 4 * MAX_COLUMNS or total > MAX_CELLS:
                raise ReaderError(TOO_LARGE, Bilingual(f"{right}列", f"{right} columns"))
            vertical = properties.find(f"{W}vMerge") if properties is not None else None
            above = open_merges.get(column)
            text = "\n".join(_iter_paragraphs(cell))
            if vertical is not None and vertical.get(f"{W}val") != "restart" and above is not None:
                merges_here[column] = (above[0], above[1], r, max(above[3], right))
            elif vertical is not None:
                merges_here[column] = (r, column, r, right)
            elif width > 1:
                merges.append((r, column, r, right))
            texts.extend("" for _ in range(column - 1 - len(texts)))
            texts.append(text)
            if pictures is not None and not text and (found := _find_picture(cell)) is not None:
                pictures[r, column] = found
            column = right + 1
        # A merge is complete when the cell below it does not go on with it.
        merges += [m for c, m in open_merges.items() if merges_here.get(c, (0,))[0] != m[0]]
        open_merges = merges_here
        rows.append(texts)
    return rows, [*merges, *open_merges.values()]


_PICTURES = ("{*}blip", "{*}imagedata", "{*}chart", "{*}OLEObject")


def _find_picture(cell: etree._Element) -> str | None:
    """Return the alternative text of the pictures in a cell without nested tables; None without one."""
    if next(cell.iter(f"{W}tbl"), None) is not None or next(cell.iter(*_PICTURES), None) is None:
        return None
    return " ".join(filter(None, (e.get("descr") for e in cell.iter("{*}docPr"))))


def _parse_number(element: etree._Element | None) -> int:
    text = (element.get(f"{W}val") or "") if element is not None else ""
    return int(text) if text.isascii() and text.isdigit() and len(text) < 6 else 0


def _iter_own(parent: etree._Element, tag: str) -> Iterator[etree._Element]:
    """Yield rows of a table or cells of a row, also inside content controls, but not of nested tables."""
    walker = etree.iterwalk(parent, events=("start",))
    for _, element in walker:
        if element.tag == tag and element is not parent:
            walker.skip_subtree()
            if not _is_deleted_row(element):
                yield element
        elif element.tag in SKIPPED or (element.tag == f"{W}tbl" and element is not parent):
            walker.skip_subtree()


def _is_deleted_row(element: etree._Element) -> bool:
    """Test for a row whose deletion is tracked (17.13.5.12)."""
    return element.tag == f"{W}tr" and element.find(f"{W}trPr/{W}del") is not None


def _iter_paragraphs(parent: etree._Element) -> Iterator[str]:
    """Yield paragraphs with text; a nested table is a separate grid, not text of the cell."""
    for paragraph in _iter_own(parent, f"{W}p"):
        text = "".join(_iter_runs(paragraph))
        if text and not text.isspace():
            yield text


_UNSEEN = tuple(f"{W}rPr/{W}{name}" for name in ("vanish", "webHidden", "strike", "dstrike"))


def count_unseen(content: bytes) -> int:
    """Count the characters of hidden and struck runs, which are not read."""
    root = _parse(content)
    runs = (run for run in root.iter(f"{W}r") if is_unseen(run))
    return sum(len((text.text or "").strip()) for run in runs for text in run.iter(f"{W}t"))


def is_unseen(run: etree._Element) -> bool:
    """Test for a run that is hidden or struck through (17.3.2.37, 17.3.2.41)."""
    marks = (run.find(path) for path in _UNSEEN)
    return any(mark is not None and _is_on(mark) for mark in marks)


def _is_on(mark: etree._Element) -> bool:
    """Test a property that is on or off (17.17.4): without a value it is on, and programs write both."""
    return mark.get(f"{W}val", "1") not in {"0", "false", "off"}


def _iter_runs(paragraph: etree._Element) -> Iterator[str]:
    """Yield the texts of a paragraph; those of a text box in it are lines of their own."""
    walker = etree.iterwalk(paragraph, events=("start", "end"))
    before, raised = "", False
    for event, node in walker:
        if event == "end":
            if node.tag == f"{W}p" and node is not paragraph:
                yield "\n"
        elif node.tag == f"{W}p" and node is not paragraph:
            yield "\n"
        elif node.tag in SKIPPED or (node.tag == f"{W}r" and is_unseen(node)):
            walker.skip_subtree()
        elif node.tag == f"{W}r":
            mark = node.find(f"{W}rPr/{W}vertAlign")
            raised = mark is not None and mark.get(f"{W}val") == "superscript"
        elif node.tag == f"{W}t":
            before = raise_digits(node.text or "", before) if raised else node.text or ""
            yield before
        elif node.tag in BREAKS:
            yield BREAKS[node.tag]
        elif node.tag == f"{W}sym":
            signs = _SIGNS.get((node.get(f"{W}font") or "").lower(), {})
            yield signs.get((node.get(f"{W}char") or "")[-2:].upper(), "")


def _iter_lines(root: etree._Element) -> Iterator[str]:
    walker = etree.iterwalk(root, events=("start",))
    for _, element in walker:
        if element.tag in SKIPPED:
            walker.skip_subtree()
        elif element.tag == f"{W}tr":
            walker.skip_subtree()
            if _is_deleted_row(element):
                continue
            cells = [" ".join(_iter_paragraphs(cell)) for cell in _iter_own(element, f"{W}tc")]
            if any(cells):
                yield "\t".join(cells)
        elif element.tag == f"{W}p":
            walker.skip_subtree()
            yield "".join(_iter_runs(element))

"""Rows, columns and texts of a page's tables that are hidden or struck out.

A filtered list that Excel saves as a web page has hidden rows: they are read like the others and reported.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping

import msgspec
from lxml import etree

from publisher.ingest.formats import html
from publisher.ingest.formats.cell_styles.page_styles import NEVER_SEEN, PageStyles, Sign, TableMarks

_ROWS = frozenset({"table", "thead", "tbody", "tfoot", "tr"})
_CELLS = frozenset({"td", "th"})


def mark_tables(root: etree._Element) -> TableMarks:
    """Remove what a reader of the page does not see outside of its tables, and parts of their cells.

    Hidden rows, tables and columns stay, and so do texts of cells that are struck out as a whole.
    """
    styles = PageStyles(root)
    marker = _Marker(TableMarks())
    outer: set[etree._Element] = set()
    """Elements that are hidden or struck out as a whole."""
    for element in list(root.iter(etree.Element)):
        parent = element.getparent()
        if parent is None:
            continue
        sign = None if parent in outer else styles.find_sign(element)
        if parent in outer or (sign is not None and marker.add_element(element, sign)):
            outer.add(element)
    html.remove(marker.removed)
    for table in root.iter("table"):
        marker.mark_table(table)
    return marker.marks


class _Marker(msgspec.Struct):
    marks: TableMarks
    cells: dict[etree._Element, Sign] = msgspec.field(default_factory=dict)
    parts: dict[etree._Element, list[tuple[etree._Element, Sign]]] = msgspec.field(
        default_factory=lambda: defaultdict(list)
    )
    """Cell → the elements in it that are hidden or struck out."""
    removed: list[etree._Element] = msgspec.field(default_factory=list)
    """Elements outside of the cells that are not seen."""
    columns: dict[etree._Element, dict[etree._Element, range]] = msgspec.field(default_factory=dict)
    """Table → numbers of the columns of its ``col`` and ``colgroup`` elements."""

    def add_element(self, element: etree._Element, sign: Sign) -> bool:
        """Add a hidden or struck element. Return whether what is inside it is known with it."""
        if element.tag in html.SKIPPED | NEVER_SEEN:
            self.removed.append(element)
            return True
        if element.tag in _ROWS or next(element.iterdescendants("table"), None) is not None:
            rows = self.marks.struck_rows if sign == "struck" else self.marks.hidden_rows
            rows.update(element.iter("tr"))
            return False
        if element.tag in _CELLS:
            self.cells[element] = sign
            return sign != "struck"
        if element.tag in {"col", "colgroup"}:
            self._add_columns(element)
            return False
        cell = next(element.iterancestors(*_CELLS, "table"), None)
        if cell is not None and cell.tag in _CELLS:
            self.parts[cell].append((element, sign))
        else:
            self.removed.append(element)
        return True

    def _add_columns(self, element: etree._Element) -> None:
        table = next(element.iterancestors("table"), None)
        if table is None:
            return
        if table not in self.columns:
            self.columns[table] = _number_columns(table)
        self.marks.hidden_columns.setdefault(table, set()).update(self.columns[table].get(element, ()))

    def mark_table(self, table: etree._Element) -> None:
        rows = [(row, list(row.iterchildren(*_CELLS))) for row in html.own_rows(table)]
        for row, cells in rows:
            if row in self.marks.struck_rows:
                self.cells |= {cell: self.cells.get(cell, "struck") for cell in cells}
        shown = (cells for row, cells in rows if row not in self.marks.hidden_rows)
        header = next((cells for cells in shown if len(cells) > 1), [])
        # A column is hidden with its heading. A hidden cell of other rows has none, and no column either.
        hidden = {cell for cell in header if self.cells.get(cell) == "hidden"}
        self.marks.hidden_cells.update(hidden)
        for row, cells in rows:
            if row not in self.marks.hidden_rows and any(c in self.cells or c in self.parts for c in cells):
                read = {cell for cell in cells if hidden and self.cells.get(cell) == "hidden"}
                lengths = {cell: self._measure(cell) for cell in cells if cell not in read}
                self._mark_row(row, lengths, len(read))

    def _measure(self, cell: etree._Element) -> _Lengths:
        total, sign = _count(cell), self.cells.get(cell)
        if sign in {"hidden", "blank"}:
            return _Lengths(hidden=total)
        parts = self.parts.get(cell, [])
        hidden = sum(_count(part) for part, sign in parts if sign != "struck")
        struck = sum(_count(part) for part, sign in parts if sign == "struck")
        if sign == "struck":
            return _Lengths(struck=total - hidden, hidden=hidden)
        return _Lengths(total - struck - hidden, struck, hidden)

    def _mark_row(self, row: etree._Element, lengths: Mapping[etree._Element, _Lengths], others: int) -> None:
        """Remove the unseen texts of a row; one of which nothing would remain is a hidden row.

        ``others``: number of its cells in hidden columns.
        """
        if not others and not any(one.visible or one.struck for one in lengths.values()):
            self.marks.hidden_rows.add(row)
            return
        removed: list[etree._Element] = []
        for cell, one in lengths.items():
            is_struck = one.struck > 0 and not one.visible
            if is_struck:
                self.marks.struck_cells.add(cell)
            if one.hidden or (one.struck and not is_struck):
                self.marks.unseen_rows.add(row)
            if self.cells.get(cell) == "hidden":
                removed.append(cell)
            elif self.cells.get(cell) == "blank":
                cell[:] = []
                cell.text = ""
            removed += [p for p, sign in self.parts.get(cell, ()) if sign != "struck" or not is_struck]
        html.remove(removed)


def _number_columns(table: etree._Element) -> dict[etree._Element, range]:
    numbers: dict[etree._Element, range] = {}
    end = 1
    for group in table.iterchildren("col", "colgroup"):
        first = end
        for column in list(group.iterchildren("col")) or [group]:
            start = end
            end = min(start + (html.parse_span(column.get("span"), 1000) or 1), html.MOST_COLUMNS)
            numbers[column] = range(start, end)
        numbers[group] = range(first, end)
    return numbers


class _Lengths(msgspec.Struct, frozen=True):
    """Numbers of characters of a cell."""

    visible: int = 0
    struck: int = 0
    hidden: int = 0


def _count(element: etree._Element) -> int:
    return len("".join(html.extract_text(element).split()))

"""Cells of a page's tables with controls, pictures, and texts that the page cuts."""

from __future__ import annotations

import re
from collections.abc import Iterator

from lxml import etree

from publisher.ingest.formats import html
from publisher.ingest.formats.html import CellMarks

_CONTROL = re.compile(
    r"[\[【(（<]*\s*(?:(?:点击)?(?:展开|收起|查看)(?:更多|全部|全文|详情|详细)?|更多|全文|详情)\s*[\]】)）>»∨∧↓↑▼▲▾▴…]*"
)
"""Text of a link or button that shows more of a cell, or less."""
_CONTROL_CLASS = re.compile(
    r"btn|button|more|toggle|expand|collapse|fold|unfold|zhankai|shouqi", re.IGNORECASE
)
_ELLIPSIS = re.compile(r"\s*(?:…+|\.{3,}|。{3,})$")
_TITLES = ("title", "data-title", "data-original-title", "data-full", "data-content")
_NO_CHOICE = re.compile(r"|-*\s*(?:请?选择.{0,12}|全部|所有|不限)\s*-*|-+")
_TYPED = frozenset({"text", "number", "date", "month", "datetime-local", "tel", "email", "url", "search"})
_SMALLEST = 2
"""Pixels; a smaller picture only takes room."""


def prepare_cells(root: etree._Element) -> CellMarks:
    """Write what controls say into their cells, and the full text of a cut one; mark what is unclear.

    A select says its selected option, an input its value. Buttons that show more are removed.
    """
    marks = CellMarks()
    for cell in list(root.iter("td", "th")):
        if next(cell.iterdescendants("table"), None) is not None:
            continue
        if cell.tag == "td":
            _write_values(cell, marks)
        _complete_texts(cell)
        _remove_buttons(cell, marks)
        if not html.extract_text(cell) and (pictures := list(_iter_pictures(cell))):
            marks.pictures[cell] = " ".join(filter(None, ((p.get("alt") or "").strip() for p in pictures)))
    return marks


def _write_values(cell: etree._Element, marks: CellMarks) -> None:
    for element in list(cell.iter("select", "input")):
        text: str | None = ""
        if element.tag == "select":
            text = _selected(element)
        elif (element.get("type") or "text").lower() in _TYPED:
            text = (element.get("value") or "").strip()
        if text is None:
            marks.unclear[cell] = "、".join(map(html.extract_text, element.iter("option")))
        element.tail = f"{text or ''}{element.tail or ''}"
        if (element.get("type") or "").lower() not in {"checkbox", "radio"}:
            html.remove([element])


def _selected(element: etree._Element) -> str | None:
    """Return the options that are selected; None where none of several is: a browser shows the first."""
    options = list(element.iter("option"))
    chosen = [option for option in options if option.get("selected") is not None]
    if not chosen and len(options) > 1:
        return None
    texts = (html.extract_text(option).strip() for option in chosen or options)
    return "、".join(text for text in texts if not _NO_CHOICE.fullmatch(text))


def _complete_texts(cell: etree._Element) -> None:
    """Replace a text that ends with an ellipsis by a title of its element that begins with it."""
    for element in list(cell.iter(etree.Element)):
        shown = "".join(html.extract_text(element).split())
        cut = _ELLIPSIS.search(shown)
        start = shown[: cut.start()] if cut else ""
        full = next((t for t in _list_titles(cell, element) if start and _begins(t, start)), None)
        if full is not None:
            tail = element.tail
            element[:] = []
            element.text, element.tail = full, tail
            return


def _list_titles(cell: etree._Element, element: etree._Element) -> Iterator[str]:
    for owner in (element, *element.iterdescendants(etree.Element), *(() if element is cell else (cell,))):
        for name in _TITLES:
            if text := (owner.get(name) or "").strip():
                yield text


def _begins(full: str, start: str) -> bool:
    text = "".join(full.split())
    return len(text) > len(start) and text.startswith(start) and _ELLIPSIS.search(text) is None


def _remove_buttons(cell: etree._Element, marks: CellMarks) -> None:
    for element in list(cell.iterdescendants(etree.Element)):
        text = html.extract_text(element).strip()
        if not text or not _CONTROL.fullmatch(text) or not _is_button(element):
            continue
        if html.extract_text(cell).strip() == text:
            marks.unclear[cell] = text
        html.remove([element])


def _is_button(element: etree._Element) -> bool:
    if element.tag in {"a", "button"} or element.get("onclick") is not None:
        return True
    return element.get("role") == "button" or _CONTROL_CLASS.search(element.get("class") or "") is not None


def _iter_pictures(cell: etree._Element) -> Iterator[etree._Element]:
    for picture in cell.iter("img", "svg", "canvas", "object", "embed"):
        sides = (
            html.parse_span(picture.get(name), 10_000) for name in ("width", "height") if picture.get(name)
        )
        if all(side > _SMALLEST for side in sides):
            yield picture

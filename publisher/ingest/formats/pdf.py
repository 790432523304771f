"""Text of PDF files as paragraphs, read by PDFium in a separate process."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from statistics import median

import msgspec

from publisher.ingest.formats.sandbox import pdfium_script
from publisher.ingest.formats.sandbox.run import ParserOutput, run_parser

MAGIC = b"%PDF-"
_PAGE_NUMBER = re.compile(
    r"[-—–·.\s]*(?:第?\s?\d{1,4}\s?页?(?:\s?[/／]?\s?共?\s?\d{1,4}\s?页?)?|[ivxIVX]{1,6})[-—–·.\s]*"
)
_EDGE = 0.12
"""Share of a page's height at its top and bottom where running heads and page numbers are."""
_ENDS = ("。", "；", "：", "！", "？", ".", ";", ":", "!", "?", "”", "）。", "……")
_BEGINS = re.compile(
    r"[一二三四五六七八九十]{1,3}、|[（(][一二三四五六七八九十\d]{1,3}[）)]|\d{1,2}[.．、]\s?(?!\d)"
    r"|第[一二三四五六七八九十百]{1,5}[章节条]|附\s?件\s?\d*|[①-⑳]"
)
_LATIN = re.compile(r"[A-Za-z0-9,.;:)]$")
_LATIN_START = re.compile(r"^[A-Za-z0-9(]")
_LEAST_RULES = 3
"""Least rules of each direction on a page with a table."""


class PdfLine(msgspec.Struct):
    """A line of text with its edges in points from the lower left corner of the page."""

    text: str
    left: float
    right: float
    top: float
    bottom: float


class PdfPage(msgspec.Struct):
    width: float
    height: float
    lines: tuple[PdfLine, ...] = ()
    pictures: int = 0
    horizontal: int = 0
    """Number of horizontal rules, such as the borders of a table's cells."""
    vertical: int = 0
    """Number of vertical rules."""


class PagesOutput(ParserOutput):
    pages: tuple[PdfPage, ...] = ()


class PdfText(msgspec.Struct, frozen=True):
    paragraphs: tuple[str, ...]
    pages: int
    without_text: tuple[int, ...]
    """Numbers of the pages that are pictures without text."""
    with_tables: tuple[int, ...]
    """Numbers of the pages with ruled tables; their cells are read line by line."""


def extract_text(data: bytes) -> PdfText:
    """Read the paragraphs of a PDF. Raises ``ReaderError``."""
    pages = run_parser(pdfium_script, data, PagesOutput).pages
    numbered = list(enumerate(pages, start=1))
    return PdfText(
        paragraphs=tuple(join_lines(pages)),
        pages=len(pages),
        without_text=tuple(n for n, page in numbered if not page.lines and page.pictures),
        with_tables=tuple(n for n, page in numbered if page.lines and _has_table(page)),
    )


def _has_table(page: PdfPage) -> bool:
    return page.horizontal >= _LEAST_RULES and page.vertical >= _LEAST_RULES


def join_lines(pages: Sequence[PdfPage]) -> list[str]:
    """Join lines to paragraphs by indent, width and end punctuation; 《…》 is never broken.

    Page numbers and lines that repeat at the edges of pages are dropped.
    """
    running = _find_running_heads(pages)
    lines = [line for page in pages for line in page.lines if not _is_page_frame(line, page, running)]
    if not lines:
        return []
    layout = _Layout.measure(lines)
    paragraphs: list[str] = []
    before: PdfLine | None = None
    for line in lines:
        text = line.text.strip()
        if before is not None and layout.continues(before, line, paragraphs[-1]):
            space = " " if _LATIN.search(paragraphs[-1]) and _LATIN_START.match(text) else ""
            paragraphs[-1] = f"{paragraphs[-1]}{space}{text}"
        else:
            paragraphs.append(text)
        before = line
    return paragraphs


def _is_page_frame(line: PdfLine, page: PdfPage, running: frozenset[str]) -> bool:
    """Test for a page number or a running head."""
    if not _is_at_edge(line, page):
        return False
    return _PAGE_NUMBER.fullmatch(line.text.strip()) is not None or _head_key(line) in running


def _is_at_edge(line: PdfLine, page: PdfPage) -> bool:
    return line.bottom > page.height * (1 - _EDGE) or line.top < page.height * _EDGE


def _head_key(line: PdfLine) -> str:
    return re.sub(r"[\d\s]", "", line.text)


def _find_running_heads(pages: Sequence[PdfPage]) -> frozenset[str]:
    """Return the texts, without digits, that are at the edge of most pages."""
    counts: Counter[str] = Counter()
    for page in pages:
        counts.update({_head_key(line) for line in page.lines if _is_at_edge(line, page)} - {""})
    least = max(2, (len(pages) + 1) // 2)
    return frozenset(key for key, count in counts.items() if count >= least)


class _Layout(msgspec.Struct, frozen=True):
    """The column of text: its edges, the width of a character, and whether paragraphs are indented."""

    left: float
    right: float
    character: float
    indented: bool

    @classmethod
    def measure(cls, lines: Sequence[PdfLine]) -> _Layout:
        character = max(median(line.top - line.bottom for line in lines), 1.0)
        edges = Counter(round(line.left / character * 2) for line in lines)
        # The left edge is the leftmost position at which several lines begin; titles begin further right.
        usual = [edge for edge, count in edges.items() if count >= max(2, len(lines) // 10)]
        left = min(usual or edges) * character / 2
        right = sorted(line.right for line in lines)[int(len(lines) * 0.9)]
        indents = sum(1.2 < (line.left - left) / character < 3.5 for line in lines)
        return cls(left, right, character, indents >= max(2, len(lines) // 20))

    def continues(self, before: PdfLine, line: PdfLine, paragraph: str) -> bool:
        if paragraph.count("《") > paragraph.count("》") and "》" in line.text:
            return True
        is_full = before.right > self.right - 1.8 * self.character
        is_indented = line.left - self.left > 1.2 * self.character
        if not is_full or is_indented:
            return False
        if self.indented:
            return True
        return not before.text.strip().endswith(_ENDS) and _BEGINS.match(line.text.strip()) is None

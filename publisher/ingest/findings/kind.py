"""Findings: problems in an imported file, their position and how to fix them."""

from __future__ import annotations

import re
import string
from typing import Literal, NamedTuple

import msgspec

from schemas.cells.problems import CellProblem

_LETTERS = re.compile(r"([A-Z]{1,3})(?: |$)")
type FileSeverity = Literal["error", "warning", "info"]
WORST_FIRST: tuple[FileSeverity, ...] = ("error", "warning", "info")
"""Severities of findings about files."""
type Severity = FileSeverity | Literal["fact", "likely", "look", "agrees"]
"""Checks of records have the last four; a ``fact`` follows from the cited texts alone.

``agrees`` says that a record which looks like a problem is in order; it is in no list of findings.
"""


class Bilingual(NamedTuple):
    """A text or a word of a finding in both languages."""

    zh: str
    en: str


class Cite(msgspec.Struct, frozen=True):
    """Part of a published record on which a finding rests, word by word."""

    role: str
    """Name by which the texts of the finding refer to it."""
    dataset: str
    record: str
    revision: str
    """Hash of the revision that contains the text."""
    field: str
    start: int
    end: int
    text: str
    item: int | None = None
    """Position in a field that is a list; ``start`` and ``end`` are then within the item."""


class Finding(msgspec.Struct, frozen=True):
    """A problem that a clerk should see and its ``way_out``. ``code`` is stable (``docs/findings.md``).

    It has a place in a file before publication, and cites published records after it.
    """

    code: str
    severity: Severity
    file: str
    message_zh: str
    message_en: str
    sheet: str | None = None
    row: int | None = None
    """1-based, as the spreadsheet program shows it."""
    column: str | None = None
    """Column letters and heading, e.g. ``C 权力类型``."""
    found: str = ""
    way_out_zh: str = ""
    way_out_en: str = ""
    cites: tuple[Cite, ...] = ()
    """The first one is of the record that the finding is about."""
    because_zh: str = ""
    because_en: str = ""
    rule: str = ""
    """Name of the rule of the check that led to it."""

    def describe(self) -> Bilingual:
        """Return what is wrong and what to do, on one line."""
        return Bilingual(f"{self.message_zh}。{self.way_out_zh}。", f"{self.message_en}. {self.way_out_en}.")

    @property
    def gravity(self) -> int:
        """Position of the severity of a finding about a file: 0 is an error."""
        return WORST_FIRST.index(self.severity)

    @property
    def column_letters(self) -> str | None:
        """Letters of the column; None for a column without, such as that of a JSON file."""
        match = _LETTERS.match(self.column or "")
        return match[1] if match else None


_LONGEST = 120
"""Most characters of a cell that a finding quotes."""


class Place(msgspec.Struct, frozen=True):
    """Position of a finding; ``column`` as in :class:`Finding`."""

    file: str
    sheet: str | None = None
    row: int | None = None
    column: str | None = None


class Kind(msgspec.Struct, frozen=True):
    """A kind of finding. Its texts contain ``{words}`` that :meth:`at` fills in."""

    code: str
    severity: FileSeverity
    zh: str
    en: str
    way_out_zh: str
    way_out_en: str
    example: str
    """Content of a file that causes this finding."""

    @property
    def words(self) -> frozenset[str]:
        texts = (self.zh, self.en, self.way_out_zh, self.way_out_en)
        return frozenset(n for t in texts for _, n, _, _ in string.Formatter().parse(t) if n)

    def at(self, place: Place, excerpt: str = "", **words: object) -> Finding:
        """Create a finding. ``excerpt``: the text that it quotes. Raises ``KeyError`` for a missing word."""
        zh = {name: word.zh if isinstance(word, Bilingual) else word for name, word in words.items()}
        en = {name: word.en if isinstance(word, Bilingual) else word for name, word in words.items()}
        problem = CellProblem(
            self.code,
            self.severity,
            self.zh.format_map(zh),
            self.en.format_map(en),
            self.way_out_zh.format_map(zh),
            self.way_out_en.format_map(en),
        )
        return create_finding(problem, place, excerpt)


def shorten(text: str) -> str:
    """Shorten a cell's text to one line of a length that a finding quotes."""
    line = " ".join(text.split())
    return line if len(line) <= _LONGEST else f"{line[:_LONGEST]}…"


def create_finding(problem: CellProblem, place: Place, excerpt: str) -> Finding:
    """Create the finding of a problem at a place. ``excerpt``: the text that it quotes."""
    return Finding(
        code=problem.code,
        severity=problem.severity,
        file=place.file,
        sheet=place.sheet,
        row=place.row,
        column=place.column,
        found=shorten(excerpt),
        message_zh=problem.message_zh,
        message_en=problem.message_en,
        way_out_zh=problem.way_out_zh,
        way_out_en=problem.way_out_en,
    )

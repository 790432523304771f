"""A finding: what is wrong in a file that was handed in, where, and how to mend it."""

from __future__ import annotations

import string
from dataclasses import dataclass
from typing import Literal, NamedTuple

from schemas.cells.problems import Problem

type Severity = Literal["error", "warning", "info"]


class Bilingual(NamedTuple):
    """A word that a finding fills in, where it differs by language."""

    zh: str
    en: str


@dataclass(frozen=True, slots=True)
class Finding:
    """Something a clerk should see. ``code`` is stable (``docs/findings.md``); texts tell the way out."""

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


_LONGEST = 120
"""Characters of a cell that a finding repeats."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where something was found; ``column`` as in :class:`~publisher.ingest.findings.kind.Finding`."""

    file: str
    sheet: str | None = None
    row: int | None = None
    column: str | None = None


@dataclass(frozen=True, slots=True)
class Kind:
    """A finding before it is about a cell. Texts hold ``{words}`` that :meth:`at` fills in."""

    code: str
    severity: Severity
    zh: str
    en: str
    way_out_zh: str
    way_out_en: str
    example: str
    """What a file holds that makes this finding."""

    @property
    def words(self) -> frozenset[str]:
        texts = (self.zh, self.en, self.way_out_zh, self.way_out_en)
        return frozenset(n for t in texts for _, n, _, _ in string.Formatter().parse(t) if n)

    def at(self, place: Place, found: str = "", **words: object) -> Finding:
        """Raises ``KeyError`` where a word of the text is not given."""
        zh = {name: word.zh if isinstance(word, Bilingual) else word for name, word in words.items()}
        en = {name: word.en if isinstance(word, Bilingual) else word for name, word in words.items()}
        return Finding(
            code=self.code,
            severity=self.severity,
            file=place.file,
            sheet=place.sheet,
            row=place.row,
            column=place.column,
            found=shorten(found),
            message_zh=self.zh.format_map(zh),
            message_en=self.en.format_map(en),
            way_out_zh=self.way_out_zh.format_map(zh),
            way_out_en=self.way_out_en.format_map(en),
        )


def shorten(text: str) -> str:
    """A cell's text as a finding repeats it: one line, and not the whole law that the cell may quote."""
    line = " ".join(text.split())
    return line if len(line) <= _LONGEST else f"{line[:_LONGEST]}…"


def of_value(problem: Problem, place: Place, found: str) -> Finding:
    """A finding about a cell from what the reading of its value says is wrong."""
    return Finding(
        code=problem.code,
        severity=problem.severity,
        file=place.file,
        sheet=place.sheet,
        row=place.row,
        column=place.column,
        found=shorten(found),
        message_zh=problem.message_zh,
        message_en=problem.message_en,
        way_out_zh=problem.way_out_zh,
        way_out_en=problem.way_out_en,
    )

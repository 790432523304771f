"""Styles of a workbook by their number, and the cells of one sheet that they change."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import msgspec
from msgspec import structs

from publisher.ingest.formats.grid import Position, Scalar, SheetAnnotations
from publisher.ingest.formats.number_formats.shown_text import ShownText, show_number, show_text

_PLAIN = frozenset({"General", "GENERAL", "general", "@", ""})
"""Formats that show a number as it is stored."""


class WorkbookStyles(msgspec.Struct, frozen=True):
    codes: tuple[str, ...] = ()
    """Style → code of its number format."""
    struck: frozenset[int] = frozenset()
    """Styles with strike-through."""
    struck_strings: Mapping[int, str] = msgspec.field(default_factory=dict)
    """Shared string → the part of it that is struck through."""
    raised_strings: Mapping[int, str] = msgspec.field(default_factory=dict)
    """Shared string → its text with the digits that are raised, as marks of footnotes are."""
    epoch_1904: bool = False

    def formats_numbers(self, style: int) -> bool:
        """Test for a style that shows a number differently from General."""
        return style < len(self.codes) and self.codes[style] not in _PLAIN

    def formats_texts(self, style: int) -> bool:
        """Test for a style that adds to a text (``@"件"``)."""
        return style < len(self.codes) and "@" in self.codes[style] and self.codes[style] != "@"


class StyledCells(msgspec.Struct):
    """Collector of the cells of one sheet that look different from what is stored."""

    styles: WorkbookStyles
    shown: dict[Position, ShownText] = msgspec.field(default_factory=dict)
    unknown_formats: dict[Position, str] = msgspec.field(default_factory=dict)
    struck: dict[Position, str] = msgspec.field(default_factory=dict)
    """Cell → the struck part of its text; ``""`` where all of it is struck."""
    text_formats: dict[Position, str] = msgspec.field(default_factory=dict)
    raised: dict[Position, str] = msgspec.field(default_factory=dict)

    def add_number(self, position: Position, style: int, value: float) -> None:
        self._add_strike(position, style)
        if not self.styles.formats_numbers(style):
            return
        code = self.styles.codes[style]
        shown = show_number(value, code, epoch_1904=self.styles.epoch_1904)
        if shown is None:
            self.unknown_formats[position] = code
        else:
            self.shown[position] = shown

    def add_text(self, position: Position, style: int, shared_string: int | None = None) -> None:
        self._add_strike(position, style)
        string = -1 if shared_string is None else shared_string
        if string in self.styles.raised_strings:
            self.raised[position] = self.styles.raised_strings[string]
        runs = self.styles.struck_strings.get(string)
        if runs is not None:
            self.struck.setdefault(position, runs)
        if self.styles.formats_texts(style):
            self.text_formats[position] = self.styles.codes[style]

    def _add_strike(self, position: Position, style: int) -> None:
        if style in self.styles.struck:
            self.struck[position] = ""

    def annotate(self, annotations: SheetAnnotations, hidden_columns: frozenset[int]) -> SheetAnnotations:
        """Add the collected cells to the other annotations of the sheet."""
        return structs.replace(
            annotations,
            hidden_columns=hidden_columns,
            shown=self.shown,
            text_formats=self.text_formats,
            raised=self.raised,
            unknown_formats=self.unknown_formats,
            struck=self.struck,
        )


def replaced_texts(rows: Sequence[Sequence[Scalar]], annotations: SheetAnnotations) -> dict[Position, str]:
    """Return the texts that the program shows for numbers and texts with a format, and for errors."""
    replaced = {position: shown.text for position, shown in annotations.shown.items()}
    replaced |= annotations.raised
    for (row, column), code in annotations.text_formats.items():
        line = rows[row - 1] if row <= len(rows) else []
        value = line[column - 1] if column <= len(line) else ""
        if isinstance(value, str) and value and (text := show_text(value, code)) is not None:
            replaced[row, column] = text
    return replaced | dict(annotations.errors)

"""From entries to records: values, the original beside each that was changed, and what is wrong by cell."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from types import MappingProxyType

from publisher.ingest.findings import tables
from publisher.ingest.findings.kind import Finding, Place, of_value
from publisher.ingest.parsed_file import ImportedRecord
from publisher.ingest.tables.raw_record import Entry, Note, Piece
from schemas.cells.problems import Problem
from schemas.cells.values import cell_parser
from schemas.definition.catalogue import Catalogue, Content, Field, Json

NO_CELLS: Mapping[str, str] = MappingProxyType({})


class Builder:
    """Reads the values of one sheet's records; gathers ``findings`` as it goes."""

    def __init__(self, catalogue: Catalogue, file: str, sheet: str) -> None:
        self._fields = tuple(f for f in catalogue.fields if not f.personal)
        self._readers = {f.name: cell_parser(f) for f in self._fields}
        self._catalogue = catalogue
        self._file = file
        self._sheet = sheet
        self._headings: Mapping[str, str] = {}
        self._wrong: set[str] = set()
        self._absent: frozenset[str] = frozenset()
        self.findings: list[Finding] = []

    def under(self, headings: Mapping[str, str]) -> None:
        """Headings as written, by field, for what is read next.

        A required field without a column is reported once for the table, by who reads the header; its
        records are in error without a finding of their own.
        """
        self._headings = headings
        self._absent = frozenset(f.name for f in self._fields if f.required) - headings.keys()

    def note(self, note: Note) -> None:
        place = self._place(note.row, note.name, "")
        self.findings.append(note.kind.at(place, note.found, **note.words))

    def build(self, entry: Entry) -> ImportedRecord:
        content: Content = {}
        originals: dict[str, str] = {}
        row, pieces = entry.rows[0], entry.pieces
        before = len(self.findings)
        self._wrong.clear()
        for f in self._fields:
            piece = pieces.get(f.name)
            if piece is None:
                if f.required:
                    self._missing(f, row)
                continue
            value = self._value(f, piece, row)
            if value is not None:
                content[f.name] = value
            elif f.required and f.name not in self._wrong:
                self._missing(f, row)
            if value != piece.found and (value is not None or piece.found.strip()):
                originals[f.name] = piece.found
        self._check_limits(content, row)
        return ImportedRecord(
            content=content,
            originals=originals,
            sheet=self._sheet,
            rows=tuple(entry.rows),
            cells={name: p.cell for name, p in pieces.items() if name in content},
            source_text=source_text((f.name, pieces[f.name]) for f in self._fields if f.name in pieces),
            in_error=bool(self._absent) or any(x.severity == "error" for x in self.findings[before:]),
        )

    def plain(self, row: int, texts: Iterable[tuple[Field, str]]) -> ImportedRecord:
        """The short way for files whose rows stand alone and whose keys are fields (JSON, JSON Lines)."""
        content: Content = {}
        originals: dict[str, str] = {}
        before = len(self.findings)
        self._wrong.clear()
        said: list[str] = []
        for f, text in texts:
            said.append(f"{f.name}\x1f{text}\x1e")
            read = self._readers[f.name](text)
            if read.problem is not None:
                self._problem(read.problem, f, row, text, "")
            if read.value is not None:
                content[f.name] = read.value
            if read.value != text and text:
                originals[f.name] = text
        for f in self._fields:
            if f.required and f.name not in content and f.name not in self._wrong:
                self._missing(f, row)
        self._check_limits(content, row)
        in_error = any(x.severity == "error" for x in self.findings[before:])
        return ImportedRecord(
            content, originals, self._sheet, (row,), NO_CELLS, _digest(said), in_error=in_error
        )

    def _value(self, f: Field, piece: Piece, row: int) -> Json:
        read = self._readers[f.name](piece.text)
        if read.problem is not None:
            self._problem(read.problem, f, row, piece.found or piece.text, piece.cell)
        return read.value

    def _missing(self, f: Field, row: int) -> None:
        if f.name in self._absent:
            return
        self.findings.append(tables.REQUIRED_MISSING.at(self._place(row, f.name, ""), title=f.title))

    def _problem(self, problem: Problem, f: Field, row: int, found: str, cell: str) -> None:
        place = self._place(row, f.name, cell)
        made = of_value(problem, place, found)
        if made.severity == "error":
            self._wrong.add(f.name)
        self.findings.append(made)

    def _check_limits(self, content: Content, row: int) -> None:
        for name, value in content.items():
            if not isinstance(value, dict) or not name.startswith("promised_"):
                continue
            statutory = content.get(f"statutory_{name.removeprefix('promised_')}")
            if isinstance(statutory, dict) and exceeds(value, statutory):
                place = self._place(row, name, "")
                words = {"promised": _limit(value), "statutory": _limit(statutory)}
                self.findings.append(tables.LIMIT_EXCEEDED.at(place, _limit(value), **words))

    def _place(self, row: int, name: str | None, cell: str) -> Place:
        column = None
        if name is not None:
            field = self._catalogue.by_name[name]
            heading = self._headings.get(name) or f"{cell.rstrip('0123456789')} {field.title}".strip()
            column = heading
        return Place(self._file, self._sheet, row, column)


def source_text(pieces: Iterable[tuple[str, Piece]]) -> str:
    """SHA-256 over what the source says, before any reading of ours; 同上 and blanks by what they mean."""
    return _digest(
        f"{name}\x1f{piece.text if piece.via in _MEANT else piece.found}\x1e" for name, piece in pieces
    )


_MEANT = frozenset({"above", "parent"})


def _digest(texts: Iterable[str]) -> str:
    return hashlib.sha256("".join(texts).encode("utf-8", "surrogatepass")).hexdigest()


_HOURS: Mapping[str, tuple[int, int | None]] = MappingProxyType(
    {
        "小时": (1, 1),
        "自然日": (24, 24),
        "日": (24, 24),
        "天": (24, 24),
        "工作日": (24, None),
        "月": (28 * 24, 31 * 24),
        "年": (365 * 24, 366 * 24),
    }
)
"""Unit → the fewest and the most hours it can be; a holiday week has no most."""


def exceeds(promised: Mapping[str, Json], statutory: Mapping[str, Json]) -> bool:
    """Is the promised limit longer for certain?

    Units that do not convert exactly are compared only where the answer does not hang on the calendar:
    20 working days are more than 15 natural ones, 20 natural days may be fewer than 15 working ones.
    """
    value, limit = promised.get("value"), statutory.get("value")
    unit, other = promised.get("unit"), statutory.get("unit")
    if not isinstance(value, int) or not isinstance(limit, int):
        return False
    if unit == other:
        return value > limit
    fewest, _ = _HOURS.get(str(unit), (0, None))
    _, most = _HOURS.get(str(other), (0, None))
    return most is not None and value * fewest > limit * most


def _limit(value: Mapping[str, Json]) -> str:
    return f"{value.get('value')}{value.get('unit')}"

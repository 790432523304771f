"""Builder of records: raw texts become values, with originals and findings by cell."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from decimal import Decimal
from types import MappingProxyType

from publisher.ingest.exceeded_limits import find_exceeded_limits
from publisher.ingest.findings import rows, tables
from publisher.ingest.findings.kind import Finding, Place, create_finding
from publisher.ingest.formats.grid import Position, format_column
from publisher.ingest.formats.number_formats.shown_text import ShownText
from publisher.ingest.parsed_file import ImportedRecord
from publisher.ingest.tables.raw_record import Piece, RawRecord, RowNote
from publisher.ingest.tables.several_names import split_at_chosen_breaks, split_names
from schemas.cells.amounts import find_amount
from schemas.cells.deadlines import parse_deadline
from schemas.cells.problems import CODE_SPOILT, CellProblem
from schemas.cells.quantities import BLANKS
from schemas.cells.values import amount_value, cell_parser
from schemas.definition.catalogue import Catalogue, Content, Field, Json
from schemas.normalise import fold

_NUMBERS = frozenset({"integer", "decimal", "limit", "amount"})
_EXACT = _NUMBERS | {"date"}
"""Types whose values are read from the stored number, not from its rounded text."""
_DATE_PARTS = re.compile(r"\d+|[A-Za-z]{3,}|[〇○零一二三四五六七八九十]+")
_LETTERS = re.compile(r"[^\W\d_]")
_CUT = re.compile(r"(?:…|\.{3})\s*$")
"""End of a name that a page or a program cut."""
_BOOLEANS = frozenset({"TRUE", "FALSE"})
NO_CELLS: Mapping[str, str] = MappingProxyType({})


class RecordBuilder:
    """Builds the records of one sheet and collects their ``findings``."""

    def __init__(
        self,
        catalogue: Catalogue,
        file: str,
        sheet: str,
        shown: Mapping[Position, ShownText] | None = None,
    ) -> None:
        """``shown``: cells with a number whose format changes what a program shows."""
        self._fields = tuple(f for f in catalogue.fields if not f.personal)
        self._required = tuple(f for f in self._fields if f.required)
        self._fields_of: dict[tuple[str, ...], tuple[Field, ...]] = {}
        self._parsers = {f.name: cell_parser(f) for f in self._fields}
        self._names = tuple(n for n in (catalogue.title_field, catalogue.sub_item_field) if n)
        self._derived = tuple(f for f in self._fields if f.derived_from)
        self._catalogue = catalogue
        self._file = file
        self._sheet = sheet
        self._headings: Mapping[str, str] = {}
        """Field → heading as written."""
        self._shown = {f"{format_column(c)}{r}": text for (r, c), text in (shown or {}).items()}
        self._columns: Mapping[str, str] = {}
        """Letters of a column → its heading as written."""
        self._invalid: set[str] = set()
        """Fields of the record at hand whose text has an error, which is reported already."""
        self._absent: frozenset[str] = frozenset()
        """Required fields for which the table has no column."""
        self.findings: list[Finding] = []

    def set_headings(self, headings: Mapping[str, str], columns: Mapping[str, str]) -> None:
        """Set the headings of the next records, as written, by field and by the letters of the column.

        A required field without a column is reported once for the table when its header is read. Its
        records are in error without a finding of their own.
        """
        self._headings = headings
        self._columns = columns
        self._absent = frozenset(f.name for f in self._fields if f.required) - headings.keys()

    def add_note(self, note: RowNote) -> None:
        place = self._create_place(note.row, note.name, note.cell)
        self.findings.append(note.kind.at(place, note.excerpt, **note.words))

    def build(self, raw_record: RawRecord) -> ImportedRecord:
        """Build a record from the pieces of its rows; add its findings to ``findings``."""
        content: Content = {}
        originals: dict[str, str] = {}
        row, pieces = raw_record.rows[0], raw_record.pieces
        before = len(self.findings)
        self._invalid.clear()
        for f in self._required:
            if f.name not in pieces:
                self._add_missing(f, row)
        read_pieces = []
        for f in self._list_fields(pieces):
            name, piece = f.name, pieces[f.name]
            read_pieces.append((name, piece))
            value = self._parse_piece(f, piece, row)
            if value is not None:
                content[name] = value
            elif f.required and name not in self._invalid:
                self._add_missing(f, row)
            if value != piece.original and (value is not None or piece.original.strip()):
                originals[name] = piece.original
        source_text = hash_source_texts(read_pieces, self._shown)
        for name, source in self._derive_values(content, lambda n: self._exact_texts(pieces[n], n, row)):
            pieces[name], originals[name] = pieces[source], pieces[source].original
        set_working_days(content, self._catalogue)
        self._check_limits(content, row)
        self._check_basis(pieces, row)
        for name in self._names:
            if name in pieces and pieces[name].via == "own":
                self._check_name(name, pieces[name].original, row, pieces[name].cell)
        return ImportedRecord(
            content=content,
            originals=originals,
            sheet=self._sheet,
            rows=tuple(raw_record.rows),
            cells={name: p.cell for name, p in pieces.items() if name in content},
            source_text=source_text,
            in_error=raw_record.in_error
            or bool(self._absent)
            or (len(self.findings) > before and any(x.severity == "error" for x in self.findings[before:])),
            other_cells=tuple(raw_record.other_cells)
            + tuple(p.cell for name, p in pieces.items() if name not in content),
            unread=raw_record.unread,
        )

    def build_plain(self, row: int, texts: Iterable[tuple[Field, str]]) -> ImportedRecord:
        """Build a record from texts by field; faster, for files with independent rows (JSON, JSON Lines)."""
        content: Content = {}
        originals: dict[str, str] = {}
        before = len(self.findings)
        self._invalid.clear()
        source_texts: list[str] = []
        for f, text in texts:
            source_texts.append(f"{f.name}\x1f{text}\x1e")
            parsed = self._parsers[f.name](text)
            if parsed.problem is not None:
                self._add_problem(parsed.problem, f, row, text, "")
            if parsed.value is not None:
                content[f.name] = parsed.value
                self._check_lines(f, parsed.value, row, text, "")
            if parsed.value != text and text:
                originals[f.name] = text
        for name, source in self._derive_values(content, lambda n: (originals.get(n, str(content[n])),)):
            originals[name] = originals.get(source, str(content[source]))
        set_working_days(content, self._catalogue)
        for f in self._fields:
            if f.required and f.name not in content and f.name not in self._invalid:
                self._add_missing(f, row)
        self._check_limits(content, row)
        for name in self._names:
            self._check_name(name, originals.get(name) or str(content.get(name, "")), row, "")
        in_error = any(x.severity == "error" for x in self.findings[before:])
        return ImportedRecord(
            content, originals, self._sheet, (row,), NO_CELLS, _sha256(source_texts), in_error=in_error
        )

    def _list_fields(self, pieces: Mapping[str, Piece]) -> tuple[Field, ...]:
        """Return the fields of pieces in the catalogue's order; most rows of a table have the same."""
        names = tuple(pieces)
        if names not in self._fields_of:
            self._fields_of[names] = tuple(f for f in self._fields if f.name in pieces)
        return self._fields_of[names]

    def _exact_texts(self, piece: Piece, name: str, row: int) -> Sequence[str]:
        """Return the exact text of a cell and the shown one; a rounded number is reported."""
        shown = self._shown.get(piece.cell) if self._shown else None
        if shown is None or shown.text.strip() != piece.text.strip():
            return (piece.text,)
        exact, as_shown = find_amount(fold(shown.exact)), find_amount(fold(shown.text))
        if exact and as_shown and Decimal(exact.amount) != Decimal(as_shown.amount):
            self._add_rounded(name, piece, row, shown)
        return (shown.exact, shown.text)

    def _derive_values(
        self, content: Content, texts_of: Callable[[str], Sequence[str]]
    ) -> Iterator[tuple[str, str]]:
        """Add the amounts that texts state and the last days of deadlines; yield each field with its source.

        ``texts_of``: texts of a field, of which the first that states an amount counts.
        """
        for f in self._derived:
            if f.name in content or f.name in self._invalid or f.derived_from not in content:
                continue
            texts = [str(content[f.derived_from])] if f.type == "date" else texts_of(f.derived_from)
            value = derive_value(f, texts)
            if value is not None:
                content[f.name] = value
                yield f.name, f.derived_from

    def _add_rounded(self, name: str, piece: Piece, row: int, shown: ShownText) -> None:
        place = self._create_place(row, name, piece.cell)
        words = {"shown": piece.text, "stored": shown.exact}
        self.findings.append(tables.ROUNDED_BY_FORMAT.at(place, piece.text, **words))

    def _parse_piece(self, f: Field, piece: Piece, row: int) -> Json:
        shown = self._shown.get(piece.cell) if self._shown else None
        if shown is not None and shown.text.strip() == piece.text.strip():
            return self._parse_number_cell(f, piece, row, shown)
        return self._parse_text(f, piece, row, piece.text)

    def _parse_text(self, f: Field, piece: Piece, row: int, text: str) -> Json:
        parsed = self._parsers[f.name](text)
        if parsed.problem is not None:
            self._add_problem(parsed.problem, f, row, piece.original or piece.text, piece.cell)
        if piece.via == "own":
            self._check_lines(f, parsed.value, row, text, piece.cell)
        return parsed.value

    def _parse_number_cell(self, f: Field, piece: Piece, row: int, shown: ShownText) -> Json:
        """Parse a cell with a formatted number: texts as shown, dates and amounts exactly as stored."""
        if shown.kind != "number" and (f.format == "code" or f.name == self._catalogue.number_field):
            self._add_problem(CODE_SPOILT.for_cell(f.title, piece.text), f, row, piece.text, piece.cell)
            return None
        if shown.kind == "date" and (f.vocabulary or f.type in _NUMBERS):
            self._invalid.add(f.name)
            place = self._create_place(row, f.name, piece.cell)
            self.findings.append(tables.DATE_CELL.at(place, piece.text, title=f.title, shown=piece.text))
            return None
        if f.type not in _EXACT or shown.exact == shown.text:
            return self._parse_text(f, piece, row, piece.text)
        exact, as_shown = self._parsers[f.name](shown.exact), self._parsers[f.name](piece.text)
        if shown.kind == "date" and f.type == "date" and len(_DATE_PARTS.findall(piece.text)) < 3:
            self._add_rounded(
                f.name, piece, row, shown
            )  # 2015年11月, of which a program stores the first day
        if exact.value is None:
            return self._parse_text(f, piece, row, piece.text)
        if as_shown.value is not None and as_shown.value != exact.value and shown.kind == "number":
            self._add_rounded(f.name, piece, row, shown)
        return self._parse_text(f, piece, row, shown.exact)

    def _add_missing(self, f: Field, row: int) -> None:
        if f.name in self._absent:
            return
        self.findings.append(tables.REQUIRED_MISSING.at(self._create_place(row, f.name, ""), title=f.title))

    def _add_problem(self, problem: CellProblem, f: Field, row: int, excerpt: str, cell: str) -> None:
        place = self._create_place(row, f.name, cell)
        finding = create_finding(problem, place, excerpt)
        if finding.severity == "error":
            self._invalid.add(f.name)
        self.findings.append(finding)

    def _check_limits(self, content: Content, row: int) -> None:
        for name, promised, statutory in find_exceeded_limits(content):
            place = self._create_place(row, name, "")
            words = {"promised": promised, "statutory": statutory}
            self.findings.append(tables.LIMIT_EXCEEDED.at(place, promised, **words))

    def _check_basis(self, pieces: Mapping[str, Piece], row: int) -> None:
        """Report a blank legal basis where the table has a column for it."""
        name = self._catalogue.basis_field
        if name is None or name not in self._headings:
            return
        if name not in pieces or states_no_basis(pieces[name].text):
            title = self._catalogue.by_name[name].title
            self.findings.append(rows.BASIS_MISSING.at(self._create_place(row, name, ""), title=title))

    def _check_lines(self, f: Field, value: Json, row: int, text: str, cell: str) -> None:
        """Report lines that were joined into one text, although no narrow column broke them."""
        if "\n" not in text or f.name in self._names or f.format not in {"default", "body"}:
            return
        lines = split_at_chosen_breaks(text)
        if lines and f.type == "string" and value == "".join(lines):
            place = self._create_place(row, f.name, cell)
            self.findings.append(tables.SEVERAL_NAMES.at(place, text, title=f.title, count=len(lines)))

    def _check_name(self, name: str, text: str, row: int, cell: str) -> None:
        """Report a cell that seems to name several items, or none: a number or a sign alone."""
        title = self._catalogue.by_name[name].title
        if names := split_names(text) or split_at_chosen_breaks(text):
            place = self._create_place(row, name, cell)
            self.findings.append(tables.SEVERAL_NAMES.at(place, text, title=title, count=len(names)))
        elif _LETTERS.search(text) and _CUT.search(text):
            self.findings.append(rows.NAME_CUT.at(self._create_place(row, name, cell), text, title=title))
        elif text and (not _LETTERS.search(text) or text in _BOOLEANS):
            self.findings.append(
                tables.NAME_WITHOUT_WORDS.at(self._create_place(row, name, cell), text, title=title)
            )

    def _create_place(self, row: int, name: str | None, cell: str) -> Place:
        column = None
        if name is not None:
            field = self._catalogue.by_name[name]
            letters = cell.rstrip("0123456789")
            column = (
                self._columns.get(letters) or self._headings.get(name) or f"{letters} {field.title}".strip()
            )
        return Place(self._file, self._sheet, row, column)


def derive_value(field: Field, texts: Iterable[str]) -> Json:
    """Return the last day of the deadline, or the amount, that the first of some texts states; else None."""
    if field.type == "date":
        deadlines = map(parse_deadline, texts)
        return next((one.last.isoformat() for one in deadlines if one is not None), None)
    amounts = (find_amount(fold(text)) for text in texts)
    return next((amount_value(one) for one in amounts if one is not None), None)


def set_working_days(content: Content, catalogue: Catalogue) -> None:
    """Count the days of a licence as working days (行政许可法 第八十二条), if its text does not say."""
    if content.get(catalogue.type_field or "") != "行政许可":
        return
    for field in catalogue.fields:
        limit = content.get(field.name) if field.type == "limit" else None
        if isinstance(limit, dict) and limit.get("unit") == "日":
            content[field.name] = {**limit, "unit": "工作日"}


def states_no_basis(value: Json) -> bool:
    """Test whether a legal basis is blank, or says that there is none."""
    texts = value if isinstance(value, list) else [value]
    return all(text is None or str(text).strip() in _NO_BASIS for text in texts)


_NO_BASIS = BLANKS | {"", "无", "暂无", "没有"}


def hash_source_texts(pieces: Iterable[tuple[str, Piece]], shown: Mapping[str, ShownText]) -> str:
    """Return the SHA-256 of the source's texts before parsing; 同上 and blanks count as their meaning.

    A formatted number counts as shown and as stored. ``shown``: by reference of the cell.
    """
    if not shown:
        return _sha256([f"{n}\x1f{p.text if p.via in _BY_MEANING else p.original}\x1e" for n, p in pieces])
    texts = []
    for name, piece in pieces:
        text = piece.text if piece.via in _BY_MEANING else piece.original
        exact = f"\x1f{shown[piece.cell].exact}" if piece.cell in shown else ""
        texts.append(f"{name}\x1f{text}{exact}\x1e")
    return _sha256(texts)


_BY_MEANING = frozenset({"above", "parent"})
"""Pieces that a row takes from another one."""


def _sha256(texts: Iterable[str]) -> str:
    return hashlib.sha256("".join(texts).encode("utf-8", "surrogatepass")).hexdigest()

"""Detection of a file's format by its content, and the choice of its reader.

Its name counts only for text that shows neither JSON, markup nor columns.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from pathlib import PurePath

import msgspec
from msgspec import structs

from publisher.ingest.findings.files import (
    ARCHIVE,
    EMPTY,
    ENCRYPTED,
    EXCEL_95,
    NO_TABLE,
    TOO_LARGE,
    UNSEEN_RUNS,
    UNSUPPORTED,
)
from publisher.ingest.findings.kind import Finding
from publisher.ingest.formats import (
    delimited_text,
    docx,
    excel,
    html,
    json_records,
    ods,
    ole2,
    spreadsheetml,
    text_encoding,
    xlsx_annotations,
)
from publisher.ingest.formats.cell_parts import page_cells
from publisher.ingest.formats.cell_styles import hidden_cells
from publisher.ingest.formats.errors import FileNote, ReaderError
from publisher.ingest.formats.grid import MAX_FILE, Grid, note_lost_digits
from publisher.ingest.formats.json_records import Record
from publisher.ingest.formats.safety import zip_archive

XLS = "application/vnd.ms-excel"
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
ODS = "application/vnd.oasis.opendocument.spreadsheet"
DOCX = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
HTML, CSV, TSV, TEXT = "text/html", "text/csv", "text/tab-separated-values", "text/plain"
JSON, JSON_LINES = "application/json", "application/jsonl"


class FileContent(msgspec.Struct, frozen=True):
    media_type: str
    grids: tuple[Grid, ...] = ()
    """Tables with text, in the order of the file; blank sheets are left out."""
    records: Iterable[Record] | None = None
    """JSON records, decoded on iteration, which may raise ``UnreadableFile``. Decimals are text."""
    text: str | None = None
    """HTML source, or the text of a plain text or docx file."""
    notes: tuple[FileNote, ...] = ()
    """Damage that did not prevent reading, and text that was left out."""

    def list_findings(self, file: str) -> tuple[Finding, ...]:
        """List the findings of its notes."""
        return tuple(note.create_finding(file) for note in self.notes)


def open_file(data: bytes, name: str) -> FileContent:
    """Read a file's tables, JSON records or text. ``name``'s suffix tells tables and JSON from other text.

    Raises :class:`~publisher.ingest.parsed_file.UnreadableFile`, which contains the finding.
    """
    try:
        content = _open(data, name)
        if not content.grids and content.records is None and content.text is None:
            raise ReaderError(NO_TABLE, content.media_type)
    except ReaderError as problem:
        raise problem.to_unreadable(name) from problem
    grids = _name_apart(content.grids)
    return structs.replace(content, grids=grids, notes=(*content.notes, *note_lost_digits(grids)))


def _name_apart(grids: Sequence[Grid]) -> tuple[Grid, ...]:
    """Number tables that repeat a name, such as a caption: a cell is found by the name of its table."""
    names: set[str] = set()
    apart = []
    for number, grid in enumerate(grids, start=1):
        name = f"{grid.name}（表{number}）" if grid.name in names else grid.name
        names.add(name)
        apart.append(structs.replace(grid, name=name))
    return tuple(apart)


def _open(data: bytes, name: str) -> FileContent:
    if not data or data.isspace():
        raise ReaderError(EMPTY)
    if len(data) > MAX_FILE:
        raise ReaderError(TOO_LARGE, f"{len(data) >> 20} MiB > {MAX_FILE >> 20} MiB")
    if data.startswith(b"\x1f\x8b"):
        return _open_gzip(data, name)
    if data.startswith(ole2.MAGIC):
        annotations = ole2.read_annotations(data)
        grids, notes = excel.extract_grids(data, annotations)
        return FileContent(XLS, grids, notes=notes)
    if zip_archive.is_zip(data):
        return _open_zip(data)
    if ole2.is_old_workbook(data):
        raise ReaderError(EXCEL_95)
    _refuse_unsupported(data)
    return _open_text(data, name)


def is_streamed(data: bytes) -> bool:
    """Test for JSON Lines, which are decoded line by line. Raises :class:`ReaderError` for broken gzip."""
    if len(data) > MAX_FILE:
        return False
    gzipped = data.startswith(b"\x1f\x8b")
    head = next(zip_archive.gunzip(data), b"") if gzipped else data.removeprefix(b"\xef\xbb\xbf")
    return _is_json(head) and json_records.is_lines(head)


UNSUPPORTED_SIGNATURES: tuple[tuple[bytes, str], ...] = (
    (b"%PDF-", "PDF"),
    (b"{\\rtf", "RTF"),
    (b"\x89PNG", "PNG"),
    (b"\xff\xd8\xff", "JPEG"),
    (b"GIF8", "GIF"),
    (b"BM", "BMP"),
    (b"II*\x00", "TIFF"),
    (b"MM\x00*", "TIFF"),
    (b"MIME-Version:", "MHTML"),
)
ARCHIVE_SIGNATURES: tuple[tuple[bytes, str], ...] = ((b"Rar!\x1a", "rar"), (b"7z\xbc\xaf\x27\x1c", "7z"))


def _refuse_unsupported(data: bytes) -> None:
    for magic, kind in ARCHIVE_SIGNATURES:
        if data.startswith(magic):
            raise ReaderError(ARCHIVE, kind)
    for magic, kind in UNSUPPORTED_SIGNATURES:
        if data.startswith(magic) and (kind != "BMP" or b"\x00" in data[:64]):
            raise ReaderError(UNSUPPORTED, kind)
    # Encryption software that many government offices apply to every file; its header is binary.
    if b"E-SafeNet" in data[:512] and b"\x00" in data[:512]:
        raise ReaderError(ENCRYPTED, "E-SafeNet")


def _open_zip(data: bytes) -> FileContent:
    parts = zip_archive.inflate_members(data)
    if zip_archive.has_backslashes(data):
        data = zip_archive.pack(parts)
    kind = parts.get("mimetype", b"").decode("ascii", "replace").strip()
    if "xl/workbook.xml" in parts:
        grids, notes = excel.extract_grids(data, xlsx_annotations.read_annotations(parts))
        return FileContent(XLSX, grids, notes=notes)
    if "word/document.xml" in parts:
        grids, text = docx.read_document(parts)
        unseen = docx.count_unseen(parts["word/document.xml"])
        notes = (FileNote(UNSEEN_RUNS, str(unseen)),) if unseen else ()
        return FileContent(DOCX, grids, text=text if text and not text.isspace() else None, notes=notes)
    if kind.startswith(ODS) and "content.xml" in parts:
        if b"encryption-data" in parts.get("META-INF/manifest.xml", b""):
            raise ReaderError(ENCRYPTED, "ods")
        return FileContent(ODS, ods.extract_grids(parts["content.xml"], parts.get("styles.xml", b"")))
    if "xl/workbook.bin" in parts:
        raise ReaderError(UNSUPPORTED, "xlsb")
    if "OFD.xml" in parts:
        raise ReaderError(UNSUPPORTED, "OFD")
    if "[Content_Types].xml" in parts or kind:
        raise ReaderError(UNSUPPORTED, kind or "Office")
    raise ReaderError(ARCHIVE, "zip")


def _open_gzip(data: bytes, name: str) -> FileContent:
    """Open a gzip file: JSON Lines are streamed, up to 256 MiB; other content may have ``MAX_FILE`` bytes."""
    chunks = zip_archive.gunzip(data)
    head = next(chunks, b"")
    if _is_json(head) and json_records.is_lines(head):
        return FileContent(JSON_LINES, records=_create_json_lines(lambda: zip_archive.gunzip(data), name))
    inner = b"".join(zip_archive.gunzip(data, MAX_FILE))
    if inner.startswith(b"\x1f\x8b"):
        raise ReaderError(ARCHIVE, "gzip")
    return _open(inner, name)


def _create_json_lines(chunks: Callable[[], Iterable[bytes]], name: str) -> json_records.JsonLines:
    return json_records.JsonLines(chunks, lambda problem: problem.to_unreadable(name))


JSON_START = re.compile(rb"""\s*(\[\s*[\[{\]]|\{\s*["}])""")


def _is_json(data: bytes) -> bool:
    return JSON_START.match(data, 0, 4096) is not None


def _open_text(data: bytes, name: str) -> FileContent:
    plain = data.removeprefix(b"\xef\xbb\xbf")
    if _is_json(plain) and json_records.is_lines(plain):
        return FileContent(JSON_LINES, records=_create_json_lines(lambda: _split_chunks(plain), name))
    text, notes = text_encoding.decode(data)
    if _is_json(text[:4096].encode()) or json_records.is_json(text):
        return _open_json(text.encode(), name, notes)
    if (content := _open_office_xml(text, notes)) is not None:
        return content
    if _is_html(text):
        root = html.parse_page(text)
        marks = hidden_cells.mark_tables(root)
        return FileContent(
            HTML, html.extract_grids(root, marks, page_cells.prepare_cells(root)), text=text, notes=notes
        )
    stem = PurePath(name).stem
    separator = SEPARATOR_LINE.match(text)
    if separator:
        text = text[separator.end() :]
    delimiter = separator[1] if separator else delimited_text.detect_delimiter(text)
    if delimiter is None:
        if _has_suffix(name, JSON_SUFFIXES):
            return _open_json(text.encode(), name, notes)
        column = delimited_text.split_lines(text, stem)
        # A table whose columns cannot be distinguished has no header; it is never the text of one document.
        document = None if _has_suffix(name, CSV_SUFFIXES) else text
        return FileContent(TEXT, (column,) if column else (), text=document, notes=notes)
    grid, csv_notes = delimited_text.parse_grid(text, stem, delimiter)
    return FileContent(TSV if delimiter == "\t" else CSV, (grid,) if grid else (), notes=notes + csv_notes)


def _open_office_xml(text: str, notes: tuple[FileNote, ...]) -> FileContent | None:
    """Read a workbook that is one XML document; None for other text. Raises ``UNSUPPORTED``."""
    if SPREADSHEETML.match(text, 0, 4096):
        return FileContent(XLS, spreadsheetml.extract_grids(_without_declaration(text)), notes=notes)
    if FLAT_ODS.match(text, 0, 1 << 14):
        return FileContent(ODS, ods.extract_grids(_without_declaration(text)), notes=notes)
    if office := OFFICE_XML.match(text, 0, 4096):
        raise ReaderError(UNSUPPORTED, f"XML ({office[1]})")
    return None


def _open_json(data: bytes, name: str, notes: tuple[FileNote, ...]) -> FileContent:
    if json_records.is_lines(data):
        return FileContent(
            JSON_LINES,
            records=_create_json_lines(lambda: _split_chunks(data), name),
            notes=notes,
        )
    return FileContent(JSON, records=json_records.decode_records(data), notes=notes)


SEPARATOR_LINE = re.compile(r"sep=([,;\t|])\r?\n")
"""First line that names the delimiter for Excel; it is not a row of the table."""

CSV_SUFFIXES = frozenset({".csv", ".tsv"})
JSON_SUFFIXES = frozenset({".json", ".jsonl", ".ndjson", ".geojson"})
"""Names that tell tables and JSON from the text of a document, where the text itself shows none of them."""


def _has_suffix(name: str, suffixes: frozenset[str]) -> bool:
    return not suffixes.isdisjoint(suffix.lower() for suffix in PurePath(name).suffixes[-2:])


_XML_START = r"\s*(?:(?><\?.*?\?>|<!--.*?-->)\s*)*+<"
"""Atomic: a comment ends at its first ``-->``, or a text of many is read in every possible way."""
SPREADSHEETML = re.compile(rf"{_XML_START}(?:[\w.-]+:)?Workbook\b", re.DOTALL)
FLAT_ODS = re.compile(rf"{_XML_START}office:document\b[^>]*opendocument\.spreadsheet", re.DOTALL)
OFFICE_XML = re.compile(rf"{_XML_START}(?:[\w.-]+:)?(wordDocument|package|document)\b", re.DOTALL)


def _without_declaration(text: str) -> bytes:
    """Return XML as UTF-8, without a declaration that may name another encoding."""
    return html.XML_DECLARATION.sub("", text).encode("utf-8", "replace")


HTML_START = re.compile(
    r"\s*(<\?xml[^>]*\?>\s*)?(?:(?><!--.*?-->)\s*)*+"
    r"<(!doctype html|(html|head|meta|title|body|table|div|p|style|center)\b)",
    re.IGNORECASE | re.DOTALL,
)


def _is_html(text: str) -> bool:
    return HTML_START.match(text, 0, 1 << 16) is not None


def _split_chunks(data: bytes) -> Iterable[bytes]:
    view, size = memoryview(data), zip_archive.CHUNK
    return (bytes(view[start : start + size]) for start in range(0, len(view), size))

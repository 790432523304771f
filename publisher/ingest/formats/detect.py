"""Detection of a file's format by its content, never by its name, and the choice of its reader."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import PurePath

from publisher.ingest.findings.files import ARCHIVE, EMPTY, ENCRYPTED, NO_TABLE, TOO_LARGE, UNSUPPORTED
from publisher.ingest.findings.kind import Finding
from publisher.ingest.formats import (
    delimited_text,
    docx,
    excel,
    html,
    json_records,
    ods,
    ole2,
    text_encoding,
    xlsx_annotations,
)
from publisher.ingest.formats.errors import FileNote, ReaderError
from publisher.ingest.formats.grid import Grid
from publisher.ingest.formats.json_records import Record
from publisher.ingest.formats.safety import zip_archive

MAX_FILE = 64 << 20
"""Bytes."""

XLS = "application/vnd.ms-excel"
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
ODS = "application/vnd.oasis.opendocument.spreadsheet"
DOCX = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
HTML, CSV, TSV, TEXT = "text/html", "text/csv", "text/tab-separated-values", "text/plain"
JSON, JSON_LINES = "application/json", "application/jsonl"


@dataclass(frozen=True, slots=True)
class FileContent:
    media_type: str
    grids: tuple[Grid, ...] = ()
    """Tables with text, in the order of the file; blank sheets are left out."""
    records: Iterable[Record] | None = None
    """JSON records, decoded on iteration, which may raise ``UnreadableFile``. Decimals are text."""
    text: str | None = None
    """HTML source, or the text of a plain text or docx file."""
    findings: tuple[Finding, ...] = ()
    """Damage that did not prevent reading."""


@dataclass(frozen=True, slots=True)
class _ParsedContent:
    media_type: str
    grids: tuple[Grid, ...] = ()
    records: Iterable[Record] | None = None
    text: str | None = None
    notes: tuple[FileNote, ...] = ()


def open_grids(data: bytes, name: str) -> FileContent:
    """Read the tables of a file. ``name`` is used in findings and as the name of a CSV file's grid only.

    Raises :class:`~publisher.ingest.parsed_file.UnreadableFile`, which contains the finding.
    """
    try:
        content = _open(data, name)
        if not content.grids and content.records is None and content.text is None:
            raise ReaderError(NO_TABLE, content.media_type)
    except ReaderError as problem:
        raise problem.unreadable(name) from problem
    findings = tuple(note.finding(name) for note in content.notes)
    return FileContent(content.media_type, content.grids, content.records, content.text, findings)


def _open(data: bytes, name: str) -> _ParsedContent:
    if not data or data.isspace():
        raise ReaderError(EMPTY)
    if len(data) > MAX_FILE:
        raise ReaderError(TOO_LARGE, f"{len(data) >> 20} MiB > {MAX_FILE >> 20} MiB")
    if data.startswith(b"\x1f\x8b"):
        return _open_gzip(data, name)
    if data.startswith(ole2.MAGIC):
        marks = ole2.read_annotations(data)
        grids, notes = excel.grids(data, marks)
        return _ParsedContent(XLS, grids, notes=notes)
    if data.startswith(b"PK"):
        return _open_zip(data)
    _refuse_unsupported(data)
    return _open_text(data, name)


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


def _open_zip(data: bytes) -> _ParsedContent:
    parts = zip_archive.members(data)
    kind = parts.get("mimetype", b"").decode("ascii", "replace").strip()
    if "xl/workbook.xml" in parts:
        grids, notes = excel.grids(data, xlsx_annotations.read_annotations(parts))
        return _ParsedContent(XLSX, grids, notes=notes)
    if "word/document.xml" in parts:
        grids, text = docx.read_document(parts["word/document.xml"])
        return _ParsedContent(DOCX, grids, text=text if text and not text.isspace() else None)
    if kind.startswith(ODS) and "content.xml" in parts:
        if b"encryption-data" in parts.get("META-INF/manifest.xml", b""):
            raise ReaderError(ENCRYPTED, "ods")
        return _ParsedContent(ODS, ods.grids(parts["content.xml"]))
    if "xl/workbook.bin" in parts:
        raise ReaderError(UNSUPPORTED, "xlsb")
    if "OFD.xml" in parts:
        raise ReaderError(UNSUPPORTED, "OFD")
    if "[Content_Types].xml" in parts or kind:
        raise ReaderError(UNSUPPORTED, kind or "Office")
    raise ReaderError(ARCHIVE, "zip")


def _open_gzip(data: bytes, name: str) -> _ParsedContent:
    """Open a gzip file: JSON Lines are streamed, up to 1 GiB; other content may have ``MAX_FILE`` bytes."""
    chunks = zip_archive.gunzip(data)
    head = next(chunks, b"")
    if _is_json(head) and json_records.is_lines(head):
        return _ParsedContent(JSON_LINES, records=_json_lines(lambda: zip_archive.gunzip(data), name))
    inner = b"".join(zip_archive.gunzip(data, MAX_FILE))
    if inner.startswith(b"\x1f\x8b"):
        raise ReaderError(ARCHIVE, "gzip")
    return _open(inner, name)


def _json_lines(chunks: Callable[[], Iterable[bytes]], name: str) -> json_records.Lines:
    return json_records.Lines(chunks, lambda problem: problem.unreadable(name))


JSON_START = re.compile(rb"""\s*(\[\s*[\[{\]]|\{\s*["}])""")


def _is_json(data: bytes) -> bool:
    return JSON_START.match(data, 0, 4096) is not None


def _open_text(data: bytes, name: str) -> _ParsedContent:
    plain = data.removeprefix(b"\xef\xbb\xbf")
    if _is_json(plain) and json_records.is_lines(plain):
        return _ParsedContent(JSON_LINES, records=_json_lines(lambda: _chunks(plain), name))
    text, notes = text_encoding.decode(data)
    if _is_json(text[:4096].encode()):
        return _open_json(text.encode(), name, notes)
    if _is_html(text):
        return _ParsedContent(HTML, html.grids(html.parse(text)), text=text, notes=notes)
    stem = PurePath(name).stem
    separator = SEPARATOR_LINE.match(text)
    if separator:
        text = text[separator.end() :]
    delimiter = separator[1] if separator else delimited_text.delimiter_of(text)
    if delimiter is None:
        column = delimited_text.lines(text, stem)
        return _ParsedContent(TEXT, (column,) if column else (), text=text, notes=notes)
    grid, csv_notes = delimited_text.grid(text, stem, delimiter)
    return _ParsedContent(TSV if delimiter == "\t" else CSV, (grid,) if grid else (), notes=notes + csv_notes)


def _open_json(data: bytes, name: str, notes: tuple[FileNote, ...]) -> _ParsedContent:
    if json_records.is_lines(data):
        return _ParsedContent(JSON_LINES, records=_json_lines(lambda: _chunks(data), name), notes=notes)
    return _ParsedContent(JSON, records=json_records.records(data), notes=notes)


SEPARATOR_LINE = re.compile(r"sep=([,;\t|])\r?\n")
"""First line that names the delimiter for Excel; it is not a row of the table."""

HTML_START = re.compile(
    r"\s*(<\?xml[^>]*\?>\s*)?(<!--.*?-->\s*)*"
    r"<(!doctype html|(html|head|meta|title|body|table|div|p|style|center)\b)",
    re.IGNORECASE | re.DOTALL,
)


def _is_html(text: str) -> bool:
    return HTML_START.match(text, 0, 1 << 16) is not None


def _chunks(data: bytes, size: int = 1 << 20) -> Iterable[bytes]:
    view = memoryview(data)
    return (bytes(view[start : start + size]) for start in range(0, len(view), size))

"""OLE2 containers: detection of the program, and the workbook stream of an .xls file, by olefile."""

from __future__ import annotations

import io
from collections.abc import Mapping

import olefile

from publisher.ingest.findings.files import DAMAGED, ENCRYPTED, EXCEL_95, UNSUPPORTED, WORD_97
from publisher.ingest.formats.cell_styles import xls_records
from publisher.ingest.formats.errors import ReaderError
from publisher.ingest.formats.grid import SheetAnnotations

MAGIC = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"


def read_annotations(data: bytes) -> Mapping[int, SheetAnnotations]:
    """Return the annotations of an .xls file by sheet. Raises :class:`ReaderError` for other files."""
    return xls_records.read_workbook(_open_workbook(data))


def is_word(data: bytes) -> bool:
    """Test for a Word 97 or WPS document by its content. Raises :class:`ReaderError`."""
    try:
        with olefile.OleFileIO(io.BytesIO(data)) as container:
            return bool(container.exists("WordDocument"))
    except Exception as problem:
        raise ReaderError(DAMAGED, f"OLE2: {problem}") from problem


def is_old_workbook(data: bytes) -> bool:
    """Test for the stream of an Excel file before version 97, which may have no container (BIFF2 to BIFF5).

    Its text has an encoding that the file may not name, and the reader of .xls files does not know it.
    """
    if data[:4] in {b"\x09\x00\x04\x00", b"\x09\x00\x06\x00", b"\x09\x02\x06\x00", b"\x09\x04\x06\x00"}:
        return True
    return data[:2] == b"\x09\x08" and data[2:4] in {b"\x08\x00", b"\x10\x00"} and data[4:6] != b"\x00\x06"


def _open_workbook(data: bytes) -> bytes:
    """Return the workbook's stream: ``Workbook``, or ``Book`` before 1997."""
    try:
        with olefile.OleFileIO(io.BytesIO(data)) as container:
            streams = {path[0].lower(): path for path in container.listdir() if len(path) == 1}
            for name in ("workbook", "book"):
                if name in streams:
                    stream = bytes(container.openstream(streams[name]).read())
                    break
            else:
                stream = b""
    except Exception as problem:
        raise ReaderError(DAMAGED, f"OLE2: {problem}") from problem
    if stream and is_old_workbook(stream):
        raise ReaderError(EXCEL_95)
    if stream:
        return stream
    if "encryptedpackage" in streams or "encryptioninfo" in streams:
        raise ReaderError(ENCRYPTED, "EncryptedPackage")
    if "worddocument" in streams:
        raise ReaderError(WORD_97)
    if "powerpoint document" in streams:
        raise ReaderError(UNSUPPORTED, "PowerPoint")
    if "matost" in streams:
        raise ReaderError(UNSUPPORTED, "Microsoft Works")
    raise ReaderError(UNSUPPORTED, "OLE2")

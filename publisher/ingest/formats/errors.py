"""Errors and notes of the readers of file formats."""

from __future__ import annotations

import msgspec

from publisher.ingest.findings.kind import Bilingual, Finding, Kind, Place
from publisher.ingest.parsed_file import UnreadableFile


class ReaderError(Exception):
    """A file that cannot be read. Readers do not know the file's name; :meth:`to_unreadable` adds it."""

    def __init__(self, kind: Kind, detail: str | Bilingual = "", *, row: int | None = None) -> None:
        text = detail.en if isinstance(detail, Bilingual) else detail
        super().__init__(f"{kind.code}: {text}")
        self.kind = kind
        self.detail = detail
        self.row = row

    def to_unreadable(self, file: str) -> UnreadableFile:
        return UnreadableFile(self.kind.at(Place(file, row=self.row), detail=self.detail))


class ReaderStoppedError(ReaderError):
    """The reading process ended before its limits: the file may be readable another time."""


class FileNote(msgspec.Struct, frozen=True):
    """A remark about a file that was read: damage, or text that was left out.

    :meth:`create_finding` adds the file's name.
    """

    kind: Kind
    detail: str | Bilingual = ""
    sheet: str | None = None
    row: int | None = None
    excerpt: str = ""

    def create_finding(self, file: str) -> Finding:
        return self.kind.at(Place(file, self.sheet, self.row), self.excerpt, detail=self.detail)

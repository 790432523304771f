"""Every kind of finding of an import in one list: of files, tables, documents and single values."""

from __future__ import annotations

from publisher.ingest.findings import documents, harvest, tables
from publisher.ingest.findings import files as readers
from publisher.ingest.findings.kind import Kind
from schemas.cells import problems as values


def every_kind() -> tuple[Kind, ...]:
    """In the order of the work: opening the file, reading its tables, reading its cells."""
    cells = (
        Kind(p.code, p.severity, p.zh, p.en, p.way_out_zh, p.way_out_en, p.example) for p in values.PROBLEMS
    )
    return (*readers.KINDS, *tables.KINDS, *documents.KINDS, *harvest.KINDS, *cells)

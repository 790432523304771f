"""Every kind of finding of an import in one list: of files, tables, documents and single values."""

from __future__ import annotations

from publisher.collect import collecting_findings, document_findings, findings
from publisher.collect.findings import Kind
from publisher.collect.readers import problems as readers
from schemas import problems as values


def every_kind() -> tuple[Kind, ...]:
    """In the order of the work: opening the file, reading its tables, reading its cells."""
    cells = (
        Kind(p.code, p.severity, p.zh, p.en, p.way_out_zh, p.way_out_en, p.example) for p in values.PROBLEMS
    )
    return (*readers.KINDS, *findings.KINDS, *document_findings.KINDS, *collecting_findings.KINDS, *cells)

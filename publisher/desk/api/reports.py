"""Bodies that report what an import read."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal

import msgspec

from publisher.ingest.findings.kind import Finding


class FindingAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """A finding, as docs/findings.md describes it."""

    code: str
    severity: Literal["error", "warning", "info"]
    file: str
    sheet: str | None
    row: int | None
    column: str | None
    found: str
    message_zh: str
    message_en: str
    way_out_zh: str
    way_out_en: str
    because_zh: str
    because_en: str
    rule: str
    cites: list[dict[str, Any]]


def finding_answers(findings: Sequence[Finding]) -> list[FindingAnswer]:
    return [msgspec.convert(msgspec.to_builtins(one), FindingAnswer) for one in findings]


class ChangeCountsAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """Numbers of records that publication would change."""

    added: int
    changed: int
    removed: int
    unchanged: int


class ImportAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """The report of an import, as ``qingdan import --json`` prints it. ``staged``: the draft has it."""

    dataset: str
    catalogue: str
    dry_run: bool
    staged: bool
    rows: int
    records: int
    in_error: int
    continuations: int
    left_out: list[dict[str, Any]]
    findings: list[FindingAnswer]
    checks: list[FindingAnswer]
    changes: ChangeCountsAnswer
    marked: int
    proposed_repeals: int
    conflicts: list[dict[str, Any]]
    warnings: list[dict[str, Any]]
    sheets: list[dict[str, Any]]
    files: list[dict[str, Any]]

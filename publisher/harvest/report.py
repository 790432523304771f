"""Report of a run: counts and findings of each source."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import msgspec
from msgspec import structs

from publisher.ingest.findings import harvest as kinds
from publisher.ingest.findings.kind import Finding, Kind, Place
from publisher.log.evidence.notices import PageNotice
from publisher.log.model import LogError

_MOST_STORED = 200
"""Findings of a run that are stored; the others are counted."""


class PreviewedDocument(msgspec.Struct, frozen=True):
    """A document that a dry run read and did not store."""

    url: str
    title: str
    values: dict[str, str]
    """Title of each field that was read → its text, shortened."""


class SourceReport(msgspec.Struct):
    source: str
    title: str
    asked: int = 0
    """Requests that were answered or failed, including lists."""
    unchanged: int = 0
    """Documents that have not changed (304, or the same bytes)."""
    found: int = 0
    """New addresses of documents."""
    read: int = 0
    """Documents that were read into the draft."""
    copies: int = 0
    """Pages that repeat a document; each is a further source of it."""
    attachments: int = 0
    tables: int = 0
    """Attached tables that were staged in a draft."""
    waiting: int = 0
    """Documents still to be requested, after an interruption or in a dry run."""
    changed: int = 0
    vanished: int = 0
    returned: int = 0
    release: int | None = None
    """Number of the release that the run published."""
    findings: list[Finding] = msgspec.field(default_factory=list)
    previews: list[PreviewedDocument] = msgspec.field(default_factory=list)
    """Documents that a dry run read."""

    def add_finding(self, kind: Kind, url: str, **words: object) -> None:
        self.findings.append(kind.at(Place(url), "", **words))

    def add_refusal(self, kind: Kind, url: str, error: LogError, **words: object) -> None:
        """Report an operation that the log refused, with its reason."""
        self.add_finding(kind, url, because=error.zh.rstrip("。"), because_en=error.en.rstrip("."), **words)

    def add_notices(self, notices: Iterable[PageNotice]) -> None:
        """Count and report changes at the source."""
        for notice in notices:
            words = {"sign": kinds.SIGNS[notice.detected_by], "sign_en": notice.detected_by}
            if notice.kind == "changed":
                self.changed += 1
                self.add_finding(kinds.SOURCE_CHANGED, notice.url, **words)
            elif notice.kind == "vanished":
                self.vanished += 1
                self.add_finding(kinds.SOURCE_VANISHED, notice.url, **words)
            else:
                self.returned += 1
                self.add_finding(kinds.SOURCE_RETURNED, notice.url)

    def to_json(self) -> dict[str, Any]:
        return structs.asdict(self)

    def to_stored(self) -> str:
        """Return JSON with the gravest findings, as many as are stored, and the number of all."""
        gravest = sorted(self.findings, key=lambda one: one.gravity)[:_MOST_STORED]
        stored = StoredReport(structs.replace(self, findings=gravest), len(self.findings))
        return msgspec.json.encode(stored).decode()


class StoredReport(msgspec.Struct, frozen=True):
    """The report of an earlier run. ``findings``: number of all; the report has the gravest."""

    report: SourceReport
    findings: int


read_stored_report = msgspec.json.Decoder(StoredReport).decode
"""Read what :meth:`SourceReport.to_stored` returned."""


class HarvestReport(msgspec.Struct, frozen=True):
    dry_run: bool
    sources: tuple[SourceReport, ...]

    @property
    def findings(self) -> tuple[Finding, ...]:
        return tuple(f for source in self.sources for f in source.findings)

    def to_json(self) -> dict[str, Any]:
        return {"dry_run": self.dry_run, "sources": [source.to_json() for source in self.sources]}

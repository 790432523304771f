"""Bodies of requests and answers about sources, collected documents and repeals."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

import msgspec
from msgspec import Meta

from publisher.desk.api.bodies import Reason, Text
from publisher.desk.api.reports import FindingAnswer, finding_answers
from publisher.desk.documents import CollectedDocument, DocumentReading
from publisher.desk.sources import ReportedRun, SourceState
from publisher.harvest.report import PreviewedDocument, SourceReport
from publisher.harvest.source_config import SourceSite
from publisher.log.model import RepealProposal

_COUNTS = (
    *("asked", "unchanged", "found", "read", "copies", "attachments", "tables"),
    *("waiting", "changed", "vanished", "returned"),
)
"""Numbers of a run, as ``qingdan collect --json`` prints them."""


class RunAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """A run over a source; without counts while it runs, or if it was interrupted."""

    began_at: datetime
    ended_at: datetime | None
    counts: dict[str, int]
    release: int | None
    findings: Annotated[list[FindingAnswer], Meta(description="较重的在前，至多200个 / The gravest 200")]
    findings_total: int


class SourceAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """A source, when it runs next, and its runs, the newest first."""

    source: SourceSite
    next_run: datetime
    drafted: Annotated[int, Meta(description="草稿中的文件 / Files of drafts")]
    pages_set_aside: list[str]
    runs: list[RunAnswer]


class DryRunAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """The documents that a source would bring."""

    counts: dict[str, int]
    documents: list[PreviewedDocument]
    findings: list[FindingAnswer]


class CollectedAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """A collected document of a draft."""

    token: str
    title: str
    address: str
    source: str
    digest: str
    obtained_at: datetime
    in_error: bool


class ReadFieldAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """A field that was read; ``line`` is 0 if it is of no line, such as a meta tag."""

    field: str
    text: str
    line: int


class LineAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """A line of a saved page."""

    number: int
    text: str


class ReadingAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """The reading of a document, beside the lines of its page."""

    token: str
    title: str
    address: str
    fields: list[ReadFieldAnswer]
    lines: list[LineAnswer]
    findings: list[FindingAnswer]


class LeaveOut(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The reason why a document is left out of the draft."""

    reason: Reason


class RepealAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """A document that another one repeals, by a sentence of its text."""

    key: str
    title: str
    by: str
    by_title: str
    sentence: str
    state: str


class RepealDecision(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Repeals by their keys, as they were shown, and whether they are accepted; a refusal says why."""

    keys: Annotated[list[Annotated[str, Meta(max_length=64)]], Meta(min_length=1, max_length=1000)]
    accept: bool
    reason: Text = ""


def source_answer(one: SourceState) -> SourceAnswer:
    return SourceAnswer(
        source=one.site,
        next_run=one.next_run,
        drafted=one.drafted,
        pages_set_aside=[page.url for page in one.failed_pages if page.set_aside],
        runs=[_run_answer(run) for run in one.runs],
    )


def _run_answer(run: ReportedRun) -> RunAnswer:
    stored = run.stored
    return RunAnswer(
        began_at=run.began_at,
        ended_at=run.ended_at,
        counts=_counts(stored.report) if stored else {},
        release=stored.report.release if stored else None,
        findings=finding_answers(stored.report.findings if stored else ()),
        findings_total=stored.findings if stored else 0,
    )


def dry_run_answer(report: SourceReport) -> DryRunAnswer:
    return DryRunAnswer(
        counts=_counts(report), documents=report.previews, findings=finding_answers(report.findings)
    )


def collected_answer(document: CollectedDocument) -> CollectedAnswer:
    one = document.file
    return CollectedAnswer(
        token=one.token,
        title=document.title,
        address=one.source.url or "",
        source=document.source,
        digest=one.source.digest,
        obtained_at=one.source.obtained_at,
        in_error=bool(one.in_error),
    )


def reading_answer(reading: DocumentReading) -> ReadingAnswer:
    return ReadingAnswer(
        token=reading.file.token,
        title=reading.title,
        address=reading.page.url,
        fields=[
            ReadFieldAnswer(field=one.field.name, text=one.text, line=one.line) for one in reading.fields
        ],
        lines=[LineAnswer(number=line.number, text=line.text) for line in reading.lines],
        findings=finding_answers(reading.findings),
    )


def repeal_answer(key: str, one: RepealProposal) -> RepealAnswer:
    return RepealAnswer(
        key=key, title=one.title, by=one.by, by_title=one.by_title, sentence=one.sentence, state=one.state
    )


def _counts(report: SourceReport) -> dict[str, int]:
    return {name: getattr(report, name) for name in _COUNTS}

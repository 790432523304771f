"""Import of a department's files into the draft of a dataset."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from publisher.indexing import worker
from publisher.indexing.worker import Progress
from publisher.ingest.limited_reading import read_within_limits
from publisher.ingest.parsed_file import ImportedRecord, UnreadableFile
from publisher.log.findings.draft_findings import DraftRow
from publisher.log.log import Log
from publisher.log.model import Dataset, DraftDiff, Entry, LogError, Proposal
from publisher.log.record_identity import identity_digest
from publisher.workflow import part_of_file
from publisher.workflow.import_report import ChangeCounts, FileReport, ImportReport
from publisher.workflow.publish_draft import COMPARING, DRAFTING, READING
from schemas.definition.catalogue import Catalogue

_REPORTED_ELSEWHERE = {"rows-in-error", "later-effect"}
"""Conflicts that an import does not report: findings name the rows, ``publish`` reports later states."""


@dataclass(frozen=True, slots=True)
class InputFile:
    """A file to import. Its ``name`` may identify the part; its content identifies the format."""

    name: str
    data: bytes
    url: str | None = None


def import_files(
    log: Log,
    dataset: str,
    files: Sequence[InputFile],
    *,
    part: str | None = None,
    dry_run: bool = False,
    without_errors: bool = False,
    partial: bool = False,
    catalogue: Catalogue | None = None,
    progress: Progress = worker.ignore_progress,
) -> ImportReport:
    """Read the files into the dataset's draft and report what publication would change.

    Nothing is written with ``dry_run``, or if one of the files cannot be read. Each file is one atomic step;
    the same import replaces an earlier one. ``partial``: the files contain only some of the part's records,
    so that no record is removed. ``without_errors``: publication leaves out the rows in error.
    ``catalogue``: a newer state of the dataset's catalogue file with additional optional fields. Raises
    :class:`LogError` if the dataset or the part is unknown or unclear, or the catalogue needs a migration.
    """
    dataset_settings, catalogue = log.datasets.get(dataset), catalogue or log.queries.catalogue(dataset)
    reports = tuple(_read_files(dataset_settings, catalogue, files, part, progress))
    report = ImportReport(
        dataset=dataset,
        catalogue=catalogue.name,
        dry_run=dry_run,
        staged=False,
        files=reports,
        changes=ChangeCounts(),
        without_errors=without_errors,
    )
    if any(file.reading is None for file in reports):
        return report
    counted_files = [
        (file, input_file) for file, input_file in zip(reports, files, strict=True) if file.counted_reading
    ]
    if not catalogue.running:
        _refuse_two_of_one_part([file for file, _ in counted_files])
    proposals = [
        _create_proposal(file, input_file, partial=partial, progress=progress)
        for file, input_file in counted_files
    ]
    if dry_run:
        diff = log.drafts.preview(dataset, proposals, catalogue=catalogue, limit=0)
    else:
        for (file, input_file), proposal in zip(counted_files, proposals, strict=True):
            _stage(log, dataset, file, input_file, proposal, catalogue, without_errors=without_errors)
        progress(COMPARING, 0, None)
        diff = log.drafts.diff(dataset, limit=0)
    checks = log.findings.of_rows(dataset, _rows(dataset, report), catalogue)
    return _add_changes(replace(report, staged=not dry_run, checks=checks), diff)


def _rows(dataset: str, report: ImportReport) -> Iterator[DraftRow]:
    for file in report.files:
        for record in file.counted_reading.records if file.counted_reading else ():
            locator = {"sheet": record.sheet, "rows": record.rows, "cells": record.cells}
            identity = identity_digest(dataset, record.identity) if record.identity else ""
            yield DraftRow(file.file, record.content, locator, identity)


def _read_files(
    dataset: Dataset, catalogue: Catalogue, files: Sequence[InputFile], part: str | None, progress: Progress
) -> Iterator[FileReport]:
    """Yield a report per file. The second of two identical files is reported but not counted."""
    part_for_all = None if part is None else part_of_file.find_part(dataset, part).name
    first_names: dict[tuple[str, str | None], str] = {}
    for number, file in enumerate(files):
        progress(READING, number, len(files))
        try:
            reading = read_within_limits(file.data, name=file.name, catalogue=catalogue)
        except UnreadableFile as unreadable:
            yield FileReport(file.name, None, part=part_for_all, findings=(unreadable.finding,))
            continue
        file_part = part_for_all
        if file_part is None and (identified := part_of_file.identify_part(dataset, reading)) is not None:
            file_part = identified.name
        first = first_names.setdefault((reading.digest, file_part), file.name)
        same_as = first if first is not file.name else None
        yield FileReport(file.name, reading, part=file_part, same_as=same_as)
    progress(READING, len(files), len(files))


def _refuse_two_of_one_part(files: Sequence[FileReport]) -> None:
    """Refuse two files of one part, because the second would silently replace the first."""
    first: dict[str | None, str] = {}
    for file in files:
        earlier = first.setdefault(file.part, file.file)
        if earlier is file.file:
            continue
        part = f"“{file.part}”" if file.part else "整个数据集"
        raise LogError(
            "part-twice",
            f"“{earlier}”和“{file.file}”都属于{part}，后一个会取代前一个。请合为一个文件，或分别指定报送部门。",
            f"{earlier} and {file.file} are both for {file.part or 'the whole dataset'}: the second would "
            "replace the first. Merge them into one file, or choose their parts.",
        )


def _create_proposal(
    file: FileReport, input_file: InputFile, *, partial: bool, progress: Progress
) -> Proposal:
    records = file.reading.records if file.reading else ()
    return Proposal(create_entries(records, progress), part=file.part, name=input_file.name, partial=partial)


def _stage(
    log: Log,
    dataset: str,
    file: FileReport,
    input_file: InputFile,
    proposal: Proposal,
    catalogue: Catalogue,
    *,
    without_errors: bool,
) -> None:
    """Store the original's bytes, then stage its records, so that the draft never names a missing file."""
    reading = file.reading
    if reading is None:
        return
    source = log.evidence.put_source(
        input_file.data,
        name=input_file.name,
        media_type=reading.media_type,
        url=input_file.url,
        partial=proposal.partial,
    )
    log.drafts.stage(
        dataset,
        proposal.entries,
        part=proposal.part,
        source=source,
        parser_version=reading.parser_version,
        partial=proposal.partial,
        left_out=list(_rows_in_error(file)) if without_errors else (),
        catalogue=catalogue,
    )


def _add_changes(report: ImportReport, diff: DraftDiff) -> ImportReport:
    """Add the changes of the draft to the report of the import, its files and sheets.

    The draft may contain earlier imports. All conflicts are reported; counts cover only these files.
    """
    files = []
    for file in report.files:
        if file.counted_reading is None:
            files.append(file)
            continue
        sheets = [sheet for sheet in diff.sheets if (sheet.part, sheet.file) == (file.part, file.file)]
        by_sheet = {sheet.sheet: _sum_counts(sheet.counts) for sheet in sheets if sheet.sheet is not None}
        total = sum((_sum_counts(sheet.counts) for sheet in sheets), start=ChangeCounts())
        files.append(replace(file, changes=total, sheet_changes=by_sheet))
    return replace(
        report,
        files=tuple(files),
        changes=sum((file.changes for file in files), start=ChangeCounts()),
        conflicts=tuple(c for c in diff.conflicts if c.code not in _REPORTED_ELSEWHERE),
        warnings=diff.warnings,
        marked=diff.marked,
        proposed_repeals=len(diff.repeals),
    )


def _sum_counts(counts: Mapping[str, int]) -> ChangeCounts:
    return ChangeCounts(
        **{kind: counts.get(kind, 0) for kind in ("added", "changed", "removed", "unchanged")}
    )


def create_entries(
    records: Sequence[ImportedRecord], progress: Progress = worker.ignore_progress
) -> Iterator[Entry]:
    """Convert records to entries of a draft."""
    total = len(records)
    for number, record in enumerate(records):
        if number % 1_000 == 0:
            progress(DRAFTING, number, total)
        yield Entry(
            content=record.content,
            source_text=record.source_text,
            locator={"sheet": record.sheet, "rows": record.rows, "cells": dict(record.cells)},
            originals=dict(record.originals),
            in_error=record.in_error,
            identity=record.identity,
        )
    progress(DRAFTING, total, total)


def _rows_in_error(file: FileReport) -> Iterator[Mapping[str, Any]]:
    """Yield the rows in error in the form in which a release lists rows left out."""
    for record in file.reading.records if file.reading else ():
        if record.in_error:
            yield {"file": file.file, "sheet": record.sheet, "rows": list(record.rows), "reason": "error"}

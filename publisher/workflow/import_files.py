"""Files that a department hands in, read into the draft of a dataset."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from publisher.indexing import worker
from publisher.ingest.parsed_file import ImportedRecord, UnreadableFile
from publisher.ingest.read_file import read_file
from publisher.log.log import Log
from publisher.log.model import Dataset, DraftDiff, Entry, LogError, Proposal
from publisher.workflow import part_of_file
from publisher.workflow.import_report import Changes, FileReport, ImportReport
from publisher.workflow.publish_draft import COMPARING, DRAFTING, READING, Progress
from schemas.definition.catalogue import Catalogue

_TOLD_ELSEWHERE = {"rows-in-error", "later-effect"}
"""Conflicts that an import does not show: findings name the rows, ``publish`` asks about later states."""


@dataclass(frozen=True, slots=True)
class GivenFile:
    """A file as it was handed in. ``name`` may tell the part it is from; the content tells its format."""

    name: str
    data: bytes
    url: str | None = None


def import_files(
    log: Log,
    dataset: str,
    files: Sequence[GivenFile],
    *,
    part: str | None = None,
    dry_run: bool = False,
    without_errors: bool = False,
    partial: bool = False,
    catalogue: Catalogue | None = None,
    progress: Progress = worker.silent,
) -> ImportReport:
    """Read the files into the dataset's draft and say what publication would change.

    Nothing is written with ``dry_run``, nor where one of the files cannot be read at all. Each file is one
    step that is done or not done; running the same import again replaces it. ``partial``: the files hold
    only some of the part's records, so that none is removed. ``without_errors``: publication goes on without
    the rows in error. ``catalogue``: a later state of the dataset's catalogue file, with optional fields
    added. Raises :class:`LogError` where the dataset or the part is unknown or unclear, or where the
    catalogue needs a migration.
    """
    kept_by, catalogue = log.datasets.get(dataset), catalogue or log.queries.catalogue(dataset)
    read = tuple(_read(kept_by, catalogue, files, part, progress))
    report = ImportReport(
        dataset=dataset,
        catalogue=catalogue.name,
        dry_run=dry_run,
        staged=False,
        files=read,
        changes=Changes(),
        without_errors=without_errors,
    )
    if any(file.reading is None for file in read):
        return report
    counted = [(file, given) for file, given in zip(read, files, strict=True) if file.counted]
    if not catalogue.running:
        _refuse_two_of_one_part([file for file, _ in counted])
    proposals = [_proposal(file, given, partial=partial, progress=progress) for file, given in counted]
    if dry_run:
        diff = log.drafts.preview_all(dataset, proposals, catalogue=catalogue, limit=0)
    else:
        for (file, given), proposal in zip(counted, proposals, strict=True):
            _stage(log, dataset, file, given, proposal, catalogue, without_errors=without_errors)
        progress(COMPARING, 0, None)
        diff = log.drafts.diff(dataset, limit=0)
    return _with_changes(replace(report, staged=not dry_run), diff)


def _read(
    dataset: Dataset, catalogue: Catalogue, files: Sequence[GivenFile], part: str | None, progress: Progress
) -> Iterator[FileReport]:
    """Every file as it reads; the second of two files with the same bytes is named, and not counted."""
    named = None if part is None else part_of_file.named(dataset, part).name
    seen: dict[tuple[str, str | None], str] = {}
    for number, file in enumerate(files):
        progress(READING, number, len(files))
        try:
            reading = read_file(file.data, name=file.name, catalogue=catalogue)
        except UnreadableFile as unreadable:
            yield FileReport(file.name, None, part=named, findings=(unreadable.finding,))
            continue
        told = named
        if told is None and (found := part_of_file.told(dataset, reading)) is not None:
            told = found.name
        first = seen.setdefault((reading.digest, told), file.name)
        again = first if first is not file.name else None
        yield FileReport(file.name, reading, part=told, same_as=again)
    progress(READING, len(files), len(files))


def _refuse_two_of_one_part(files: Sequence[FileReport]) -> None:
    """The second would silently take the place of the first."""
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
            "replace the first. Make them one file, or declare their parts.",
        )


def _proposal(file: FileReport, given: GivenFile, *, partial: bool, progress: Progress) -> Proposal:
    records = file.reading.records if file.reading else ()
    return Proposal(entries_of(records, progress), part=file.part, name=given.name, partial=partial)


def _stage(
    log: Log,
    dataset: str,
    file: FileReport,
    given: GivenFile,
    proposal: Proposal,
    catalogue: Catalogue,
    *,
    without_errors: bool,
) -> None:
    """The original's bytes first: they are durable before the draft names them."""
    reading = file.reading
    if reading is None:
        return
    source = log.evidence.put_source(
        given.data, name=given.name, media_type=reading.media_type, url=given.url, partial=proposal.partial
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


def _with_changes(report: ImportReport, diff: DraftDiff) -> ImportReport:
    """The report with what the comparison found: of the import, of each file, of each sheet.

    The draft may hold earlier imports: conflicts are told whoever brought them, counts are of these files.
    """
    files = []
    for file in report.files:
        if file.counted is None:
            files.append(file)
            continue
        of_file = [one for one in diff.sheets if (one.part, one.file) == (file.part, file.file)]
        by_sheet = {one.sheet: _changes(one.counts) for one in of_file if one.sheet is not None}
        total = sum((_changes(one.counts) for one in of_file), start=Changes())
        files.append(replace(file, changes=total, sheet_changes=by_sheet))
    return replace(
        report,
        files=tuple(files),
        changes=sum((file.changes for file in files), start=Changes()),
        conflicts=tuple(c for c in diff.conflicts if c.code not in _TOLD_ELSEWHERE),
        warnings=diff.warnings,
        marked=diff.marked,
    )


def _changes(counts: Mapping[str, int]) -> Changes:
    return Changes(**{kind: counts.get(kind, 0) for kind in ("added", "changed", "removed", "unchanged")})


def entries_of(records: Sequence[ImportedRecord], progress: Progress = worker.silent) -> Iterator[Entry]:
    """Records as a draft takes them."""
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
        )
    progress(DRAFTING, total, total)


def _rows_in_error(file: FileReport) -> Iterator[Mapping[str, Any]]:
    """What a release says of a row left out; worded as the log words it, so that it is said once."""
    for record in file.reading.records if file.reading else ():
        if record.in_error:
            yield {"file": file.file, "sheet": record.sheet, "rows": list(record.rows), "reason": "error"}

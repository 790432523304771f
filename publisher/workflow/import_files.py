"""Import of a department's files into the draft of a dataset."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import msgspec
from msgspec import structs

from publisher.indexing import indexer
from publisher.indexing.indexer import Progress
from publisher.ingest.limited_reading import read_within_limits
from publisher.ingest.parsed_file import ImportedRecord, MendedCell, Reading, UnreadableFile
from publisher.log.findings.draft_findings import UnpublishedRow
from publisher.log.log import Log
from publisher.log.model import Dataset, DraftDiff, DraftEntry, LogError, Proposal
from publisher.log.record_identity import identity_digest
from publisher.workflow import part_of_file
from publisher.workflow.import_report import ChangeCounts, FileReport, ImportReport
from publisher.workflow.steps import COMPARING, DRAFTING, READING
from schemas.definition import file_loader
from schemas.definition.catalogue import Catalogue, add_headings


class Staging(msgspec.Struct, frozen=True):
    """The arguments of :func:`import_files` that apply to each file that is staged."""

    catalogue: Catalogue
    without_errors: bool
    expected: Sequence[str] | None


_REPORTED_ELSEWHERE = {"rows-in-error", "later-effect"}
"""Conflicts that an import does not report: findings name the rows, ``publish`` reports later states."""


class InputFile(msgspec.Struct, frozen=True):
    """A file to import. Its ``name`` may identify the part; its content identifies the format."""

    name: str
    data: bytes
    url: str | None = None
    mended: Sequence[MendedCell] = ()
    """Cells whose text a clerk replaced."""


def find_catalogue_file(log: Log, dataset: str, folder: Path | None) -> Catalogue | None:
    """Return the catalogue file of a dataset, which may have new optional fields.

    ``folder``: of the site's own catalogues. None if the file was deleted: the log has a copy.
    """
    return file_loader.find_catalogue(log.datasets.get(dataset).catalogue, folder)


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
    expected: Sequence[str] | None = None,
    new_dataset: Dataset | None = None,
    progress: Progress = indexer.ignore_progress,
) -> ImportReport:
    """Read the files into the dataset's draft and report what publication would change.

    Nothing is written with ``dry_run``, or if one of the files cannot be read. Each file is one atomic step;
    the same import replaces an earlier one. ``partial``: the files contain only some of the part's records,
    so that no record is removed. ``without_errors``: publication leaves out the rows in error.
    ``catalogue``: a newer state of the dataset's catalogue file with additional optional fields.
    ``expected``: tokens of the part's imports in the draft that the person has seen; for one file only.
    ``new_dataset``: the dataset, if there is none yet; it is created, with ``catalogue``, once
    all files could be read. A dry run creates none: it needs one that exists.
    Raises :class:`LogError` if the dataset or the part is unknown or unclear, the catalogue needs a
    migration, a cell cannot be mended, or the draft is another one than expected.
    """
    if dry_run:
        new_dataset = None
    dataset_settings = new_dataset or log.datasets.get(dataset)
    catalogue = catalogue or log.queries.catalogue(dataset)
    headings = log.datasets.headings(dataset) if new_dataset is None else {}
    reading_catalogue = add_headings(catalogue, headings)
    reports = tuple(_read_files(dataset_settings, reading_catalogue, files, part, progress))
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
    refuse_two = _refuse_two_of_one_name if catalogue.running else _refuse_two_of_one_part
    refuse_two([file for file, _ in counted_files])
    proposals = [
        _create_proposal(file, input_file, partial=partial, progress=progress)
        for file, input_file in counted_files
    ]
    if new_dataset is not None:
        log.datasets.create(new_dataset, catalogue)
    if dry_run:
        diff = log.drafts.preview(dataset, proposals, catalogue=catalogue, limit=0)
    else:
        for (file, input_file), proposal in zip(counted_files, proposals, strict=True):
            staging = Staging(catalogue, without_errors, expected)
            _stage(log, dataset, file, input_file, proposal, staging)
        progress(COMPARING, 0, None)
        diff = log.drafts.diff(dataset, limit=0)
    checks = log.findings.of_rows(dataset, _rows(dataset, report), catalogue)
    return _add_changes(structs.replace(report, staged=not dry_run, checks=checks), diff)


def _rows(dataset: str, report: ImportReport) -> Iterator[UnpublishedRow]:
    """Yield the records of all counted files as the checks read them."""
    for file in report.files:
        for record in file.counted_reading.records if file.counted_reading else ():
            locator = {"sheet": record.sheet, "rows": record.rows, "cells": record.cells}
            identity = identity_digest(dataset, record.identity) if record.identity else ""
            yield UnpublishedRow(file.file, record.content, locator, identity)


def _read_files(
    dataset: Dataset, catalogue: Catalogue, files: Sequence[InputFile], part: str | None, progress: Progress
) -> Iterator[FileReport]:
    """Yield a report per file. The second of two identical files is reported but not counted."""
    part_for_all = None if part is None else part_of_file.find_part(dataset, part).name
    first_names: dict[tuple[str, str | None], str] = {}
    for number, file in enumerate(files):
        progress(READING, number, len(files))
        try:
            reading = read_within_limits(file.data, name=file.name, catalogue=catalogue, mended=file.mended)
        except UnreadableFile as unreadable:
            yield FileReport(file.name, None, part=part_for_all, findings=(unreadable.finding,))
            continue
        _require_mended(reading, file.mended)
        file_part = part_for_all
        if file_part is None and (identified := part_of_file.identify_part(dataset, reading)) is not None:
            file_part = identified.name
        same_as = first_names.get((reading.digest, file_part))
        first_names.setdefault((reading.digest, file_part), file.name)
        yield FileReport(file.name, reading, part=file_part, same_as=same_as)
    progress(READING, len(files), len(files))


def _require_mended(reading: Reading, mended: Sequence[MendedCell]) -> None:
    """Refuse a mended cell that no record contains: no record would show that it was mended."""
    rows = {(record.sheet, row) for record in reading.records for row in record.rows}
    if len(reading.mended) < len(mended) or any((one.sheet, one.row) not in rows for one in reading.mended):
        raise LogError(
            "cannot-mend",
            "这一处不能在此更改：它不是表格中条目的单元格。请在原文件中改正后重新报送。",
            "This cannot be changed here: it is not a cell of a record of a table. Fix and hand in the file.",
        )


def _refuse_two_of_one_part(files: Sequence[FileReport]) -> None:
    """Refuse two files of one part, because the second would silently replace the first."""
    first: dict[str | None, str] = {}
    for file in files:
        earlier = first.get(file.part)
        if earlier is None:
            first[file.part] = file.file
            continue
        part = f"“{file.part}”" if file.part else "整个数据集"
        raise LogError(
            "part-twice",
            f"“{earlier}”和“{file.file}”都属于{part}，后一个会取代前一个。请合为一个文件，或分别指定报送部门。",
            f"{earlier} and {file.file} are both for {file.part or 'the whole dataset'}: the second would "
            "replace the first. Merge them into one file, or choose their parts.",
        )


def _refuse_two_of_one_name(files: Sequence[FileReport]) -> None:
    """Refuse two files of one name, of which a running catalogue would keep the second only."""
    names = Counter((file.part, file.file) for file in files)
    for (_, name), count in names.items():
        if count > 1:
            raise LogError(
                "name-twice",
                f"有{count}个文件都叫“{name}”，后一个会取代前一个。请改用不同的文件名。",
                f"{count} files have the name {name}: the last would replace the others. Rename them.",
            )


def _create_proposal(
    file: FileReport, input_file: InputFile, *, partial: bool, progress: Progress
) -> Proposal:
    records, mended = (file.reading.records, file.reading.mended) if file.reading else ((), ())
    return Proposal(
        create_entries(records, progress, mended), part=file.part, name=input_file.name, partial=partial
    )


def _stage(
    log: Log,
    dataset: str,
    file: FileReport,
    input_file: InputFile,
    proposal: Proposal,
    staging: Staging,
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
        left_out=list(_rows_in_error(file)) if staging.without_errors else (),
        catalogue=staging.catalogue,
        expected=staging.expected,
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
        files.append(structs.replace(file, changes=total, sheet_changes=by_sheet))
    return structs.replace(
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
    records: Sequence[ImportedRecord],
    progress: Progress = indexer.ignore_progress,
    mended: Sequence[MendedCell] = (),
) -> Iterator[DraftEntry]:
    """Convert records to entries of a draft, with what was mended in their rows."""
    total = len(records)
    by_row: dict[tuple[str, int], list[MendedCell]] = {}
    for one in mended:
        by_row.setdefault((one.sheet, one.row), []).append(one)
    for number, record in enumerate(records):
        if number % 1_000 == 0:
            progress(DRAFTING, number, total)
        yield DraftEntry(
            content=record.content,
            source_text=record.source_text,
            locator={
                "sheet": record.sheet,
                "rows": record.rows,
                "cells": dict(record.cells),
                **(_describe_mended(record, by_row) if by_row else {}),
            },
            originals=dict(record.originals),
            in_error=record.in_error,
            identity=record.identity,
        )
    progress(DRAFTING, total, total)


def _describe_mended(
    record: ImportedRecord, by_row: Mapping[tuple[str, int], Sequence[MendedCell]]
) -> Mapping[str, Any]:
    cells = [one for row in record.rows for one in by_row.get((record.sheet, row), ())]
    texts = {one.cell: {"read": one.read, "written": one.written} for one in cells if one.read != one.written}
    return {"mended": texts} if texts else {}


def read_mended(locators: Iterable[Mapping[str, Any]]) -> Sequence[MendedCell]:
    """Return the cells that the locators of records say were mended."""
    return [
        MendedCell(str(locator.get("sheet", "")), cell, texts["written"], texts["read"])
        for locator in locators
        for cell, texts in (locator.get("mended") or {}).items()
    ]


def _rows_in_error(file: FileReport) -> Iterator[Mapping[str, Any]]:
    """Yield the rows in error in the form in which a release lists rows left out."""
    for record in file.reading.records if file.reading else ():
        if record.in_error:
            yield {"file": file.file, "sheet": record.sheet, "rows": list(record.rows), "reason": "error"}

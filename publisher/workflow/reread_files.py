"""Kept files of what is in force, read again with today's readers: what would come out otherwise."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

from publisher.ingest import read_file
from publisher.ingest.documents import official_document
from publisher.ingest.limited_reading import read_within_limits
from publisher.ingest.parsed_file import ImportedRecord, UnreadableFile
from publisher.log.drafts.plan import REREAD_SIGN
from publisher.log.field_changes import compare_states
from publisher.log.log import Log
from publisher.log.model import Entry, FieldChange, LogError
from publisher.log.queries.read_sources import ReadRecord, ReadSource
from publisher.workflow.import_files import create_entries
from schemas.definition.catalogue import Catalogue

type Identity = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Difference:
    """A record that would come out otherwise."""

    kind: Literal["changed", "added", "removed", "in-error"]
    """``in-error``: today's reader complains of the row, so the published content stays."""
    title: str
    part: str | None
    fields: tuple[FieldChange, ...] = ()


@dataclass(slots=True)
class PartReading:
    """The second reading of the files of one part."""

    part: str | None
    sources: list[ReadSource] = field(default_factory=list)
    differences: list[Difference] = field(default_factory=list)
    unread: list[tuple[str, str, str]] = field(default_factory=list)
    """Files that could not be read: name, reason in Chinese, in English."""
    entries: dict[Identity, Entry] = field(default_factory=dict)
    """What a draft would contain: everything of the part, read again; what was typed by hand stays."""

    @property
    def staged_differences(self) -> int:
        return sum(difference.kind != "in-error" for difference in self.differences)


def count_concerned(log: Log, dataset: str) -> int:
    """Count the records in force that an earlier version of the reader has read."""
    version = _version(log.queries.catalogue(dataset))
    return log.queries.count_older_readings(dataset, (version,))


def _version(catalogue: Catalogue) -> str:
    return official_document.PARSER_VERSION if catalogue.of_documents else read_file.PARSER_VERSION


def reread(log: Log, dataset: str, catalogue: Catalogue) -> tuple[PartReading, ...]:
    """Read the kept bytes again. Nothing is written. Corrections and renames by hand stay as they are."""
    parts: dict[str | None, PartReading] = {}
    for source in log.queries.read_sources(dataset):
        part = parts.setdefault(source.part, PartReading(source.part))
        part.sources.append(source)
    in_force = {
        catalogue.identity_of(record.content)
        for part in parts.values()
        for source in part.sources
        for record in source.records
    }
    for part in parts.values():
        for source in part.sources:
            _reread_source(log, part, source, catalogue, in_force)
    return tuple(parts.values())


def stage_rereading(log: Log, dataset: str, readings: Sequence[PartReading], catalogue: Catalogue) -> int:
    """Stage what differs as a draft, whose changes have the cause ``reading``. → number of differences.

    Raises ``LogError('draft-in-the-way')``.
    """
    if log.drafts.get(dataset) is not None:
        raise LogError(
            "draft-in-the-way",
            "尚有草稿，请先发布或丢弃。",
            "There is a draft; publish or discard it first.",
        )
    different = [part for part in readings if part.staged_differences]
    for part in different:
        newest = part.sources[-1]
        source = log.evidence.put_source(
            log.evidence.source_bytes(newest.source.digest),
            name=newest.source.name,
            media_type=newest.source.media_type,
            url=newest.source.url,
            detected_by=REREAD_SIGN,
            partial=newest.source.partial,
        )
        log.drafts.stage(
            dataset,
            part.entries.values(),
            part=part.part,
            source=source,
            parser_version=_version(catalogue),
            partial=not newest.newest,
            catalogue=catalogue,
        )
    return sum(part.staged_differences for part in different)


def _reread_source(
    log: Log, part: PartReading, source: ReadSource, catalogue: Catalogue, in_force: set[Identity]
) -> None:
    rows = _read_again(log, part, source, catalogue) if source.readable else None
    for record in source.records:
        identity = catalogue.identity_of(record.content)
        part.entries[identity] = _kept_entry(record)
        if rows is None or not record.source_text:
            continue
        row = rows.get(identity)
        if row is None:
            part.differences.append(Difference("removed", record.title, part.part))
            del part.entries[identity]
        elif row.in_error:
            part.differences.append(Difference("in-error", record.title, part.part))
        elif row.content != record.content:
            part.differences.append(_compare(record, row, part.part, catalogue))
            part.entries[identity] = _new_entry(row)
    if source.newest and rows is not None:
        for identity, row in rows.items():
            if identity not in in_force and not row.in_error:
                title = catalogue.title_of(row.content)
                part.differences.append(Difference("added", title, part.part))
                part.entries[identity] = _new_entry(row)


def _read_again(
    log: Log, part: PartReading, source: ReadSource, catalogue: Catalogue
) -> Mapping[Identity, ImportedRecord] | None:
    try:
        data = log.evidence.source_bytes(source.source.digest)
        reading = read_within_limits(data, name=source.source.name, catalogue=catalogue)
    except UnreadableFile as error:
        finding = error.finding
        part.unread.append((source.source.name, finding.message_zh, finding.message_en))
        return None
    except LogError as error:
        part.unread.append((source.source.name, error.zh, error.en))
        return None
    return {catalogue.identity_of(record.content): record for record in reading.records}


def _compare(record: ReadRecord, row: ImportedRecord, part: str | None, catalogue: Catalogue) -> Difference:
    order = {field.name: number for number, field in enumerate(catalogue.fields)}
    fields = compare_states(record.content, row.content, order, parts=(part, part))
    return Difference("changed", record.title, part, fields)


def _kept_entry(record: ReadRecord) -> Entry:
    return Entry(record.content, record.source_text, record.locator, record.originals)


def _new_entry(row: ImportedRecord) -> Entry:
    (entry,) = create_entries((row,))
    return entry

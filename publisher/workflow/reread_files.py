"""Stored files of records in force, read again with today's readers, and the differences that come out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Literal

import msgspec
from msgspec import structs

from publisher.ingest import read_file
from publisher.ingest.documents import official_document
from publisher.ingest.limited_reading import read_within_limits
from publisher.ingest.parsed_file import ImportedRecord, MendedCell, Reading, UnreadableFile
from publisher.log.database.held_records import REREAD_SIGN
from publisher.log.drafts.namesakes import iter_identities
from publisher.log.field_changes import compare_states
from publisher.log.log import Log
from publisher.log.model import DraftEntry, FieldChange, LogError
from publisher.log.queries.source_readings import RecordReading, SourceReading
from publisher.log.record_identity import identity_digest
from publisher.workflow.import_files import create_entries, read_mended
from schemas.definition.catalogue import Catalogue, add_headings


class ReadingDifference(msgspec.Struct, frozen=True):
    """A record that today's reader reads otherwise."""

    kind: Literal["changed", "added", "removed", "in-error"]
    """``in-error``: today's reader finds an error in the row, so the published content stays."""
    title: str
    part: str | None
    fields: tuple[FieldChange, ...] = ()


class PartReading(msgspec.Struct):
    """The second reading of the files of one part."""

    part: str | None
    sources: list[SourceReading] = msgspec.field(default_factory=list)
    differences: list[ReadingDifference] = msgspec.field(default_factory=list)
    unread: list[tuple[str, str, str]] = msgspec.field(default_factory=list)
    """Files that could not be read: name, reason in Chinese, in English."""
    entries: dict[str, DraftEntry] = msgspec.field(default_factory=dict)
    """Entries of a draft with the whole part, by id of the record or digest of the identity of a new one.
    Contents typed by hand stay as they are.
    """

    @property
    def staged_differences(self) -> int:
        return sum(difference.kind != "in-error" for difference in self.differences)


def count_older_readings(log: Log, dataset: str) -> int:
    """Count the records in force that an earlier version of the reader has read."""
    version = _version(log.queries.catalogue(dataset))
    return log.queries.count_older_readings(dataset, (version,))


def _version(catalogue: Catalogue) -> str:
    return official_document.PARSER_VERSION if catalogue.of_documents else read_file.PARSER_VERSION


def reread(log: Log, dataset: str, catalogue: Catalogue) -> tuple[PartReading, ...]:
    """Read the stored bytes again. Nothing is written. Corrections and renames by hand stay as they are."""
    parts: dict[str | None, PartReading] = {}
    for source in log.queries.source_readings(dataset):
        part = parts.setdefault(source.part, PartReading(source.part))
        part.sources.append(source)
    identities = _Identities(dataset, add_headings(catalogue, log.datasets.headings(dataset)))
    in_force = {
        digest
        for part in parts.values()
        for source in part.sources
        for record in source.records
        for digest in identities.of_record(record)
    }
    for part in parts.values():
        for source in part.sources:
            _reread_source(log, part, source, identities, in_force)
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
        last = part.sources[-1]
        source = log.evidence.put_source(
            log.evidence.source_bytes(last.source.digest),
            name=last.source.name,
            media_type=last.source.media_type,
            url=last.source.url,
            detected_by=REREAD_SIGN,
            partial=last.source.partial,
        )
        log.drafts.stage(
            dataset,
            part.entries.values(),
            part=part.part,
            source=source,
            parser_version=_version(catalogue),
            partial=not last.newest,
            catalogue=catalogue,
        )
    return sum(part.staged_differences for part in different)


class _Identities:
    """Match rows and records: several items may have one code, and several documents one title."""

    def __init__(self, dataset: str, catalogue: Catalogue) -> None:
        self._dataset, self.catalogue = dataset, catalogue

    def of_row(self, row: ImportedRecord) -> list[str]:
        """Return the digests by which the record of a row may be known: its identity first, then its name."""
        own = self.catalogue.identities_of(row.content)
        chosen = row.identity or own[0]
        return [self._digest(chosen), *(self._digest(other) for other in own[1:] if other != chosen)]

    def of_record(self, record: RecordReading) -> list[str]:
        """Return the digests by which the row of a record may be known: its identity, its name, its code."""
        own = [self._digest(identity) for identity in self.catalogue.identities_of(record.content)]
        return [record.identity, *reversed(own)]

    def find_own(self, record: RecordReading) -> tuple[str, ...] | None:
        """Return the identity by which a record is known, or None if its content does not contain it."""
        identities = iter_identities(self.catalogue, record.content)
        return next((one for one in identities if self._digest(one) == record.identity), None)

    def _digest(self, identity: tuple[str, ...]) -> str:
        return identity_digest(self._dataset, identity)


def _reread_source(
    log: Log, part: PartReading, source: SourceReading, identities: _Identities, in_force: set[str]
) -> None:
    """Add the differences of one file, and its entries, to ``part``. ``in_force``: digests of all records."""
    catalogue = identities.catalogue
    reading = _read_again(log, part, source, catalogue) if source.readable else None
    rows, mended = (None, ()) if reading is None else (reading.records, reading.mended)
    by_digest = _index_rows(rows or (), identities)
    matched: set[int] = set()
    for record in source.records:
        own = identities.find_own(record)
        part.entries[record.id] = structs.replace(_create_entry_as_published(record), identity=own)
        if rows is None or not record.source_text:
            continue
        row = next((by_digest[d] for d in identities.of_record(record) if d in by_digest), None)
        if row is None:
            part.differences.append(ReadingDifference("removed", record.title, part.part))
            del part.entries[record.id]
            continue
        matched.add(id(row))
        if row.in_error:
            part.differences.append(ReadingDifference("in-error", record.title, part.part))
        elif row.content != record.content:
            part.differences.append(_compare(record, row, part.part, catalogue))
            part.entries[record.id] = structs.replace(_new_entry(row, mended), identity=own)
    if source.newest:
        for row in rows or ():
            digests = identities.of_row(row)
            if id(row) not in matched and in_force.isdisjoint(digests) and not row.in_error:
                title = catalogue.title_of(row.content)
                part.differences.append(ReadingDifference("added", title, part.part))
                part.entries[digests[0]] = _new_entry(row, mended)


def _index_rows(rows: Sequence[ImportedRecord], identities: _Identities) -> Mapping[str, ImportedRecord]:
    """Map the digest of each row's identity to the row; names too, unless they are the identity of a row."""
    digests = [(row, identities.of_row(row)) for row in rows]
    by_digest = {own: row for row, (own, *_) in digests}
    for row, (_, *names) in digests:
        for name in names:
            by_digest.setdefault(name, row)
    return by_digest


def _read_again(log: Log, part: PartReading, source: SourceReading, catalogue: Catalogue) -> Reading | None:
    """Read a file again, with what a clerk mended in the rows that were published."""
    mended = read_mended(record.locator for record in source.records)
    try:
        data = log.evidence.source_bytes(source.source.digest)
        return read_within_limits(data, name=source.source.name, catalogue=catalogue, mended=mended)
    except UnreadableFile as error:
        finding = error.finding
        part.unread.append((source.source.name, finding.message_zh, finding.message_en))
        return None
    except LogError as error:
        part.unread.append((source.source.name, error.zh, error.en))
        return None


def _compare(
    record: RecordReading, row: ImportedRecord, part: str | None, catalogue: Catalogue
) -> ReadingDifference:
    order = {field.name: number for number, field in enumerate(catalogue.fields)}
    fields = compare_states(record.content, row.content, order, parts=(part, part))
    return ReadingDifference("changed", record.title, part, fields)


def _create_entry_as_published(record: RecordReading) -> DraftEntry:
    return DraftEntry(record.content, record.source_text, record.locator, record.originals)


def _new_entry(row: ImportedRecord, mended: Sequence[MendedCell]) -> DraftEntry:
    (entry,) = create_entries((row,), mended=mended)
    return entry

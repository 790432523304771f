"""Value types of the log: datasets, parts, releases, changes, spans and views."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date, datetime
from functools import partial
from typing import Any, Literal

import msgspec

from publisher.log.predicate import Predicate
from schemas.definition.catalogue import Content

type ChangeKind = Literal["added", "changed", "removed", "renamed", "corrected", "withdrawn"]
type Cause = Literal["source", "reading"]
type Status = Literal["current", "future", "removed", "withdrawn", "erased"]
type OnConflict = Literal["refuse", "keep", "replace"]
MOST_FACET_VALUES = 100
"""Maximum number of values of a facet of changes, findings and commitments: the most frequent."""
type StageMode = Literal["snapshot", "partial", "append"]


def most_frequent(counts: Mapping[str, int]) -> tuple[tuple[str, int], ...]:
    """List the values of a facet with their numbers, the most frequent first, equal ones by value."""
    return tuple(sorted(counts.items(), key=lambda one: (-one[1], one[0]))[:MOST_FACET_VALUES])


_object = msgspec.json.Decoder(dict[str, Any]).decode


class Site(msgspec.Struct, frozen=True):
    base: str
    """Base address of every identifier, without a trailing slash; never derived from a request."""
    tag_authority: str
    """Tag URI authority and date (RFC 4151), e.g. ``data.example.gov.cn,2026-11-23``."""


class Part(msgspec.Struct, frozen=True):
    name: str
    aliases: tuple[str, ...] = ()
    code: str | None = None
    valid_from: date | None = None
    valid_to: date | None = None


class Dataset(msgspec.Struct, frozen=True):
    name: str
    catalogue: str
    title: str
    title_en: str
    body: str
    division: str | None
    licence: str
    contact: str
    description: str = ""
    notice: str = ""
    """Notice that readers must see first, for example 演示数据 or 不完整 (partial)."""
    labels: tuple[str, ...] = ()
    """``demo``, ``partial``: the machine-readable form of ``notice``."""
    source_note: str = ""
    parts: tuple[Part, ...] = ()
    two_persons: bool = False
    """Nothing is published without the approval of a second person."""
    update_months: int | None = None
    """Months within which it is promised to be published again; None: no promise."""
    created_at: datetime | None = None
    named_at: datetime | None = None
    """Time when its details or a part were last changed. Responses of every state show the new ones."""


class Source(msgspec.Struct, frozen=True):
    """Provenance of bytes. ``digest`` is SHA-256, hexadecimal."""

    digest: str
    name: str
    media_type: str
    size: int
    obtained_at: datetime
    url: str | None = None
    detected_by: str = "upload"
    partial: bool = False
    parser_version: str = ""
    """Version of the parser, once the bytes were parsed."""
    salt: str | None = None
    """Salt of the hash of name and address in the document of its release, hexadecimal."""


class DraftEntry(msgspec.Struct, frozen=True):
    """One record parsed by an import, to be staged in a draft."""

    content: Content
    source_text: str = ""
    """Digest of the publisher's own cells; distinguishes a change at the source from an improved parser."""
    locator: Mapping[str, Any] = msgspec.field(default_factory=dict)
    """Position in the file: ``{"sheet": …, "rows": […], "cells": {field: "C5"}}``.

    With ``"mended": {"C5": {"read": …, "written": …}}`` for cells whose text a clerk replaced.
    """
    originals: Mapping[str, str] = msgspec.field(default_factory=dict)
    """Field → original text of the cell, if the value differs from it. Never contains personal columns."""
    in_error: bool = False
    """One of its findings is an error: publication is refused, or continues without the entry."""
    identity: tuple[str, ...] | None = None
    """The alternative of its identity that counts, if not the first: several items share a code."""


class Proposal(msgspec.Struct, frozen=True):
    """An import to preview, not staged in a draft."""

    entries: Iterable[DraftEntry]
    part: str | None
    name: str = ""
    """Name of the file, which identifies the counts of its sheets."""
    partial: bool = False


class DraftImport(msgspec.Struct, frozen=True):
    """Summary of one import in a draft, which is of one file."""

    part: str | None
    source: Source
    mode: StageMode
    parser_version: str
    records: int
    in_error: int
    left_out: tuple[Mapping[str, Any], ...] = ()
    key: int = 0
    token: str = ""
    """Changes with every import, also of the same file; a key is used again."""

    @property
    def leaves_out_errors(self) -> bool:
        """Whether its rows in error, if it has any, are left out of the publication."""
        return not self.in_error or any(row.get("reason") == "error" for row in self.left_out)


class Draft(msgspec.Struct, frozen=True):
    """Imports staged for the next release of a dataset."""

    dataset: str
    catalogue_digest: str
    imports: tuple[DraftImport, ...]
    accepted_repeals: int = 0
    """Repeals that a clerk accepted; publication marks their documents."""

    @property
    def records(self) -> int:
        return sum(i.records for i in self.imports)

    @property
    def in_error(self) -> int:
        return sum(i.in_error for i in self.imports)


class RepealProposal(msgspec.Struct, frozen=True):
    """A document that another one ends, by a sentence of its text. A clerk accepts or refuses it."""

    record: str
    """Id of the ended record, or its identity while it is in the draft only."""
    title: str
    by: str
    """Document number of the repealing document, or its title in 《》."""
    by_title: str
    sentence: str
    """Sentence or list item of that document which ends this one; blank if it has no text."""
    state: Literal["proposed", "accepted", "refused"]


class Conflict(msgspec.Struct, frozen=True):
    """Reason why a draft cannot be published, or a warning to review before it. ``code`` is stable."""

    code: str
    message_zh: str
    message_en: str
    identity: tuple[str, ...] = ()
    locators: tuple[Mapping[str, Any], ...] = ()
    entries: tuple[tuple[int, int], ...] = ()
    """Import and position of the rows in conflict. In a running catalogue it blocks only these."""


class FieldChange(msgspec.Struct, frozen=True):
    field: str
    before: Any
    after: Any


class Change(msgspec.Struct, frozen=True):
    sequence: int
    """Site-wide and strictly increasing."""
    dataset: str
    release: int
    record: str
    kind: ChangeKind
    cause: Cause
    title: str
    part: str | None
    effective_on: date
    published_at: datetime
    revision: str | None
    before: Content | None = None
    after: Content | None = None
    fields: tuple[FieldChange, ...] = ()
    reason: str = ""
    withdrawn: bool = False
    """The record is withdrawn now: its contents stay in history, but must not be announced."""
    erased: bool = False
    """The contents were destroyed; ``title``, ``before``, ``after`` and ``fields`` are empty."""
    effective_to: date | None = None
    """First day on which it is no longer in effect; None: open."""
    salt: str | None = None
    """Salt of the revision, hexadecimal; None if it was erased."""


class SheetCounts(msgspec.Struct, frozen=True):
    """Changes of the rows of one sheet of a file; ``sheet`` is None for records missing from the file."""

    file: str
    part: str | None
    sheet: str | None
    counts: Mapping[str, int]
    """Like :attr:`DraftDiff.counts`, without kinds that do not occur."""


class DraftDiff(msgspec.Struct, frozen=True):
    """Changes that a draft would make if it were published now."""

    added: tuple[Change, ...]
    changed: tuple[Change, ...]
    removed: tuple[Change, ...]
    conflicts: tuple[Conflict, ...] = ()
    """Errors, which prevent publication."""
    warnings: tuple[Conflict, ...] = ()
    counts: Mapping[str, int] = msgspec.field(default_factory=dict)
    """``added``, ``changed``, ``removed``, ``unchanged``, ``in_error``: exact even if lists are truncated."""
    removed_before_effect: int = 0
    """Number of the removed records that are not in force on the day, and would be on a later one."""
    left_out: tuple[Mapping[str, Any], ...] = ()
    """Places of the rows in error or in conflict that publication leaves out, each with ``reason``."""
    sheets: tuple[SheetCounts, ...] = ()
    marked: int = 0
    """Number of changed documents that accepted repeals mark and that none of the draft's files contains."""
    repeals: tuple[RepealProposal, ...] = ()
    """Repeals that nobody has decided about; publication does not mark their documents."""


TAKING_EFFECT = ("added", "changed", "removed", "renamed")
"""Kinds of change that take effect on a day; a correction or a withdrawal does not."""


class ReleaseApproval(msgspec.Struct, frozen=True):
    """The approval of a release, under the two-person rule."""

    digest: str
    """SHA-256 of what was approved; empty in an emergency."""
    emergency: str | None
    """Reason why it was published without an approval."""
    secrecy_reviewed_on: date | None
    people: tuple[tuple[str, str], ...]
    """Role of each person, and the salted hash of the name."""


class Release(msgspec.Struct, frozen=True):
    sequence: int  # site-wide
    dataset: str
    number: int
    published_at: datetime
    effective_on: date
    basis: str
    note: str
    actor: str
    catalogue_digest: str
    parser_version: str
    software_version: str
    manifest_hash: str
    previous_hash: str
    hash: str
    sources: tuple[Source, ...] = ()
    left_out: tuple[Mapping[str, Any], ...] = ()
    """Rows in error that were excluded from publication."""
    counts: Mapping[str, int] = msgspec.field(default_factory=dict)
    """``added``, ``changed``, ``removed``, …; ``records``: number in force afterwards; ``erased``."""
    erased: bool = False
    """Published content was erased since; files of the release must be generated again."""
    cancels: int | None = None
    """Number of the release that it cancels before it took effect."""
    previous_number: int | None = None  # of its dataset; None: it is the first. A succession skips numbers
    document: str = ""
    """SHA-256 of its document, which its entry in the log contains."""
    entry: int = 0
    """Position of its entry in the log."""
    approval: ReleaseApproval | None = None  # of a dataset under the two-person rule
    salts: Mapping[str, str] = msgspec.field(default_factory=dict)
    """Salts of the document's hashes of ``actor``, ``basis``, ``note`` and ``left_out``, hexadecimal."""


class View(msgspec.Struct, frozen=True):
    """A requested state. All None is the present: in effect today, as known now."""

    as_of: date | None = None
    known_at: datetime | None = None
    release: int | None = None
    """A dataset's release number; pins both clocks."""


class RecordState(msgspec.Struct, frozen=True):
    """State of a record in a view."""

    dataset: str
    id: str
    status: Status
    title: str
    content_json: bytes
    """Stored text in UTF-8, for responses that copy it unparsed. ``{}`` if withdrawn or erased."""
    revision: str | None
    salt: str | None
    part: str | None
    release: int
    """The release that brought this state."""
    effective_from: date
    effective_to: date | None
    known_from: datetime
    known_to: datetime | None
    reason: str = ""
    locator_json: str = "{}"
    originals_json: str = "{}"
    sources: tuple[Source, ...] = ()
    withdrawn_at: datetime | None = None
    """Set if the record is withdrawn now, even in a view of an earlier time, which still has ``content``."""

    @property
    def content(self) -> Content:
        return _object(self.content_json)

    @property
    def locator(self) -> Mapping[str, Any]:
        """Position in the file; see :attr:`DraftEntry.locator`."""
        return _object(self.locator_json)

    @property
    def originals(self) -> Mapping[str, str]:
        """Field → original text of the cell; see :attr:`DraftEntry.originals`."""
        return _object(self.originals_json)


class RecordQuery(msgspec.Struct, frozen=True):
    """Selection, order and page of records of a dataset."""

    view: View = View()
    statuses: tuple[str, ...] = ("current",)
    """Any of these (:data:`Status`; other words match no record); ``future`` must be the only one."""
    during: tuple[date | None, date | None] | None = None
    """First and last day, inclusive (None: open). Instead of a day and ``statuses``: the last state."""
    where: Predicate | None = None
    sort: tuple[tuple[str, bool], ...] = ()
    """(field, descending), or ``record_query.AS_LISTED``. Empty: by title. No value comes last."""
    limit: int = 20
    offset: int = 0
    after: tuple[Any, ...] | None = None
    """Sort key of the last row of the page before, instead of ``offset``. The API wraps it in its cursor."""
    count: bool = True
    facets: tuple[str, ...] = ()


class RecordPage(msgspec.Struct, frozen=True):
    records: tuple[RecordState, ...]
    total: int | None
    after: tuple[Any, ...] | None
    facets: Mapping[str, tuple[tuple[str, int], ...]] = msgspec.field(default_factory=dict)


class Span(msgspec.Struct, frozen=True):
    """A period of a record on both clocks; the document that search indexes."""

    id: str
    dataset: str
    record: str
    part: str | None
    revision: str | None
    status: Literal["stated", "removed", "withdrawn"]
    title: str
    content: Content
    """That before the removal, if it was removed; empty if it was withdrawn."""
    effective_from: date
    effective_to: date | None
    known_from: datetime
    known_to: datetime | None
    sequence: int
    """Outbox sequence of the write that created or last closed it."""


class LogError(Exception):
    """A request that the log refuses. ``code`` is stable and documented in ``docs/errors.md``."""

    def __init__(self, code: str, zh: str, en: str, *, details: tuple[Any, ...] = ()) -> None:
        super().__init__(f"{zh} / {en}")
        self.code, self.zh, self.en, self.details = code, zh, en, details

    def __reduce__(self) -> tuple[Any, ...]:
        return partial(LogError, self.code, self.zh, self.en, details=self.details), ()

"""The words of the log, as values: datasets, parts, releases, changes, spans and the views on them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any, Literal

import msgspec

from publisher.log.predicate import Predicate
from schemas.definition.catalogue import Content

type ChangeKind = Literal["added", "changed", "removed", "renamed", "corrected", "withdrawn"]
type Cause = Literal["source", "reading"]
type Status = Literal["current", "future", "removed", "withdrawn", "erased"]
type OnConflict = Literal["refuse", "keep", "replace"]
type StageMode = Literal["snapshot", "partial", "append"]


_object = msgspec.json.Decoder(dict[str, Any]).decode


@dataclass(frozen=True, slots=True)
class Site:
    base: str
    """Base address of every identifier, without a slash at the end; never taken from a request."""
    tag_authority: str
    """Tag URI authority and date (RFC 4151), e.g. ``data.example.gov.cn,2026-11-23``."""


@dataclass(frozen=True, slots=True)
class Part:
    name: str
    aliases: tuple[str, ...] = ()
    code: str | None = None
    valid_from: date | None = None
    valid_to: date | None = None


@dataclass(frozen=True, slots=True)
class Dataset:
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
    """What a reader must know first: demo data, partial …"""
    labels: tuple[str, ...] = ()
    """``demo``, ``partial``: machine-readable twins of ``notice``."""
    source_note: str = ""
    parts: tuple[Part, ...] = ()
    created_at: datetime | None = None
    named_at: datetime | None = None
    """When a part was last added, renamed, merged or closed: answers of every state show the new names."""


class Source(msgspec.Struct, frozen=True):
    """Evidence: where bytes came from. ``digest`` is SHA-256, hexadecimal."""

    digest: str
    name: str
    media_type: str
    size: int
    obtained_at: datetime
    url: str | None = None
    detected_by: str = "upload"
    partial: bool = False
    parser_version: str = ""
    """Of what read it, once it was read."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One record as an import read it, on its way into a draft."""

    content: Content
    source_text: str = ""
    """Digest of the publisher's own cells, to tell a change of theirs from a better reading of ours."""
    locator: Mapping[str, Any] = field(default_factory=dict)
    """Where it stood: ``{"sheet": …, "rows": […], "cells": {field: "C5"}}``."""
    originals: Mapping[str, str] = field(default_factory=dict)
    """Field → the cell's text as found, where the value differs from it. Never a personal column."""
    in_error: bool = False
    """One of its findings is an error: publication is refused, or goes on without it."""


@dataclass(frozen=True, slots=True)
class Proposal:
    """An import that is not laid into a draft, or not yet."""

    entries: Iterable[Entry]
    part: str | None
    name: str = ""
    """The file's name, by which its sheets' counts are told."""
    partial: bool = False


@dataclass(frozen=True, slots=True)
class Gathered:
    """An import with its evidence, one of many that are laid into a draft together."""

    entries: Iterable[Entry]
    source: Source
    parser_version: str


@dataclass(frozen=True, slots=True)
class DraftImport:
    """What one import laid into a draft."""

    part: str | None
    source: Source
    mode: StageMode
    parser_version: str
    records: int
    in_error: int
    left_out: tuple[Mapping[str, Any], ...] = ()


@dataclass(frozen=True, slots=True)
class Draft:
    """What is gathered for the next release of a dataset."""

    dataset: str
    catalogue_digest: str
    imports: tuple[DraftImport, ...]

    @property
    def records(self) -> int:
        return sum(i.records for i in self.imports)

    @property
    def in_error(self) -> int:
        return sum(i.in_error for i in self.imports)


@dataclass(frozen=True, slots=True)
class Conflict:
    """Why a draft may not be published. ``code`` is stable; texts name both sides and the way out."""

    code: str
    message_zh: str
    message_en: str
    identity: tuple[str, ...] = ()
    locators: tuple[Mapping[str, Any], ...] = ()


@dataclass(frozen=True, slots=True)
class FieldChange:
    field: str
    before: Any
    after: Any


@dataclass(frozen=True, slots=True)
class Change:
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
    """The record is withdrawn now: its contents stay in history, but nobody should announce them."""
    erased: bool = False
    """The contents were destroyed; ``title``, ``before``, ``after`` and ``fields`` are empty."""
    effective_to: date | None = None
    """The day from which it does not act any more; None: open."""
    salt: str | None = None
    """Hexadecimal; of the revision, unless it was erased."""


@dataclass(frozen=True, slots=True)
class SheetCounts:
    """What the rows of one sheet would do; ``sheet`` is None for what a file removes by not holding it."""

    file: str
    part: str | None
    sheet: str | None
    counts: Mapping[str, int]
    """As :attr:`DraftDiff.counts`; kinds that do not occur are absent."""


@dataclass(frozen=True, slots=True)
class DraftDiff:
    """What a draft would do if it were published now."""

    added: tuple[Change, ...]
    changed: tuple[Change, ...]
    removed: tuple[Change, ...]
    unchanged: int
    conflicts: tuple[Conflict, ...] = ()
    """Errors: publication is refused while there is one."""
    warnings: tuple[Conflict, ...] = ()
    counts: Mapping[str, int] = field(default_factory=dict)
    """``added``, ``changed``, ``removed``, ``unchanged``, ``in_error``: exact, even if lists are cut."""
    sheets: tuple[SheetCounts, ...] = ()
    """The same by file and sheet."""
    marked: int = 0
    """Of those changed: documents in force that notices of the draft end, and that no file of it holds."""


@dataclass(frozen=True, slots=True)
class Release:
    sequence: int
    """Site-wide."""
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
    """Rows in error that a clerk chose to publish without."""
    counts: Mapping[str, int] = field(default_factory=dict)
    """``added``, ``changed``, ``removed``, … and ``records``: how many it leaves in force; ``erased``."""
    erased: bool = False
    """Something that it published was erased since; files made from it are to be made again."""


@dataclass(frozen=True, slots=True)
class View:
    """Which state is asked for. All None is the present: in effect today, as known now."""

    as_of: date | None = None
    known_at: datetime | None = None
    release: int | None = None
    """A dataset's release number; pins both clocks."""


class RecordState(msgspec.Struct, frozen=True):
    """A record as a view sees it. A struct, since many are made for a page: a tenth of a dataclass's time."""

    dataset: str
    id: str
    status: Status
    title: str
    content_json: bytes
    """As the log holds it, for answers that take it unread: UTF-8. Empty where withdrawn or erased."""
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
    """Set where the record is withdrawn now, also on a view of a time before (then ``content`` is there)."""

    @property
    def content(self) -> Content:
        return _object(self.content_json)

    @property
    def locator(self) -> Mapping[str, Any]:
        """Where it stood; see :attr:`Entry.locator`."""
        return _object(self.locator_json)

    @property
    def originals(self) -> Mapping[str, str]:
        """Field → the cell's text as found; see :attr:`Entry.originals`."""
        return _object(self.originals_json)


@dataclass(frozen=True, slots=True)
class RecordQuery:
    """Which records of a dataset to read, and which page of them."""

    view: View = View()
    statuses: tuple[str, ...] = ("current",)
    """Any of these (:data:`Status`; no record has another word); ``future`` stands alone."""
    during: tuple[date | None, date | None] | None = None
    """Instead of the day of the view and of ``statuses``: the last state of each record in force on any of
    these days (both included; None is open)."""
    where: Predicate | None = None
    sort: tuple[tuple[str, bool], ...] = ()
    """(field, descending). Empty: by title. No value comes last."""
    limit: int = 20
    offset: int = 0
    after: tuple[Any, ...] | None = None
    """Sort key of the last row seen, instead of ``offset`` (the API wraps it in its opaque cursor)."""
    count: bool = True
    facets: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class RecordPage:
    records: tuple[RecordState, ...]
    total: int | None
    after: tuple[Any, ...] | None
    facets: Mapping[str, tuple[tuple[str, int], ...]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Span:
    """A stretch of a record's life on both clocks; what search indexes."""

    id: str
    dataset: str
    record: str
    part: str | None
    revision: str | None
    status: Literal["stated", "withdrawn"]
    content: Content
    effective_from: date
    effective_to: date | None
    known_from: datetime
    known_to: datetime | None
    sequence: int
    """Outbox sequence of the write that made or last closed it."""


@dataclass(frozen=True, slots=True)
class OutboxItem:
    sequence: int
    kind: Literal["span", "erase", "release"]
    key: str
    dataset: str
    due_at: datetime
    attempts: int = 0
    error: str = ""


@dataclass(frozen=True, slots=True)
class Verification:
    """What checking every hash of the log found. ``problems`` is empty where all is well."""

    releases: int
    revisions: int
    erased: int
    """Revisions whose content was erased: their hash stands, their content cannot be checked."""
    problems: tuple[str, ...] = ()

    @property
    def ok(self) -> bool:
        return not self.problems


class LogError(Exception):
    """A request that the log refuses. ``code`` is stable and documented in ``docs/errors.md``."""

    def __init__(self, code: str, zh: str, en: str, *, details: tuple[Any, ...] = ()) -> None:
        super().__init__(f"{zh} / {en}")
        self.code, self.zh, self.en, self.details = code, zh, en, details

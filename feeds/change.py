"""A change of a record as feeds see it: whoever keeps the log fills it in."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Literal

from feeds.feed import Link
from schemas.definition.catalogue import Catalogue, Content, Json

type Kind = Literal["added", "changed", "removed", "renamed", "corrected", "withdrawn"]

KINDS: tuple[Kind, ...] = ("added", "changed", "removed", "renamed", "corrected", "withdrawn")
"""Kinds that feeds report; :data:`schemas.words.KINDS` names them."""


PART = "part"
"""In place of a field: the department that hands the record in."""


@dataclass(frozen=True, slots=True)
class Difference:
    """One field before and after; None where it had, or has, no value."""

    field: str
    """Of the catalogue, or :data:`PART`."""
    before: Json
    after: Json


@dataclass(frozen=True, slots=True)
class ChangeItem:
    id: str
    """Tag URI (RFC 4151) of this change; never changes."""
    kind: Kind
    title: str
    """The record's title after the change; before it where the record is gone. Empty once erased."""
    link: str
    """Address of the record's page or answer."""
    catalogue: Catalogue
    actor: str
    """Who answers for it: the department that handed the part in, else the publishing body."""
    dataset: str
    dataset_title: str
    published_at: datetime
    """Aware."""
    published_on: date
    """The same as a day in Asia/Shanghai: it decides whether an effect lies in the future."""
    effective_on: date
    release: int
    first: bool = False
    """The list, or this department's share of it, is published for the first time: nothing in it is new."""
    division: str | None = None
    """GB/T 2260 code of what the dataset is about; a record that names its own goes before."""
    updated: datetime | None = None
    """When the change was last corrected, withdrawn or erased, if it was: the entry says so."""
    corrected: bool = False
    """What it told was corrected since; the correction has an entry of its own."""
    basis: str = ""
    """文号 of the document that ordered the release."""
    reason: str = ""
    before: Content | None = None
    after: Content | None = None
    differences: tuple[Difference, ...] = ()
    previous_title: str = ""
    """Renames: the title before."""
    hidden: str = ""
    """Why the content may not be shown any more (撤回公布, 依法删除); empty where it may."""
    links: tuple[Link, ...] = ()

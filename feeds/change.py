"""A change of a record, as input of feeds. The log creates it."""

from __future__ import annotations

from datetime import date, datetime
from typing import Literal, get_args

import msgspec

from feeds.feed import Link
from schemas.definition.catalogue import Catalogue, Content, Json

type Kind = Literal["added", "changed", "removed", "renamed", "corrected", "withdrawn"]

FEED_KINDS: tuple[Kind, ...] = get_args(Kind.__value__)
"""Kinds that feeds report; :data:`schemas.words.KINDS` names them."""


PART = "part"
"""Pseudo-field: the department that submits the record."""


class Difference(msgspec.Struct, frozen=True):
    """One field before and after the change; None if it has no value."""

    field: str
    """A field of the catalogue, or :data:`PART`."""
    before: Json
    after: Json


class ChangeItem(msgspec.Struct, frozen=True):
    id: str
    """Tag URI (RFC 4151) of this change; never changes."""
    kind: Kind
    title: str
    """The record's title after the change; its last title if it was removed. Empty once erased."""
    link: str
    """Address of the record's page or API response."""
    catalogue: Catalogue
    responsible_body: str
    """The department that submitted the part, else the publishing body."""
    dataset: str
    dataset_title: str
    published_at: datetime
    """With a time zone."""
    published_on: date
    """The same as a day in Asia/Shanghai. It determines whether an effect is in the future."""
    effective_on: date
    release: int
    first: bool = False
    """Whether this is the first publication of the list, or of this department's part. Its records are then
    not called new."""
    division: str | None = None
    """GB/T 2260 code of the dataset's division. A record's own division takes precedence."""
    updated: datetime | None = None
    """Time of the last correction, withdrawal or erasure, which the entry mentions; None if there is none."""
    corrected: bool = False
    """Whether its content was corrected later. The correction has its own entry."""
    basis: str = ""
    """文号 of the document that ordered the release."""
    reason: str = ""
    before: Content | None = None
    after: Content | None = None
    differences: tuple[Difference, ...] = ()
    previous_title: str = ""
    """Title before a rename."""
    hidden: str = ""
    """Reason why the content is hidden (撤回公布, 依法删除); empty if it is not."""
    links: tuple[Link, ...] = ()

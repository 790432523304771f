"""Value types of submissions and approvals."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any, Literal

import msgspec
from msgspec import structs

from publisher.log.model import OnConflict

type SubmissionKind = Literal["draft", "correct", "withdraw", "rename", "cancel"]
type SubmissionState = Literal["submitted", "approved", "returned", "replaced", "cancelled", "published"]

WAITING: tuple[SubmissionState, ...] = ("submitted", "approved")
"""States of a submission that waits for a decision, or for its publication."""
OPEN = "主动公开"
"""The only 公开属性 with which anything is published (政府信息公开条例)."""


class PublicationRequest(msgspec.Struct, frozen=True, kw_only=True):
    """A publication that a drafter requests: its content and its heading, all of which is approved."""

    kind: SubmissionKind
    basis: str = ""
    note: str = ""
    """Note of a draft; reason of an amendment."""
    effective_on: date | None = None
    """First day of a draft or a rename; None for the other amendments, which hold for whole periods."""
    parts: tuple[str, ...] | None = None
    """Parts of the draft; None: all of it."""
    without_errors: bool = False
    on_conflict: OnConflict = "refuse"
    records: Mapping[str, Any] = msgspec.field(default_factory=dict)
    """Records that an amendment concerns → their new content; None if it withdraws them."""
    release: int | None = None
    """Number of the release that is cancelled."""


class Secrecy(msgspec.Struct, frozen=True, kw_only=True):
    """The review of secrecy (保密审查) before publication."""

    openness: str = OPEN
    reviewed_by: str = ""
    reviewed_on: date | None = None


class Submission(msgspec.Struct, frozen=True, kw_only=True):
    """A request that waits for the decision of a second person, or has it."""

    key: int
    dataset: str
    request: PublicationRequest
    secrecy: Secrecy
    digest: str
    """SHA-256 of what was submitted: heading and canonical lines."""
    drafter: str
    submitted_at: datetime
    state: SubmissionState
    reviewer: str
    decided_at: datetime | None
    reason: str
    is_current: bool
    """Whether it waits, and what would be published now still has this digest."""

    @property
    def is_waiting(self) -> bool:
        """Whether it waits for a decision, or for its publication."""
        return self.state in WAITING


class StoredRequest(msgspec.Struct, frozen=True):
    """The column ``submission.request``."""

    request: PublicationRequest
    secrecy: Secrecy
    salt: str = ""
    """Random, hexadecimal: without it, nobody can guess erased contents from the digest, which is published.
    Empty once it was destroyed, and in submissions of earlier versions."""


_decode = msgspec.json.Decoder(StoredRequest).decode


def encode(stored: StoredRequest) -> str:
    return msgspec.json.encode(stored).decode()


def decode(text: str) -> StoredRequest:
    return _decode(text)


def heading_line(dataset: str, stored: StoredRequest) -> dict[str, Any]:
    """Return the heading as JSON values: the first line over which the digest is computed."""
    own = {"dataset": dataset, **structs.asdict(stored.request), "secrecy": structs.asdict(stored.secrecy)}
    salt = {"salt": stored.salt} if stored.salt else {}
    return dict(msgspec.json.decode(msgspec.json.encode({**own, **salt})))

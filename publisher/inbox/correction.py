"""Value types of the inbox."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from publisher.log.clocks import moment

type State = Literal["open", "accepted", "rejected"]

MAX_VALUE, MAX_PROOF, MAX_CONTACT = 2_000, 2_000, 200
"""Characters that a form takes."""


@dataclass(frozen=True, slots=True)
class Correction:
    """What a reader asks for."""

    dataset: str
    record: str
    revision: str
    """Hash of the revision that the reader saw."""
    field: str
    value: str
    """What the field should read."""
    proof: str = ""
    contact: str = ""


@dataclass(frozen=True, slots=True)
class Status:
    """What the receipt of a request says."""

    dataset: str
    record: str
    field: str
    state: State
    reason: str
    release: int | None
    decided_at: datetime | None


@dataclass(frozen=True, slots=True)
class Accepted:
    """What is public of an accepted request."""

    id: str
    dataset: str
    record: str
    field: str
    value: str
    proof: str
    reason: str
    release: int | None
    """Number of the release that mends it."""
    decided_at: datetime


@dataclass(frozen=True, slots=True)
class Statement:
    """What one sender wrote. ``contact``: None if there is none, or it was deleted."""

    proof: str
    received_at: datetime
    contact: str | None = None


@dataclass(frozen=True, slots=True)
class Request:
    """A request as a clerk sees it."""

    id: str
    dataset: str
    record: str
    revision: str
    field: str
    value: str
    received_at: datetime
    state: State
    reason: str
    release: int | None
    proof: str
    """What was published of the proofs."""
    decided_at: datetime | None
    statements: tuple[Statement, ...] = ()


def moment_of(value: Any) -> datetime | None:
    return None if value is None else moment(value)

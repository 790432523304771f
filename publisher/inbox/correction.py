"""Value types of requests for correction."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal

import msgspec

from publisher.log.clocks import moment

type State = Literal["open", "accepted", "rejected"]

MAX_VALUE, MAX_PROOF, MAX_CONTACT = 2_000, 2_000, 200
"""Characters that a form takes."""


class Correction(msgspec.Struct, frozen=True):
    """A request of a reader for a correction."""

    dataset: str
    record: str
    revision: str
    """Hash of the revision that the reader saw."""
    field: str
    value: str
    """The text that the field should have."""
    proof: str = ""
    contact: str = ""


class Status(msgspec.Struct, frozen=True):
    """The state of a request, as its receipt shows it."""

    dataset: str
    record: str
    field: str
    state: State
    reason: str
    release: int | None
    decided_at: datetime | None


class AcceptedCorrection(msgspec.Struct, frozen=True):
    """An accepted request, as the page of corrections shows it."""

    id: str
    dataset: str
    record: str
    field: str
    value: str
    proof: str
    reason: str
    release: int | None
    """Number of the release that fixes it."""
    decided_at: datetime


class SenderStatement(msgspec.Struct, frozen=True):
    """Proof and contact of one sender.

    ``contact``: None if there is none, it was deleted, it was not read, or it cannot be opened.
    """

    proof: str
    received_at: datetime
    contact: str | None = None
    unreadable: str = ""
    """Why the contact cannot be opened: its key is lost, for example."""


class Request(msgspec.Struct, frozen=True):
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
    """The proof as it was published."""
    decided_at: datetime | None
    statements: tuple[SenderStatement, ...] = ()


def proof_to_publish(request: Request, proof: str | None) -> str:
    """Return the proof that is published with a request.

    ``proof``: a clerk's, which may be empty. None: what was published before, or the senders' own.
    """
    if proof is not None:
        return proof
    if request.state == "accepted":
        return request.proof
    return "\n".join(statement.proof for statement in request.statements if statement.proof)


def moment_of(value: Any) -> datetime | None:
    return None if value is None else moment(value)

"""Bodies of requests and answers of the desk's API."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta, structs

from publisher.desk.accounts.schedules import Schedule
from publisher.log.approvals.submission import OPEN, PublicationRequest, Secrecy, Submission
from publisher.log.model import Change, DraftImport

type Text = Annotated[str, Meta(max_length=2000)]
type Reason = Annotated[str, Meta(min_length=1, max_length=2000)]
type Digest = Annotated[str, Meta(pattern="^[0-9a-f]{64}$")]


class SecrecyReview(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The review of secrecy that every submission states."""

    openness: Text = OPEN
    secrecy_reviewed_by: Text
    secrecy_reviewed_on: date

    def secrecy(self) -> Secrecy:
        return Secrecy(
            openness=self.openness,
            reviewed_by=self.secrecy_reviewed_by,
            reviewed_on=self.secrecy_reviewed_on,
        )


class NewSubmission(SecrecyReview, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A draft, or parts of it, for a second person, with its day of effect, basis and note."""

    effective_on: date
    basis: Text
    note: Text = ""
    parts: tuple[str, ...] | None = None
    without_errors: bool = False
    on_conflict: Literal["refuse", "keep", "replace"] = "refuse"

    def request(self) -> PublicationRequest:
        return PublicationRequest(
            kind="draft",
            basis=self.basis,
            note=self.note,
            effective_on=self.effective_on,
            parts=self.parts,
            without_errors=self.without_errors,
            on_conflict=self.on_conflict,
        )


class NewAmendmentBody(SecrecyReview, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A correction, another name or a withdrawal of one record, submitted to a second person."""

    kind: Literal["correct", "rename", "withdraw"]
    reason: Reason
    fields: dict[str, str] = {}
    basis: Text = ""
    effective_on: date | None = None


class NewWithdrawal(SecrecyReview, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The withdrawal of a whole release, submitted to a second person."""

    reason: Reason
    basis: Text = ""


class Decision(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The digest of what the person looked at, on which the decision is made."""

    digest: Digest


class Return(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The reason why a submission goes back."""

    reason: Reason


class SubmissionAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """A submission and its state."""

    key: int
    dataset: str
    kind: str
    state: str
    digest: str
    is_current: Annotated[bool, Meta(description="内容仍是所提交的 / It is still what was submitted")]
    parts: tuple[str, ...] | None
    effective_on: date | None
    without_errors: bool
    on_conflict: Literal["refuse", "keep", "replace"]
    basis: str
    note: str
    drafter: str
    submitted_at: datetime
    reviewer: str
    decided_at: datetime | None
    reason: str
    publish_at: Annotated[datetime | None, Meta(description="定时发布的时间 / When it will be published")]


class NewSchedule(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The digest of what the person looked at, and an instant of publication with its zone."""

    digest: Digest
    publish_at: Annotated[datetime, Meta(tz=True)]


class DraftFileAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """A file of a draft."""

    part: str | None
    file: str
    digest: str
    records: int
    in_error: int


class DraftAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """The files that wait for publication."""

    dataset: str
    imports: tuple[DraftFileAnswer, ...]


class ChangeAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """A change that publication would make."""

    kind: str
    record: str
    title: str
    part: str | None
    fields: tuple[dict[str, Any], ...]


class DiffAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """The changes that publication would make. ``counts`` is exact, ``changes`` has at most 500 of a kind."""

    counts: dict[str, int]
    changes: tuple[ChangeAnswer, ...]
    conflicts: tuple[dict[str, Any], ...]


class ReleaseAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """A published release; ``release`` is null if nothing changed."""

    dataset: str
    release: int | None
    hash: str | None


def submission_answer(one: Submission, schedule: Schedule | None = None) -> SubmissionAnswer:
    request = one.request
    return SubmissionAnswer(
        key=one.key,
        dataset=one.dataset,
        kind=request.kind,
        state=one.state,
        digest=one.digest,
        is_current=one.is_current,
        parts=request.parts,
        effective_on=request.effective_on,
        without_errors=request.without_errors,
        on_conflict=request.on_conflict,
        basis=request.basis,
        note=request.note,
        drafter=one.drafter,
        submitted_at=one.submitted_at,
        reviewer=one.reviewer,
        decided_at=one.decided_at,
        reason=one.reason,
        publish_at=schedule.at if schedule and schedule.is_waiting and one.state == "approved" else None,
    )


def draft_answer(dataset: str, files: Sequence[DraftImport]) -> DraftAnswer:
    imports = tuple(
        DraftFileAnswer(
            part=one.part,
            file=one.source.name,
            digest=one.source.digest,
            records=one.records,
            in_error=one.in_error,
        )
        for one in files
    )
    return DraftAnswer(dataset=dataset, imports=imports)


def change_answer(change: Change) -> ChangeAnswer:
    return ChangeAnswer(
        kind=change.kind,
        record=change.record,
        title=change.title,
        part=change.part,
        fields=tuple(structs.asdict(field) for field in change.fields),
    )

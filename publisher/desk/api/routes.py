"""Routes of the desk's API: import, draft, difference, findings, submission, approval, publication."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Any

import msgspec
from litestar import Request, get, post
from litestar.datastructures import State
from litestar.enums import RequestEncodingType
from litestar.params import Body, FromPath, FromQuery

from publisher.desk import amendments, scheduling, withdrawals, work
from publisher.desk.accounts.roles import Action
from publisher.desk.amendments import NewAmendment
from publisher.desk.api import bodies as b
from publisher.desk.api import collected
from publisher.desk.api.contract import OPENAPI_PATH, describe, operation
from publisher.desk.api.reports import FindingAnswer, ImportAnswer, finding_answers
from publisher.desk.http.guards import ACTION, ENTRANCE, require
from publisher.desk.http.in_thread import in_thread
from publisher.desk.http.repeated_requests import repeatable
from publisher.desk.http.uploads import LARGEST_UPLOAD, HandInForm, input_files
from publisher.desk.work import person_of
from publisher.log.approvals.submission import PublicationRequest
from publisher.log.clocks import day_at
from publisher.log.model import OnConflict

_DRAFT = "/desk/v1/drafts/{dataset:str}"
_SUBMISSION = "/desk/v1/submissions/{key:int}"
_Request = Request[Any, Any, Any]


@post(
    f"{_DRAFT}/imports",
    **operation("importIntoDraft", Action.HAND_IN, ImportAnswer),
    request_max_body_size=LARGEST_UPLOAD,
)
@in_thread
@repeatable
def import_into_draft(
    request: _Request,
    state: State,
    dataset: FromPath[str],
    data: Annotated[HandInForm, Body(media_type=RequestEncodingType.MULTI_PART)],
) -> ImportAnswer:
    """Hand in files → the report that ``qingdan import --json`` prints."""
    report = work.hand_in(
        state.desk,
        person_of(request),
        dataset,
        input_files(data.files),
        part=data.part or None,
        without_errors=data.without_errors == "true",
        partial=data.partial == "true",
        seen=data.seen_tokens,
    )
    return msgspec.convert(report.to_json(), ImportAnswer)


@get(_DRAFT, **operation("getDraft", Action.READ_DRAFT, b.DraftAnswer))
@in_thread
def get_draft(request: _Request, state: State, dataset: FromPath[str]) -> b.DraftAnswer:
    """Return the files of a draft."""
    parts = work.readable_parts(state.desk, request.user, dataset)
    return b.draft_answer(dataset, state.desk.log.drafts.imports(dataset, parts))


@get(f"{_DRAFT}/diff", **operation("getDiff", Action.READ_DRAFT, b.DiffAnswer))
@in_thread
def get_diff(
    request: _Request,
    state: State,
    dataset: FromPath[str],
    *,
    effective_on: FromQuery[date | None] = None,
    part: FromQuery[list[str] | None] = None,
    without_errors: FromQuery[bool] = False,
    on_conflict: FromQuery[OnConflict] = "refuse",
) -> b.DiffAnswer:
    """Return what publication would change, by default today, with the choices of a submission."""
    for name in part or ():
        require(request.user, Action.READ_DRAFT, dataset, name)
    parts = part or work.readable_parts(state.desk, request.user, dataset)
    chosen = PublicationRequest(
        kind="draft",
        effective_on=effective_on,
        parts=None if parts is None else tuple(parts),
        without_errors=without_errors,
        on_conflict=on_conflict,
    )
    diff, changes = work.draft_changes(state.desk, dataset, chosen)
    conflicts = tuple(
        {"code": c.code, "detail": c.message_zh, "detail_en": c.message_en} for c in diff.conflicts
    )
    return b.DiffAnswer(
        counts=dict(diff.counts), changes=tuple(map(b.change_answer, changes)), conflicts=conflicts
    )


@get(f"{_DRAFT}/findings", **operation("getFindings", Action.READ_DRAFT, list[FindingAnswer]))
@in_thread
def get_findings(request: _Request, state: State, dataset: FromPath[str]) -> list[FindingAnswer]:
    """Return the findings in the files of a draft."""
    parts = work.readable_parts(state.desk, request.user, dataset)
    return finding_answers(work.draft_findings(state.desk, dataset, parts))


@post(f"{_DRAFT}/submit", **operation("submitDraft", Action.SUBMIT, b.SubmissionAnswer, status=201))
@in_thread
@repeatable
def submit(
    request: _Request, state: State, dataset: FromPath[str], data: Annotated[b.NewSubmission, Body()]
) -> b.SubmissionAnswer:
    """Submit a draft, or parts of it."""
    one = work.submit(state.desk, person_of(request), dataset, data.request(), data.secrecy())
    return b.submission_answer(one)


@post(
    "/desk/v1/records/{dataset:str}/{record:str}/amendments",
    **operation("submitAmendment", Action.SUBMIT, b.SubmissionAnswer, status=201),
)
@in_thread
@repeatable
def submit_amendment(
    request: _Request,
    state: State,
    dataset: FromPath[str],
    record: FromPath[str],
    data: Annotated[b.NewAmendmentBody, Body()],
) -> b.SubmissionAnswer:
    """Submit a correction, another name or a withdrawal of a record."""
    new = NewAmendment(
        kind=data.kind,
        reason=data.reason,
        basis=data.basis,
        effective_on=data.effective_on or day_at(state.desk.clock()),
        texts=data.fields,
    )
    one = amendments.submit(state.desk, person_of(request), dataset, record, new, data.secrecy())
    return b.submission_answer(one)


@post(
    "/desk/v1/releases/{dataset:str}/{number:int}/withdrawal",
    **operation("submitWithdrawal", Action.SUBMIT, b.SubmissionAnswer, status=201),
)
@in_thread
@repeatable
def submit_withdrawal(
    request: _Request,
    state: State,
    dataset: FromPath[str],
    number: FromPath[int],
    data: Annotated[b.NewWithdrawal, Body()],
) -> b.SubmissionAnswer:
    """Submit the withdrawal of the records that a release added; its cancellation before it is in effect."""
    person, secrecy = person_of(request), data.secrecy()
    one = withdrawals.submit(
        state.desk, person, dataset, number, reason=data.reason, basis=data.basis, secrecy=secrecy
    )
    return b.submission_answer(one)


@get("/desk/v1/submissions", **operation("listSubmissions", Action.READ_DRAFT, list[b.SubmissionAnswer]))
@in_thread
def list_submissions(request: _Request, state: State) -> list[b.SubmissionAnswer]:
    """List what waits for a decision or for publication."""
    waiting = state.desk.log.approvals.list()
    readable = [one for one in waiting if work.may_read(state.desk, request.user, one)]
    schedules = state.desk.staff.schedules.all()
    return [b.submission_answer(one, schedules.get(one.key)) for one in readable]


@get(_SUBMISSION, **operation("getSubmission", Action.READ_DRAFT, b.SubmissionAnswer))
@in_thread
def get_submission(request: _Request, state: State, key: FromPath[int]) -> b.SubmissionAnswer:
    """Return a submission."""
    one = work.read_submission(state.desk, person_of(request), key)
    return b.submission_answer(one, state.desk.staff.schedules.all().get(key))


@post(f"{_SUBMISSION}/approve", **operation("approveSubmission", Action.APPROVE, b.SubmissionAnswer))
@in_thread
@repeatable
def approve(
    request: _Request, state: State, key: FromPath[int], data: Annotated[b.Decision, Body()]
) -> b.SubmissionAnswer:
    """Approve exactly what has this digest; 409 if it moved."""
    return b.submission_answer(work.approve(state.desk, person_of(request), key, data.digest))


@post(f"{_SUBMISSION}/return", **operation("returnSubmission", Action.RETURN, b.SubmissionAnswer))
@in_thread
@repeatable
def return_to_drafter(
    request: _Request, state: State, key: FromPath[int], data: Annotated[b.Return, Body()]
) -> b.SubmissionAnswer:
    """Send a submission back with its reason."""
    return b.submission_answer(work.return_to_drafter(state.desk, person_of(request), key, data.reason))


@post(f"{_SUBMISSION}/publish", **operation("publishSubmission", Action.PUBLISH, b.ReleaseAnswer))
@in_thread
@repeatable
def publish(
    request: _Request, state: State, key: FromPath[int], data: Annotated[b.Decision, Body()]
) -> b.ReleaseAnswer:
    """Publish what was approved; 409 if it moved."""
    one = state.desk.log.approvals.get(key)
    release = work.publish(state.desk, person_of(request), key, data.digest)
    number, digest = (None, None) if release is None else (release.number, release.hash)
    return b.ReleaseAnswer(dataset=one.dataset, release=number, hash=digest)


@get(
    OPENAPI_PATH,
    opt={ACTION: ENTRANCE, "skip_session": True, "exclude_from_csrf": True},
    sync_to_thread=False,
)
def get_openapi(request: _Request, state: State) -> dict[str, Any]:
    """Return the OpenAPI document, without a sign-in: it contains nothing of the site."""
    if "document" not in state:
        state.document = describe(request.app.openapi_schema)
    document: dict[str, Any] = state.document
    return document


@post(f"{_SUBMISSION}/schedule", **operation("scheduleSubmission", Action.PUBLISH, b.SubmissionAnswer))
@in_thread
@repeatable
def schedule(
    request: _Request, state: State, key: FromPath[int], data: Annotated[b.NewSchedule, Body()]
) -> b.SubmissionAnswer:
    """Publish what was approved at a time, in one's own name; 409 if it moved."""
    new = scheduling.schedule(state.desk, person_of(request), key, data.digest, data.publish_at)
    return b.submission_answer(state.desk.log.approvals.get(key), new)


@post(f"{_SUBMISSION}/unschedule", **operation("unscheduleSubmission", Action.PUBLISH, b.SubmissionAnswer))
@in_thread
@repeatable
def unschedule(request: _Request, state: State, key: FromPath[int]) -> b.SubmissionAnswer:
    """Take the time back; the submission stays approved."""
    scheduling.unschedule(state.desk, person_of(request), key)
    return b.submission_answer(state.desk.log.approvals.get(key))


@post(f"{_SUBMISSION}/cancel", **operation("cancelSubmission", Action.SUBMIT, b.SubmissionAnswer))
@in_thread
@repeatable
def cancel(request: _Request, state: State, key: FromPath[int]) -> b.SubmissionAnswer:
    """Take one's own submission back; the draft stays."""
    return b.submission_answer(work.cancel(state.desk, person_of(request), key))


HANDLERS = [
    get_openapi,
    import_into_draft,
    get_draft,
    get_diff,
    get_findings,
    submit,
    submit_amendment,
    submit_withdrawal,
    list_submissions,
    get_submission,
    approve,
    return_to_drafter,
    publish,
    schedule,
    unschedule,
    cancel,
    *collected.HANDLERS,
]

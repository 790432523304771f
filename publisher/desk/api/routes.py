"""Routes of the desk's API: import, draft, difference, findings, submission, approval, publication."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated, Any

from litestar import Request, get, post
from litestar.datastructures import State
from litestar.enums import RequestEncodingType
from litestar.params import Body, FromPath

from publisher.desk import amendments, work
from publisher.desk.accounts.roles import Action
from publisher.desk.amendments import NewAmendment
from publisher.desk.api import answers as a
from publisher.desk.http.guards import ACTION
from publisher.desk.http.in_thread import in_thread
from publisher.desk.http.uploads import LARGEST_UPLOAD, HandInForm, input_files
from publisher.desk.work import person_of
from publisher.log.clocks import day_at

_DRAFT = "/desk/v1/drafts/{dataset:str}"
_SUBMISSION = "/desk/v1/submissions/{key:int}"
_Request = Request[Any, Any, Any]


@post(
    f"{_DRAFT}/imports", opt={ACTION: Action.HAND_IN}, status_code=200, request_max_body_size=LARGEST_UPLOAD
)
@in_thread
def import_into_draft(
    request: _Request,
    state: State,
    dataset: FromPath[str],
    data: Annotated[HandInForm, Body(media_type=RequestEncodingType.MULTI_PART)],
) -> dict[str, Any]:
    """Hand in files → the report that ``qingdan import --json`` prints."""
    report = work.hand_in(
        state.desk,
        person_of(request),
        dataset,
        input_files(data.files),
        part=data.part or None,
        without_errors=bool(data.without_errors),
        seen=data.seen_tokens,
    )
    return report.to_json()


@get(_DRAFT, opt={ACTION: Action.READ_DRAFT})
@in_thread
def get_draft(request: _Request, state: State, dataset: FromPath[str]) -> a.DraftAnswer:
    """Return the files of a draft."""
    parts = work.readable_parts(state.desk, request.user, dataset)
    return a.draft_answer(dataset, state.desk.log.drafts.get(dataset), parts)


@get(f"{_DRAFT}/diff", opt={ACTION: Action.READ_DRAFT})
@in_thread
def get_diff(request: _Request, state: State, dataset: FromPath[str]) -> a.DiffAnswer:
    """Return what publication would change today."""
    diff, changes = work.draft_changes(
        state.desk, dataset, work.readable_parts(state.desk, request.user, dataset), None
    )
    conflicts = tuple(
        {"code": c.code, "detail": c.message_zh, "detail_en": c.message_en} for c in diff.conflicts
    )
    return a.DiffAnswer(
        counts=dict(diff.counts), changes=tuple(map(a.change_answer, changes)), conflicts=conflicts
    )


@get(f"{_DRAFT}/findings", opt={ACTION: Action.READ_DRAFT})
@in_thread
def get_findings(request: _Request, state: State, dataset: FromPath[str]) -> list[dict[str, Any]]:
    """Return the findings in the files of a draft."""
    parts = work.readable_parts(state.desk, request.user, dataset)
    return [asdict(finding) for finding in work.draft_findings(state.desk, dataset, parts)]


@post(f"{_DRAFT}/submit", opt={ACTION: Action.SUBMIT})
@in_thread
def submit(
    request: _Request, state: State, dataset: FromPath[str], data: Annotated[a.NewSubmission, Body()]
) -> a.SubmissionAnswer:
    """Submit a draft, or parts of it."""
    one = work.submit(state.desk, person_of(request), dataset, data.request(), data.secrecy())
    return a.submission_answer(one)


@post("/desk/v1/records/{dataset:str}/{record:str}/amendments", opt={ACTION: Action.SUBMIT})
@in_thread
def submit_amendment(
    request: _Request,
    state: State,
    dataset: FromPath[str],
    record: FromPath[str],
    data: Annotated[a.NewAmendmentBody, Body()],
) -> a.SubmissionAnswer:
    """Submit a correction, another name or a withdrawal of a record."""
    new = NewAmendment(
        kind=data.kind,
        reason=data.reason,
        basis=data.basis,
        effective_on=data.effective_on or day_at(state.desk.clock()),
        texts=data.fields,
    )
    one = amendments.submit(state.desk, person_of(request), dataset, record, new, data.secrecy())
    return a.submission_answer(one)


@get("/desk/v1/submissions", opt={ACTION: Action.READ_DRAFT})
@in_thread
def list_submissions(request: _Request, state: State) -> list[a.SubmissionAnswer]:
    """List what waits for a decision or for publication."""
    waiting = state.desk.log.approvals.list()
    return [a.submission_answer(one) for one in waiting if work.may_read(state.desk, request.user, one)]


@get(_SUBMISSION, opt={ACTION: Action.READ_DRAFT})
@in_thread
def get_submission(request: _Request, state: State, key: FromPath[int]) -> a.SubmissionAnswer:
    """Return a submission."""
    return a.submission_answer(work.read_submission(state.desk, person_of(request), key))


@post(f"{_SUBMISSION}/approve", opt={ACTION: Action.APPROVE}, status_code=200)
@in_thread
def approve(
    request: _Request, state: State, key: FromPath[int], data: Annotated[a.Decision, Body()]
) -> a.SubmissionAnswer:
    """Approve exactly what has this digest; 409 if it moved."""
    return a.submission_answer(work.approve(state.desk, person_of(request), key, data.digest))


@post(f"{_SUBMISSION}/return", opt={ACTION: Action.RETURN}, status_code=200)
@in_thread
def return_to_drafter(
    request: _Request, state: State, key: FromPath[int], data: Annotated[a.Return, Body()]
) -> a.SubmissionAnswer:
    """Send a submission back with its reason."""
    return a.submission_answer(work.return_to_drafter(state.desk, person_of(request), key, data.reason))


@post(f"{_SUBMISSION}/publish", opt={ACTION: Action.PUBLISH}, status_code=200)
@in_thread
def publish(
    request: _Request, state: State, key: FromPath[int], data: Annotated[a.Decision, Body()]
) -> a.ReleaseAnswer:
    """Publish what was approved; 409 if it moved."""
    one = state.desk.log.approvals.get(key)
    release = work.publish(state.desk, person_of(request), key, data.digest)
    number, digest = (None, None) if release is None else (release.number, release.hash)
    return a.ReleaseAnswer(dataset=one.dataset, release=number, hash=digest)


HANDLERS = [
    import_into_draft,
    get_draft,
    get_diff,
    get_findings,
    submit,
    submit_amendment,
    list_submissions,
    get_submission,
    approve,
    return_to_drafter,
    publish,
]

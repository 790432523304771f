"""A submission: what would change; approve or return it, publish it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Annotated, Any

import msgspec
from litestar import Response, get, post
from litestar.datastructures import State
from litestar.enums import RequestEncodingType
from litestar.params import Body, FromPath

from publisher.desk import amendments, documents, previews, scheduling, submission_checks, work
from publisher.desk.accounts.accounts import Account
from publisher.desk.accounts.roles import Action
from publisher.desk.desk import Desk
from publisher.desk.http.guards import ACTION
from publisher.desk.http.in_thread import in_thread
from publisher.desk.pages.change_texts import format_changes
from publisher.desk.pages.drafts import draft_address, finding_address, print_preview
from publisher.desk.pages.printing import DeskRequest, language, page, see
from publisher.desk.pages.sheets import file_query
from publisher.desk.previews import ProposedRelease
from publisher.desk.work import person_of
from publisher.ingest.findings.kind import Finding
from publisher.log.approvals.submission import Submission
from publisher.log.clocks import SHANGHAI, day_at
from publisher.log.model import Change, DraftDiff, DraftImport, LogError
from schemas.words import KINDS

_PATH = "/submissions/{key:int}"
_FORM = Body(media_type=RequestEncodingType.URL_ENCODED)


class DecisionForm(msgspec.Struct, frozen=True):
    """The digest of what the person looked at, and the reason why it goes back."""

    digest: str = ""
    reason: Annotated[str, msgspec.Meta(max_length=2000)] = ""


class ScheduleForm(msgspec.Struct, frozen=True):
    """The digest of what the person looked at, and a time in China, as ``datetime-local`` sends it."""

    digest: str = ""
    publish_at: Annotated[str, msgspec.Meta(max_length=40)] = ""


@get(_PATH, opt={ACTION: Action.READ_DRAFT})
@in_thread
def submission_page(request: DeskRequest, state: State, key: FromPath[int]) -> Response[bytes]:
    """Show a submission."""
    return _print(request, state.desk, key, None)


@get(f"{_PATH}/preview", opt={ACTION: Action.READ_DRAFT})
@in_thread
def submission_preview(request: DeskRequest, state: State, key: FromPath[int]) -> Response[bytes]:
    """Show a public page as the submission would make it. Raises ``digest-moved`` if it is void."""
    desk: Desk = state.desk
    one = work.read_submission(desk, person_of(request), key)
    if not one.is_waiting or not one.is_current:
        raise LogError("digest-moved", "内容与提交时不同。", "The content is not what was submitted.")
    return print_preview(request, _propose(desk, one), f"/submissions/{key}", _previews(key))


@post(f"{_PATH}/approve", opt={ACTION: Action.APPROVE}, status_code=200)
@in_thread
def approve(
    request: DeskRequest, state: State, key: FromPath[int], data: Annotated[DecisionForm, _FORM]
) -> Response[Any]:
    """Approve exactly what was shown."""
    try:
        work.approve(state.desk, person_of(request), key, data.digest)
    except LogError as error:
        return _print(request, state.desk, key, error)
    return see(f"/submissions/{key}")


@post(f"{_PATH}/return", opt={ACTION: Action.RETURN}, status_code=200)
@in_thread
def return_to_drafter(
    request: DeskRequest, state: State, key: FromPath[int], data: Annotated[DecisionForm, _FORM]
) -> Response[Any]:
    """Send it back with a reason."""
    try:
        work.return_to_drafter(state.desk, person_of(request), key, data.reason)
    except LogError as error:
        return _print(request, state.desk, key, error, data)
    return see("/")


@post(f"{_PATH}/publish", opt={ACTION: Action.PUBLISH}, status_code=200)
@in_thread
def publish(
    request: DeskRequest, state: State, key: FromPath[int], data: Annotated[DecisionForm, _FORM]
) -> Response[Any]:
    """Publish what was approved."""
    desk: Desk = state.desk
    try:
        release = work.publish(desk, person_of(request), key, data.digest)
    except LogError as error:
        return _print(request, desk, key, error)
    return page(
        request,
        "published.html",
        release=release,
        dataset=desk.log.datasets.get(desk.log.approvals.get(key).dataset),
        site=desk.log.datasets.site().base,
    )


@post(f"{_PATH}/schedule", opt={ACTION: Action.PUBLISH}, status_code=200)
@in_thread
def schedule(
    request: DeskRequest, state: State, key: FromPath[int], data: Annotated[ScheduleForm, _FORM]
) -> Response[Any]:
    """Publish at a time."""
    try:
        scheduling.schedule(state.desk, person_of(request), key, data.digest, _instant(data.publish_at))
    except LogError as error:
        return _print(request, state.desk, key, error, data)
    return see(f"/submissions/{key}")


@post(f"{_PATH}/unschedule", opt={ACTION: Action.PUBLISH}, status_code=200)
@in_thread
def unschedule(request: DeskRequest, state: State, key: FromPath[int]) -> Response[Any]:
    """Take the time back."""
    try:
        scheduling.unschedule(state.desk, person_of(request), key)
    except LogError as error:
        return _print(request, state.desk, key, error)
    return see(f"/submissions/{key}")


@post(f"{_PATH}/cancel", opt={ACTION: Action.SUBMIT}, status_code=200)
@in_thread
def cancel(request: DeskRequest, state: State, key: FromPath[int]) -> Response[Any]:
    """Take one's own submission back."""
    try:
        work.cancel(state.desk, person_of(request), key)
    except LogError as error:
        return _print(request, state.desk, key, error)
    return see(f"/submissions/{key}")


def _instant(text: str) -> datetime:
    """Read a local time as forms send it. Raises ``LogError('bad-schedule')``."""
    try:
        return datetime.fromisoformat(text).replace(tzinfo=SHANGHAI)
    except ValueError:
        raise LogError(
            "bad-schedule",
            "发布时间无法识别，请写作“2026-12-01T09:00”。",
            "Write the time as 2026-12-01T09:00.",
        ) from None


def _propose(desk: Desk, one: Submission) -> ProposedRelease:
    """Return what a submission would publish."""
    request = one.request
    if request.kind == "draft":
        return previews.propose_draft(desk, one.dataset, request)
    changes, counts = amendments.preview_submission(desk, one)
    return ProposedRelease(
        dataset=desk.log.datasets.get(one.dataset),
        changes=changes,
        counts=counts,
        effective_on=request.effective_on or day_at(desk.clock()),
        basis=request.basis,
        note=request.note,
        cancels=request.release,
    )


def _previews(key: int) -> str:
    """Return the address of previews of a submission, with a query that a record is added to."""
    return f"/submissions/{key}/preview?"


def _drafts(desk: Desk, account: Account, one: Submission) -> Sequence[tuple[str, str]]:
    """List addresses and names of the drafts of a submission that is open, and of their files."""
    if one.request.kind != "draft" or not (one.is_waiting or one.state == "returned"):
        return ()
    title, places = desk.log.datasets.get(one.dataset).title, []
    for part in work.parts_of(desk, one):
        if not account.may(Action.READ_DRAFT, one.dataset, part):
            continue
        places.append((draft_address(one.dataset, part), f"{title} {part or ''}".strip()))
        catalogue = desk.log.queries.catalogue(one.dataset)
        files = desk.log.drafts.imports(one.dataset, None if part is None else (part,))
        places += [
            (f"/drafts/{one.dataset}/sheet?{file_query(file)}", file.source.name)
            for file in files
            if not documents.is_collected(file, catalogue)
        ]
    return places


def _print(
    request: DeskRequest,
    desk: Desk,
    key: int,
    fault: LogError | None,
    sent: DecisionForm | ScheduleForm | None = None,
) -> Response[bytes]:
    one = work.read_submission(desk, person_of(request), key)
    account = request.user
    diff: DraftDiff | None = None
    changes: Sequence[Change] = ()
    counts: Mapping[str, int] = {}
    imports: Sequence[DraftImport] = ()
    checks: Sequence[Finding] = ()
    if one.request.kind == "draft" and one.is_current:
        parts, day = one.request.parts, one.request.effective_on
        diff, changes = work.draft_changes(desk, one.dataset, one.request)
        counts, imports = work.count_changes(diff), desk.log.drafts.imports(one.dataset, parts)
        checks = work.draft_checks(desk, one.dataset, imports, day)
    elif one.is_current:
        changes, counts = amendments.preview_submission(desk, one)
    own, concerned = one.drafter == account.name, work.parts_of(desk, one)

    def may(action: Action) -> bool:
        return all(account.may(action, one.dataset, part) for part in concerned)

    return page(
        request,
        "submission.html",
        one=one,
        parts=[part for part in concerned if part],
        dataset=desk.log.datasets.get(one.dataset),
        fault=fault,
        sent=sent,
        drafts=_drafts(desk, account, one),
        collected=len(documents.collected_imports(desk, one.dataset)),
        diff=diff,
        changes=format_changes(changes, desk.log.queries.catalogue(one.dataset), language(request)),
        change_counts=counts,
        checks=[(finding, finding_address(desk, one.dataset, imports, finding)) for finding in checks],
        previews=_previews(key),
        guards=submission_checks.guards_of(desk, one),
        basis_documents=submission_checks.basis_documents(desk, one),
        site=desk.log.datasets.site().base,
        late_bases=submission_checks.late_bases(desk, one),
        kinds=KINDS,
        schedule=desk.staff.schedules.all().get(key),
        now=desk.clock().astimezone(SHANGHAI),
        may_cancel=own and one.is_waiting and may(Action.SUBMIT),
        may_unschedule=may(Action.PUBLISH),
        may_decide=one.state == "submitted" and not own and may(Action.APPROVE),
        may_publish=one.state == "approved"
        and one.is_current
        and not work.needs_another_publisher(desk, one, account.name)
        and may(Action.PUBLISH),
    )


HANDLERS = [
    submission_page,
    submission_preview,
    approve,
    return_to_drafter,
    publish,
    schedule,
    unschedule,
    cancel,
]

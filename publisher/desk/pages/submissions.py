"""A submission: what would change; approve or return it, publish it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Any

import msgspec
from litestar import Response, get, post
from litestar.datastructures import State
from litestar.enums import RequestEncodingType
from litestar.params import Body, FromPath

from publisher.desk import amendments, scheduling, work
from publisher.desk.accounts.roles import Action
from publisher.desk.desk import Desk
from publisher.desk.http.guards import ACTION
from publisher.desk.http.in_thread import in_thread
from publisher.desk.pages.change_texts import show_changes
from publisher.desk.pages.printing import DeskRequest, language, page, see
from publisher.desk.work import person_of
from publisher.log.clocks import SHANGHAI
from publisher.log.model import Change, DraftDiff, LogError
from schemas.words import KINDS

_PATH = "/submissions/{key:int}"
_FORM = Body(media_type=RequestEncodingType.URL_ENCODED)


class DecisionForm(msgspec.Struct, frozen=True):
    """What was looked at, and why it goes back."""

    digest: str = ""
    reason: Annotated[str, msgspec.Meta(max_length=2000)] = ""


class ScheduleForm(msgspec.Struct, frozen=True):
    """What was looked at, and when it is published: a time in China, as ``datetime-local`` sends it."""

    digest: str = ""
    publish_at: Annotated[str, msgspec.Meta(max_length=40)] = ""


@get(_PATH, opt={ACTION: Action.READ_DRAFT})
@in_thread
def submission_page(request: DeskRequest, state: State, key: FromPath[int]) -> Response[bytes]:
    """Show a submission."""
    return _print(request, state.desk, key, None)


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
        return _print(request, state.desk, key, error)
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
        return _print(request, state.desk, key, error)
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


def _print(request: DeskRequest, desk: Desk, key: int, fault: LogError | None) -> Response[bytes]:
    one = work.read_submission(desk, person_of(request), key)
    account = request.user
    diff: DraftDiff | None = None
    changes: Sequence[Change] = ()
    if one.request.kind == "draft" and one.is_current:
        diff, changes = work.draft_changes(desk, one.dataset, one.request.parts, one.request.effective_on)
    elif one.is_current:
        changes = amendments.amended(desk, one)
    own = one.drafter == account.name
    return page(
        request,
        "submission.html",
        status_code=200 if fault is None else 409,
        one=one,
        parts=[part for part in work.parts_of(desk, one) if part],
        dataset=desk.log.datasets.get(one.dataset),
        fault=fault,
        diff=diff,
        changes=show_changes(changes, desk.log.queries.catalogue(one.dataset), language(request)),
        guards=work.guards_of(desk, one),
        kinds=KINDS,
        schedule=desk.people.schedules.all().get(key),
        now=desk.clock().astimezone(SHANGHAI),
        may_cancel=own
        and one.state in ("submitted", "approved")
        and work.may(desk, account, Action.SUBMIT, one),
        may_unschedule=work.may(desk, account, Action.PUBLISH, one),
        may_decide=one.state == "submitted" and not own and work.may(desk, account, Action.APPROVE, one),
        may_publish=one.state == "approved"
        and one.is_current
        and not own
        and work.may(desk, account, Action.PUBLISH, one),
    )


HANDLERS = [submission_page, approve, return_to_drafter, publish, schedule, unschedule, cancel]

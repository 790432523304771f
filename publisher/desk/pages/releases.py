"""Releases of a dataset, and the withdrawal of a whole release."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

from litestar import Response, get, post
from litestar.datastructures import State
from litestar.enums import RequestEncodingType
from litestar.params import Body, FromPath

from publisher.desk import withdrawals
from publisher.desk.accounts.roles import Action
from publisher.desk.desk import Desk
from publisher.desk.http.guards import ACTION
from publisher.desk.http.in_thread import in_thread
from publisher.desk.pages.change_texts import format_changes
from publisher.desk.pages.printing import DeskRequest, language, page, see
from publisher.desk.pages.records import read_secrecy
from publisher.desk.withdrawals import Withdrawal
from publisher.desk.work import person_of
from publisher.log.clocks import day_at
from publisher.log.model import LogError
from schemas.words import KINDS

_PATH = "/releases/{dataset:str}"


@get(_PATH, opt={ACTION: Action.READ_DRAFT})
@in_thread
def releases_page(request: DeskRequest, state: State, dataset: FromPath[str]) -> Response[bytes]:
    """List the releases of a dataset, the newest first."""
    desk: Desk = state.desk
    releases = desk.log.queries.releases(dataset)
    return page(
        request,
        "releases.html",
        dataset=desk.log.datasets.get(dataset),
        releases=list(reversed(releases)),
        cancelled={one.cancels: one.number for one in releases if one.cancels is not None},
        kinds=KINDS,
        today=day_at(desk.clock()),
    )


@get(f"{_PATH}/{{number:int}}", opt={ACTION: Action.READ_DRAFT})
@in_thread
def release_page(
    request: DeskRequest, state: State, dataset: FromPath[str], number: FromPath[int]
) -> Response[bytes]:
    """Show the changes that the withdrawal of a release would make, with its form."""
    return _print(request, state.desk, dataset, number, {}, None)


@post(f"{_PATH}/{{number:int}}", opt={ACTION: Action.SUBMIT}, status_code=200)
@in_thread
def withdraw_release(
    request: DeskRequest,
    state: State,
    dataset: FromPath[str],
    number: FromPath[int],
    data: Annotated[dict[str, str], Body(media_type=RequestEncodingType.URL_ENCODED)],
) -> Response[Any]:
    """Submit the withdrawal of a release, and show it; or show what is wrong with it."""
    desk: Desk = state.desk
    reason, basis = data.get("reason", "")[:2000], data.get("basis", "")[:200]
    person = person_of(request)
    try:
        secrecy = read_secrecy(data)
        one = withdrawals.submit(desk, person, dataset, number, reason=reason, basis=basis, secrecy=secrecy)
    except LogError as error:
        if error.code.startswith("no-such-"):
            raise
        return _print(request, desk, dataset, number, data, error)
    return see(f"/submissions/{one.key}")


def _print(
    request: DeskRequest,
    desk: Desk,
    dataset: str,
    number: int,
    typed: Mapping[str, str],
    fault: LogError | None,
) -> Response[bytes]:
    release = desk.log.queries.release(dataset, number)
    withdrawal: Withdrawal | None = None
    refusal: LogError | None = None
    try:
        withdrawal = withdrawals.preview(desk, person_of(request), dataset, number)
    except LogError as error:  # it was cancelled, or a later release changed its records
        refusal = error
    catalogue, lang = desk.log.queries.catalogue(dataset), language(request)
    return page(
        request,
        "release.html",
        dataset=desk.log.datasets.get(dataset),
        release=release,
        withdrawal=withdrawal,
        refusal=refusal,
        changes=format_changes(withdrawal.changes, catalogue, lang) if withdrawal else (),
        kinds=KINDS,
        typed=typed,
        fault=fault,
        today=day_at(desk.clock()),
        site=desk.log.datasets.site().base,
    )


HANDLERS = [releases_page, release_page, withdraw_release]

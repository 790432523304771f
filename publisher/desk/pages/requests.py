"""Corrections that readers ask for, to accept or to reject, and findings to respond to."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

import msgspec
from litestar import Response, get, post
from litestar.datastructures import State
from litestar.enums import RequestEncodingType
from litestar.params import Body, FromPath

from publisher.desk import reader_corrections, responses
from publisher.desk.accounts.roles import Action
from publisher.desk.desk import Desk
from publisher.desk.http.form_values import read_day
from publisher.desk.http.guards import ACTION
from publisher.desk.http.in_thread import in_thread
from publisher.desk.pages.drafts import draft_address
from publisher.desk.pages.printing import DeskRequest, page, see
from publisher.desk.pages.records import read_secrecy
from publisher.desk.work import person_of
from publisher.log.clocks import day_at
from publisher.log.model import LogError
from publisher.workflow.respond import NewResponse
from schemas.words import ANSWERS, RESPONSES

_FORM = Body(media_type=RequestEncodingType.URL_ENCODED)
_REQUEST, _FINDING = "/requests/{request_id:str}", "/answers/{finding:str}"


class ResponseForm(msgspec.Struct, frozen=True):
    """A response to a finding. ``place``: dataset and part, joined by a slash."""

    kind: str = ""
    text: Annotated[str, msgspec.Meta(max_length=2000)] = ""
    basis: Annotated[str, msgspec.Meta(max_length=200)] = ""
    respondent: Annotated[str, msgspec.Meta(max_length=100)] = ""
    responded_on: Annotated[str, msgspec.Meta(max_length=40)] = ""
    place: Annotated[str, msgspec.Meta(max_length=200)] = ""


@get("/requests", opt={ACTION: Action.SUBMIT})
@in_thread
def requests_page(request: DeskRequest, state: State) -> Response[bytes]:
    """List the corrections that readers asked for."""
    return page(
        request,
        "requests.html",
        requests=reader_corrections.list_open(state.desk, person_of(request)),
        titles={dataset.name: dataset.title for dataset in state.desk.log.datasets.all()},
    )


@get(_REQUEST, opt={ACTION: Action.SUBMIT})
@in_thread
def request_page(request: DeskRequest, state: State, request_id: FromPath[str]) -> Response[bytes]:
    """Show a request with its proofs, and the forms to accept and to reject it."""
    return _print_request(request, state.desk, request_id, None)


@post(f"{_REQUEST}/accept", opt={ACTION: Action.SUBMIT}, status_code=200)
@in_thread
def accept_request(
    request: DeskRequest, state: State, request_id: FromPath[str], data: Annotated[dict[str, str], _FORM]
) -> Response[Any]:
    """Submit the correction, and show it."""
    try:
        one = reader_corrections.accept(
            state.desk,
            person_of(request),
            request_id,
            text=data.get("value", ""),
            proof=data.get("proof", "")[:2000],
            reason=data.get("reason", "")[:2000],
            basis=data.get("basis", "")[:200],
            secrecy=read_secrecy(data),
        )
    except LogError as error:
        return _print_request(request, state.desk, request_id, error, data)
    return see(f"/submissions/{one.key}")


@post(f"{_REQUEST}/reject", opt={ACTION: Action.SUBMIT}, status_code=200)
@in_thread
def reject_request(
    request: DeskRequest, state: State, request_id: FromPath[str], data: Annotated[dict[str, str], _FORM]
) -> Response[Any]:
    """Reject a request, with a reason that only its sender reads."""
    try:
        reader_corrections.reject(state.desk, person_of(request), request_id, data.get("reason", "")[:2000])
    except LogError as error:
        return _print_request(request, state.desk, request_id, error, data)
    return see("/requests")


@get("/answers", opt={ACTION: Action.HAND_IN})
@in_thread
def findings_page(request: DeskRequest, state: State) -> Response[bytes]:
    """List the findings about the account's records that have no response."""
    return page(
        request,
        "unanswered.html",
        lists=responses.list_unanswered(state.desk, request.user),
        page_size=responses.PAGE_SIZE,
    )


@get(_FINDING, opt={ACTION: Action.HAND_IN})
@in_thread
def finding_page(request: DeskRequest, state: State, finding: FromPath[str]) -> Response[bytes]:
    """Show a finding, and the form of a response."""
    return _print_finding(request, state.desk, finding, ResponseForm(), None)


@post(_FINDING, opt={ACTION: Action.HAND_IN}, status_code=200)
@in_thread
def respond_to_finding(
    request: DeskRequest, state: State, finding: FromPath[str], data: Annotated[ResponseForm, _FORM]
) -> Response[Any]:
    """Put the response into the draft of a list of responses, and show that draft."""
    desk: Desk = state.desk
    dataset, _, part = data.place.partition("/")
    try:
        response = NewResponse(
            finding,
            data.kind if data.kind in ANSWERS else "",
            data.text.strip(),
            data.respondent.strip(),
            read_day(data.responded_on) if data.responded_on else day_at(desk.clock()),
            basis=data.basis.strip(),
        )
        report = responses.respond(desk, person_of(request), dataset, part or None, response)
    except LogError as error:
        if error.code == "no-such-finding":
            raise
        return _print_finding(request, desk, finding, data, error)
    errors = [one for one in report.findings if one.severity == "error"]
    if errors:
        fault = LogError(errors[0].code, *errors[0].describe())
        return _print_finding(request, desk, finding, data, fault)
    return see(draft_address(dataset, part or None))


def _print_request(
    request: DeskRequest, desk: Desk, id_: str, fault: LogError | None, sent: Mapping[str, str] | None = None
) -> Response[bytes]:
    return page(
        request,
        "request.html",
        one=reader_corrections.read(desk, person_of(request), id_),
        fault=fault,
        sent=sent,
        today=day_at(desk.clock()),
    )


def _print_finding(
    request: DeskRequest, desk: Desk, finding: str, typed: ResponseForm, fault: LogError | None
) -> Response[bytes]:
    return page(
        request,
        "answer.html",
        one=desk.log.findings.get(finding),
        places=[
            (f"{dataset.name}/{part}", f"{dataset.title} {part}") if part else (dataset.name, dataset.title)
            for dataset, parts in responses.lists_of_responses(desk, request.user)
            for part in parts or [""]
        ],
        kinds={kind: RESPONSES[kind] for kind in ANSWERS},
        typed=typed,
        fault=fault,
        today=day_at(desk.clock()),
        site=desk.log.datasets.site().base,
    )


HANDLERS = [
    requests_page,
    request_page,
    accept_request,
    reject_request,
    findings_page,
    finding_page,
    respond_to_finding,
]

"""One record: find it, and submit a correction, another name or a withdrawal."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

from litestar import Response, get, post
from litestar.datastructures import State
from litestar.enums import RequestEncodingType
from litestar.params import Body, FromPath

from publisher.desk import amendments
from publisher.desk.accounts.roles import Action
from publisher.desk.amendments import NewAmendment
from publisher.desk.desk import Desk
from publisher.desk.http.form_values import read_day
from publisher.desk.http.guards import ACTION
from publisher.desk.http.in_thread import in_thread
from publisher.desk.pages.printing import DeskRequest, page, see
from publisher.desk.work import person_of
from publisher.log.approvals.submission import Secrecy
from publisher.log.clocks import day_at
from publisher.log.model import LogError

_PATH = "/records/{dataset:str}"
_FIELD = "field-"


@get(_PATH, opt={ACTION: Action.SUBMIT})
@in_thread
def records_page(request: DeskRequest, state: State, dataset: FromPath[str]) -> Response[bytes]:
    """Search for a record by its title."""
    desk: Desk = state.desk
    title = request.query_params.get("title", "")
    return page(
        request,
        "records.html",
        dataset=desk.log.datasets.get(dataset),
        title=title,
        records=amendments.find_records(desk, person_of(request), dataset, title),
        most=amendments.MOST_LISTED,
    )


@get(f"{_PATH}/{{record:str}}", opt={ACTION: Action.SUBMIT})
@in_thread
def record_page(
    request: DeskRequest, state: State, dataset: FromPath[str], record: FromPath[str]
) -> Response[bytes]:
    """Show the form of a record."""
    return _print(request, state.desk, dataset, record, {}, None)


@post(f"{_PATH}/{{record:str}}", opt={ACTION: Action.SUBMIT}, status_code=200)
@in_thread
def amend_record(
    request: DeskRequest,
    state: State,
    dataset: FromPath[str],
    record: FromPath[str],
    data: Annotated[dict[str, str], Body(media_type=RequestEncodingType.URL_ENCODED)],
) -> Response[Any]:
    """Submit an amendment, and show it; or show what is wrong with it."""
    desk: Desk = state.desk
    kind = data.get("kind")
    day = data.get("effective_on")
    try:
        new = NewAmendment(
            kind="withdraw" if kind == "withdraw" else "rename" if kind == "rename" else "correct",
            reason=data.get("reason", "")[:2000],
            basis=data.get("basis", "")[:200],
            effective_on=read_day(day) if day else day_at(desk.clock()),
            texts={n.removeprefix(_FIELD): text for n, text in data.items() if n.startswith(_FIELD)},
        )
        one = amendments.submit(desk, person_of(request), dataset, record, new, read_secrecy(data))
    except LogError as error:
        if error.code == "no-such-record":
            raise
        return _print(request, desk, dataset, record, data, error)
    return see(f"/submissions/{one.key}")


def read_secrecy(data: Mapping[str, str]) -> Secrecy:
    """Read the review of secrecy in the form of an amendment. Raises ``LogError('bad-day')``."""
    day = data.get("secrecy_reviewed_on")
    return Secrecy(
        openness=data.get("openness", ""),
        reviewed_by=data.get("secrecy_reviewed_by", "").strip()[:100],
        reviewed_on=read_day(day) if day else None,
    )


def _print(
    request: DeskRequest,
    desk: Desk,
    dataset: str,
    record: str,
    typed: dict[str, str],
    fault: LogError | None,
) -> Response[bytes]:
    state, catalogue = amendments.read_record(desk, person_of(request), dataset, record)
    return page(
        request,
        "record.html",
        dataset=desk.log.datasets.get(dataset),
        record=state,
        fields=[
            (field, typed.get(f"{_FIELD}{field.name}", text))
            for field, text in amendments.record_texts(state, catalogue)
        ],
        typed=typed,
        fault=fault,
        today=day_at(desk.clock()),
    )


HANDLERS = [records_page, record_page, amend_record]

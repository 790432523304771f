"""Documents and sources: collected documents beside their pages, and repeals to accept or to refuse."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Annotated, Any

import msgspec
from litestar import Response, get, post
from litestar.datastructures import State
from litestar.enums import RequestEncodingType
from litestar.params import Body, FromPath

from publisher.desk import documents, sources
from publisher.desk.accounts.roles import Action
from publisher.desk.desk import Desk
from publisher.desk.http.form_values import read_number
from publisher.desk.http.guards import ACTION, require
from publisher.desk.http.in_thread import in_thread
from publisher.desk.pages.drafts import draft_address
from publisher.desk.pages.printing import DeskRequest, page, see
from publisher.desk.sources import SourceState
from publisher.desk.work import person_of
from publisher.log.clocks import SHANGHAI
from publisher.log.model import LogError

_FORM = Body(media_type=RequestEncodingType.URL_ENCODED)
_PATH = "/documents/{dataset:str}"
_CHOSEN = "repeal-"
PAGE_SIZE = 100
"""Documents on a page."""
LONGEST = 2000
"""Characters of a reason."""


class ReasonForm(msgspec.Struct, frozen=True):
    """The reason why a document is left out."""

    reason: Annotated[str, msgspec.Meta(max_length=LONGEST)] = ""


@get("/documents", opt={ACTION: Action.READ_DRAFT})
@in_thread
def documents_page(request: DeskRequest, state: State) -> Response[bytes]:
    """List the lists of documents with what was collected, and the sources."""
    desk: Desk = state.desk
    lists = []
    for dataset in desk.log.datasets.all():
        readable = request.user.may(Action.READ_DRAFT, dataset.name)
        if readable and desk.log.queries.catalogue(dataset.name).of_documents:
            imports = documents.collected_imports(desk, dataset.name)
            repeals = documents.list_repeals(desk, dataset.name).values()
            open_repeals = sum(one.state == "proposed" for one in repeals)
            lists.append((dataset, len(imports), sum(bool(one.in_error) for one in imports), open_repeals))
    fault = None
    states: Sequence[SourceState] = ()
    if request.user.may(Action.READ_SETTINGS):
        try:
            states = sources.list_states(desk)
        except LogError as error:
            fault = error
    return page(
        request, "documents.html", status_code=200, lists=lists, states=states, fault=fault, zone=SHANGHAI
    )


@get(_PATH, opt={ACTION: Action.READ_DRAFT})
@in_thread
def dataset_documents_page(request: DeskRequest, state: State, dataset: FromPath[str]) -> Response[bytes]:
    """List the collected documents of a draft, and the repeals that documents propose."""
    return _print_documents(request, state.desk, dataset, {}, None)


@get(f"{_PATH}/{{token:str}}", opt={ACTION: Action.READ_DRAFT})
@in_thread
def document_page(
    request: DeskRequest, state: State, dataset: FromPath[str], token: FromPath[str]
) -> Response[bytes]:
    """Show a collected document beside its page."""
    return _print_document(request, state.desk, dataset, token, None)


@post(f"{_PATH}/{{token:str}}/leave-out", opt={ACTION: Action.HAND_IN}, status_code=200)
@in_thread
def leave_out(
    request: DeskRequest,
    state: State,
    dataset: FromPath[str],
    token: FromPath[str],
    data: Annotated[ReasonForm, _FORM],
) -> Response[Any]:
    """Leave a document out of the draft."""
    try:
        documents.leave_out(state.desk, person_of(request), dataset, token, data.reason)
    except LogError as error:
        if error.code != "reason-missing":
            raise
        return _print_document(request, state.desk, dataset, token, error, data)
    return see(f"/documents/{dataset}")


@post(f"{_PATH}/repeals", opt={ACTION: Action.HAND_IN}, status_code=200)
@in_thread
def decide_repeals(
    request: DeskRequest, state: State, dataset: FromPath[str], data: Annotated[dict[str, str], _FORM]
) -> Response[Any]:
    """Accept or refuse the repeals that were ticked."""
    desk: Desk = state.desk
    keys = [name.removeprefix(_CHOSEN) for name in data if name.startswith(_CHOSEN)]
    try:
        documents.decide_repeals(
            desk,
            person_of(request),
            dataset,
            keys,
            accept=data.get("decision") == "accept",
            reason=data.get("reason", "")[:LONGEST],
        )
    except LogError as error:
        return _print_documents(request, desk, dataset, data, error)
    return see(f"/documents/{dataset}#repeals")


def _print_documents(
    request: DeskRequest, desk: Desk, dataset: str, typed: Mapping[str, str], fault: LogError | None
) -> Response[bytes]:
    require(request.user, Action.READ_DRAFT, dataset, None)
    one = desk.log.datasets.get(dataset)
    imports = documents.collected_imports(desk, dataset)
    first = read_number(request.query_params.get("from")) // PAGE_SIZE * PAGE_SIZE
    return page(
        request,
        "dataset_documents.html",
        dataset=one,
        documents=documents.describe_documents(desk, dataset, imports[first : first + PAGE_SIZE]),
        count=len(imports),
        in_error=sum(bool(one.in_error) for one in imports),
        first=first,
        page_size=PAGE_SIZE,
        repeals=documents.list_repeals(desk, dataset),
        chosen=_CHOSEN,
        typed=typed,
        longest=LONGEST,
        draft=draft_address(dataset, None),
        fault=fault,
        zone=SHANGHAI,
        may_hand_in=request.user.may(Action.HAND_IN, dataset),
    )


def _print_document(
    request: DeskRequest,
    desk: Desk,
    dataset: str,
    token: str,
    fault: LogError | None,
    sent: ReasonForm | None = None,
) -> Response[bytes]:
    require(request.user, Action.READ_DRAFT, dataset, None)
    return page(
        request,
        "document.html",
        dataset=desk.log.datasets.get(dataset),
        reading=documents.read_document(desk, dataset, token),
        longest=LONGEST,
        fault=fault,
        sent=sent,
        zone=SHANGHAI,
        may_hand_in=request.user.may(Action.HAND_IN, dataset),
    )


HANDLERS = [documents_page, dataset_documents_page, document_page, leave_out, decide_repeals]

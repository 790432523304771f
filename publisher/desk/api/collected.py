"""Routes about what is collected: sources, documents of a draft, and repeals."""

from __future__ import annotations

from typing import Annotated, Any

from litestar import Request, get, post
from litestar.datastructures import State
from litestar.params import Body, FromPath

from publisher.desk import documents, sources
from publisher.desk.accounts.roles import Action
from publisher.desk.api import collected_bodies as b
from publisher.desk.api.contract import operation
from publisher.desk.desk import Desk
from publisher.desk.http.guards import require
from publisher.desk.http.in_thread import in_thread
from publisher.desk.http.repeated_requests import repeatable
from publisher.desk.work import person_of
from publisher.harvest.source_config import SourceSite

_SOURCES = "/desk/v1/sources"
_DOCUMENTS = "/desk/v1/documents/{dataset:str}"
_REPEALS = "/desk/v1/drafts/{dataset:str}/repeals"
_Request = Request[Any, Any, Any]


@get(_SOURCES, **operation("listSources", Action.READ_SETTINGS, list[b.SourceAnswer]))
@in_thread
def list_sources(state: State) -> list[b.SourceAnswer]:
    """List the sources, each with its last run."""
    return [b.source_answer(one) for one in sources.list_states(state.desk)]


@get(f"{_SOURCES}/{{source:str}}", **operation("getSource", Action.READ_SETTINGS, b.SourceAnswer))
@in_thread
def get_source(state: State, source: FromPath[str]) -> b.SourceAnswer:
    """Return a source with the newest 50 runs."""
    return b.source_answer(sources.find_state(state.desk, source))


@post(_SOURCES, **operation("addSource", Action.MANAGE_DATASETS, b.SourceAnswer, status=201))
@in_thread
@repeatable
def add_source(request: _Request, state: State, data: Annotated[SourceSite, Body()]) -> b.SourceAnswer:
    """Add a source to ``sources.toml``."""
    sources.add_source(state.desk, person_of(request), data)
    return b.source_answer(sources.find_state(state.desk, data.name))


@post(f"{_SOURCES}/dry-run", **operation("trySource", Action.MANAGE_DATASETS, b.DryRunAnswer))
@in_thread
@repeatable
def try_source(request: _Request, state: State, data: Annotated[SourceSite, Body()]) -> b.DryRunAnswer:
    """Look at what a source would bring, within 45 seconds. Nothing is written."""
    return b.dry_run_answer(sources.try_source(state.desk, person_of(request), data))


@get(_DOCUMENTS, **operation("listDocuments", Action.READ_DRAFT, list[b.CollectedAnswer]))
@in_thread
def list_documents(request: _Request, state: State, dataset: FromPath[str]) -> list[b.CollectedAnswer]:
    """List the collected documents of a draft, those in error first."""
    require(request.user, Action.READ_DRAFT, dataset, None)
    desk: Desk = state.desk
    desk.log.datasets.get(dataset)
    imports = documents.collected_imports(desk, dataset)
    return [b.collected_answer(one) for one in documents.describe_documents(desk, dataset, imports)]


@get(f"{_DOCUMENTS}/{{token:str}}", **operation("getDocument", Action.READ_DRAFT, b.ReadingAnswer))
@in_thread
def get_document(
    request: _Request, state: State, dataset: FromPath[str], token: FromPath[str]
) -> b.ReadingAnswer:
    """Return what was read of a collected document, beside the lines of its page."""
    require(request.user, Action.READ_DRAFT, dataset, None)
    return b.reading_answer(documents.read_document(state.desk, dataset, token))


@post(
    f"{_DOCUMENTS}/{{token:str}}/leave-out",
    **operation("leaveDocumentOut", Action.HAND_IN, list[b.CollectedAnswer]),
)
@in_thread
@repeatable
def leave_document_out(
    request: _Request,
    state: State,
    dataset: FromPath[str],
    token: FromPath[str],
    data: Annotated[b.LeaveOut, Body()],
) -> list[b.CollectedAnswer]:
    """Leave a collected document out of the draft → those that stay."""
    desk: Desk = state.desk
    documents.leave_out(desk, person_of(request), dataset, token, data.reason)
    imports = documents.collected_imports(desk, dataset)
    return [b.collected_answer(one) for one in documents.describe_documents(desk, dataset, imports)]


@get(_REPEALS, **operation("listRepeals", Action.READ_DRAFT, list[b.RepealAnswer]))
@in_thread
def list_repeals(request: _Request, state: State, dataset: FromPath[str]) -> list[b.RepealAnswer]:
    """List the repeals that documents propose and that are not published."""
    require(request.user, Action.READ_DRAFT, dataset, None)
    repeals = documents.list_repeals(state.desk, dataset)
    return [b.repeal_answer(key, one) for key, one in repeals.items()]


@post(_REPEALS, **operation("decideRepeals", Action.HAND_IN, list[b.RepealAnswer]))
@in_thread
@repeatable
def decide_repeals(
    request: _Request, state: State, dataset: FromPath[str], data: Annotated[b.RepealDecision, Body()]
) -> list[b.RepealAnswer]:
    """Accept or refuse repeals as they were shown; 409 if one moved."""
    desk, person = state.desk, person_of(request)
    documents.decide_repeals(desk, person, dataset, data.keys, accept=data.accept, reason=data.reason)
    repeals = documents.list_repeals(desk, dataset)
    return [b.repeal_answer(key, one) for key, one in repeals.items()]


HANDLERS = [
    list_sources,
    get_source,
    add_source,
    try_source,
    list_documents,
    get_document,
    leave_document_out,
    list_repeals,
    decide_repeals,
]

"""Commitments that a published plan proposes: a clerk accepts, changes or drops each."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, get_args

from litestar import Response, get, post
from litestar.datastructures import State
from litestar.enums import RequestEncodingType
from litestar.params import Body, FromPath
from msgspec import structs

from publisher.desk import work
from publisher.desk.accounts.roles import Action
from publisher.desk.desk import Desk
from publisher.desk.http.guards import ACTION, require
from publisher.desk.http.in_thread import in_thread
from publisher.desk.pages.drafts import draft_address
from publisher.desk.pages.printing import DeskRequest, page, see
from publisher.desk.work import person_of
from publisher.ingest.documents.commitment_sentences import CommitmentKind, ProposedCommitment
from publisher.log.commitments.rules import COMMITMENTS
from publisher.log.model import LogError
from publisher.workflow import propose_commitments as workflow
from publisher.workflow.import_files import InputFile
from publisher.workflow.propose_commitments import Proposals
from schemas.cells.deadlines import format_deadline

_PATH = "/drafts/{dataset:str}/proposals"
_TYPED = ("task", "lead", "supporting", "deadline")
_LONGEST = 2000
"""Characters of a field that are kept."""
_KINDS: tuple[CommitmentKind, ...] = get_args(CommitmentKind.__value__)


@get(_PATH, opt={ACTION: Action.HAND_IN})
@in_thread
def proposals_page(request: DeskRequest, state: State, dataset: FromPath[str]) -> Response[bytes]:
    """Show the commitments that the document with a number proposes."""
    query = request.query_params
    typed = {name: query.get(name, "") for name in ("document", "part")}
    try:
        return _print(request, state.desk, dataset, typed)
    except LogError as error:
        return _print(request, state.desk, dataset, {**typed, "document": ""}, error)


@post(_PATH, opt={ACTION: Action.HAND_IN}, status_code=200)
@in_thread
def accept_proposals(
    request: DeskRequest,
    state: State,
    dataset: FromPath[str],
    data: Annotated[dict[str, str], Body(media_type=RequestEncodingType.URL_ENCODED)],
) -> Response[Any]:
    """Hand in the proposals that were accepted, as they were changed."""
    desk: Desk = state.desk
    person, part = person_of(request), data.get("part") or None
    require(person.account, Action.HAND_IN, dataset, part)
    _check_catalogue(desk, dataset)
    try:
        document = workflow.find_plan(desk.log, data.get("document", ""))
        proposals = workflow.propose(document)
        if workflow.proposals_digest(proposals) != data.get("digest"):
            raise work.digest_moved()
        accepted = {n: _change(one, n, data) for n, one in proposals.items() if f"accept-{n}" in data}
        if not accepted:
            raise LogError("no-commitments", "没有采用任何任务。", "No commitment was accepted.")
        name = f"{document.get('number') or document.get('title')}：任务建议.csv".replace("/", "_")
        file = InputFile(name, workflow.write_rows(document, accepted))
        work.hand_in(desk, person, dataset, [file], part=part)
    except LogError as error:
        return _print(request, desk, dataset, data, error)
    return see(draft_address(dataset, part))


def _change(one: ProposedCommitment, number: int, data: Mapping[str, str]) -> ProposedCommitment:
    """Return a proposal with what the clerk typed; a blank stays blank."""
    typed = {name: data.get(f"{name}-{number}", "").strip()[:_LONGEST] for name in _TYPED}
    kind = next((kind for kind in _KINDS if kind == data.get(f"kind-{number}")), one.kind)
    return structs.replace(one, kind=kind, **typed)


def _print(
    request: DeskRequest,
    desk: Desk,
    name: str,
    data: Mapping[str, str],
    fault: LogError | None = None,
) -> Response[bytes]:
    """Render the form. ``data``: what was typed, which a refused form keeps. ``fault``: why it was refused.

    Raises ``LogError`` if the document proposes nothing.
    """
    _check_catalogue(desk, name)
    number, part = data.get("document", "").strip(), data.get("part") or None
    require(request.user, Action.HAND_IN, name, part)
    proposals: Proposals = {}
    is_typed = "digest" in data
    title = ""
    if number and not (fault and fault.code.startswith("no-such-")):
        document = workflow.find_plan(desk.log, number)
        title, proposals = str(document.get("title", "")), workflow.propose(document)
    return page(
        request,
        "proposals.html",
        dataset=desk.log.datasets.get(name),
        part=part,
        document=number,
        title=title,
        digest=workflow.proposals_digest(proposals),
        proposals=[
            (n, _change(one, n, data) if is_typed else _in_words(one), f"accept-{n}" in data)
            for n, one in proposals.items()
        ],
        kinds=_KINDS,
        fault=fault,
    )


def _in_words(one: ProposedCommitment) -> ProposedCommitment:
    return structs.replace(one, deadline=format_deadline(one.deadline))


def _check_catalogue(desk: Desk, name: str) -> None:
    """Raise ``LogError('no-such-dataset')`` for a dataset that is not a list of commitments."""
    if desk.log.datasets.get(name).catalogue != COMMITMENTS:
        raise LogError(
            "no-such-dataset",
            f"{name} 不是工作任务清单。",
            f"{name} is not a list of commitments.",
        )


HANDLERS = [proposals_page, accept_proposals]

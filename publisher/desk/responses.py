"""Responses to findings (部门回应): each is staged in the draft of a list of responses."""

from __future__ import annotations

from collections.abc import Sequence

from publisher.desk import work
from publisher.desk.accounts.accounts import Account
from publisher.desk.accounts.roles import Action
from publisher.desk.desk import Desk
from publisher.desk.http.guards import require
from publisher.desk.work import Person
from publisher.log.findings.finding_query import FindingQuery, PublishedFinding
from publisher.log.model import Dataset, LogError
from publisher.workflow.import_report import ImportReport
from publisher.workflow.respond import NewResponse, response_file

PAGE_SIZE = 50
_CATALOGUE = "responses"
"""Kind of the lists of responses."""


def lists_of_responses(desk: Desk, account: Account) -> Sequence[tuple[Dataset, Sequence[str]]]:
    """List the lists of responses into which an account hands in, each with its parts."""
    places = work.datasets_for(desk, account, Action.HAND_IN)
    return [(dataset, parts) for dataset, parts in places if dataset.catalogue == _CATALOGUE]


def list_unanswered(
    desk: Desk, account: Account
) -> Sequence[tuple[Dataset, Sequence[PublishedFinding], int]]:
    """List findings about an account's records without a response: dataset, the newest, and their number."""
    listed = []
    for dataset, parts in work.datasets_for(desk, account, Action.HAND_IN):
        limited = tuple(parts) if len(parts) < len(dataset.parts) else ()
        page = desk.log.findings.page(
            FindingQuery(datasets=(dataset.name,), parts=limited, handling=("unanswered",), limit=PAGE_SIZE)
        )
        if page.total:
            listed.append((dataset, page.findings, page.total))
    return listed


def respond(
    desk: Desk, person: Person, dataset: str, part: str | None, response: NewResponse
) -> ImportReport:
    """Put a response into the draft of a list of responses.

    Raises ``LogError``: ``answer-missing``, and as :func:`.response_file` and :func:`.work.hand_in`.
    """
    require(person.account, Action.HAND_IN, dataset, part)
    if not response.text.strip() or not response.respondent.strip():
        raise LogError(
            "answer-missing", "请填写回应的内容和回应单位。", "Write the response, and which office responds."
        )
    return work.hand_in(desk, person, dataset, [response_file(desk.log, response)], part=part)

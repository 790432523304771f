"""Route: what plans promised, with the derived status of each and what offices say about it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from urllib.parse import urlencode

import msgspec

from openapi.operation import Operation
from publisher.log.commitments.commitment_query import (
    STATUSES,
    CommitmentPage,
    CommitmentQuery,
    PublishedCommitment,
)
from publisher.log.model import View
from publisher.views.api import filter_values, requested_view
from publisher.views.api.answers import commitments as answers
from publisher.views.api.parameter_docs import AS_OF, CURSOR, KNOWN_AT, LIMIT, text_filter
from publisher.web import page_cursor, query_parameters
from publisher.web.conditional_requests import Validity
from publisher.web.query_parameters import Grammar, Parameters
from publisher.web.route import Call, Reply, route
from publisher.web.service import Service
from schemas.reference.document_numbers import parse_number

_TEXTS = ("dataset", "plan", "section", "lead", "status")
GRAMMAR = Grammar(
    names=requested_view.PAGED,
    filters={**dict.fromkeys(_TEXTS, "string"), "due_from": "date", "due_to": "date"},
)


@route(
    Operation(
        name="list_commitments",
        path="/v1/commitments",
        tag="commitments",
        summary="工作任务",
        description="文件布置的工作任务，推算的状态，以及各方的说明。状态由佐证规则从已发布的内容"
        "推算：只有已完成和逾期，其余无法判断。按列入的先后。同名参数为“或”关系。\n\n"
        "What plans promised, with the status that rules of evidence derive from what is published (done or "
        "overdue; all else is undetermined), and what offices say. In the order of publication. Repeat a "
        "name for or.",
        answer=answers.Commitments,
        parameters=(
            text_filter("dataset", "数据集的名称 / Name of a dataset"),
            text_filter("plan", "文号，各种写法均可 / Document number of the plan, in any spelling"),
            text_filter("section", "部分 / Section of the plan"),
            text_filter("lead", "牵头单位 / Lead body"),
            text_filter("status", "done、overdue 或 undetermined / One of these", enum=list(STATUSES)),
            text_filter("due_from", "时限的最后一天不早于 / Last day of the deadline, from", format="date"),
            text_filter("due_to", "时限的最后一天不晚于 / Last day of the deadline, to", format="date"),
            AS_OF,
            KNOWN_AT,
            LIMIT,
            CURSOR,
        ),
        problems=("invalid-cursor", "too-busy", "too-many-requests"),
    ),
    runs="query",
)
def list_commitments(service: Service, call: Call) -> Reply:
    listing = make_listing(service, query_parameters.parse(call.query, GRAMMAR))
    return Reply(listing.validity, lambda: _page(service, call, listing))


class CommitmentListing(msgspec.Struct, frozen=True):
    """A list of commitments that a request describes, before it is read."""

    query: CommitmentQuery
    digest: str
    """Digest of the query, which a cursor contains."""
    validity: Validity

    def fetch_page(self, service: Service) -> tuple[CommitmentPage, str | None]:
        """Return a page, and the cursor of the next one."""
        page = service.log.commitments.page(self.query)
        if page.after is None:
            return page, None
        return page, service.cursors.encode(page_cursor.Cursor(self.digest, after=(page.after,)))


def make_listing(service: Service, params: Parameters) -> CommitmentListing:
    """Describe the list of a request. Raises ``invalid-parameters``, ``invalid-cursor``."""
    digest, cursor = requested_view.begin_list(service, params, "commitments")
    return CommitmentListing(_query(params, cursor), digest, validity(service, params.view))


def _query(params: Parameters, cursor: page_cursor.Cursor | None) -> CommitmentQuery:
    """Build the query. Raises ``invalid-parameters`` for an unknown status and for a repeated day."""
    return CommitmentQuery(
        view=params.view,
        datasets=params.values_of("dataset") or None,
        plans=tuple(map(_normalise_number, params.values_of("plan"))),
        sections=params.values_of("section"),
        bodies=params.values_of("lead"),
        statuses=filter_values.one_of(params, "status", STATUSES),
        due_from=_day(params, "due_from"),
        due_to=_day(params, "due_to"),
        limit=params.limit,
        after=0 if cursor is None else int(str(cursor.after[0])),
    )


def _normalise_number(text: str) -> str:
    """Return a document number as lists write it, in whatever spelling it is given."""
    citation = parse_number(text)
    return citation.standard if citation else text


def _day(params: Parameters, name: str) -> date | None:
    day = filter_values.single(params, name)
    return None if day is None else date.fromisoformat(day)


def validity(service: Service, view: View) -> Validity:
    """Return the validity of what is derived about commitments in a view."""
    return requested_view.site_validity(service, view, *service.log.commitments.validator())


def _page(service: Service, call: Call, listing: CommitmentListing) -> answers.Commitments:
    page, cursor = listing.fetch_page(service)
    own = [
        pair
        for pair in query_parameters.pairs(call.query)
        if pair[0] not in ("cursor", "limit", "as_of", "known_at")
    ]
    query = f"?{urlencode(own)}" if own else ""
    return answers.Commitments(
        total=page.total,
        counts={str(status): count for status, count in page.counts.items()},
        commitments=tuple(commitment_answer(service, one) for one in page.commitments),
        facets={
            name: tuple(answers.CommitmentCount(value=value, count=count) for value, count in counts)
            for name in ("plan", "section", "lead", "kind")
            for counts in [page.facet(name)]
        },
        links=answers.CommitmentsLinks(
            self=requested_view.link_as_requested(service, call),
            next=requested_view.next_page(service, call, cursor),
            calendar=service.link("/commitments.ics") + query,
        ),
    )


def commitment_answer(service: Service, one: PublishedCommitment) -> answers.Commitment:
    """Build the answer of the API for one commitment."""
    return answers.Commitment(
        id=one.id,
        dataset=one.dataset,
        title=one.title,
        release=one.release,
        content=one.content,
        due_on=one.due,
        status=one.status,
        done_on=one.done_on,
        known_from=one.known_from,
        disputed=one.is_disputed,
        statements=tuple(_statements(service, one)),
        links=answers.CommitmentLinks(
            self=service.link(f"/v1/commitments/{one.id}/evidence"),
            record=service.link(f"/v1/datasets/{one.dataset}/records/{one.id}"),
            page=service.link(f"/commitments/{one.id}"),
        ),
    )


def _statements(service: Service, commitment: PublishedCommitment) -> Iterator[answers.CommitmentStatement]:
    for one in commitment.statements:
        yield answers.CommitmentStatement(
            progress=one.progress,
            stated_on=one.stated_on,
            judge=one.judge,
            role=one.role,
            note=one.note,
            evidence=one.evidence,
            link=service.link(f"/v1/datasets/{one.dataset}/records/{one.record}"),
        )

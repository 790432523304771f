"""Routes: what the checks of published lists find, and the checks."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import get_args

import msgspec

from openapi.operation import Operation, Parameter
from publisher.checks.all_checks import CHECKS, CHECKS_BY_CODE
from publisher.checks.check import Check
from publisher.ingest.findings.kind import Bilingual, Cite, Severity
from publisher.log.findings.finding_query import (
    FindingPage,
    FindingQuery,
    FindingStatus,
    PublishedFinding,
    ReleaseMark,
)
from publisher.log.findings.responses import Handling, Response
from publisher.log.model import View
from publisher.views.api import filter_values, requested_view
from publisher.views.api.answers import findings as answers
from publisher.views.api.parameter_docs import AS_OF, CURSOR, DIVISION, KNOWN_AT, LIMIT, text_filter
from publisher.web import page_cursor, query_parameters
from publisher.web.conditional_requests import Validity
from publisher.web.problems import ProblemError
from publisher.web.query_parameters import Grammar, Parameters
from publisher.web.route import AnyRoute, Call, Reply, route
from publisher.web.service import Service

_FILTERS = ("check", "dataset", "body", "division", "part", "record", "severity", "status", "handling")
GRAMMAR = Grammar(names=requested_view.PAGED, filters=dict.fromkeys(_FILTERS, "string"))
_ID = re.compile(r"[0-9a-f]{20}")
_RELEASE = re.compile(r"([a-z0-9][a-z0-9-]{0,99})/([1-9][0-9]{0,8})")
_STATUSES: tuple[FindingStatus, ...] = get_args(FindingStatus.__value__)
_SEVERITIES: tuple[Severity, ...] = ("fact", "likely", "look")
HANDLINGS: tuple[Handling, ...] = get_args(Handling.__value__)


@route(
    Operation(
        name="list_findings",
        path="/v1/findings",
        tag="findings",
        summary="待核问题",
        description="清单之间不一致之处，逐字引用所涉及的每一行；未经确认。新的在前。同名参数为“或”关系。\n\n"
        "What the published lists say against one another, with every text on which it rests; unconfirmed. "
        "Newest first. Repeat a name for or.",
        answer=answers.Findings,
        parameters=(
            text_filter("check", "核对的代码，见 /v1/checks / Code of a check"),
            text_filter("dataset", "数据集的名称 / Name of a dataset"),
            text_filter("body", "公布机关 / Publishing body of the dataset"),
            DIVISION,
            text_filter("part", "报送部门 / Part"),
            text_filter("record", "记录标识 / Id of a record"),
            text_filter("severity", "fact、likely 或 look / One of these"),
            text_filter(
                "status",
                "open 仍在，ended 已结束；默认 open / Those that hold, or that ended",
                enum=list(_STATUSES),
                default="open",
            ),
            text_filter(
                "handling",
                "unanswered 尚未回应，answered 已回应，dismissed 不成立 / How it was handled",
                enum=list(HANDLINGS),
            ),
            AS_OF,
            KNOWN_AT,
            LIMIT,
            CURSOR,
        ),
        problems=("invalid-cursor", "too-busy", "too-many-requests"),
    ),
    runs="query",
)
def list_findings(service: Service, call: Call) -> Reply:
    listing = make_listing(service, query_parameters.parse(call.query, GRAMMAR))
    return Reply(listing.validity, lambda: _page(service, call, listing))


class FindingListing(msgspec.Struct, frozen=True):
    """A list of findings that a request describes, before it is read."""

    query: FindingQuery
    digest: str
    """Digest of the query, which a cursor contains."""
    validity: Validity

    def fetch_page(self, service: Service) -> tuple[FindingPage, str | None]:
        """Return a page, and the cursor of the next one."""
        page = service.log.findings.page(self.query)
        if page.after is None:
            return page, None
        return page, service.cursors.encode(page_cursor.Cursor(self.digest, after=page.after))


def make_listing(service: Service, params: Parameters) -> FindingListing:
    """Describe the list of a request. Raises ``invalid-parameters``, ``invalid-cursor``."""
    digest, cursor = requested_view.begin_list(service, params, "findings")
    return FindingListing(_query(service, params, cursor), digest, validity(service, params.view))


def _query(service: Service, params: Parameters, cursor: page_cursor.Cursor | None) -> FindingQuery:
    """Build the query. Raises ``invalid-parameters`` for an unknown check, severity, status or handling."""
    filter_values.single(params, "status")
    statuses = filter_values.one_of(params, "status", _STATUSES)
    after = None
    if cursor is not None:
        instant, last = cursor.after
        after = (int(str(instant)), str(last))
    return FindingQuery(
        view=params.view,
        status=statuses[0] if statuses else "open",
        codes=filter_values.one_of(params, "check", tuple(CHECKS_BY_CODE)),
        severities=filter_values.one_of(params, "severity", _SEVERITIES),
        datasets=filter_values.dataset_names(params, service.log.datasets.all(), by_body=True),
        parts=params.values_of("part"),
        records=params.values_of("record"),
        handling=filter_values.one_of(params, "handling", HANDLINGS),
        limit=params.limit,
        after=after,
    )


def validity(service: Service, view: View) -> Validity:
    """Return the validity of what the checks find in a view."""
    return requested_view.site_validity(service, view, *service.log.findings.validator())


def _page(service: Service, call: Call, listing: FindingListing) -> answers.Findings:
    page, cursor = listing.fetch_page(service)
    return answers.Findings(
        total=page.total,
        findings=tuple(finding_answer(service, published) for published in page.findings),
        facets={
            name: tuple(answers.FindingCount(value=value, count=count) for value, count in counts)
            for name, counts in page.facets.items()
        },
        checked_release=service.log.findings.validator()[0],
        links=answers.FindingsLinks(
            self=requested_view.link_as_requested(service, call),
            next=requested_view.next_page(service, call, cursor),
            checks=service.link("/v1/checks"),
        ),
    )


@route(
    Operation(
        name="get_finding",
        path="/v1/findings/{finding}",
        tag="findings",
        summary="一个待核问题",
        description="一个待核问题及其所引的原文；已经结束的，为最后的状态。\n\n"
        "A finding with the texts that it cites; one that has ended as it was last.",
        answer=answers.Finding,
        parameters=(
            Parameter(
                "finding",
                "标识，重新核对后不变 / Id, which survives a re-run",
                {"type": "string"},
                where="path",
                required=True,
            ),
            AS_OF,
            KNOWN_AT,
        ),
        problems=("no-such-finding",),
    )
)
def get_finding(service: Service, call: Call) -> Reply:
    finding = finding_id(call)
    params = query_parameters.parse(call.query, requested_view.CLOCKS_GRAMMAR)
    requested_view.check_not_future(service, params.view)
    return Reply(
        validity(service, params.view),
        lambda: finding_answer(service, service.log.findings.get(finding, params.view)),
    )


def finding_id(call: Call) -> str:
    """Return the id in the path. Raises ``no-such-finding`` for one that no finding can have."""
    if not _ID.fullmatch(call.path["finding"]):
        raise ProblemError("no-such-finding")
    return call.path["finding"]


def finding_answer(service: Service, published: PublishedFinding) -> answers.Finding:
    """Build the answer of the API for one finding."""
    one = published.finding
    return answers.Finding(
        id=published.id,
        check=one.code,
        rule=one.rule,
        severity=one.severity,
        status=published.status,
        dataset=published.dataset,
        record=published.record,
        title=published.title,
        part=published.part,
        message=answers.Texts(zh=one.message_zh, en=one.message_en),
        because=answers.Texts(zh=one.because_zh, en=one.because_en),
        way_out=answers.Texts(zh=one.way_out_zh, en=one.way_out_en),
        effective_from=published.effective_from,
        effective_to=published.effective_to,
        known_from=published.known_from,
        known_to=published.known_to,
        opened_by=_release(service, published.opened),
        ended_by=_release(service, published.ended),
        cites=tuple(_cites(service, one.cites)),
        handling=published.handling,
        unanswered_days=published.unanswered_days,
        responses=tuple(_responses(service, published)),
        links=answers.FindingLinks(
            self=service.link(f"/v1/findings/{published.id}"),
            check=service.link("/v1/checks"),
            record=service.link(f"/v1/datasets/{published.dataset}/records/{published.record}"),
        ),
    )


def _release(service: Service, mark: ReleaseMark | None) -> answers.FindingRelease | None:
    if mark is None:
        return None
    return answers.FindingRelease(
        dataset=mark.dataset,
        number=mark.number,
        published_at=mark.published_at,
        link=service.link(f"/v1/datasets/{mark.dataset}/releases/{mark.number}"),
    )


def _responses(service: Service, published: PublishedFinding) -> Iterator[answers.FindingResponse]:
    cited = {row.hash for row in published.rows}
    for one in published.responses:
        mended = mending_release(one)
        yield answers.FindingResponse(
            kind=one.kind,
            text=one.text,
            basis=one.basis,
            mended_by=service.link(f"/v1{mended}") if mended else None,
            respondent=one.respondent,
            responded_on=one.responded_on,
            applies=one.cited == cited,
            link=service.link(f"/v1/datasets/{one.dataset}/records/{one.record}"),
        )


def mending_release(response: Response) -> str | None:
    """Return the path of the release that mends a finding, on pages and below ``/v1``; None: not named."""
    release = _RELEASE.fullmatch(response.mended_by)
    return f"/datasets/{release[1]}/releases/{release[2]}" if release else None


def _cites(service: Service, cites: Iterable[Cite]) -> Iterable[answers.CitedText]:
    for cite in cites:
        home = f"/v1/datasets/{cite.dataset}/records/{cite.record}"
        yield answers.CitedText(
            role=cite.role,
            dataset=cite.dataset,
            record=cite.record,
            revision=cite.revision,
            field=cite.field,
            item=cite.item,
            start=cite.start,
            end=cite.end,
            text=cite.text,
            link=service.link(f"{home}/revisions/{cite.revision}"),
        )


@route(
    Operation(
        name="list_checks",
        path="/v1/checks",
        tag="findings",
        summary="全部核对",
        description="每项核对的规则，以及在人工标注的数据上的效果。\n\n"
        "The rules of each check, and what it came to on data that were labelled by hand.",
        answer=answers.Checks,
    )
)
def list_checks(service: Service, call: Call) -> Reply:
    requested_view.refuse_parameters(call)
    versions = tuple((check.code, check.version) for check in CHECKS)
    return Reply(
        Validity((versions,)), lambda: answers.Checks(checks=tuple(_check(service, c) for c in CHECKS))
    )


def _check(service: Service, check: Check) -> answers.Check:
    return answers.Check(
        code=check.code,
        version=check.version,
        title=_texts(check.title),
        needs=tuple(check.needs),
        rules=tuple(
            answers.CheckRule(
                name=rule.name,
                severity=rule.severity,
                message=_texts(rule.message),
                because=_texts(rule.because),
            )
            for rule in check.rules
        ),
        labelled_set=_labelled_set(check),
        findings=service.link(f"/v1/findings?check={check.code}"),
    )


def _labelled_set(check: Check) -> answers.LabelledSet | None:
    one = check.labelled_set
    if one is None:
        return None
    return answers.LabelledSet(
        description=_texts(one.description),
        measured_on=one.measured_on,
        positives=one.positives,
        negatives=one.negatives,
        precision=one.precision,
        recall=one.recall,
    )


def _texts(words: Bilingual) -> answers.Texts:
    return answers.Texts(zh=words.zh, en=words.en)


ROUTES: tuple[AnyRoute, ...] = (list_findings, get_finding, list_checks)

"""Route: the evidence of a commitment."""

from __future__ import annotations

from openapi.operation import Operation
from publisher.log.commitments.evidence_list import RuleEvidence, RuleInView
from publisher.views.api import requested_view
from publisher.views.api.answers import commitments as answers
from publisher.views.api.parameter_docs import AS_OF, KNOWN_AT, RECORD
from publisher.views.api.routes.commitments.commitment_list import commitment_answer, validity
from publisher.web import query_parameters
from publisher.web.problems import ProblemError
from publisher.web.route import Call, Reply, route
from publisher.web.service import Service


@route(
    Operation(
        name="get_commitment_evidence",
        path="/v1/commitments/{record}/evidence",
        tag="commitments",
        summary="一个工作任务的佐证",
        description="工作任务的各条佐证规则、是否成立，以及使其成立的发布和条目；并列各方的说明。\n\n"
        "The rules of evidence of a commitment, whether each holds, and the releases and records that meet "
        "it; beside them what is said about it.",
        answer=answers.CommitmentEvidence,
        parameters=(RECORD, AS_OF, KNOWN_AT),
        problems=("no-such-commitment", "too-busy", "too-many-requests"),
    ),
    runs="query",
)
def get_commitment_evidence(service: Service, call: Call) -> Reply:
    record = commitment_id(call)
    params = query_parameters.parse(call.query, requested_view.CLOCKS_GRAMMAR)
    requested_view.check_not_future(service, params.view)

    def build() -> answers.CommitmentEvidence:
        commitment, rules = service.log.commitments.evidence(record, params.view)
        return answers.CommitmentEvidence(
            commitment=commitment_answer(service, commitment),
            rules=tuple(_rule(service, one) for one in rules),
        )

    return Reply(validity(service, params.view), build)


def commitment_id(call: Call) -> str:
    """Return the id in the path. Raises ``no-such-commitment`` for one that no record can have."""
    try:
        return requested_view.record_id(call)
    except ProblemError:
        raise ProblemError("no-such-commitment") from None


def _rule(service: Service, one: RuleInView) -> answers.CommitmentRule:
    return answers.CommitmentRule(
        dataset=one.dataset,
        record=one.record,
        content=one.content,
        held_since=one.held_since,
        proofs=tuple(_proof(service, evidence) for evidence in one.evidence),
        link=service.link(f"/v1/datasets/{one.dataset}/records/{one.record}"),
    )


def _proof(service: Service, evidence: RuleEvidence) -> answers.CommitmentProof:
    return answers.CommitmentProof(
        dataset=evidence.dataset,
        release=evidence.release,
        record=evidence.record,
        title=evidence.title,
        day=evidence.day,
        link=service.link(f"/v1{evidence_path(evidence)}"),
    )


def evidence_path(evidence: RuleEvidence) -> str:
    """Return the path of the page of the record or the release."""
    home = f"/datasets/{evidence.dataset}"
    return f"{home}/records/{evidence.record}" if evidence.record else f"{home}/releases/{evidence.release}"

"""The page of one commitment: its sentence in the document, its evidence, and what is said about it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import msgspec
from markupsafe import Markup

from publisher.log.commitments.commitment_query import PublishedCommitment
from publisher.log.commitments.evidence_list import RuleInView
from publisher.log.commitments.rules import web_links
from publisher.log.model import LogError
from publisher.views.api.routes.commitments import commitment_list as listing
from publisher.views.api.routes.commitments import evidence as api
from publisher.views.pages.commitments import commitment_list
from publisher.views.pages.commitments.document_commitments import SearchableText
from publisher.views.pages.printing import field_html, marked_text
from publisher.views.pages.printing.html_head import Head
from publisher.views.pages.printing.page_request import Visit
from publisher.views.pages.printing.templates import HEADERS, Press
from publisher.web.route import Reply

_FIELDS = (
    "section",
    "clause",
    "kind",
    "result",
    "lead",
    "responsible",
    "supporting",
    "deadline",
    "goal",
    "goal_unit",
    "remark",
)


class PrintedEvidence(NamedTuple):
    title: str
    address: str
    day: str


class PrintedRule(msgspec.Struct, frozen=True):
    """A rule of evidence in the reader's language."""

    condition: str
    details: Sequence[tuple[str, str]]
    """Title and text of each other field."""
    address: str
    held_since: str
    evidence: Sequence[PrintedEvidence]
    links: Sequence[tuple[str, str]]


class QuotedParagraph(msgspec.Struct, frozen=True):
    """The paragraph of the document that contains the commitment, its words marked."""

    html: Markup
    title: str
    """Title of the document; empty if only the excerpt of the list is known."""
    address: str


def single_commitment(press: Press, visit: Visit) -> Reply:
    service = visit.service
    visit.refuse_parameters()
    record = api.commitment_id(visit.call)
    commitment, rules = service.log.commitments.evidence(record, visit.view)

    def build() -> bytes:
        dataset = service.dataset(commitment.dataset)
        catalogue = service.catalogue_in_view(commitment.dataset, visit.view)
        link = commitment_list.link(visit, commitment)
        data = visit.link(f"/v1/commitments/{commitment.id}/evidence", visit.clocks)
        return press.page(
            "commitment.html",
            visit,
            Head(commitment.title, column=dataset.title, data=data),
            link=link,
            commitment=commitment,
            plan_address=visit.url("/commitments", (("plan", link.plan),)) if link.plan else "",
            record_address=visit.url(f"/datasets/{commitment.dataset}/records/{commitment.id}"),
            fields=[
                (visit.title_of(field), field_html.format_text(visit, field, commitment.content[name]))
                for name in _FIELDS
                if name in commitment.content and (field := catalogue.by_name.get(name))
            ],
            passage=_passage(visit, commitment),
            rules=[_rule(visit, one) for one in rules],
            statements=[
                (
                    one,
                    visit.url(
                        f"/datasets/{one.dataset}/records/{one.record}",
                        (("release", str(one.release)),),
                        clocks=False,
                    ),
                )
                for one in commitment.statements
            ],
            data=data,
        )

    return Reply(listing.validity(service, visit.view), build, HEADERS)


def _passage(visit: Visit, one: PublishedCommitment) -> QuotedParagraph | None:
    """Find the commitment in the document of its plan, else quote the excerpt of the list."""
    excerpt = str(one.content.get("excerpt", ""))
    for address, content in _documents(visit, str(one.content.get("plan", ""))):
        text = str(content.get("body_markdown", ""))
        searchable = SearchableText(text)
        for words in (excerpt, one.title):
            if place := searchable.find(words):
                first, last = text.rfind("\n", 0, place[0]) + 1, text.find("\n", place[1])
                paragraph = text[first : last if last >= 0 else len(text)]
                html = marked_text.mark_matches(
                    paragraph, [(place[0] - first, place[1] - first)], field_html.work_addresses(visit)
                )
                return QuotedParagraph(html, str(content.get("title", "")), address)
    return QuotedParagraph(field_html.link_works(visit, excerpt), "", "") if excerpt else None


def _documents(visit: Visit, plan: str) -> Iterator[tuple[str, dict[str, object]]]:
    """Yield the address and the content of each document with the number of the plan."""
    if not plan:
        return
    try:
        work = visit.service.log.graph.work(plan, visit.view)
    except LogError:
        return
    for record in work.records:
        yield visit.url(f"/datasets/{record.dataset}/records/{record.record}"), dict(record.content)


def _rule(visit: Visit, one: RuleInView) -> PrintedRule:
    catalogue = visit.service.catalogue_in_view(one.dataset, visit.view)
    details = [
        (visit.title_of(field), field_html.format_text(visit, field, one.content[field.name]))
        for field in catalogue.fields
        if field.name in one.content and field.name not in ("plan", "clause", "task", "condition", "link")
    ]
    datasets = {dataset.name: dataset for dataset in visit.service.log.datasets.all()}
    evidence = []
    for each in one.evidence:
        dataset = datasets.get(each.dataset)
        title = visit.title_of(dataset) if dataset else each.dataset
        release = visit.t(f"第{each.release}次发布", f"release {each.release}") if each.release else ""
        names = [name for name in (each.title, title, release) if name]
        evidence.append(
            PrintedEvidence(" · ".join(names), visit.url(api.evidence_path(each)), visit.day(each.day))
        )
    return PrintedRule(
        condition=str(one.content["condition"]),
        details=details,
        address=visit.url(f"/datasets/{one.dataset}/records/{one.record}"),
        held_since=visit.day(one.held_since),
        evidence=evidence,
        links=web_links(one.content.get("link")),
    )

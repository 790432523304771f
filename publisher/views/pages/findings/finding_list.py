"""The page of all findings, with facets, removable filters and a day."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

import msgspec
from msgspec import structs

from publisher.checks.all_checks import CHECKS, CHECKS_BY_CODE
from publisher.log.findings.finding_query import FindingPage, FindingQuery, PublishedFinding
from publisher.log.findings.responses import UNRESOLVED
from publisher.log.model import MOST_FACET_VALUES, Dataset
from publisher.views.api.answers import common
from publisher.views.api.routes import findings as api
from publisher.views.pages.printing import filters, labels
from publisher.views.pages.printing.feed_reply import link_feeds
from publisher.views.pages.printing.html_head import Head
from publisher.views.pages.printing.page_request import Visit
from publisher.views.pages.printing.table_file import link_files
from publisher.views.pages.printing.templates import HEADERS, Press
from publisher.web.route import Reply
from schemas.words import FINDING_STATUSES, HANDLINGS, SEVERITIES

TITLE = ("待核问题", "Findings")


class FindingLink(msgspec.Struct, frozen=True):
    """A finding in a list, in the reader's language."""

    id: str
    address: str
    message: str
    record: str
    """Title of the record that it is about."""
    dataset: str
    """Title of the dataset."""
    severity: str
    handling: str
    """Its handling, with the days that it has waited."""
    published: PublishedFinding


def finding_list(press: Press, visit: Visit) -> Reply:
    service = visit.service
    listing = api.make_listing(service, visit.parse_query(api.GRAMMAR, clocks=True))
    datasets = {one.name: one for one in service.log.datasets.all()}
    own = visit.pairs_without("cursor", "limit")
    query = (*own, *visit.clocks)
    # Nothing here is confirmed: web search engines do not spread it.
    head = Head(visit.t(*TITLE), indexable=False, data=visit.link("/v1/findings", query))

    def build() -> bytes:
        page, cursor = listing.fetch_page(service)
        facets = [*_facets(visit, page, datasets), _handlings(visit, listing.query)]
        return press.page(
            "findings.html",
            visit,
            head,
            total=page.total,
            findings=[link(visit, one, datasets) for one in page.findings],
            facets=[
                filters.choices(visit, one, most=MOST_FACET_VALUES)
                for one in facets
                if filters.is_useful(visit, one)
            ],
            chips=list(filters.chips(visit, facets, datasets)),
            statuses=FINDING_STATUSES,
            status=listing.query.status,
            checks=CHECKS,
            files=link_files(visit, "/findings", own),
            feeds=link_feeds(visit, "/findings", own),
            next_page=filters.next_page(visit, cursor),
        )

    return Reply(listing.validity.extended(tuple(datasets.values()), None), build, HEADERS)


def link(visit: Visit, published: PublishedFinding, datasets: Mapping[str, Dataset]) -> FindingLink:
    one = published.finding
    dataset = datasets.get(published.dataset)
    title = visit.title_of(dataset) if dataset else published.dataset
    return FindingLink(
        id=published.id,
        address=visit.url(f"/findings/{published.id}"),
        message=visit.t(one.message_zh, one.message_en),
        record=published.title,
        dataset=title,
        severity=labels.word_for(visit, SEVERITIES, one.severity),
        handling=_handling(visit, published),
        published=published,
    )


def _handling(visit: Visit, published: PublishedFinding) -> str:
    word = labels.word_for(visit, HANDLINGS, published.handling)
    days = published.unanswered_days
    if published.status == "ended" or (days is None and published.handling == "unanswered"):
        return ""
    return word if days is None else visit.t(f"{word}，已{days}天", f"{word} for {days} days")


class Agreement(msgspec.Struct, frozen=True):
    """An apparent problem that another list explains, in the reader's language."""

    message: str
    because: str
    address: str
    """The page of the row that it agrees with."""


def of_record(
    visit: Visit, dataset: Dataset, record: str
) -> tuple[tuple[FindingLink, ...], tuple[Agreement, ...]]:
    """List the open findings about a record that are not dismissed, and its agreements, for its page."""
    record_findings = visit.service.log.findings.of_record(dataset.name, record, visit.view)
    findings = (
        one for one in record_findings if one.finding.severity != "agrees" and one.handling in UNRESOLVED
    )
    agreements = (
        Agreement(
            visit.t(one.finding.message_zh, one.finding.message_en),
            visit.t(one.finding.because_zh, one.finding.because_en),
            visit.url(f"/datasets/{other.dataset}/records/{other.record}"),
        )
        for one in record_findings
        if one.finding.severity == "agrees"
        for other in one.rows[1:2]  # the row after the record's own, which explains it
    )
    return tuple(link(visit, one, {dataset.name: dataset}) for one in findings), tuple(agreements)


def _handlings(visit: Visit, query: FindingQuery) -> common.Facet:
    log = visit.service.log
    counts = {way: log.findings.count(structs.replace(query, handling=(way,))) for way in api.HANDLINGS}
    return common.Facet(
        field="handling",
        title=visit.t("回应", "Response"),
        values=tuple(
            common.FacetValue(value=way, title=labels.word_for(visit, HANDLINGS, way), count=count)
            for way, count in counts.items()
            if count
        ),
    )


def _facets(visit: Visit, page: FindingPage, datasets: Mapping[str, Dataset]) -> Iterator[common.Facet]:
    """Yield the facets, and those without values of the filters that have no choices."""

    def check(code: str) -> str:
        return visit.t(*CHECKS_BY_CODE[code].title) if code in CHECKS_BY_CODE else code

    def dataset(name: str) -> str:
        return visit.title_of(datasets[name]) if name in datasets else name

    def severity(name: str) -> str:
        return labels.word_for(visit, SEVERITIES, name)

    titles: Mapping[str, tuple[str, Callable[[str], str]]] = {
        "check": (visit.t("核对", "Check"), check),
        "dataset": ("", dataset),
        "part": ("", str),
        "severity": (visit.t("把握", "Certainty"), severity),
    }
    for name, (title, word) in titles.items():
        values = page.facets.get(name, ())
        yield common.Facet(
            field=name,
            title=title,
            values=tuple(common.FacetValue(value=v, title=word(v), count=n) for v, n in values),
        )
    others = {"body": "", "division": "", "record": visit.t("条目", "Record")}
    for name, title in others.items():
        yield common.Facet(field=name, title=title, values=())

"""The page of one finding: the rows that it cites side by side, their words marked."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import groupby

import msgspec
from markupsafe import Markup

from publisher.checks.all_checks import CHECKS_BY_CODE
from publisher.checks.check import text_of
from publisher.ingest.findings.kind import Cite
from publisher.log.findings.finding_query import CitedRow, PublishedFinding, ReleaseMark
from publisher.log.findings.responses import Response
from publisher.log.model import Dataset
from publisher.views.api.routes import findings as api
from publisher.views.pages.findings import finding_list
from publisher.views.pages.printing import field_html, labels, marked_text
from publisher.views.pages.printing.html_head import Head
from publisher.views.pages.printing.page_request import Visit
from publisher.views.pages.printing.templates import HEADERS, Press
from publisher.web.route import Reply
from schemas.definition.catalogue import Catalogue
from schemas.words import FINDING_STATUSES, RESPONSES

_AROUND = 300
"""Characters of a field before the first cited word and after the last. The record's page has all."""


class CitedField(msgspec.Struct, frozen=True):
    title: str
    html: Markup


class PrintedResponse(msgspec.Struct, frozen=True):
    kind: str
    response: Response
    pinned: str
    mended_by: str | None
    """Address of the page of the release that mends the finding."""
    applies: bool
    """Whether the finding still cites what it cited then."""


class PrintedCitedRow(msgspec.Struct, frozen=True):
    """A row that the finding cites, as its release published it."""

    dataset: Dataset
    title: str
    pinned: str
    origin: str
    release: int
    fields: Sequence[CitedField]


def single_finding(press: Press, visit: Visit) -> Reply:
    service = visit.service
    visit.refuse_parameters()
    published = service.log.findings.get(api.finding_id(visit.call), visit.view)
    one = published.finding

    def build() -> bytes:
        datasets = {row.dataset: service.dataset(row.dataset) for row in published.rows}
        link = finding_list.link(visit, published, datasets)
        data = visit.link(f"/v1{visit.path}", visit.clocks)
        return press.page(
            "finding.html",
            visit,
            Head(link.message, indexable=False, data=data),
            link=link,
            published=published,
            check=CHECKS_BY_CODE[one.code],
            because=visit.t(one.because_zh, one.because_en),
            way_out=visit.t(one.way_out_zh, one.way_out_en),
            status=labels.word_for(visit, FINDING_STATUSES, published.status),
            rows=[_row(visit, published, row, datasets[row.dataset]) for row in published.rows],
            responses=[_response(visit, published, one) for one in published.responses],
            titles={
                mark.dataset: _title(visit, mark) for mark in (published.opened, published.ended) if mark
            },
            data=data,
        )

    return Reply(api.validity(service, visit.view), build, HEADERS)


def _title(visit: Visit, mark: ReleaseMark) -> str:
    dataset = visit.service.dataset(mark.dataset)
    return visit.title_of(dataset)


def _row(visit: Visit, published: PublishedFinding, row: CitedRow, dataset: Dataset) -> PrintedCitedRow:
    catalogue = visit.service.catalogue(row.dataset, row.release)
    home = f"/datasets/{row.dataset}/records/{row.record}"
    return PrintedCitedRow(
        dataset=dataset,
        title=row.title,
        pinned=visit.url(home, (("release", str(row.release)),), clocks=False),
        origin=visit.url(f"{home}/revisions/{row.hash}", clocks=False),
        release=row.release,
        fields=list(_fields(visit, catalogue, row, published.finding.cites)),
    )


def _response(visit: Visit, published: PublishedFinding, response: Response) -> PrintedResponse:
    mended_by = api.mending_release(response)
    home = f"/datasets/{response.dataset}/records/{response.record}"
    return PrintedResponse(
        kind=labels.word_for(visit, RESPONSES, response.kind),
        response=response,
        pinned=visit.url(home, (("release", str(response.release)),), clocks=False),
        mended_by=visit.url(mended_by) if mended_by else None,
        applies=response.cited == {row.hash for row in published.rows},
    )


def _fields(visit: Visit, catalogue: Catalogue, row: CitedRow, cites: Sequence[Cite]) -> Iterator[CitedField]:
    """Yield each field that is cited, with the cited words marked; an item of a list by itself."""
    own = [
        one for one in cites if (one.dataset, one.record, one.revision) == (row.dataset, row.record, row.hash)
    ]
    own.sort(key=lambda one: (one.field, one.item or 0, one.start))
    for (name, item), group in groupby(own, key=lambda one: (one.field, one.item)):
        field = catalogue.by_name.get(name)
        title = visit.title_of(field) if field else name
        marks = [(one.start, one.end) for one in group]
        yield CitedField(title, mark_words(visit, text_of(row.content, name, item) or "", marks))


def mark_words(visit: Visit, text: str, marks: Sequence[tuple[int, int]]) -> Markup:
    """Escape a text, mark its cited words and shorten it to what is around them."""
    first, last = max(0, marks[0][0] - _AROUND), min(len(text), max(end for _, end in marks) + _AROUND)
    before, after = ("…" if first else ""), ("…" if last < len(text) else "")
    shift = len(before) - first
    return marked_text.mark_matches(
        f"{before}{text[first:last]}{after}",
        [(start + shift, end + shift) for start, end in marks],
        field_html.work_addresses(visit),
    )

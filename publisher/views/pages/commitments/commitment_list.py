"""The page of commitments, of one plan or of all: by status, section and time, with filters."""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Iterable, Iterator, Mapping, Sequence

import msgspec
from markupsafe import Markup

from publisher.log.commitments.commitment_query import (
    STATUSES,
    CommitmentPage,
    CommitmentStatus,
    PublishedCommitment,
    ValueCount,
)
from publisher.log.commitments.statements import newest_of_each
from publisher.log.model import MOST_FACET_VALUES, Dataset
from publisher.views.api.answers import common
from publisher.views.api.routes.commitments import commitment_list as api
from publisher.views.pages.printing import charts, field_html, filters, labels
from publisher.views.pages.printing.feed_reply import link_feeds
from publisher.views.pages.printing.html_head import Head
from publisher.views.pages.printing.page_request import Visit
from publisher.views.pages.printing.table_file import link_files
from publisher.views.pages.printing.templates import HEADERS, Press
from publisher.web.route import Reply
from schemas.cells.deadlines import format_deadline
from schemas.reference.works import parse_key
from schemas.words import COMMITMENT_STATUSES

TITLE = ("工作任务", "Commitments")
_DAYS = ("due_from", "due_to")
_MOST_SECTIONS = 20
"""Maximum number of sections in the chart. The table has all."""
_CLASSES: Mapping[CommitmentStatus, str] = {"done": "added", "overdue": "removed", "undetermined": ""}
"""Status → CSS class of its bars."""


class CommitmentLink(msgspec.Struct, frozen=True):
    """A commitment in a list, in the reader's language."""

    title: str
    address: str
    status: CommitmentStatus
    word: str
    """The derived status."""
    deadline: str
    lead: str
    plan: str
    judgements: Sequence[tuple[str, str]]
    """Judge and progress of the newest statement of each."""
    is_disputed: bool


class Breakdown(msgspec.Struct, frozen=True):
    """Numbers of commitments by a field: a chart, and a table with all numbers."""

    title: str
    chart: Markup
    rows: Sequence[tuple[str, str, Sequence[int]]]
    """Name, address of the list of these, and a number for each status."""


def commitment_list(press: Press, visit: Visit) -> Reply:
    service = visit.service
    listing = api.make_listing(service, visit.parse_query(api.GRAMMAR, clocks=True))
    datasets = {one.name: one for one in service.log.datasets.all()}
    own = visit.pairs_without("cursor", "limit")
    plan = listing.query.plans[0] if len(listing.query.plans) == 1 else ""
    title = visit.t(f"{plan} 工作任务", f"Commitments of {plan}") if plan else visit.t(*TITLE)
    head = Head(title, data=visit.link("/v1/commitments", (*own, *visit.clocks)))

    def build() -> bytes:
        page, cursor = listing.fetch_page(service)
        facets = list(_facets(visit, page, datasets))
        return press.page(
            "commitments.html",
            visit,
            head,
            title=title,
            plan=plan,
            plan_address=field_html.work_address(visit, key) if (key := parse_key(plan)) else "",
            total=page.total,
            counts=[(word_of(visit, status), status, page.counts[status]) for status in STATUSES],
            commitments=[link(visit, one) for one in page.commitments],
            breakdowns=list(_breakdowns(visit, page)),
            facets=[
                filters.choices(visit, one, most=MOST_FACET_VALUES)
                for one in facets
                if filters.is_useful(visit, one)
            ],
            chips=list(filters.chips(visit, facets, datasets)),
            days=[(name, (visit.values(name) or ("",))[0]) for name in _DAYS],
            others=[*visit.pairs_without("cursor", *_DAYS), *visit.clocks, *visit.reader_pairs],
            files=link_files(visit, "/commitments", own, ("xlsx", "csv")),
            years=_years(visit, page),
            feeds=link_feeds(visit, "/commitments", own),
            calendar=visit.link("/commitments.ics", own),
            calendars=[
                (
                    body,
                    visit.link(
                        "/commitments.ics", (*visit.pairs_without("cursor", "limit", "lead"), ("lead", body))
                    ),
                )
                for body, _ in page.facet("lead")
            ],
            next_page=filters.next_page(visit, cursor),
        )

    return Reply(listing.validity.extended(tuple(datasets.values()), None), build, HEADERS)


def word_of(visit: Visit, status: CommitmentStatus) -> str:
    return labels.word_for(visit, COMMITMENT_STATUSES, status)


def link(visit: Visit, one: PublishedCommitment) -> CommitmentLink:
    return CommitmentLink(
        title=one.title,
        address=visit.url(f"/commitments/{one.id}"),
        status=one.status,
        word=word_of(visit, one.status),
        deadline=deadline_of(visit, one),
        lead=str(one.content.get("lead", "")),
        plan=str(one.content.get("plan", "")),
        judgements=[(statement.judge, statement.progress) for statement in newest_of_each(one.statements)],
        is_disputed=one.is_disputed,
    )


def deadline_of(visit: Visit, one: PublishedCommitment) -> str:
    """Return the deadline in words; empty if none is stated."""
    value = str(one.content.get("deadline", ""))
    return format_deadline(value, visit.text_lang) if value else visit.day(one.due)


def _breakdowns(visit: Visit, page: CommitmentPage) -> Iterator[Breakdown]:
    """Yield the sections with their statuses, and the months of deadlines."""
    sections = _by_name(page.values["section"])
    stated = [sum(numbers) for numbers in zip(*sections.values(), strict=True)] or [0] * len(STATUSES)
    others = [page.counts[status] - stated[n] for n, status in enumerate(STATUSES)]
    rows = [(name, visit.here(section=name), numbers) for name, numbers in sections.items()]
    if any(others):
        rows.append((visit.t("未注明", "No section"), "", others))
    if len(rows) > 1:
        yield _breakdown(visit.t("各部分", "By section"), rows, _MOST_SECTIONS)
    months = _by_name(ValueCount(one.text[:7], one.status, one.number) for one in page.values["due_on"])
    if months:
        rows = [
            (month, visit.here(due_from=f"{month}-01", due_to=_last_day(month)), months[month])
            for month in sorted(months)
        ]
        yield _breakdown(visit.t("时间表：时限所在的月份", "Time line: month of the deadline"), rows)


def _by_name(counts: Iterable[ValueCount]) -> dict[str, list[int]]:
    numbers: dict[str, list[int]] = {}
    for one in counts:
        own = numbers.setdefault(one.text, [0] * len(STATUSES))
        own[STATUSES.index(one.status)] += one.number
    return numbers


def _breakdown(
    title: str, rows: Sequence[tuple[str, str, Sequence[int]]], most: int | None = None
) -> Breakdown:
    """Build a breakdown, with the first ``most`` rows in the chart."""
    drawn = rows[:most]
    names = tuple(name for name, _, _ in drawn)
    series = tuple(
        (_CLASSES[status], tuple(numbers[n] for _, _, numbers in drawn)) for n, status in enumerate(STATUSES)
    )
    return Breakdown(title, charts.draw_stacked_bars(names, series, label=title), rows)


def _last_day(month: str) -> str:
    year, number = map(int, month.split("-"))
    return f"{month}-{monthrange(year, number)[1]}"


def _years(visit: Visit, page: CommitmentPage) -> list[tuple[str, str]]:
    """List the years in which deadlines end, with the address of the report of each."""
    others = visit.pairs_without("cursor", "limit", *_DAYS)
    years = sorted({one.text[:4] for one in page.values["due_on"]}, reverse=True)
    spans = [(("due_from", f"{year}-01-01"), ("due_to", f"{year}-12-31")) for year in years]
    return [
        (year, visit.url("/commitments.xlsx", (*others, *span)))
        for year, span in zip(years, spans, strict=True)
    ]


def _facets(visit: Visit, page: CommitmentPage, datasets: Mapping[str, Dataset]) -> Iterator[common.Facet]:
    """Yield the facets, and those without values of the filters that have no choices."""
    titles = {
        "plan": visit.t("文号", "Plan"),
        "section": visit.t("部分", "Section"),
        "lead": visit.t("牵头单位", "Lead body"),
    }
    for name, title in titles.items():
        values = page.facet(name)
        yield common.Facet(
            field=name,
            title=title,
            values=tuple(common.FacetValue(value=v, title=v, count=n) for v, n in values),
        )
    yield common.Facet(
        field="status",
        title=visit.t("状态", "Status"),
        values=tuple(
            common.FacetValue(value=status, title=word_of(visit, status), count=page.counts[status])
            for status in STATUSES
            if page.counts[status]
        ),
    )
    dataset_titles = {name: visit.title_of(one) for name, one in datasets.items()}
    yield common.Facet(
        field="dataset",
        title="",
        values=tuple(
            common.FacetValue(value=v, title=dataset_titles.get(v, v), count=0)
            for v in visit.values("dataset")
        ),
    )

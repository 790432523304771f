"""The first page: search, every dataset, what changed lately, and how to follow it and build on it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

from feeds.change_sentence import headline
from publisher.log.model import Change, Dataset, RecordQuery, Release
from publisher.views.pages.printing import html_head, labels
from publisher.views.pages.printing.page_request import Visit
from publisher.views.pages.printing.templates import HEADERS, Press
from publisher.views.syndication.entries import change_item
from publisher.web.conditional_requests import Validity
from publisher.web.query_parameters import Grammar
from publisher.web.route import Reply
from publisher.web.service import Service

RECENT = 6
"""Releases that are told of."""
_SENTENCES = 3
"""Sentences of one release; its own page has all."""
_PLAIN = Grammar()
type Sentence = tuple[Change, str]
"""A change, and what a person would say of it."""
EXAMPLES = ("食品经营许可", "危險化學品", "鞍政发 2015 34", "收费", "取消行政审批")


@dataclass(frozen=True, slots=True)
class Kept:
    """A dataset as the first page lists it."""

    dataset: Dataset
    records: int
    unit: str
    since: date | None
    """First day of effect of its content."""
    latest: Release | None
    """The newest release in effect on the day that the page shows."""


@dataclass(frozen=True, slots=True)
class News:
    dataset: Dataset
    release: Release
    when: str
    counts: str
    sentences: tuple[Sentence, ...]
    more: int


def home(press: Press, visit: Visit) -> Reply:
    visit.asked(_PLAIN)
    service = visit.service
    datasets = service.log.datasets.all()
    sequence, day = service.log.queries.validator()

    def build() -> bytes:
        kept = [_kept(visit, dataset) for dataset in datasets]
        return press.page(
            "home.html",
            visit,
            html_head.of_site(visit),
            kept=kept,
            news=tuple(_news(visit, kept)),
            examples=EXAMPLES,
        )

    return Reply(Validity((sequence, day, datasets)), build, HEADERS)


def _kept(visit: Visit, dataset: Dataset) -> Kept:
    log = visit.service.log
    page = log.queries.records(dataset.name, RecordQuery(view=visit.view, limit=1))
    releases = log.queries.releases(dataset.name)
    return Kept(
        dataset,
        page.total or 0,
        labels.unit(visit, log.queries.catalogue(dataset.name)),
        since(visit, releases),
        latest(visit, releases),
    )


def latest(visit: Visit, releases: tuple[Release, ...]) -> Release | None:
    """The newest that was published, and in effect, at the time that the page shows."""
    return max((r for r in releases if seen(visit, r)), key=lambda r: r.number, default=None)


def since(visit: Visit, releases: tuple[Release, ...]) -> date | None:
    """Day of effect of the newest release in which something takes effect."""
    newest = latest(visit, tuple(r for r in releases if labels.takes_effect(r)))
    return newest.effective_on if newest else None


def seen(visit: Visit, release: Release) -> bool:
    known = visit.view.known_at
    return release.effective_on <= visit.today() and (known is None or release.published_at <= known)


def _news(visit: Visit, kept: list[Kept]) -> Iterator[News]:
    service = visit.service
    datasets = {k.dataset.name: k.dataset for k in kept}
    found = [r for name in datasets for r in service.log.queries.releases(name) if seen(visit, r)]
    found.sort(key=lambda r: r.sequence, reverse=True)  # as they were published
    for release in found[:RECENT]:
        counts = labels.counted(visit, release.counts)
        if counts:
            dataset = datasets[release.dataset]
            told = tuple(sentences(service, dataset, release, _SENTENCES))
            total = sum(release.counts.get(kind, 0) for kind in labels.KINDS)
            when = labels.when(visit, service.log.queries.catalogue(dataset.name, release.number), release)
            yield News(dataset, release, when, counts, told, max(0, total - len(told)))


def sentences(service: Service, dataset: Dataset, release: Release, limit: int) -> Iterator[Sentence]:
    """What a release changed, as a person would say it. A better reading of ours is no news."""
    log = service.log
    catalogue = log.queries.catalogue(dataset.name, release.number)
    changes: tuple[Change, ...] = log.queries.changes(
        dataset=dataset.name, release=release.number, cause="source", limit=limit
    )
    beginnings = log.feed_changes.beginnings(changes)
    for change in changes:
        first = change.sequence in beginnings
        item = change_item(change, service.site, dataset, release, catalogue, first=first)
        yield change, headline(item)

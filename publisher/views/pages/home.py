"""The home page: search, all datasets, recent changes, feeds and the API."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

from feeds.change_sentence import headline
from publisher.log.model import Change, Dataset, RecordQuery, Release
from publisher.views.api import requested_view
from publisher.views.pages.printing import labels, schema_org
from publisher.views.pages.printing.page_request import Visit
from publisher.views.pages.printing.templates import HEADERS, Press
from publisher.views.syndication.entries import change_item
from publisher.web.conditional_requests import Validity
from publisher.web.query_parameters import Grammar
from publisher.web.route import Reply
from publisher.web.service import Service

RECENT = 6
"""Maximum number of releases in the news."""
_SENTENCES = 3
"""Maximum number of sentences per release. Its own page has all."""
_PLAIN = Grammar()
type Sentence = tuple[Change, str]
"""A change and its sentence."""
EXAMPLES = ("食品经营许可", "危險化學品", "鞍政发 2015 34", "收费", "取消行政审批")


@dataclass(frozen=True, slots=True)
class DatasetCard:
    """A dataset in the list of the home page."""

    dataset: Dataset
    records: int
    unit: str
    since: date | None
    """First day of effect of its content."""
    latest: Release | None
    """Newest release in effect on the page's day."""


@dataclass(frozen=True, slots=True)
class News:
    dataset: Dataset
    release: Release
    when: str
    counts: str
    sentences: tuple[Sentence, ...]
    more: int


def home(press: Press, visit: Visit) -> Reply:
    visit.parse_query(_PLAIN)
    service = visit.service
    datasets = service.log.datasets.all()
    sequence, day = service.log.queries.validator()

    def build() -> bytes:
        cards = [_dataset_card(visit, dataset) for dataset in datasets]
        return press.page(
            "home.html",
            visit,
            schema_org.site_head(visit),
            cards=cards,
            news=tuple(_news(visit, cards)),
            examples=EXAMPLES,
        )

    modified = requested_view.latest_modification(service.changed_at(), day)
    return Reply(Validity((sequence, day, datasets), modified, decides=False), build, HEADERS)


def _dataset_card(visit: Visit, dataset: Dataset) -> DatasetCard:
    log = visit.service.log
    page = log.queries.records(dataset.name, RecordQuery(view=visit.view, limit=1))
    releases = log.queries.releases(dataset.name)
    return DatasetCard(
        dataset,
        page.total or 0,
        labels.unit(visit, log.queries.catalogue(dataset.name)),
        since(visit, releases),
        latest(visit, releases),
    )


def latest(visit: Visit, releases: tuple[Release, ...]) -> Release | None:
    """Return the newest release that was published and in effect at the page's time."""
    return max((r for r in releases if is_visible(visit, r)), key=lambda r: r.number, default=None)


def since(visit: Visit, releases: tuple[Release, ...]) -> date | None:
    """Return the day of effect of the newest release in which something takes effect."""
    newest = latest(visit, tuple(r for r in releases if labels.takes_effect(r)))
    return newest.effective_on if newest else None


def is_visible(visit: Visit, release: Release) -> bool:
    known_at = visit.view.known_at
    return release.effective_on <= visit.today() and (known_at is None or release.published_at <= known_at)


def _news(visit: Visit, cards: list[DatasetCard]) -> Iterator[News]:
    service = visit.service
    datasets = {card.dataset.name: card.dataset for card in cards}
    releases = [r for name in datasets for r in service.log.queries.releases(name) if is_visible(visit, r)]
    releases.sort(key=lambda r: r.sequence, reverse=True)  # newest publication first
    for release in releases[:RECENT]:
        counts = labels.format_counts(visit, release.counts)
        if counts:
            dataset = datasets[release.dataset]
            first = tuple(sentences(service, dataset, release, _SENTENCES))
            total = sum(release.counts.get(kind, 0) for kind in labels.KINDS)
            when = labels.when(visit, service.log.queries.catalogue(dataset.name, release.number), release)
            yield News(dataset, release, when, counts, first, max(0, total - len(first)))


def sentences(service: Service, dataset: Dataset, release: Release, limit: int) -> Iterator[Sentence]:
    """Yield a sentence for each change of a release, except for changes by a better parser."""
    log = service.log
    catalogue = log.queries.catalogue(dataset.name, release.number)
    changes: tuple[Change, ...] = log.queries.changes(
        dataset=dataset.name, release=release.number, cause="source", limit=limit
    )
    initial_changes = log.feed_changes.initial_changes(changes)
    for change in changes:
        first = change.sequence in initial_changes
        item = change_item(change, service.site, dataset, release, catalogue, first=first)
        yield change, headline(item)

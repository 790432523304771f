"""The home page: search, the lists by need, department and area, and recent changes by day."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from itertools import groupby, islice

import msgspec
from litestar.concurrency import sync_to_thread

from feeds.change_sentence import headline
from publisher.log.clocks import day_at, known_instant
from publisher.log.model import Change, Dataset, RecordQuery, Release
from publisher.views.api import requested_view
from publisher.views.discovery.needs import NEEDS, OTHER, Need, need_of
from publisher.views.pages.printing import labels, schema_org
from publisher.views.pages.printing.page_request import Visit, run_read
from publisher.views.pages.printing.templates import HEADERS, NO_STORE, Press
from publisher.views.syndication.entries import change_item
from publisher.web.conditional_requests import Validity
from publisher.web.route import AsyncReply
from publisher.web.service import Service
from schemas.reference import administrative_divisions
from schemas.words import KINDS
from search.contract import FacetValue, Request, SearchError

RECENT = 8
"""Maximum number of releases in the news, first publications not counted."""
_SENTENCES = 3
"""Maximum number of sentences per release. Its own page has all."""
_DAYS = 5
"""Maximum number of days in the news."""
_PLACES = ("body", "division")
_LONGEST_EXAMPLE = 14
"""Maximum length of a title as an example of a search, in characters."""
type Sentence = tuple[Change, str]
"""A change and its sentence."""


class DatasetCard(msgspec.Struct, frozen=True):
    """A dataset in the list of the home page."""

    dataset: Dataset
    records: int
    unit: str
    effective: Release | None
    """Newest release in which something takes effect, by the page's day."""
    latest: Release | None
    """Newest release in effect on the page's day, which may be a correction or a withdrawal."""


class NeedGroup(msgspec.Struct, frozen=True):
    """The lists that meet one need."""

    need: Need
    cards: Sequence[DatasetCard]
    records: int


class SearchLink(msgspec.Struct, frozen=True):
    """A search by a department or by an area."""

    title: str
    count: int
    query: str
    """The text of the search."""


class News(msgspec.Struct, frozen=True):
    dataset: Dataset
    release: Release
    when: str
    counts: str
    sentences: tuple[Sentence, ...]
    more: int


class NewsDay(msgspec.Struct, frozen=True):
    day: date
    """Day of publication, in China."""
    news: Sequence[News]
    first: Sequence[Dataset]
    """Lists that were published for the first time."""


async def home(press: Press, visit: Visit) -> AsyncReply:
    visit.refuse_parameters()
    service = visit.service
    datasets, sequence, day = await run_read(service, read_state, service)
    position = await search_position(service)
    findings = await run_read(service, service.log.findings.count_unresolved, None, visit.view)

    tokens = (sequence, day, datasets, position, findings)

    async def render(places: Mapping[str, Sequence[FacetValue]] | None = None) -> bytes:
        if places is None and position is not None:
            places = await _count_places(visit)
        # In a thread also where the database is embedded: 500 lists take 0.4 s.
        return await sync_to_thread(_print_home, press, visit, datasets, places or {}, findings)

    more_headers: dict[str, str] = {}

    async def build() -> bytes:
        try:
            return await service.page_cache.find(
                (visit.call.address, visit.call.query, visit.site, tokens), render
            )
        except SearchError:  # search became unavailable meanwhile: the page is not that of its ETag
            more_headers.update(NO_STORE)
            return await render({})

    modified = requested_view.latest_modification(service.changed_at(), day)
    return AsyncReply(Validity(tokens, modified, decides=False), build, HEADERS, lambda _: more_headers)


def read_state(service: Service) -> tuple[tuple[Dataset, ...], int, date]:
    """Return the datasets, the sequence of the last release and the day, on which examples depend."""
    return tuple(service.log.datasets.all()), *service.log.queries.validator()


async def search_position(service: Service) -> int | None:
    """Return the position of the index; None while search is unavailable: pages work without it."""
    try:
        return await service.search_position()
    except SearchError:
        return None


async def _count_places(visit: Visit) -> Mapping[str, Sequence[FacetValue]]:
    """Count the records in force of each department and each area. Raises ``SearchError``."""
    request = Request(
        "",
        as_of=visit.day_of_view().toordinal(),
        known_at=known_instant(visit.view.known_at),
        limit=1,
        facets=_PLACES,
        highlight=False,
    )
    return (await visit.service.search.search(request)).facets


def _print_home(
    press: Press,
    visit: Visit,
    datasets: Sequence[Dataset],
    places: Mapping[str, Sequence[FacetValue]],
    findings: int,
) -> bytes:
    log = visit.service.log
    releases = log.queries.releases_of_overview(visit.view, RECENT)
    own: dict[str, list[Release]] = {}
    for release in releases:
        own.setdefault(release.dataset, []).append(release)
    in_effect = {one.sequence for of_dataset in own.values() for one in visit.in_effect(of_dataset)}
    need_groups = _group_by_need(
        visit, [_dataset_card(visit, one, tuple(own.get(one.name, ()))) for one in datasets]
    )
    return press.page(
        "home.html",
        visit,
        schema_org.site_head(visit),
        need_groups=need_groups,
        days=tuple(_news(visit, datasets, [r for r in releases if r.sequence in in_effect])),
        examples=examples(visit, datasets),
        bodies=[SearchLink(v.value, v.count, f"部门：{v.value}") for v in places.get("body", ())],
        areas=_areas(places.get("division", ())),
        findings=findings,
    )


def _group_by_need(visit: Visit, cards: Sequence[DatasetCard]) -> list[NeedGroup]:
    """Group the cards by need. Lists without records show that nothing is published yet."""
    catalogue_of = visit.service.log.queries.catalogue
    by_need: dict[Need, list[DatasetCard]] = {need: [] for need in (*NEEDS, OTHER)}
    for card in cards:
        by_need[need_of(catalogue_of(card.dataset.name).name)].append(card)
    return [NeedGroup(need, own, sum(card.records for card in own)) for need, own in by_need.items() if own]


def _areas(values: Sequence[FacetValue]) -> list[SearchLink]:
    names = ((administrative_divisions.name_of(v.value), v.count) for v in values)
    links = [SearchLink(name, count, f"地区：{name}") for name, count in names if name]
    return links if len(links) > 1 else []


def examples(visit: Visit, datasets: Sequence[Dataset]) -> list[str]:
    """Choose searches that have a good hit on this site: for each need, a short title of one of its lists."""
    queries = visit.service.log.queries
    titles: dict[Need, str] = {}
    for dataset in datasets:
        need = need_of(queries.catalogue(dataset.name).name)
        if need in titles or need is OTHER:
            continue
        page = queries.records(dataset.name, RecordQuery(view=visit.view, limit=20, count=False))
        shortest = min((record.title for record in page.records), key=len, default="")
        if 2 <= len(shortest) <= _LONGEST_EXAMPLE:
            titles[need] = shortest
    return list(dict.fromkeys(titles.values()))


def _dataset_card(visit: Visit, dataset: Dataset, releases: tuple[Release, ...]) -> DatasetCard:
    log = visit.service.log
    page = log.queries.records(dataset.name, RecordQuery(view=visit.view, limit=1))
    return DatasetCard(
        dataset,
        page.total or 0,
        labels.unit(visit, log.queries.catalogue(dataset.name)),
        visit.effective(releases),
        visit.latest(releases),
    )


def _news(visit: Visit, datasets: Sequence[Dataset], releases: Sequence[Release]) -> Iterator[NewsDay]:
    """Group the newest publications by day; first publications are only named."""
    by_name = {dataset.name: dataset for dataset in datasets}
    remaining = RECENT
    for day, own in islice(groupby(releases, key=lambda r: day_at(r.published_at)), _DAYS):
        of_day = list(own)
        first = [by_name[r.dataset] for r in of_day if r.previous_number is None]
        later = [r for r in of_day if r.previous_number is not None][:remaining]
        remaining -= len(later)
        news = tuple(filter(None, (_release_news(visit, by_name[r.dataset], r) for r in later)))
        if news or first:
            yield NewsDay(day, news, first)
        if remaining <= 0:
            return


def _release_news(visit: Visit, dataset: Dataset, release: Release) -> News | None:
    """Return what a release changed; None if it changed nothing that readers see."""
    service = visit.service
    counts = labels.format_counts(visit, release.counts)
    if not counts:
        return None
    own = tuple(sentences(service, dataset, release, _SENTENCES))
    total = sum(release.counts.get(kind, 0) for kind in KINDS)
    when = labels.when(visit, service.log.queries.catalogue(dataset.name, release.number), release)
    return News(dataset, release, when, counts, own, max(0, total - len(own)))


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

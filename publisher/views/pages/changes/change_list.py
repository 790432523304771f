"""The page of the changes of the whole site, with facets, removable filters and a day."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence

import msgspec

from publisher.log.changes.change_query import ChangePage, ListedChange
from publisher.log.model import MOST_FACET_VALUES, TAKING_EFFECT, Change, Dataset
from publisher.views.api.answers import common
from publisher.views.api.routes import change_list as api
from publisher.views.api.search_scope import make_search_scope
from publisher.views.pages.printing import field_html, filters, labels
from publisher.views.pages.printing.feed_reply import link_feeds
from publisher.views.pages.printing.field_html import FieldDifference
from publisher.views.pages.printing.html_head import Head
from publisher.views.pages.printing.page_request import Visit
from publisher.views.pages.printing.table_file import link_files
from publisher.views.pages.printing.templates import HEADERS, Press
from publisher.views.syndication.entries import hidden_note
from publisher.views.syndication.scope import make_scope
from publisher.web.route import Reply
from schemas.words import DIRECTIONS, FACETS, KINDS

TITLE = ("变化", "Changes")
_DAYS = ("effective_on", "effective_on.gte", "effective_on.lte")
_MOST_DIFFERENCES = 8
"""Fields of one change in the list. The record's page has all."""


class ChangeLink(msgspec.Struct, frozen=True):
    """A change in the list, in the reader's language."""

    change: Change
    address: str
    title: str
    kinds: Sequence[tuple[str, str]]
    """(term, word): the kind of change, and the directions of a charge or limit."""
    dataset: str
    bodies: str
    when: str
    """First day of effect; of a correction or a withdrawal, day of publication."""
    release: str
    """Address of the page of the release."""
    differences: Sequence[FieldDifference]


def change_list(press: Press, visit: Visit) -> Reply:
    service = visit.service
    listing = api.make_listing(service, visit.parse_query(api.GRAMMAR, clocks=True))
    own = visit.pairs_without("cursor", "limit")
    head = Head(visit.t(*TITLE), indexable=False, data=visit.link("/v1/changes", (*own, *visit.clocks)))

    def build() -> bytes:
        page, cursor = listing.fetch_page(service)
        facets = list(_facets(visit, page, listing.datasets))
        return press.page(
            "changes.html",
            visit,
            head,
            total=page.total,
            changes=[_item(visit, one, listing.datasets[one.change.dataset]) for one in page.changes],
            facets=[
                filters.choices(visit, one, most=MOST_FACET_VALUES)
                for one in facets
                if filters.is_useful(visit, one)
            ],
            chips=list(filters.chips(visit, facets, listing.datasets)),
            days=[
                (name, (visit.values(name) or ("",))[0]) for name in ("effective_on.gte", "effective_on.lte")
            ],
            others=[*visit.pairs_without("cursor", *_DAYS), *visit.clocks, *visit.reader_pairs],
            files=link_files(visit, "/changes", own),
            feed_page=_find_feed(visit),
            feeds=link_feeds(visit, "/changes", own),
            next_page=filters.next_page(visit, cursor),
        )

    return Reply(listing.validity, build, HEADERS)


def _find_feed(visit: Visit) -> str:
    """Return the address of the feed with the filters of the list; empty: no feed has them all."""
    chosen: dict[str, list[str]] = {}
    for name, value in visit.pairs_without("cursor", "limit"):
        chosen.setdefault(name, []).append(value)
    datasets, records = chosen.pop("dataset", []), chosen.pop("record", [])
    kinds = chosen.pop("kind", [])
    searchable = make_search_scope(visit.service.log).filters()
    facets: dict[str, list[str]] = {
        name: chosen.pop(name) for name in ("body", "division") if name in chosen and name in searchable
    }
    if chosen or len(datasets) > 1 or len(records) > len(datasets) or (facets and (datasets or records)):
        return ""
    scope = make_scope(
        dataset="".join(datasets) or None, kinds=kinds, filters=facets, record="".join(records)
    )
    return scope.path("atom")


def kind_word(visit: Visit, term: str) -> str:
    """Return the word for a kind of change or the direction of a charge or limit."""
    return labels.word_for(visit, DIRECTIONS if term in DIRECTIONS else KINDS, term)


def _item(visit: Visit, one: ListedChange, dataset: Dataset) -> ChangeLink:
    change = one.change
    catalogue = visit.service.catalogue_of_changes(dataset.name, change.release)
    differences = (
        () if hidden_note(change) else field_html.format_differences(visit, catalogue, change.fields)
    )
    first_day, takes_effect = visit.day(change.effective_on), change.kind in TAKING_EFFECT
    return ChangeLink(
        change=change,
        address=visit.url(f"/datasets/{change.dataset}/records/{change.record}"),
        title=change.title or visit.t("（内容已依法删除）", "(erased)"),
        kinds=[(term, kind_word(visit, term)) for term in (change.kind, *one.directions)],
        dataset=visit.title_of(dataset),
        bodies=visit.t("、", ", ").join(one.bodies),
        when=visit.t(f"{first_day}起", f"{first_day} on") if takes_effect else visit.day(change.published_at),
        release=visit.url(f"/datasets/{change.dataset}/releases/{change.release}"),
        differences=differences[:_MOST_DIFFERENCES],
    )


def _facets(visit: Visit, page: ChangePage, datasets: Mapping[str, Dataset]) -> Iterator[common.Facet]:
    """Yield the facets, and those without values of the filters that have no choices."""

    def dataset(name: str) -> str:
        return visit.title_of(datasets[name]) if name in datasets else name

    def kind(term: str) -> str:
        return kind_word(visit, term)

    titles: Mapping[str, tuple[tuple[str, str], Callable[[str], str]]] = {
        "kind": (("变化", "Change"), kind),
        "dataset": (FACETS["dataset"], dataset),
        "body": (FACETS["body"], str),
        "part": (FACETS["part"], str),
    }
    for name, (title, word) in titles.items():
        values = page.facets.get(name, ())
        yield common.Facet(
            field=name,
            title=visit.t(*title),
            values=tuple(common.FacetValue(value=v, title=word(v), count=n) for v, n in values),
        )
    others = {
        "division": "",
        "record": visit.t("条目", "Record"),
        "effective_on": visit.t("生效日期", "Effective day"),
        "effective_on.gte": visit.t("生效不早于", "Effective from"),
        "effective_on.lte": visit.t("生效不晚于", "Effective by"),
    }
    for name, other in others.items():
        yield common.Facet(field=name, title=other, values=())

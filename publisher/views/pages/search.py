"""The search page: the API's answer with its facets, filters to take off, a day to search at."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from urllib.parse import parse_qsl, urlsplit

from litestar.concurrency import sync_to_thread
from markupsafe import Markup

from publisher.log.model import Dataset
from publisher.views.api.answers import common
from publisher.views.api.answers import search as answers
from publisher.views.api.routes import search as api
from publisher.views.pages import home
from publisher.views.pages.printing import labels, marked_text
from publisher.views.pages.printing.html_head import Head
from publisher.views.pages.printing.page_request import Visit
from publisher.views.pages.printing.templates import HEADERS, Press
from publisher.views.syndication.scope import TITLES, Scope, scope
from publisher.web.conditional_requests import Validity
from publisher.web.route import AsyncReply
from schemas.reference import administrative_divisions

FACETS = ("dataset", "body", "type", "division", "year")
FILES = ("XLSX", "CSV")
_PLAIN = ("word", "phrase")
"""Ways of matching that a mark in the text shows."""
_SHOWN = 8
"""Values of a facet that are seen at once; the rest unfolds."""
SORTS = (
    ("relevance", "最相关", "Best match"),
    ("-date", "新的在前", "Newest"),
    ("date", "旧的在前", "Oldest"),
)
MATCHES = {
    "all": ("每一项都含有全部检索词", "Every result holds all of the words"),
    "most": (
        "含全部检索词的太少，以下各项含多数检索词",
        "Too few hold all of the words; these hold most",
    ),
    "any": (
        "含多数检索词的太少，以下各项含任一检索词",
        "Too few hold most of the words; these hold any",
    ),
}


@dataclass(frozen=True, slots=True)
class Chip:
    """A filter that is on, and the address without it."""

    title: str
    value: str
    off: str


@dataclass(frozen=True, slots=True)
class Choice:
    title: str
    count: int
    address: str
    on: bool


@dataclass(frozen=True, slots=True)
class Choices:
    """A facet: its values with exact counts, each an address that puts it on or takes it off."""

    name: str
    title: str
    first: Sequence[Choice]
    rest: Sequence[Choice]


@dataclass(frozen=True, slots=True)
class Result:
    dataset: Dataset | None
    title: Markup
    excerpts: Sequence[tuple[str, Markup]]
    """(title of the field, marked excerpt)."""
    address: str
    dataset_title: str
    why: Sequence[str]
    """Reasons that the marks do not show by themselves: an alias, a synonym, a 文号."""


async def search(press: Press, visit: Visit) -> AsyncReply:
    service = visit.service
    datasets = {d.name: d for d in await sync_to_thread(service.log.datasets.all)}
    asked = " ".join(visit.values("q"))
    title = visit.t("检索", "Search")
    title = f"{asked[:60]} · {title}" if asked else title
    followed = _followed(visit)
    head = Head(title, listed=False, scope=followed, followed=title if followed.searched else "")
    if not asked:
        found = Validity(("", tuple(datasets.values())))

        async def blank() -> bytes:
            return press.page("search.html", visit, head, found=None, examples=home.EXAMPLES)

        return AsyncReply(found, blank, HEADERS)
    own = {"facets": ",".join(FACETS), "explain": "true"}
    call = visit.call(given={name: value for name, value in own.items() if not visit.values(name)})
    reply = await api.search.handle(service, call)
    titles = await sync_to_thread(_field_titles, visit, tuple(datasets.values()))

    taken = visit.besides("cursor", "facets", "limit", "explain")

    async def build() -> bytes:
        answer: answers.Found = await reply.build()
        return press.page(
            "search.html",
            visit,
            head,
            found=answer,
            asked=asked,
            as_written=visit.here(q=f'"{asked}"'),
            feeds=[(title, visit.root + followed.path(form)) for form, title in TITLES.items()],
            files=[(form, visit.url(f"/search.{form.lower()}", taken)) for form in FILES],
            results=[_result(visit, hit, datasets, titles) for hit in answer.hits],
            facets=[choices(visit, facet) for facet in answer.facets if says_something(visit, facet)],
            chips=list(chips(visit, answer.facets, datasets)),
            match=visit.t(*MATCHES[answer.match]),
            following=following_of(visit, answer.links.next),
            sorts=SORTS,
        )

    validity = replace(reply.validity, tokens=(*reply.validity.tokens, tuple(datasets.values())))
    return AsyncReply(validity, build, HEADERS)


def _followed(visit: Visit) -> Scope:
    """What is searched for, as a feed of what comes."""
    filters: dict[str, list[str]] = {}
    for name, value in visit.besides("q", "cursor", "sort", "facets", "limit", "explain"):
        filters.setdefault(name, []).append(value)
    return scope(text=" ".join(visit.values("q")), filters=filters)


def _field_titles(visit: Visit, datasets: Sequence[Dataset]) -> dict[tuple[str, str], str]:
    """(dataset, field) → what the field is called."""
    return {
        (d.name, field.name): visit.t(field.title, field.title_en)
        for d in datasets
        for field in visit.service.log.queries.catalogue(d.name).fields
    }


def _result(
    visit: Visit, hit: answers.Hit, datasets: dict[str, Dataset], titles: dict[tuple[str, str], str]
) -> Result:
    return Result(
        dataset=datasets.get(hit.dataset),
        title=marked_text.marked(hit.title.text, hit.title.marks),
        excerpts=[
            (titles.get((hit.dataset, e.field), e.field), marked_text.marked(e.text, e.marks))
            for e in hit.excerpts
        ],
        address=visit.url(f"/datasets/{hit.dataset}/records/{hit.record}"),
        dataset_title=hit.dataset_title,
        why=[visit.t(e.text, e.text_en) for e in hit.explanation or () if e.how not in _PLAIN],
    )


def says_something(visit: Visit, facet: common.Facet) -> bool:
    return len(facet.values) > 1 or bool(facet.values and visit.values(facet.field))


def choices(visit: Visit, facet: common.Facet) -> Choices:
    chosen = visit.values(facet.field)
    every = [
        Choice(
            _worded(visit, facet.field, value),
            value.count,
            visit.toggled(facet.field, value.value),
            value.value in chosen,
        )
        for value in facet.values
    ]
    every.sort(key=lambda c: not c.on)  # what is on stays in sight
    return Choices(facet.field, facet_title(visit, facet.field, facet.title), every[:_SHOWN], every[_SHOWN:])


def facet_title(visit: Visit, name: str, title: str) -> str:
    return visit.t(*labels.FACETS[name]) if name in labels.FACETS else title


def _worded(visit: Visit, name: str, value: common.FacetValue) -> str:
    """The API's title of a value, which is Chinese; what is no word of the publisher's has an English one."""
    if name == "status":
        return labels.of(visit, labels.STATUSES, value.value)
    return visit.t(*labels.BOOLEANS[value.value]) if value.value in labels.BOOLEANS else value.title


def chips(visit: Visit, facets: Sequence[common.Facet], datasets: Mapping[str, Dataset]) -> Iterator[Chip]:
    """``datasets``: those that may be a filter, by name; a search may find none of them."""
    titles = {("dataset", name): dataset.title for name, dataset in datasets.items()}
    titles |= {(f.field, v.value): _worded(visit, f.field, v) for f in facets for v in f.values}
    names = {f.field: facet_title(visit, f.field, f.title) for f in facets}
    for name, value in visit.pairs:
        if name in names:
            shown = titles.get((name, value)) or (
                administrative_divisions.name(value) if name == "division" else None
            )
            yield Chip(names[name], shown or value, visit.toggled(name, value))


def following_of(visit: Visit, address: str | None) -> str | None:
    """The API's next page as a page of ours."""
    return following(visit, dict(parse_qsl(urlsplit(address).query))["cursor"] if address else None)


def following(visit: Visit, cursor: str | None) -> str | None:
    """The address of the next page."""
    if cursor is None:
        return None
    return visit.url(visit.path, [*visit.besides("cursor"), ("cursor", cursor)])

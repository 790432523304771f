"""The page of a work: what it is, its effects, the records that cite it, and what ended it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from typing import Any
from urllib.parse import quote

import msgspec
from msgspec import structs

from publisher.log.graph.legal_force import ENDING_KINDS, Endings, find_endings, judge_force
from publisher.log.graph.passage_query import PassageQuery, PublishedCitation, PublishedEffect
from publisher.log.graph.work_query import MOST_EDITIONS, Work
from publisher.log.model import Dataset
from publisher.views.api.routes import works as api
from publisher.views.pages.printing import field_html, labels
from publisher.views.pages.printing.html_head import Head
from publisher.views.pages.printing.page_request import Visit
from publisher.views.pages.printing.templates import HEADERS, Press
from publisher.web.route import Reply
from schemas.words import EFFECTS, WORK_KINDS

PATH = "/works/{key}"
_ELI = "http://data.europa.eu/eli/ontology#"
MOST = 100
"""Maximum number of citations of each kind, and of effects of each side, on the page, which says so if there
are more. The API has all."""


class CitingRecord(msgspec.Struct, frozen=True):
    """A record that rests on the work, with the places that it cites."""

    title: str
    address: str
    dataset: str
    part: str | None
    places: tuple[str, ...]


class EffectLine(msgspec.Struct, frozen=True):
    """The effect of a work on another one, in the reader's language."""

    kind: str
    work: str
    """Title or key of the other work, or the name of the item."""
    address: str
    day: date | None
    text: str
    says: str
    """Address of the record that says so."""


def work(press: Press, visit: Visit) -> Reply:
    """Render a work. Its other spellings lead to the address with its key."""
    visit.refuse_parameters()
    service = visit.service
    one = api.find_work(service, visit.call, visit.view)
    validity = api.validity(service, visit.view)
    if one.key != visit.call.path["key"]:
        return Reply(validity, lambda: b"", HEADERS, moved_to=visit.url(f"/works/{one.key}"))
    datasets = {dataset.name: dataset for dataset in service.log.datasets.all()}

    def build() -> bytes:
        graph = service.log.graph
        # Queries of their own: none of these pushes another beyond the limit.
        own = PassageQuery(visit.view, works=one.names, acting=True, limit=MOST)
        effects = graph.effects(own)
        undergone = graph.effects(structs.replace(own, acting=False))
        ending = graph.effects(structs.replace(own, acting=False, kinds=ENDING_KINDS))
        endings = find_endings(one, ending.passages, visit.day_of_view())
        ends = (*endings.past, *endings.coming)
        others = [effect for effect in undergone.passages if effect not in ends]
        bases = PassageQuery(visit.view, works=one.names, roles=("basis",), limit=MOST)
        mentions = PassageQuery(visit.view, works=one.names, roles=("mention", "edition-note"), limit=MOST)
        basing, mentioning = graph.citations(bases), graph.citations(mentions)
        return press.page(
            "work.html",
            visit,
            _head(visit, one, effects.passages, endings),
            work=one,
            kind=labels.word_for(visit, WORK_KINDS, one.kind),
            records=[(_address(visit, r.dataset, r.record), r, datasets[r.dataset]) for r in one.records],
            ended=list(_lines(visit, endings.past, by=False)),
            ending=list(_lines(visit, endings.coming, by=False)),
            done_to=list(_lines(visit, others, by=False)),
            does=list(_lines(visit, effects.passages, by=True)),
            releases=[(datasets[r.dataset], r) for r in graph.releases_on(one, visit.view)],
            bases=list(_records(visit, basing.passages, datasets)),
            mentions=list(_records(visit, mentioning.passages, datasets)),
            most_editions=MOST_EDITIONS,
            is_cut=any(page.after is not None for page in (effects, undergone, ending, basing, mentioning)),
            data=visit.link(f"/v1/works/{one.key}"),
            all_effects=visit.link(f"/v1/works/{one.key}/effects", visit.clocks),
            all_citations=visit.link(f"/v1/works/{one.key}/cited-by", visit.clocks),
        )

    return Reply(validity.extended(tuple(datasets.values()), None), build, HEADERS)


def _lines(visit: Visit, effects: Sequence[PublishedEffect], *, by: bool) -> Iterator[EffectLine]:
    """Yield what a work does (``by``) or what is done to it; two records that say the same are one line."""
    lines: dict[tuple[str, str | None, str], EffectLine] = {}
    for effect in effects:
        other = effect.target if by else effect.source
        passage = effect.passage
        says = _address(visit, passage.dataset, passage.record)
        line = EffectLine(
            labels.word_for(visit, EFFECTS, effect.kind),
            other or passage.title,
            field_html.work_address(visit, other) if other else says,
            effect.day,
            passage.text,
            says,
        )
        key = (effect.kind, other, "" if other else passage.record)
        if key not in lines or (lines[key].day is None and line.day is not None):
            lines[key] = line
    yield from lines.values()


def _records(
    visit: Visit, citations: Sequence[PublishedCitation], datasets: Mapping[str, Dataset]
) -> Iterator[CitingRecord]:
    places: dict[tuple[str, str], list[PublishedCitation]] = {}
    for citation in citations:
        places.setdefault((citation.passage.dataset, citation.passage.record), []).append(citation)
    for (dataset, record), record_citations in places.items():
        passage, own = record_citations[0].passage, datasets[dataset]
        yield CitingRecord(
            passage.title,
            _address(visit, dataset, record),
            visit.title_of(own),
            passage.part,
            tuple(dict.fromkeys(one.passage.text for one in record_citations)),
        )


def _address(visit: Visit, dataset: str, record: str) -> str:
    return visit.url(f"/datasets/{dataset}/records/{record}")


def _head(visit: Visit, one: Work, effects: Sequence[PublishedEffect], endings: Endings) -> Head:
    """Build the head; schema.org's Legislation is modelled on the European Legislation Identifier (ELI).

    What ended a work has a name in ELI only.
    """
    number = one.key if one.kind in ("document", "order") else None
    force = judge_force(one, endings, visit.day_of_view())
    ended_by = dict.fromkeys(effect.source for effect in endings.past)
    ld: dict[str, Any] = {
        "@type": "Legislation",
        "name": one.title,
        "url": visit.canonical,
        "inLanguage": "zh-CN",
        "legislationIdentifier": number or one.title,
        "legislationType": WORK_KINDS[one.kind][0],
        "legislationJurisdiction": "CN",
        **({"legislationLegalForce": f"https://schema.org/{force}"} if force else {}),
        **({f"{_ELI}repealed_by": [{"@id": _uri(visit, key)} for key in ended_by]} if ended_by else {}),
        **{name: [_uri(visit, key) for key in keys] for name, keys in _relations(one, effects).items()},
    }
    title = one.title
    description = visit.t(
        f"{title}：依据它的条目和发布、它废止和修订的文件，以及废止、修订它的文件。",
        f"{title}: the records and releases that rest on it, what it repeals and amends, and what ended it.",
    )
    return Head(title, description, ld=ld, data=visit.link(f"/v1/works/{one.key}"))


_RELATIONS = {
    "amends": "legislationChanges",
    "repeals": "legislationRepeals",
    "implements": "legislationEnsuresImplementationOf",
}


def _relations(one: Work, effects: Sequence[PublishedEffect]) -> Mapping[str, Sequence[str]]:
    relations: dict[str, dict[str, None]] = {}
    for effect in effects:
        name = _RELATIONS.get(effect.kind)
        if name and effect.target and effect.target not in one.names:
            relations.setdefault(name, {})[effect.target] = None
    return {name: list(keys) for name, keys in relations.items()}


def _uri(visit: Visit, key: str) -> str:
    return visit.service.link(f"/works/{quote(key)}")

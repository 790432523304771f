"""A policy document for readers: its text with an outline, and its citations linked both ways."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence, Set
from dataclasses import dataclass

from litestar.concurrency import sync_to_thread
from markdown_it import MarkdownIt
from markdown_it.token import Token
from markupsafe import Markup

from feeds.document_html import sanitise
from publisher.ingest.documents import section_outline
from publisher.ingest.documents.section_outline import Section
from publisher.log.clocks import micros
from publisher.log.model import Dataset, RecordQuery, RecordState, Release, View
from publisher.log.predicate import AnyValue
from publisher.views.pages.printing import field_html, marked_text
from publisher.views.pages.printing.page_request import Visit
from publisher.web.conditional_requests import Validity
from schemas.definition.catalogue import Catalogue, Content, Field
from schemas.reference import document_numbers
from schemas.reference.document_numbers import Citation
from search import contract
from search.contract import SearchError

_MOST = 50
"""Documents that are told to cite this one; a search finds all."""
RELATIONS = ("explains", "ends")
"""Fields that name the documents a document is about; the collector reads them (解读、回应; 废止)."""

type Where = Callable[[Citation], str]


@dataclass(frozen=True, slots=True)
class Mention:
    title: str
    address: str
    dataset_title: str
    dataset: str
    record: str
    excerpt: Markup


@dataclass(frozen=True, slots=True)
class Based:
    """A release of a list that rests on the document."""

    dataset: Dataset
    release: Release


@dataclass(frozen=True, slots=True)
class Text:
    field: str
    html: Markup
    sections: Sequence[Section]


@dataclass(frozen=True, slots=True)
class Around:
    """What stands around a document; ``known`` is False while search is away."""

    explaining: Sequence[Mention] = ()
    """解读 and 回应: those that say what the document means."""
    ending: Sequence[Mention] = ()
    """Those that declare it repealed or lapsed."""
    citing: Sequence[Mention] = ()
    releases: Sequence[Based] = ()
    known: bool = True


def text_of(visit: Visit, catalogue: Catalogue, content: Content) -> Text | None:
    """The record's text where it is a document."""
    found = source_of(catalogue, content)
    if found is None:
        return None
    field, source = found
    return Text(field, rendered(source, _held(visit, source)), section_outline.sections(source))


def source_of(catalogue: Catalogue, content: Content) -> tuple[str, str] | None:
    """The first field in Markdown that says something, and what: the record is a document."""
    for field in catalogue.fields:
        if field.format == "markdown" and isinstance(source := content.get(field.name), str):
            return field.name, source
    return None


def rendered(source: str, where: Where) -> Markup:
    """Markdown as HTML: no HTML of the source's own, no pictures, headings below the page's own.

    It has passed the sanitiser that the full text of feeds passes.
    """
    markdown = MarkdownIt("commonmark", {"html": False}).enable("table").disable(["image", "entity"])
    markdown.add_render_rule(
        "text", lambda _self, tokens, n, _options, _env: str(marked_text.linked(tokens[n].content, where))
    )
    tokens = markdown.parse(source)
    _head(tokens, section_outline.sections(source))
    html = sanitise(markdown.renderer.render(tokens, markdown.options, {}))
    return Markup(html)  # noqa: S704 - escaped by markdown-it, and only elements of a text are left


def _head(tokens: Sequence[Token], sections: Sequence[Section]) -> None:
    """Give headings their anchors, and levels that go down from h2 one step at a time."""
    waiting = list(sections)
    last = 1
    for n, token in enumerate(tokens):
        if token.type != "heading_open":
            continue
        last = min(int(token.tag[1]) + 1, last + 1, 6)
        token.tag = tokens[n + 2].tag = f"h{last}"
        title = tokens[n + 1].content.replace("\\", "")
        if waiting and waiting[0].title == title:
            token.attrSet("id", waiting.pop(0).anchor)


def _held(visit: Visit, source: str) -> Where:
    """Where a citation leads: to the document itself where the site keeps it, else to a search for it."""
    numbers = {found.standard for found in document_numbers.find(source) if found.kind != "statute"}
    kept = _documents(visit, sorted(numbers)[:200]) if numbers else {}
    return lambda found: kept.get(found.standard) or field_html.address(visit, found)


def _documents(visit: Visit, numbers: Sequence[str]) -> Mapping[str, str]:
    """Document number → address of its page."""
    log = visit.service.log
    found: dict[str, str] = {}
    for dataset in log.datasets.all():
        catalogue = log.queries.catalogue(dataset.name)
        field = number_field(catalogue)
        if field is None:
            continue
        any_number = AnyValue(field.name, "=", tuple(numbers))
        query = RecordQuery(view=visit.view, where=any_number, limit=len(numbers), count=False)
        for state in log.queries.records(dataset.name, query).records:
            number = str(state.content.get(field.name))
            found[number] = visit.url(f"/datasets/{dataset.name}/records/{state.id}")
    return found


def number_field(catalogue: Catalogue) -> Field | None:
    """The field with a document's own number, of a catalogue of documents."""
    if not catalogue.of_documents:
        return None
    return next((f for f in catalogue.fields if f.format == "document-number"), None)


def own_number(catalogue: Catalogue, content: Content) -> str | None:
    field = number_field(catalogue)
    number = content.get(field.name) if field else None
    return number if isinstance(number, str) else None


async def surroundings(visit: Visit, validity: Validity) -> Validity:
    """The validity of a page that tells who cites it: of every list, and of how far the index is."""
    try:
        position: int | None = await visit.service.search.position()
    except SearchError:
        position = None
    sequence, _ = await sync_to_thread(visit.service.log.queries.validator)
    return Validity((*validity.tokens, sequence, position))


async def around(visit: Visit, number: str | None, state: RecordState) -> Around:
    """Who explains, ends and cites the document, and which releases rest on it."""
    if number is None:
        return Around()
    datasets, releases = await sync_to_thread(_resting, visit, number)
    try:
        mentions = await _mentions(visit, number, datasets)
    except SearchError:
        return Around(releases=releases, known=False)
    others = [m for m in mentions if (m.dataset, m.record) != (state.dataset, state.id)]
    return await sync_to_thread(_related, visit, {number, f"《{state.title}》"}, others, releases)


def _related(visit: Visit, names: Set[str], others: Sequence[Mention], releases: Sequence[Based]) -> Around:
    """By what the collector read of each: a title that says 解读 may explain something else."""
    log, told = visit.service.log, (list[Mention](), list[Mention](), list[Mention]())
    view = View(as_of=visit.today(), known_at=visit.view.known_at)
    states = log.queries.states([one.record for one in others], view)
    for one in others:
        content = states[one.record].content if one.record in states else {}
        held = (content.get(field) for field in RELATIONS)
        named = (isinstance(value, list) and not names.isdisjoint(map(str, value)) for value in held)
        told[next((place for place, found in enumerate(named) if found), -1)].append(one)
    return Around(*told, releases)


def _resting(visit: Visit, number: str) -> tuple[Mapping[str, Dataset], Sequence[Based]]:
    """Every dataset by name, and the releases whose basis the document is."""
    log = visit.service.log
    datasets = {dataset.name: dataset for dataset in log.datasets.all()}
    found = [
        Based(dataset, release)
        for name, dataset in datasets.items()
        for release in log.queries.releases(name)
        if release.basis == number
    ]
    return datasets, found


async def _mentions(visit: Visit, number: str, datasets: Mapping[str, Dataset]) -> Sequence[Mention]:
    """What search finds to hold the document's number."""
    known = visit.view.known_at
    request = contract.Request(
        text=number,
        as_of=visit.today().toordinal(),
        known_at=contract.FOREVER - 1 if known is None else micros(known),
        limit=_MOST,
    )
    page = await visit.service.search.search(request)
    if page.match != "all":
        return ()
    return [
        Mention(
            title=hit.title.text,
            address=visit.url(f"/datasets/{hit.dataset}/records/{hit.record}"),
            dataset_title=datasets[hit.dataset].title if hit.dataset in datasets else hit.dataset,
            dataset=hit.dataset,
            record=hit.record,
            excerpt=marked_text.marked(hit.excerpts[0].text, hit.excerpts[0].marks)
            if hit.excerpts
            else Markup(""),
        )
        for hit in page.hits
    ]

"""Policy documents on pages: text, outline, linked citations, and the documents that cite them."""

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
from publisher.log.clocks import known_instant
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
"""Maximum number of citing documents on the page. A search finds all."""
RELATIONS = ("explains", "ends")
"""Fields with the documents that a document refers to, read by the collector (解读、回应; 废止)."""

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
class BasedRelease:
    """A release whose basis is the document."""

    dataset: Dataset
    release: Release


@dataclass(frozen=True, slots=True)
class Text:
    field: str
    html: Markup
    sections: Sequence[Section]


@dataclass(frozen=True, slots=True)
class Surroundings:
    """Documents and releases related to a document. ``search_available`` is False if the search failed."""

    explaining: Sequence[Mention] = ()
    """解读 and 回应: explanations of the document."""
    ending: Sequence[Mention] = ()
    """Documents that declare it repealed or lapsed."""
    citing: Sequence[Mention] = ()
    releases: Sequence[BasedRelease] = ()
    search_available: bool = True


def read_text(visit: Visit, catalogue: Catalogue, content: Content) -> Text | None:
    """Return the record's text if it is a document."""
    text_field = find_source(catalogue, content)
    if text_field is None:
        return None
    field, source = text_field
    return Text(
        field,
        render_markdown(source, _citation_resolver(visit, source)),
        section_outline.list_sections(source),
    )


def find_source(catalogue: Catalogue, content: Content) -> tuple[str, str] | None:
    """Return the first nonempty Markdown field with its text; such a record is a document."""
    for field in catalogue.fields:
        if field.format == "markdown" and isinstance(source := content.get(field.name), str):
            return field.name, source
    return None


def render_markdown(source: str, where: Where) -> Markup:
    """Render Markdown as HTML, without the source's HTML and images, with headings below the page's own.

    The sanitiser is the one of the feeds' full text.
    """
    markdown = MarkdownIt("commonmark", {"html": False}).enable("table").disable(["image", "entity"])
    markdown.add_render_rule(
        "text",
        lambda _self, tokens, n, _options, _env: str(marked_text.link_citations(tokens[n].content, where)),
    )
    tokens = markdown.parse(source)
    _anchor_headings(tokens, section_outline.list_sections(source))
    html = sanitise(markdown.renderer.render(tokens, markdown.options, {}))
    return Markup(html)  # noqa: S704 - escaped by markdown-it and sanitised


def _anchor_headings(tokens: Sequence[Token], sections: Sequence[Section]) -> None:
    """Set the anchors of headings, and levels that start at h2 and never skip a level."""
    remaining = list(sections)
    last = 1
    for n, token in enumerate(tokens):
        if token.type != "heading_open":
            continue
        last = min(int(token.tag[1]) + 1, last + 1, 6)
        token.tag = tokens[n + 2].tag = f"h{last}"
        title = section_outline.strip_heading(tokens[n + 1].content)
        if remaining and remaining[0].title == title:
            token.attrSet("id", remaining.pop(0).anchor)


def _citation_resolver(visit: Visit, source: str) -> Where:
    """Make the resolver of citations: to the document itself if the site has it, else to a search."""
    numbers = {c.standard for c in document_numbers.find_citations(source) if c.kind != "statute"}
    addresses = _document_addresses(visit, sorted(numbers)[:200]) if numbers else {}
    return lambda citation: addresses.get(citation.standard) or field_html.citation_address(visit, citation)


def _document_addresses(visit: Visit, numbers: Sequence[str]) -> Mapping[str, str]:
    """Look up document numbers → address of the document's page."""
    log = visit.service.log
    addresses: dict[str, str] = {}
    for dataset in log.datasets.all():
        catalogue = log.queries.catalogue(dataset.name)
        field = number_field(catalogue)
        if field is None:
            continue
        any_number = AnyValue(field.name, "=", tuple(numbers))
        query = RecordQuery(view=visit.view, where=any_number, limit=len(numbers), count=False)
        for state in log.queries.records(dataset.name, query).records:
            number = str(state.content.get(field.name))
            addresses[number] = visit.url(f"/datasets/{dataset.name}/records/{state.id}")
    return addresses


def number_field(catalogue: Catalogue) -> Field | None:
    """Return the field with a document's own number, for a catalogue of documents."""
    if not catalogue.of_documents:
        return None
    return next((f for f in catalogue.fields if f.format == "document-number"), None)


def own_number(catalogue: Catalogue, content: Content) -> str | None:
    field = number_field(catalogue)
    number = content.get(field.name) if field else None
    return number if isinstance(number, str) else None


async def surroundings_validity(visit: Visit, validity: Validity) -> Validity:
    """Extend the validity for a page with citing documents: all datasets, and the index's position."""
    try:
        position: int | None = await visit.service.search_position()
    except SearchError:
        position = None
    sequence, _ = await sync_to_thread(visit.service.log.queries.validator)
    return Validity((*validity.tokens, sequence, position))


async def find_surroundings(visit: Visit, number: str | None, state: RecordState) -> Surroundings:
    """Find the documents that explain, end and cite the document, and the releases based on it."""
    if number is None:
        return Surroundings()
    datasets, releases = await sync_to_thread(_releases_based_on, visit, number)
    try:
        mentions = await _find_mentions(visit, number, datasets)
    except SearchError:
        return Surroundings(releases=releases, search_available=False)
    others = [m for m in mentions if (m.dataset, m.record) != (state.dataset, state.id)]
    return await sync_to_thread(_group_mentions, visit, {number, f"《{state.title}》"}, others, releases)


def _group_mentions(
    visit: Visit, names: Set[str], others: Sequence[Mention], releases: Sequence[BasedRelease]
) -> Surroundings:
    """Group mentions by the fields that the collector read; a title with 解读 may explain another one."""
    log, groups = visit.service.log, (list[Mention](), list[Mention](), list[Mention]())
    view = View(as_of=visit.today(), known_at=visit.view.known_at)
    states = log.queries.states([mention.record for mention in others], view)
    for mention in others:
        content = states[mention.record].content if mention.record in states else {}
        relations = (content.get(field) for field in RELATIONS)
        matches = (isinstance(value, list) and not names.isdisjoint(map(str, value)) for value in relations)
        groups[next((place for place, match in enumerate(matches) if match), -1)].append(mention)
    return Surroundings(*groups, releases)


def _releases_based_on(visit: Visit, number: str) -> tuple[Mapping[str, Dataset], Sequence[BasedRelease]]:
    """Return every dataset by name, and the releases whose basis is the document."""
    log = visit.service.log
    datasets = {dataset.name: dataset for dataset in log.datasets.all()}
    releases = [
        BasedRelease(dataset, release)
        for name, dataset in datasets.items()
        for release in log.queries.releases(name)
        if release.basis == number
    ]
    return datasets, releases


async def _find_mentions(visit: Visit, number: str, datasets: Mapping[str, Dataset]) -> Sequence[Mention]:
    """Search for records that contain the document's number."""
    known_at = visit.view.known_at
    request = contract.Request(
        text=number,
        as_of=visit.today().toordinal(),
        known_at=known_instant(known_at),
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
            excerpt=marked_text.mark_matches(hit.excerpts[0].text, hit.excerpts[0].marks)
            if hit.excerpts
            else Markup(""),
        )
        for hit in page.hits
    ]

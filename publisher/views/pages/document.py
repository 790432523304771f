"""Policy documents on pages: text, outline, linked citations, and the documents that cite them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date

import msgspec
from markdown_it import MarkdownIt
from markdown_it.token import Token
from markupsafe import Markup

from feeds.document_html import sanitise
from publisher.ingest.documents import section_outline
from publisher.ingest.documents.section_outline import Section, find_body
from publisher.log.graph.legal_force import find_endings
from publisher.log.graph.passage_query import Passage, PassageQuery
from publisher.log.model import Dataset, LogError, RecordState, View
from publisher.views.pages.commitments import document_commitments
from publisher.views.pages.commitments.document_commitments import DocumentCommitment
from publisher.views.pages.printing import field_html, marked_text
from publisher.views.pages.printing.page_request import Visit
from publisher.web.conditional_requests import Validity
from schemas.definition.catalogue import Catalogue, Content, Field

_MOST = 200
"""Maximum number of citations that the page lists; if there are more, it leads to the page of the work."""


class Mention(msgspec.Struct, frozen=True):
    title: str
    address: str
    dataset_title: str
    excerpt: str


class BasedRelease(msgspec.Struct, frozen=True):
    """A release whose basis is the document."""

    dataset: Dataset
    number: int
    effective_on: date


class DocumentText(msgspec.Struct, frozen=True):
    field: str
    html: Markup
    sections: Sequence[Section]
    number: str | None = None
    commitments: Sequence[DocumentCommitment] = ()
    """The commitments that it makes, in the order of its text."""


class RelatedDocuments(msgspec.Struct, frozen=True):
    """Documents and releases related to a document."""

    explaining: Sequence[Mention] = ()
    """解读 and 回应: explanations of the document."""
    ending: Sequence[Mention] = ()
    """Documents that declare it repealed or lapsed."""
    coming: Sequence[Mention] = ()
    """Documents that will end it, from their own first day on."""
    citing: Sequence[Mention] = ()
    releases: Sequence[BasedRelease] = ()
    all_citations: str = ""
    """Address of the page of the work; empty if all citations are here."""


def read_text(visit: Visit, catalogue: Catalogue, content: Content, *, pinned: bool) -> DocumentText | None:
    """Return the record's text if it is a document, with links to the commitments that it makes.

    A ``pinned`` page has no commitments: their statuses depend on later releases and on the day.
    """
    text_field = find_body(catalogue, content)
    if text_field is None:
        return None
    field, source = text_field
    number = own_number(catalogue, content)
    commitments = document_commitments.of_plan(visit, number, visit.view) if number and not pinned else ()
    return DocumentText(
        field,
        render_markdown(source, lambda key: field_html.work_address(visit, key), commitments),
        section_outline.list_sections(source),
        number,
        commitments,
    )


def render_markdown(
    source: str, address_of: marked_text.AddressOfWork, commitments: Sequence[DocumentCommitment] = ()
) -> Markup:
    """Render Markdown as HTML, without the source's HTML and images, with headings below the page's own.

    The sanitiser is the one of the feeds' full text.
    """
    markdown = MarkdownIt("commonmark", {"html": False}).enable("table").disable(["image", "entity"])
    markdown.add_render_rule(
        "text",
        lambda _self, tokens, n, _options, _env: str(
            marked_text.link_citations(tokens[n].content, address_of)
        ),
    )
    tokens = markdown.parse(source)
    _anchor_headings(tokens, section_outline.list_sections(source))
    document_commitments.link_commitments(tokens, commitments)
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


def number_field(catalogue: Catalogue) -> Field | None:
    """Return the field with a document's own number, for a catalogue of documents."""
    if not catalogue.of_documents:
        return None
    return next((f for f in catalogue.fields if f.format == "document-number"), None)


def own_number(catalogue: Catalogue, content: Content) -> str | None:
    """Return the number of a document; None for another record, or without one."""
    field = number_field(catalogue)
    number = content.get(field.name) if field else None
    return number if isinstance(number, str) else None


def related_validity(visit: Visit, validity: Validity) -> Validity:
    """Extend the validity for a page with citing documents: they may be in any dataset."""
    log = visit.service.log
    derived = log.graph.validator(), log.commitments.validator()
    return Validity((*validity.tokens, log.queries.validator()[0], *derived))


def find_related(visit: Visit, name: str, state: RecordState) -> RelatedDocuments:
    """Find the records that explain, end and cite the document, and the releases based on it.

    ``name``: its number, or its title.
    """
    graph, view = visit.service.log.graph, View(as_of=visit.day_of_view(), known_at=visit.view.known_at)
    datasets = {dataset.name: dataset for dataset in visit.service.log.datasets.all()}
    try:
        work = graph.work(name, view)
    except LogError:  # a title without letters names no work
        return RelatedDocuments()
    explaining, ending = dict[str, Mention](), dict[str, Mention]()
    coming, citing = dict[str, Mention](), dict[str, Mention]()
    query = PassageQuery(view, works=work.names, kinds=("interprets", "repeals"), acting=False, limit=_MOST)
    effects = graph.effects(query)
    endings = find_endings(work, effects.passages, visit.day_of_view())
    for effect in effects.passages:
        if effect.passage.record == state.id:
            continue
        if effect in endings.past:
            _add(visit, ending, effect.passage, datasets)
        elif effect in endings.coming:
            _add(visit, coming, effect.passage, datasets)
        elif effect.kind == "interprets":  # else a repeal before the document was enacted again
            _add(visit, explaining, effect.passage, datasets)
    citations = graph.citations(PassageQuery(view, works=work.names, limit=_MOST))
    is_cut = effects.after is not None or citations.after is not None
    for citation in citations.passages:
        if citation.passage.record not in (state.id, *explaining, *ending, *coming):
            _add(visit, citing, citation.passage, datasets)
    releases = [
        BasedRelease(datasets[r.dataset], r.number, r.effective_on) for r in graph.releases_on(work, view)
    ]
    return RelatedDocuments(
        explaining=list(explaining.values()),
        ending=list(ending.values()),
        coming=list(coming.values()),
        citing=list(citing.values()),
        releases=releases,
        all_citations=field_html.work_address(visit, work.key) if is_cut else "",
    )


def _add(visit: Visit, group: dict[str, Mention], passage: Passage, datasets: Mapping[str, Dataset]) -> None:
    """Add the record that says something about the document, once."""
    group.setdefault(
        passage.record,
        Mention(
            passage.title,
            visit.url(f"/datasets/{passage.dataset}/records/{passage.record}"),
            visit.title_of(datasets[passage.dataset]),
            passage.text,
        ),
    )

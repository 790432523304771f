"""Pages of the documentation, and the programs to copy."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from functools import cache
from urllib.parse import urlencode

import msgspec

from publisher.views.api import requested_view
from publisher.views.discovery import sitemap_and_robots
from publisher.views.pages.developers import documents, rendering
from publisher.views.pages.developers.documents import Document
from publisher.views.pages.developers.rendering import RenderedDocument
from publisher.views.pages.printing.html_head import Head
from publisher.views.pages.printing.page_request import Visit
from publisher.views.pages.printing.templates import HEADERS, Press
from publisher.web.conditional_requests import Validity
from publisher.web.problems import ProblemError
from publisher.web.route import Call, Reply
from publisher.web.service import Service
from schemas.words import Lang

TEXT, WEBP = "text/plain; charset=utf-8", "image/webp"
_FILES = (documents.EXAMPLES, documents.PICTURES)
"""Beginnings of addresses that have no language."""


def documentation(press: Press, visit: Visit) -> Reply:
    """Render a document in the reader's language, or in the only one that it has."""
    visit.refuse_parameters()
    document = documents.read_documents().get("/".join(visit.call.path.values()))
    if document is None:
        raise ProblemError("no-such-route")
    edition = document.edition(visit.text_lang)

    def build() -> bytes:
        rendered = _render(document, edition.language, visit)
        head = Head(title=edition.title, description=visit.t("开发者说明", "For developers"))
        return press.page(
            "documentation.html",
            visit,
            head,
            edition=edition,
            text=rendered,
            is_other_language=edition.language != visit.text_lang,
        )

    return Reply(Validity((hashlib.sha256(edition.text.encode()).hexdigest(),)), build, HEADERS)


def render_sitemap(_: Press, visit: Visit) -> Reply:
    """Render the sitemap of all documents, for web search engines; robots.txt names it."""
    visit.refuse_parameters()
    names = sorted(documents.read_documents())
    home = visit.service.link(documents.HOME)

    def build() -> bytes:
        return sitemap_and_robots.sitemap((f"{home}/{name}", None) for name in names)

    return Reply(Validity((names,), visit.service.start.started_at, decides=False), build)


def example(_: Service, call: Call) -> Reply:
    """Return a program to copy, as it is."""
    return _file(call, documents.read_examples())


def picture(_: Service, call: Call) -> Reply:
    """Return a picture of a document."""
    return _file(call, documents.read_pictures())


def _file(call: Call, files: Mapping[str, bytes]) -> Reply:
    requested_view.refuse_parameters(call)
    body = files.get(call.path["name"])
    if body is None:
        raise ProblemError("no-such-route")
    return Reply(Validity((hashlib.sha256(body).hexdigest(),)), lambda: body)


class DocumentLink(msgspec.Struct, frozen=True):
    address: str
    title: str
    is_other_language: bool
    """Whether it does not exist in the reader's language."""


def list_documents(visit: Visit) -> list[tuple[str, list[DocumentLink]]]:
    """Return the headings of the index with their documents, in the reader's language."""
    return [
        (visit.t(*heading), [_link_document(visit, documents.read_documents()[name]) for name in names])
        for heading, names in documents.GROUPS
    ]


def _link_document(visit: Visit, document: Document) -> DocumentLink:
    edition = document.edition(visit.text_lang)
    address = visit.url(f"{documents.HOME}/{document.name}")
    return DocumentLink(address, edition.title, edition.language != visit.text_lang)


def _render(document: Document, chosen: Lang, visit: Visit) -> RenderedDocument:
    label = visit.t("表格", "Table")
    return _render_once(
        document.name, chosen, visit.service.site.base, visit.root, urlencode(visit.reader_pairs), label
    )


@cache
def _render_once(name: str, chosen: Lang, base: str, root: str, query: str, label: str) -> RenderedDocument:
    """Render a document once: the largest takes half a second. ``query``: what links to pages keep."""
    document = documents.read_documents()[name]
    suffix = f"?{query}" if query else ""
    return rendering.render(
        document,
        document.editions[chosen],
        base=base,
        link=lambda path: f"{root}{path}{'' if path.startswith(_FILES) else suffix}",
        label=label,
    )

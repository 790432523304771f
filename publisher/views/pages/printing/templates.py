"""Rendering of templates, the pages' static files, and the headers of both."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Mapping
from functools import cache
from importlib import resources
from typing import Any

import msgspec
from jinja2 import Environment, PackageLoader, StrictUndefined
from jinja2.environment import TemplateModule
from jinja2.ext import Extension
from jinja2.lexer import Token, TokenStream
from markupsafe import Markup

from publisher.log.descriptions import SiteDetails
from publisher.log.releases.release_rows import takes_effect
from publisher.views.pages.printing import field_html, language_marks, traditional_chinese
from publisher.views.pages.printing import labels as words
from publisher.views.pages.printing.html_head import Head, meta
from publisher.views.pages.printing.page_request import Display, PageLang, Visit
from publisher.web.bytes_response import VARY
from schemas.words import KINDS, STATUSES

POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
"""Content-Security-Policy of every page: own files only, nothing inline, no other host."""
HEADERS: Mapping[str, str] = {"content-security-policy": POLICY}
HTML = "text/html; charset=utf-8"
NO_STORE: Mapping[str, str] = {"cache-control": "no-store"}
UNSTORED = {"content-type": HTML, **NO_STORE, **VARY, **HEADERS}
"""Headers of a page that answers a form."""

_MEDIA = {
    "css": "text/css; charset=utf-8",
    "js": "text/javascript; charset=utf-8",
    "svg": "image/svg+xml",
    "png": "image/png",
    "ico": "image/vnd.microsoft.icon",
}
_IMPORT = re.compile(rb"(?<=from \")\./([a-z-]+\.js)(?=\")")
"""A script that another script imports. It sorts before the importing script."""
# HTML forbids C0 except tab and line ends, DEL, C1 and noncharacters; they are invisible. Bidirectional
# controls are removed too: the browser closes its own isolates, but an isolate opened inside a text consumes
# that end and reverses the text that follows. Letters have their own direction without controls.
_PLANES = "".join(f"{chr(n << 16)}-{chr((n << 16) + 0xFFFD)}" for n in range(1, 17))
_GOOD = f"\t\n\r -~\xa0-\u2029\u202f-\u2065\u206a-\ufdcf\ufdf0-\ufffd{_PLANES}"
_ALL_GOOD, _BAD = re.compile(f"[{_GOOD}]*"), re.compile(f"[^{_GOOD}]")


class Asset(msgspec.Struct, frozen=True):
    name: str
    """Name with a digest, so that browsers may cache the file permanently."""
    body: bytes
    media_type: str


class Press:
    """Renders pages of any site. The app factory builds one instance."""

    def __init__(self) -> None:
        self.assets = page_assets()
        """File name → asset."""
        self._shared_fragments: dict[tuple[str, PageLang, SiteDetails, Display], TemplateModule] = {}

    def compile_templates(self) -> None:
        """Compile the Chinese templates, which takes a second; otherwise the first reader of each waits."""
        chinese = _environment_of("zh")
        for name in chinese.list_templates(extensions=("html", "xml")):
            chinese.get_template(name)

    def page(self, template: str, visit: Visit, head: Head, **variables: Any) -> bytes:
        """Render the document. Output of templates is escaped, except for the Markup of these modules."""
        canonical = visit.canonical
        html = (
            _environment_of(visit.lang)
            .get_template(template)
            .render(
                v=visit,
                url=visit.url,
                head=head,
                canonical=canonical,
                meta=meta(visit, head, canonical),
                same=self.shared_fragments(visit),
                **variables,
            )
        )
        if visit.lang == "zh-Hant":
            html = traditional_chinese.convert_page(html)
        elif visit.lang == "en":
            html = language_marks.mark_chinese(html)
        return clean(html)

    def content(self, template: str, visit: Visit, **variables: Any) -> Markup:
        """Render the content of a page alone, for a preview within a page of another application."""
        page = _environment_of(visit.lang).get_template(template)
        shared = {"v": visit, "url": visit.url, "same": self.shared_fragments(visit)}
        html = "".join(page.blocks["content"](page.new_context({**shared, **variables})))
        return Markup(html)  # noqa: S704 - escaped by the template

    def shared_fragments(self, visit: Visit) -> TemplateModule:
        """Return the fragments that all pages of a language and day share."""
        key = (visit.root, visit.lang, visit.site, visit.display)
        module = self._shared_fragments.get(key) if not visit.clocks else None
        if module is None:
            module = _environment_of(visit.lang).get_template("same.html").make_module({"v": visit})
            if not visit.clocks:
                self._shared_fragments = {
                    k: m for k, m in self._shared_fragments.items() if k[2] == visit.site
                }
                self._shared_fragments[key] = module
        return module


class _Labels(Extension):
    """Selects the language when a template is compiled: ``t("中文", "English")`` becomes one of its texts,
    so that the compiled template contains constants.
    """

    chosen: int

    def filter_stream(self, stream: TokenStream) -> Iterator[Token]:
        tokens = list(stream)
        here = 0
        while here < len(tokens):
            call = tokens[here : here + 6]
            if [token.type for token in call] == _CALL and call[0].value == "t":
                yield call[2 + 2 * self.chosen]
                here += len(call)
            else:
                yield tokens[here]
                here += 1


class _Chinese(_Labels):
    chosen = 0


class _English(_Labels):
    chosen = 1


_CALL = ["name", "lparen", "string", "comma", "string", "rparen"]


def _environment_of(lang: PageLang) -> Environment:
    return _environment(_English if lang == "en" else _Chinese)


@cache  # compiled templates hold nothing of a site, and to compile them takes a second
def _environment(labels: type[_Labels]) -> Environment:
    environment = _create_environment(labels, "publisher.views.pages")
    environment.globals |= {"words": words, "KINDS": KINDS, "STATUSES": STATUSES}
    environment.globals |= {"link_works": field_html.link_works, "takes_effect": takes_effect}
    environment.globals["parts"] = environment.get_template(
        "parts.html"
    ).module  # an import costs each page 10 µs
    return environment


def _create_environment(labels: type[_Labels], package: str) -> Environment:
    environment = Environment(
        loader=PackageLoader(package),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
        extensions=[labels],
    )
    environment.globals["assets"] = {name: asset.name for name, asset in page_assets().items()}
    return environment


def create_environments(package: str) -> Mapping[str, Environment]:
    """Create the environments of another application's templates, by language: the same labels and files."""
    return {"zh": _create_environment(_Chinese, package), "en": _create_environment(_English, package)}


def clean(html: str) -> bytes:
    """Encode as UTF-8, without characters that HTML forbids and without bidirectional controls."""
    if not _ALL_GOOD.fullmatch(html):  # four times as fast as a search for forbidden characters
        html = _BAD.sub("", html)
    return html.encode("utf-8", "replace")


@cache
def page_assets(package: str = "publisher.views.pages") -> Mapping[str, Asset]:
    """Read the static files of a package of pages: file name → asset."""
    folder = resources.files(package) / "assets"
    assets: dict[str, Asset] = {}
    for file in sorted(folder.iterdir(), key=lambda file: file.name):
        stem, _, suffix = file.name.rpartition(".")
        if suffix in _MEDIA:
            body = _IMPORT.sub(
                lambda match: b"./" + assets[match[1].decode()].name.encode(), file.read_bytes()
            )
            digest = hashlib.sha256(body).hexdigest()[:10]
            assets[file.name] = Asset(f"{stem}.{digest}.{suffix}", body, _MEDIA[suffix])
    return assets

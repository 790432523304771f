"""Where pages are printed: templates, the files that go with them, and the headers of both."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from importlib import resources
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from jinja2.environment import TemplateModule
from jinja2.ext import Extension
from jinja2.lexer import Token, TokenStream

from publisher.views.pages.printing import labels as words
from publisher.views.pages.printing import traditional_chinese
from publisher.views.pages.printing.html_head import Head, meta
from publisher.views.pages.printing.page_request import Lang, Visit

POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
"""Content-Security-Policy of every page: files of our own, nothing inline, no other host."""
HEADERS: Mapping[str, str] = {"content-security-policy": POLICY}
HTML = "text/html; charset=utf-8"

_MEDIA = {
    "css": "text/css; charset=utf-8",
    "js": "text/javascript; charset=utf-8",
    "svg": "image/svg+xml",
}
_IMPORT = re.compile(rb"(?<=from \")\./([a-z-]+\.js)(?=\")")
"""A script that another needs; its name sorts before it."""
# HTML allows no C0 but tab and line ends, no DEL, no C1, no noncharacter; and no reader sees any of them.
# Nor the controls that turn the direction of writing: a browser closes what an isolate opens, but an isolate
# that a text opens in it swallows that end, and what stands behind is turned. Letters turn by themselves.
_PLANES = "".join(f"{chr(n << 16)}-{chr((n << 16) + 0xFFFD)}" for n in range(1, 17))
_GOOD = f"\t\n\r -~\xa0-\u2029\u202f-\u2065\u206a-\ufdcf\ufdf0-\ufffd{_PLANES}"
_ALL_GOOD, _BAD = re.compile(f"[{_GOOD}]*"), re.compile(f"[^{_GOOD}]")


@dataclass(frozen=True, slots=True)
class Asset:
    name: str
    """With a digest in it, so that a browser may keep it for ever."""
    body: bytes
    media_type: str


class Press:
    """Built once by the app factory; prints pages of any site."""

    def __init__(self) -> None:
        self.assets: Mapping[str, Asset] = _assets()
        """By the name of their file."""
        names = {name: asset.name for name, asset in self.assets.items()}
        chinese = _environment(_Chinese, names)
        self._kept: dict[tuple[str, Lang], TemplateModule] = {}
        self._environments = {"zh": chinese, "zh-Hant": chinese, "en": _environment(_English, names)}

    def page(self, template: str, visit: Visit, head: Head, **shown: Any) -> bytes:
        """The whole document. What a template prints is escaped unless this room made it as HTML."""
        canonical = visit.canonical
        html = (
            self._environments[visit.lang]
            .get_template(template)
            .render(
                v=visit,
                url=visit.url,
                head=head,
                canonical=canonical,
                meta=meta(visit, head, canonical),
                same=self._same(visit),
                **shown,
            )
        )
        if visit.lang == "zh-Hant":
            html = traditional_chinese.page(html)
        return clean(html)

    def _same(self, visit: Visit) -> TemplateModule:
        """The pieces that all pages of a language and day share."""
        found = self._kept.get((visit.root, visit.lang)) if not visit.clocks else None
        if found is None:
            found = self._environments[visit.lang].get_template("same.html").make_module({"v": visit})
            if not visit.clocks:
                self._kept[visit.root, visit.lang] = found
        return found


class _Labels(Extension):
    """Settles the language while a template is compiled: ``t("中文", "English")`` is one of its texts, so
    that what is the same on every page is one constant to the program that prints it.
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


def _environment(labels: type[_Labels], assets: Mapping[str, str]) -> Environment:
    made = Environment(
        loader=PackageLoader("publisher.views.pages"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
        extensions=[labels],
    )
    made.globals |= {"assets": assets, "words": words}
    made.globals["parts"] = made.get_template("parts.html").module  # an import costs each page 10 µs
    return made


def clean(html: str) -> bytes:
    """UTF-8 without the characters that HTML forbids, or that turn a line, whoever wrote them into a cell."""
    if not _ALL_GOOD.fullmatch(html):  # a quarter of the time that it takes to look for the bad
        html = _BAD.sub("", html)
    return html.encode("utf-8", "replace")


def _assets() -> Mapping[str, Asset]:
    folder = resources.files("publisher.views.pages") / "assets"
    found: dict[str, Asset] = {}
    for file in sorted(folder.iterdir(), key=lambda file: file.name):
        stem, _, suffix = file.name.rpartition(".")
        if suffix in _MEDIA:
            body = _IMPORT.sub(
                lambda match: b"./" + found[match[1].decode()].name.encode(), file.read_bytes()
            )
            digest = hashlib.sha256(body).hexdigest()[:10]
            found[file.name] = Asset(f"{stem}.{digest}.{suffix}", body, _MEDIA[suffix])
    return found

"""Where pages are printed: templates, the files that go with them, and the headers of both."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from importlib import resources
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined

from publisher.pages import traditional
from publisher.pages.head import Head, graph, linked, names
from publisher.pages.kept import Kept
from publisher.pages.visit import Visit

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
# HTML allows none of these, and no reader sees them: C0 but tab and line ends, DEL, C1, noncharacters.
_C0 = bytes({*range(0x20), 0x7F} - {0x09, 0x0A, 0x0D})
_RARE = re.compile(
    rb"\xc2[\x80-\x9f]|\xef\xbf[\xbe\xbf]|\xef\xb7[\x90-\xaf]|[\xf0-\xf4][\x8f\x9f\xaf\xbf]\xbf[\xbe\xbf]"
)


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
        self.kept = Kept()
        self._environment = Environment(
            loader=PackageLoader("publisher.pages"),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
            auto_reload=False,
        )
        self._environment.globals["assets"] = {name: asset.name for name, asset in self.assets.items()}

    def page(self, template: str, visit: Visit, head: Head, **shown: Any) -> bytes:
        """The whole document. What a template prints is escaped unless this room made it as HTML."""
        told = {"head": head, "names": names(visit, head), "graph": graph(visit, head), "ld": linked(head)}
        html = self._environment.get_template(template).render(
            v=visit, t=visit.t, url=visit.url, **told, **shown
        )
        if visit.lang == "zh-Hant":
            html = traditional.page(html)
        return clean(html)


def clean(html: str) -> bytes:
    """UTF-8 without the characters that HTML forbids, whoever wrote them into a cell."""
    return _RARE.sub(b"", html.encode("utf-8", "replace").translate(None, _C0))


def _assets() -> Mapping[str, Asset]:
    folder = resources.files("publisher.pages") / "assets"
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

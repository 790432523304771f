"""A crawl of a whole site: every address that a page, an answer, a feed or a file links to."""

from __future__ import annotations

import hashlib
import html
import re
from collections import Counter
from collections.abc import Mapping
from itertools import count

import httpx
from litestar.testing import TestClient

from publisher.app import create_app
from publisher.settings import Settings
from tests.support.clock import Clock
from tests.support.site import BASE, HOST
from tests.system.edits import everything

_SEEDS = (
    *("/", "/robots.txt", "/sitemap.xml", "/healthz", "/readyz", "/openapi.json", "/docs", "/log/checkpoint"),
    *("/log/keys.json", "/v1/log.zip", "/v1/site.zip", "/v1/search?q=费", "/v1/datasets", "/v1/findings"),
    *(
        "/v1/changes",
        "/v1/notices",
        "/search?q=通知",
        "/v1/subscriptions",
        "/stac",
        "/ogc",
        "/ogc/collections",
    ),
)
_LINK = re.compile(rf'(?:href|src)="([^"]+)"|({re.escape(BASE)}[^"<>\s\\]*)')
_MOST_OF_A_PATH = 4
"""Addresses that differ in their query only."""
_HEADERS = ("etag", "last-modified", "content-type", "location", "link", "content-disposition")

type Answers = Mapping[str, tuple[int, tuple[str | None, ...], str]]
"""Address → status, headers, SHA-256 of the body."""


def crawl(settings: Settings) -> Answers:
    """Read every address of the site at :data:`.everything.NOW`."""
    clock = Clock(everything.NOW)
    with (
        everything.opened(settings, clock) as (log, engine),
        TestClient(create_app(settings, log=log, search=engine, clock=clock), base_url=HOST) as client,
    ):
        seeds = [*_SEEDS, *(f"/log/entries/{n}" for n in range(log.proofs.size()))]
        for dataset in log.datasets.all():
            for release in log.queries.releases(dataset.name):
                place = f"/v1/datasets/{dataset.name}/releases/{release.number}"
                seeds += [
                    place,
                    f"{place}/document",
                    f"{place}/manifest",
                    f"/log/documents/{release.document}",
                ]
        return _follow(client, seeds)


def _follow(client: httpx.Client, seeds: list[str]) -> Answers:
    queue = list(dict.fromkeys(seeds))
    answers: dict[str, tuple[int, tuple[str | None, ...], str]] = {}
    queued, by_path = set(queue), Counter[str]()
    for position in count():
        if position == len(queue):
            return answers
        response = client.get(queue[position], follow_redirects=False)
        digest = hashlib.sha256(response.content).hexdigest()
        headers = tuple(response.headers.get(name) for name in _HEADERS)
        answers[queue[position]] = (response.status_code, headers, digest)
        for address in _links(response):
            path = address.partition("?")[0]
            if address not in queued and (by_path[path] < _MOST_OF_A_PATH or "?" not in address):
                by_path[path] += 1
                queued.add(address)
                queue.append(address)
    raise AssertionError


def _links(response: httpx.Response) -> list[str]:
    kind = response.headers.get("content-type", "")
    if not any(word in kind for word in ("html", "json", "xml", "text")):
        return []
    links = []
    for match in _LINK.finditer(response.text):
        address = html.unescape(match[1] or match[2]).partition("#")[0].removeprefix(BASE)
        if address.startswith("/") and not address.startswith("//"):
            links.append(address)
        elif address.startswith("?"):
            links.append(response.url.path + address)
    return links

"""The collector against a site that answers anything: every run ends, and no page makes the program fail."""

from __future__ import annotations

from functools import partialmethod
from typing import Any

import pytest

from publisher.harvest.fetcher import Fetcher
from tests.publisher.harvest.conftest import Collector, codes, collector, home, web
from tests.support.government import html, letter, listing, page
from tests.support.servers.loopback import Answering, Loopback, WebRequest, Write
from tests.system.collector.hostile_site import HostileSite

__all__ = ("collector", "home", "web")  # fixtures
DOCUMENTS = 95
CASES = DOCUMENTS + 5
"""Answers of one run: documents, list, further list, sitemap, feed, robots.txt."""


def say(data: bytes) -> Answering:
    def answer(_request: WebRequest, write: Write) -> None:
        write(data)

    return answer


def prepare(web: Loopback, seed: int) -> None:
    """Set the answers of one seed, and a sound document behind a sound list."""
    site, addresses = HostileSite(seed), [f"{web.base}/d/{n}.html" for n in range(DOCUMENTS)]
    web.answers.clear()
    for n in range(DOCUMENTS):
        web.answers[f"/d/{n}.html"] = say(site.document(n))
    web.answers["/sound.html"] = html(page(seed + 1000))
    web.answers["/sound-list.html"] = listing(
        [
            ("/sound.html", letter(seed + 1000)[0], ""),
            *((url, letter(n)[0], "") for n, url in enumerate(addresses)),
        ]
    )
    web.answers |= {
        "/list.html": say(site.list_page(addresses)),
        "/list_2.html": say(site.list_page(addresses)),
        "/s.xml": say(site.sitemap(addresses)),
        "/f.xml": say(site.feed(addresses)),
    }


def run_cases(collector: Collector, seeds: range) -> None:
    for seed in seeds:
        prepare(collector.web, seed)
        base = collector.web.base
        lists = [f"{base}/{place}.html" for place in ("list", "sound-list")]
        report = collect(
            collector, f"s{seed}", lists=lists, sitemaps=[f"{base}/s.xml"], feeds=[f"{base}/f.xml"]
        )
        # The sound one; a host that was silent three times in a row is left alone until the next run.
        assert report["read"] >= 1 or "host-silent" in codes(report), (seed, report["findings"])
        collector.web.answers["/robots.txt"] = say(HostileSite(seed).robots())
        collect(collector, f"r{seed}")


def collect(collector: Collector, name: str, **keys: Any) -> dict[str, Any]:
    """Collect from a source of this name; no step of the program may fail."""
    collector.write(collector.source(name, **keys))
    report = collector.collect()
    assert not {"page-failed", "source-failed"} & set(codes(report)), (name, report["findings"])
    return report


@pytest.fixture(autouse=True)
def _no_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    """Do not wait where a server asks to: Retry-After, Crawl-delay."""
    monkeypatch.setattr(Fetcher, "__init__", partialmethod(Fetcher.__init__, pause=lambda _seconds: None))


@pytest.mark.slow
def test_some_hundred_hostile_answers_end_no_run(collector: Collector) -> None:
    run_cases(collector, range(3))


@pytest.mark.soak
def test_fifty_thousand_hostile_answers_end_no_run(collector: Collector) -> None:
    run_cases(collector, range(1000, 1000 + 50_000 // CASES))

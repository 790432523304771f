"""Home: each way in leads to as many records as it says, each example to a hit, and each day is told once."""

from __future__ import annotations

import re
from datetime import date
from pathlib import Path
from time import perf_counter
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
from litestar.testing import TestClient

from publisher.log.log import Log
from publisher.views.discovery.needs import NEEDS, OTHER
from schemas.definition.file_loader import list_names, load_catalogue
from search.contract import Request, SearchError
from tests.publisher.views.pages.conftest import BROWSER, Open, Page
from tests.support.clock import Clock
from tests.support.site import (
    HOST,
    PLAIN,
    START,
    Site,
    demo_dataset,
    four_releases,
    opened,
    publish,
    ticking_clock,
)


def searches(page: Page) -> list[str]:
    """List the texts of the searches that a page links to."""
    queries = (parse_qs(urlsplit(link).query) for link in page.links if urlsplit(link).path == "/search")
    return [query["q"][0] for query in queries if "q" in query]


def test_each_kind_of_list_that_ships_meets_one_need() -> None:
    known = {name for need in NEEDS for name in need.catalogues}
    assert known <= set(list_names())
    assert sum(len(need.catalogues) for need in NEEDS) == len(known)
    assert OTHER.catalogues == frozenset()


@pytest.mark.slow
def test_every_example_and_every_department_leads_to_hits(demo: httpx.Client, look: Open) -> None:
    texts = searches(look("/"))
    assert len(texts) > len(NEEDS)
    for text in texts:
        found = demo.get("/v1/search", params={"q": text}).json()
        assert found["total"] > 0, text
        assert "：" in text or found["hits"][0]["title"]["text"] == text


@pytest.mark.slow
def test_a_department_leads_to_as_many_records_as_home_counts(demo: httpx.Client) -> None:
    html = demo.get("/", headers={"accept": "text/html"}).text
    ways = re.findall(r'<bdi>([^<]+)</bdi> <span class="count">([\d,]+)</span></a></li>', html)
    assert len(ways) > 5
    for name, count in ways:
        totals = {
            demo.get("/v1/search", params={"q": f"{word}：{name}"}).json()["total"]
            for word in ("部门", "地区")
        }
        assert int(count.replace(",", "")) in totals, name


def test_needs_lead_to_their_lists_on_the_page(look: Open) -> None:
    page = look("/")
    ids = {at["id"] for _, at in page.elements if "id" in at}
    ways = [link.removeprefix("#") for link in page.links if link.startswith("#need-")]
    assert len(ways) >= 5
    assert set(ways) <= ids


def test_first_publications_are_folded(visit: Open) -> None:
    page = visit("/")
    assert "首次公布" in page.text
    assert "第1次发布" not in page.text


def test_a_day_is_told_once_above_its_changes(look: Open) -> None:
    page = look("/")
    days = [at["datetime"] for tag, at in page.elements if tag == "time" and len(at["datetime"]) == 10]
    assert days
    assert len(re.findall('<p class="when">', page.answer.text)) == len(
        set(re.findall(r'<p class="when"><time datetime="([^"]+)"', page.answer.text))
    )


@pytest.mark.slow
def test_home_holds_with_500_lists(tmp_path: Path) -> None:
    with opened(tmp_path, Site, content=_fill_with_500_lists, clock=ticking_clock(START)) as site:
        begun = perf_counter()
        answer = site.client.get("/", headers=BROWSER)
        elapsed = perf_counter() - begun
    page = Page(answer)
    lists = [link for link in page.links if re.fullmatch("/datasets/list-[0-9]{3}", link)]
    assert set(lists) == {f"/datasets/list-{number:03}" for number in range(500)}
    assert "收费 500项" in page.text
    # A list is one entry, and news are those of the newest days: 0.4 s and 0.5 MB on an idle machine.
    print("home with 500 lists:", round(elapsed, 2), "s,", len(answer.content), "bytes")
    assert len(answer.content) < 1_000_000
    assert elapsed < 20


def _fill_with_500_lists(log: Log, clock: Clock) -> None:
    fees = load_catalogue("fees")
    for number in range(500):
        name = f"list-{number:03}"
        log.datasets.create(demo_dataset(name, title=f"第{number}号目录"), fees)
        publish(log, name, PLAIN[:1], date(2015, 1, 1), "示财〔2015〕1号")
        clock.advance(days=1)


@pytest.mark.slow
@pytest.mark.parametrize("address", ["/", "/developers"])
def test_a_page_without_what_search_adds_is_not_kept_as_if_it_were_whole(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, address: str
) -> None:
    async def fail(_: Request) -> None:
        raise SearchError("away")

    with four_releases(tmp_path) as site, TestClient(site.app, base_url=HOST) as client:
        with monkeypatch.context() as patch:
            patch.setattr(site.engine, "search", fail)
            assert client.get(address, headers=BROWSER).headers["cache-control"] == "no-store"
        assert client.get(address, headers=BROWSER).headers["cache-control"] == "public, no-cache"

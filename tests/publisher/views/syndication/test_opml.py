"""The OPML list of all feeds, and the hub that feeds name."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from lxml import etree

from tests.publisher.views.syndication.conftest import FIRST, SECOND, Service, open_service, parse_feed
from tests.support.site import BASE, FEES

HUB = "https://hub.example/"


@pytest.fixture
def with_hub(tmp_path: Path) -> Iterator[Service]:
    with open_service(tmp_path, QINGDAN_HUB=HUB) as service:
        service.publish(FIRST)
        service.publish(SECOND)
        service.index()
        yield service


@pytest.mark.slow
def test_every_feed_of_the_opml_can_be_read(service: Service) -> None:
    service.publish(FIRST)
    service.index()
    answer = service.client.get("/feeds.opml")
    assert answer.headers["content-type"].startswith("text/x-opml")
    root = etree.fromstring(answer.content)
    addresses = [outline.get("xmlUrl", "") for outline in root.iterfind(".//outline[@xmlUrl]")]
    assert f"{BASE}/feeds/all.atom" in addresses
    assert f"{BASE}/feeds/{FEES}.atom" in addresses
    assert {f"{BASE}/effects.atom", f"{BASE}/feeds/sources.atom"} <= set(addresses)
    assert sum("body=" in address for address in addresses) == 3
    titles = {outline.get("xmlUrl"): outline.get("title") for outline in root.iterfind(".//outline[@xmlUrl]")}
    for address in addresses:
        parsed = parse_feed(service.client.get(address.removeprefix(BASE)))
        assert next(link.href for link in parsed.feed.links if link.rel == "self") == address
        assert parsed.feed.title == titles[address]


@pytest.mark.slow
def test_the_opml_of_one_state_is_the_same_bytes_and_304(service: Service) -> None:
    service.publish(FIRST)
    service.index()
    first, again = (service.client.get("/feeds.opml") for _ in range(2))
    assert first.content == again.content
    tag = {"if-none-match": first.headers["etag"]}
    assert service.client.get("/feeds.opml", headers=tag).status_code == 304


@pytest.mark.slow
@pytest.mark.parametrize(
    "address",
    ["all.atom", f"{FEES}.rss?change=removed", "search.atom?body=%E6%B0%91%E6%94%BF%E9%83%A8%E9%97%A8"],
)
def test_a_feed_sent_to_the_hub_names_the_hub_and_its_own_address(with_hub: Service, address: str) -> None:
    answer = with_hub.client.get(f"/feeds/{address}")
    links = {link.rel: link.href for link in parse_feed(answer).feed.links}
    assert links["hub"] == HUB
    assert answer.headers["link"].startswith(f'<{HUB}>; rel="hub", <{links["self"]}>; rel="self", ')


@pytest.mark.slow
def test_json_feed_names_the_hub(with_hub: Service) -> None:
    answer = with_hub.client.get("/feeds/all.json")
    feed = answer.json()
    assert answer.headers["link"].startswith(f'<{HUB}>; rel="hub", <{feed["feed_url"]}>; rel="self", ')
    assert feed["hubs"] == [{"type": "WebSub", "url": HUB}]


@pytest.mark.slow
@pytest.mark.parametrize(
    "address",
    ["search.atom?q=%E6%94%B6%E8%B4%B9", "all.atom?change=added&change=removed", "all.atom?as_of=2024-01-01"],
)
def test_a_feed_not_sent_to_the_hub_names_no_hub(with_hub: Service, address: str) -> None:
    answer = with_hub.client.get(f"/feeds/{address}")
    assert "hub" not in {link.rel for link in parse_feed(answer).feed.links}
    assert list(answer.links) == ["https://c2sp.org/tlog-checkpoint"]


def test_without_a_hub_no_feed_names_one(service: Service) -> None:
    assert "hubs" not in service.client.get("/feeds/all.json").json()

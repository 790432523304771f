"""What the feed validator of the W3C reports for Atom and RSS, and what RFC 4287 and RFC 5005 require.

The names in the comments are those of its messages. The namespace of our own elements
(``UnknownNamespace``) is the only warning that remains: the validator gives it for every extension that it
does not know.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any

import pytest
from lxml import etree

from tests.publisher.views.syndication.conftest import FIRST, SECOND, Service
from tests.support.site import BASE, FEES

pytestmark = pytest.mark.slow

ATOM = "{http://www.w3.org/2005/Atom}"
CONTENT = "{http://purl.org/rss/1.0/modules/content/}encoded"
KNOWN_RELATIONS = {"alternate", "self", "related", "via", "enclosure", "hub", "current", "prev-archive"}
CHANNEL_METADATA = {"title", "link", "description", "language", "lastBuildDate", "image", "generator"}
TAG = re.compile(r"tag:[a-z0-9.-]+,\d{4}(-\d\d(-\d\d)?)?:[\w;/?:@&=+$.\-~!*'()%,]*")


@pytest.fixture
def published(service: Service) -> Service:
    """Three releases, an amended entry and a withdrawn one."""
    service.publish(FIRST)
    service.publish(SECOND)
    service.clock.advance(days=1)
    record = service.record("城市道路占用挖掘修复费")
    service.log.releases.correct(FEES, {record: {**SECOND[2], "standard": "按长度计收"}}, reason="更正：误录")
    service.clock.advance(days=1)
    service.log.releases.withdraw(FEES, [service.record("遗体整容")], reason="误列")
    service.index()
    return service


ADDRESSES = (
    f"/feeds/{FEES}",
    "/feeds/all",
    "/feeds/sources",
    "/feeds/all?change=withdrawn&change=added",
    "/feeds/search?q=%e6%94%b6%e8%b4%b9&change=removed",
    f"/feeds/{FEES}?as_of=2024-01-02",
)


def documents(service: Service, form: str) -> Iterator[tuple[str, Any]]:
    for place in ADDRESSES:
        path, mark, query = place.partition("?")
        address = f"{path}.{form}{mark}{query}"
        response = service.client.get(address)
        assert response.status_code == 200, response.text
        assert response.headers["content-type"] == f"application/{form}+xml; charset=utf-8"
        yield address, etree.fromstring(response.content)


def test_atom_gives_the_validator_nothing_to_warn_of(published: Service) -> None:
    for address, feed in documents(published, "atom"):
        links = [(a.get("rel"), a.get("type"), a.get("hreflang")) for a in feed.findall(f"{ATOM}link")]
        assert len(set(links)) == len(links), address  # DuplicateAtomLink
        assert {rel for rel, _, _ in links} <= KNOWN_RELATIONS  # UnregisteredAtomLinkRel
        (own,) = feed.findall(f"{ATOM}link[@rel='self']")  # MissingSelf
        assert own.get("href") == BASE + address  # SelfDoesntMatchLocation
        assert own.get("type") == "application/atom+xml"  # SelfNotAtom
        assert feed.findtext(f"{ATOM}author/{ATOM}name")
        assert feed.findtext(f"{ATOM}icon") == f"{BASE}/icon.png"
        entries = feed.findall(f"{ATOM}entry")
        ids = [entry.findtext(f"{ATOM}id") for entry in entries]
        assert len(set(ids)) == len(ids)  # DuplicateEntries
        assert all(TAG.fullmatch(i) for i in [feed.findtext(f"{ATOM}id"), *ids])  # InvalidTAG
        times = [entry.findtext(f"{ATOM}updated") for entry in entries]
        assert len(set(times)) == len(times), address  # DuplicateUpdated
        for entry in entries:
            own_links = [(a.get("rel"), a.get("type")) for a in entry.findall(f"{ATOM}link")]
            alternates = [link for link in own_links if link[0] == "alternate"]
            assert len(set(alternates)) == len(alternates)  # DuplicateAtomLink
            assert {rel for rel, _ in own_links} <= KNOWN_RELATIONS
            assert not re.search(r"<\w|&\w+;", entry.findtext(f"{ATOM}title"))  # ContainsHTML
            html = entry.findtext(f"{ATOM}content") or ""
            assert not re.search(r"(href|src)=\"(?!https?:)", html)  # ContainsRelRef
            assert not re.search(r"<(script|style|object|iframe)|\sstyle=|\son\w+=", html)  # SecurityRisk


def test_rss_gives_the_validator_nothing_to_warn_of(published: Service) -> None:
    for address, rss in documents(published, "rss"):
        channel = rss.find("channel")
        (own,) = channel.findall(f"{ATOM}link[@rel='self']")  # MissingAtomSelfLink
        assert own.get("href") == BASE + address  # SelfDoesntMatchLocation
        tags = [child.tag for child in channel]
        first = tags.index("item") if "item" in tags else len(tags)
        assert set(tags[first:]) <= {"item"}, address  # MisplacedItem
        assert set(tags) >= CHANNEL_METADATA
        image = channel.find("image")
        assert image.findtext("title") == channel.findtext("title")  # ImageTitleDoesntMatch
        assert image.findtext("link") == channel.findtext("link")  # ImageLinkDoesntMatch
        assert image.findtext("url").endswith((".png", ".gif", ".jpg"))  # ImageUrlFormat
        guids = [item.findtext("guid") for item in channel.findall("item")]
        assert len(set(guids)) == len(guids)
        assert None not in guids  # MissingGuid
        for item in channel.findall("item"):
            children = [child.tag for child in item]
            if CONTENT in children:  # NeedDescriptionBeforeContent
                assert children.index("description") < children.index(CONTENT)
            assert children.count("enclosure") <= 1  # DuplicateEnclosure
            assert "author" not in children  # DuplicateItemSemantics, and EmailFormat


def test_no_date_is_implausible(published: Service) -> None:
    """``ImplausibleDate``: before 2000, or after the present."""
    now = published.clock.now + timedelta(minutes=1)
    for _, feed in documents(published, "atom"):
        texts = [e.text for e in feed.iter(f"{ATOM}updated", f"{ATOM}published")]
        assert all(datetime(2000, 1, 1, tzinfo=UTC) < datetime.fromisoformat(text) < now for text in texts)
    for _, rss in documents(published, "rss"):
        times = [parsedate_to_datetime(e.text) for e in rss.iter("pubDate", "lastBuildDate")]
        assert all(datetime(2000, 1, 1, tzinfo=UTC) < time < now for time in times)


def test_a_feed_of_sources_without_notices_is_as_old_as_the_site(service: Service) -> None:
    feed = etree.fromstring(service.client.get("/feeds/sources.atom").content)
    assert str(feed.findtext(f"{ATOM}updated")).startswith("2024-01-01T00:00:00")
    service.log.datasets.change_site(name="示例市清单公开", owner="示例市人民政府办公室")
    again = etree.fromstring(service.client.get("/feeds/sources.atom").content)
    assert again.findtext(f"{ATOM}author/{ATOM}name") == "示例市人民政府办公室"
    assert again.findtext(f"{ATOM}author/{ATOM}uri") == f"{BASE}/"


@pytest.mark.parametrize("form", ["atom", "rss", "json"])
def test_readers_that_sort_by_time_get_the_order_of_the_list(published: Service, form: str) -> None:
    if form == "json":
        items = published.client.get(f"/feeds/{FEES}.json").json()["items"]
        times = [item["date_modified"] for item in items]
    else:
        feed = etree.fromstring(published.client.get(f"/feeds/{FEES}.atom").content)
        times = [entry.findtext(f"{ATOM}updated") for entry in feed.findall(f"{ATOM}entry")]
    moments = [datetime.fromisoformat(time) for time in times]
    assert moments == sorted(moments, reverse=True)
    assert len(set(moments)) == len(moments) > 6


def test_json_feed_has_an_icon_and_an_author_with_an_address(published: Service) -> None:
    feed = published.client.get("/feeds/all.json").json()
    assert feed["icon"] == feed["favicon"] == f"{BASE}/icon.png"
    assert feed["authors"][0]["url"] == f"{BASE}/"
    address = "/feeds/all.json?change=removed&change=added"
    assert published.client.get(address).json()["feed_url"] == BASE + address


def test_the_icon_is_a_square_png_of_the_site(published: Service) -> None:
    icon = published.client.get("/icon.png")
    assert (icon.status_code, icon.headers["content-type"]) == (200, "image/png")
    assert icon.content[:8] == b"\x89PNG\r\n\x1a\n"
    assert icon.content[16:20] == icon.content[20:24]  # width and height

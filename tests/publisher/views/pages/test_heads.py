"""What search engines, link previews and browsers read in the head of a page."""

from __future__ import annotations

import json
import re
from typing import Any
from urllib.parse import quote

import pytest

from tests.publisher.views.pages.conftest import Open, Page
from tests.support.site import BASE, FEES, Site

HOME = f"/datasets/{FEES}"
LANGUAGES = {"zh-Hans": "", "zh-Hant": "zh-Hant", "en": "en"}


def structured_data(page: Page) -> dict[str, Any]:
    (text,) = re.findall(r'<script type="application/ld\+json">(.*?)</script>', page.answer.text, re.S)
    content: dict[str, Any] = json.loads(text)
    return content


def pages(site: Site) -> tuple[str, ...]:
    record = f"{HOME}/records/{site.record('城镇垃圾处理费')}"
    return ("/", HOME, f"{HOME}?release=1", f"{HOME}?as_of=2015-06-01", f"{HOME}/releases/2", record)


def with_language(address: str, lang: str) -> str:
    return address + ("&" if "?" in address else "?") + f"lang={lang}" if lang else address


@pytest.mark.slow
def test_each_language_is_canonical_to_itself_and_names_the_others(site: Site, visit: Open) -> None:
    for address in pages(site):
        expected = {code: BASE + with_language(address, lang) for code, lang in LANGUAGES.items()}
        for code, lang in LANGUAGES.items():
            page = visit(with_language(address, lang))
            (canonical,) = page.all("link", rel="canonical")
            assert canonical["href"] == expected[code]
            named = {a["hreflang"]: a["href"] for a in page.all("link", rel="alternate") if "hreflang" in a}
            assert named == {**expected, "x-default": expected["zh-Hans"]}, address


@pytest.mark.slow
def test_every_page_has_a_description_and_an_image_of_ours(site: Site, visit: Open) -> None:
    for address in (
        *pages(site),
        "/search?q=收费",
        *("/verify", "/privacy", "/accessibility", "/copyright"),
        "/problems/withdrawn",
        f"{HOME}/compare",
        "/developers/feeds",
    ):
        for lang in LANGUAGES.values():
            page = visit(with_language(address, lang))
            (description,) = page.all("meta", name="description")
            assert len(description["content"]) >= 20, (address, lang)
            if page.all("meta", name="robots"):
                continue
            (image,) = page.all("meta", property="og:image")
            picture = site.client.get(image["content"].removeprefix(BASE))
            assert picture.headers["content-type"] == "image/png"
            size = int.from_bytes(picture.content[16:20]), int.from_bytes(picture.content[20:24])
            stated = [page.all("meta", property=f"og:image:{side}")[0] for side in ("width", "height")]
            assert size == tuple(int(side["content"]) for side in stated)


def test_a_list_is_a_data_set_as_search_engines_want_it(site: Site, visit: Open) -> None:
    for lang in LANGUAGES.values():
        data = structured_data(visit(with_language(HOME, lang)))
        assert data["@type"] == "Dataset"
        assert 50 <= len(data["description"]) <= 5000
        assert data["license"] == "http://spdx.org/licenses/CC0-1.0"
        assert data["publisher"]["name"] == data["creator"]["name"] == "示例市人民政府"
        assert data["temporalCoverage"] == "2015-01-01/.."
        assert {"收费", "财政"} <= set(data["keywords"]) or {"fees", "charges"} <= set(data["keywords"])
        assert "demo" not in data["keywords"]
        assert data["spatialCoverage"]["name"].endswith("鞍山市")
        assert data["distribution"][0]["contentUrl"].startswith(f"{BASE}/v1{HOME}/files/")


def test_structured_data_is_of_the_state_that_the_page_shows(site: Site, visit: Open) -> None:
    pinned = structured_data(visit(f"{HOME}?release=1"))
    assert (pinned["version"], pinned["url"]) == ("1", f"{BASE}{HOME}?release=1")
    assert pinned["identifier"] == [f"{BASE}{HOME}?release=1"]
    assert all("/releases/1/files/" in file["contentUrl"] for file in pinned["distribution"])
    assert pinned["temporalCoverage"] == "2015-01-01/2015-01-01"
    past = structured_data(visit(f"{HOME}?as_of=2015-06-01"))
    assert past["url"] == f"{BASE}{HOME}?as_of=2015-06-01"
    assert past["temporalCoverage"] == "2015-01-01/2015-06-01"
    assert all(file["contentUrl"].endswith("?as_of=2015-06-01") for file in past["distribution"])
    release = structured_data(visit(f"{HOME}/releases/2"))
    assert (release["version"], release["isBasedOn"]) == ("2", BASE + HOME)
    assert len(release["description"]) >= 50
    for data in (pinned, past, release):
        for file in data["distribution"][:2]:
            assert site.client.get(file["contentUrl"].removeprefix(BASE)).status_code == 200


def test_a_record_has_its_state_licence_and_period(site: Site, visit: Open) -> None:
    record = f"{HOME}/records/{site.record('城镇垃圾处理费')}"
    data = structured_data(visit(record))
    assert data["identifier"][1:] == [f"{BASE}{record}?release=2"]
    assert data["temporalCoverage"] == "2015-12-01/.."
    assert (data["creativeWorkStatus"], data["license"]) == ("现行有效", "http://spdx.org/licenses/CC0-1.0")
    assert len(data["description"]) >= 50
    first = structured_data(visit(f"{record}?release=1"))
    assert (first["version"], first["url"]) == ("1", f"{BASE}{record}?release=1")
    removed = structured_data(visit(f"{HOME}/records/{site.record('价格鉴证业务收费')}"))
    assert "移出" in removed["creativeWorkStatus"]


def test_the_search_that_browsers_add_has_the_language_of_the_page_and_no_display(site: Site) -> None:
    for query, language in (("", ""), ("?display=large", ""), ("?lang=en&display=large", "&amp;lang=en")):
        description = site.client.get(f"/opensearch.xml{query}").text
        assert f'template="{BASE}/search?q={{searchTerms}}{language}"' in description, query


@pytest.mark.parametrize("lang", ["", "en"])
def test_browsers_find_the_icon_and_the_search(site: Site, visit: Open, lang: str) -> None:
    page = visit(with_language("/", lang))
    icon = site.client.get("/favicon.ico")
    assert (icon.status_code, icon.headers["content-type"]) == (200, "image/vnd.microsoft.icon")
    assert icon.content[:4] == b"\x00\x00\x01\x00"
    (search,) = page.all("link", rel="search")
    description = site.client.get(search["href"])
    assert description.headers["content-type"] == "application/opensearchdescription+xml"
    (template,) = re.findall(r'template="([^"]+)"', description.text)
    found = template.replace("&amp;", "&").replace("{searchTerms}", quote("城镇垃圾"))
    results = site.client.get(found.removeprefix(BASE), headers={"accept": "text/html"})
    assert results.status_code == 200
    assert f"{HOME}/records/" in results.text
    (name,) = re.findall(r"<ShortName>(.*)</ShortName>", description.text)
    assert 0 < len(name) <= 16


def test_web_search_engines_get_one_search_page_and_one_comparison_of_a_list(site: Site, visit: Open) -> None:
    newest = len(site.log.queries.releases("shili-fees"))
    for address, is_listed in (
        ("/search", True),
        ("/search?q=收费", False),
        (f"{HOME}/compare", True),
        (f"{HOME}/compare?from=1&to=2", newest == 2),
        ("/follow", True),
        ("/follow?feed=/feeds/shili-fees.atom", False),
    ):
        assert bool(visit(address).all("meta", name="robots")) is not is_listed, address
    rules = site.client.get("/robots.txt").text.splitlines()
    assert {"Disallow: /search?", "Disallow: /search."} <= set(rules)


def test_every_page_names_the_feeds_of_what_it_is_about(site: Site, visit: Open) -> None:
    of_dataset = f"/feeds/{FEES}.atom"
    of_search = "/feeds/search.atom?q=%E6%94%B6%E8%B4%B9&dataset=shili-fees"
    for address, feed in (
        ("/", "/feeds/all.atom"),
        ("/search", "/feeds/all.atom"),
        ("/search?q=收费&dataset=shili-fees&sort=-date&as_of=2015-06-01", of_search),
        (HOME, of_dataset),
        (f"{HOME}/releases/1", of_dataset),
        (f"{HOME}/compare?from=1&to=2", of_dataset),
        (f"{HOME}/records/{site.record('城镇垃圾处理费')}", of_dataset),
    ):
        links = [at for tag, at in visit(address).elements if tag == "link" and at.get("rel") == "alternate"]
        feeds = {at["type"]: at["href"] for at in links if "type" in at}
        assert feeds["application/atom+xml"].endswith(feed), address
        assert {"application/rss+xml", "application/feed+json"} <= feeds.keys()
        assert site.client.get(feeds["application/atom+xml"]).status_code == 200

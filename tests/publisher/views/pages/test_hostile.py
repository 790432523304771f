"""Hostile strings in records and in the query neither run nor break a page."""

from __future__ import annotations

import random
import re
from collections.abc import Iterator
from urllib.parse import quote, urlencode

import httpx
import pytest

from tests.publisher.views.pages.conftest import BROWSER, Page
from tests.publisher.views.pages.hostile import NUMBER, site, strings
from tests.support.site import BASE


@pytest.fixture(scope="module")
def hostile(tmp_path_factory: pytest.TempPathFactory) -> Iterator[httpx.Client]:
    with site(tmp_path_factory.mktemp("hostile"), BASE) as site_of_strings:
        yield site_of_strings.client


def assert_safe(page: Page) -> None:
    """Assert that a page has no foreign elements, event handlers, styles or links with a script."""
    assert page.status < 500, page.answer.text[:300]
    drawing = {"svg", "g", "path", "rect", "text"}
    for tag, attributes in page.elements:
        assert tag not in ("img", "iframe", "base", "object", "style", "b"), tag
        assert not any(name.startswith("on") or name == "style" for name in attributes), attributes
        assert tag in drawing or not attributes.get("href", "").lower().startswith(
            ("javascript", "data", "//")
        )
        assert tag != "script" or attributes.get("type") in ("module", "application/ld+json")
        assert tag != "meta" or "http-equiv" not in attributes
    assert not re.search("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ufdd0\ufffe\uffff]", page.answer.text)


@pytest.mark.slow
def test_no_string_in_a_record_becomes_markup(hostile: httpx.Client) -> None:
    total, address = 0, "/datasets/fees?fields=department&fields=remark&limit=1000"
    while address:
        page = Page(hostile.get(address, headers=BROWSER))
        assert_safe(page)
        total += len(set(page.leading_to("/datasets/fees/records/")))
        following = [a["href"] for a in page.all("a", rel="next")]
        address = following[0].partition("#")[0] if following else ""
    assert total == NUMBER + 1


@pytest.mark.slow
@pytest.mark.parametrize("number", [40, pytest.param(1_000, marks=pytest.mark.soak)])
def test_no_record_and_no_query_breaks_its_page(hostile: httpx.Client, number: int) -> None:
    listed = hostile.get("/v1/datasets/fees/records?limit=1000&fields=name").json()["records"]
    for record in random.Random(1).sample(listed, number):
        for lang in ("", "?lang=zh-Hant"):
            assert_safe(Page(hostile.get(f"/datasets/fees/records/{record['id']}{lang}", headers=BROWSER)))
    for text in random.Random(2).sample(list(strings()), number):
        for query in ({"q": text}, {"q": "收费", "body": text}, {"q": "a", "lang": text}):
            assert_safe(Page(hostile.get(f"/search?{urlencode(query)}", headers=BROWSER)))
        assert_safe(Page(hostile.get(f"/datasets/{quote(text, safe='')}", headers=BROWSER)))


@pytest.mark.slow
def test_a_cell_of_a_hundred_thousand_characters_has_a_page(hostile: httpx.Client) -> None:
    (record,) = hostile.get("/v1/datasets/fees/records?name=长").json()["records"]
    page = Page(hostile.get(f"/datasets/fees/records/{record['id']}", headers=BROWSER))
    assert_safe(page)
    assert page.answer.text.count("&lt;b&gt;长") > 5_000
    assert_safe(Page(hostile.get("/search?q=长", headers=BROWSER)))
    assert_safe(Page(hostile.get("/datasets/fees/releases/1", headers=BROWSER)))

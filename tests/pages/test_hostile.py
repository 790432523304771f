"""Five thousand hostile strings in records and in the query: nothing runs, nothing breaks a page."""

from __future__ import annotations

import random
import re
from collections.abc import Iterator
from datetime import UTC, date, datetime
from urllib.parse import quote, urlencode

import httpx
import pytest
from litestar.testing import TestClient

from publisher.app import create_app
from publisher.settings import read as read_settings
from publisher.store.store import Store
from schemas.reading import load
from search.embedded import EmbeddedEngine
from tests.api.asserting import BASE
from tests.api.conftest import Clock, dataset, index, publish
from tests.pages.conftest import BROWSER, Page

NUMBER = 5_000
SEEDS = (
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "'><svg/onload=alert(1)>",
    "</title><script>alert(1)</script>",
    "</textarea><script>alert(1)</script>",
    "--><script>alert(1)</script>",
    "]]><script>alert(1)</script>",
    "{{7*7}}{% raw %}${7*7}#{7*7}",
    "javascript:alert(1)",
    "data:text/html;base64,PHNjcmlwdD4=",
    "<a href='javascript:alert(1)'>x</a>",
    "<style>*{display:none}</style>",
    "<meta http-equiv=refresh content=0;url=//evil.example>",
    "<base href=//evil.example>",
    "\\u003cscript\\u003ealert(1)",
    "&lt;script&gt;&#x3c;script&#x3e;&amp;lt;",
    "\u202e逆\u2066序\u2069\u202c\u200f",
    "\u2028\u2029\ufeff\u00ad\u200b\u200d",
    "𠮷𡈽𠀀𪚥𬺡",
    "Z͑ͫ̓ͪ̂ͫ̽͏̴̙̤̞͉͚̯̞̠͍A̴̵̜̰͔ͫ͗͢L",
    "' OR 1=1; DROP TABLE record; --",
    "../../../../etc/passwd\\..\\",
    "%00%0d%0aSet-Cookie:x=1",
    "=cmd|'/c calc'!A0",
    "《" * 40 + "〔" * 40,
    "国发〔2015〕" * 30,
    "a" * 300,
)


def strings() -> Iterator[str]:
    """Seeds, cut, joined and stuffed with what breaks parsers; always the same ones."""
    chance = random.Random(20151105)
    odd = [
        "\x0b",
        "\x7f",
        "\x85",
        "\ufdd0",
        "\ufffe",
        "\ufffd",
        "\u202e",
        "\u2067",
        "<",
        ">",
        '"',
        "'",
        "&",
        "`",
        "𠮷",
    ]
    for _ in range(NUMBER):
        one, other = chance.choice(SEEDS), chance.choice(SEEDS)
        at = chance.randrange(len(one) + 1)
        yield one[:at] + "".join(chance.choices(odd, k=chance.randrange(4))) + other + one[at:]


@pytest.fixture(scope="module")
def hostile(tmp_path_factory: pytest.TempPathFactory) -> Iterator[httpx.Client]:
    settings = read_settings(tmp_path_factory.mktemp("hostile"), {})
    clock = Clock(datetime(2016, 1, 4, 1, tzinfo=UTC))
    store = Store.open(settings.database, sources=settings.sources, clock=clock)
    store.init_site(BASE, "data.example.gov.cn,2016-01-04")
    store.create_dataset(dataset("fees", title=SEEDS[0], notice=SEEDS[1], source_note=SEEDS[2]), load("fees"))
    texts = list(strings())
    contents = [
        {"name": f"{number} {text}", "department": texts[-number], "remark": text, "basis": [texts[-number]]}
        for number, text in enumerate(texts)
    ]
    contents.append({"name": "长", "department": "长" * 2_000, "remark": "<b>长</b>" * 15_000})
    publish(store, "fees", contents, date(2015, 1, 1), SEEDS[0])
    engine = EmbeddedEngine(settings.index)
    index(store, engine)
    with TestClient(create_app(settings, store=store, search=engine, clock=clock)) as client:
        yield client
    store.close()


def check(page: Page) -> None:
    """No element but those of our templates, none with an event or a style, no address elsewhere."""
    assert page.status < 500, page.answer.text[:300]
    known = {"svg", "g", "path", "rect", "text"}
    for tag, attributes in page.elements:
        assert tag not in ("img", "iframe", "base", "object", "style", "b"), tag
        assert not any(name.startswith("on") or name == "style" for name in attributes), attributes
        assert tag in known or not attributes.get("href", "").lower().startswith(("javascript", "data", "//"))
        assert tag != "script" or attributes.get("type") in ("module", "application/ld+json")
        assert tag != "meta" or "http-equiv" not in attributes
    assert not re.search("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ufdd0\ufffe\uffff]", page.answer.text)


def test_no_string_in_a_record_becomes_markup(hostile: httpx.Client) -> None:
    seen, address = 0, "/datasets/fees?fields=department&fields=remark&limit=1000"
    while address:
        page = Page(hostile.get(address, headers=BROWSER))
        check(page)
        seen += len(set(page.leading_to("/datasets/fees/records/")))
        following = [a["href"] for a in page.all("a", rel="next")]
        address = following[0].partition("#")[0] if following else ""
    assert seen == NUMBER + 1


def test_no_record_and_no_query_breaks_its_page(hostile: httpx.Client) -> None:
    listed = hostile.get("/v1/datasets/fees/records?limit=1000&fields=name").json()["records"]
    for record in random.Random(1).sample(listed, 120):
        for lang in ("", "?lang=zh-Hant"):
            check(Page(hostile.get(f"/datasets/fees/records/{record['id']}{lang}", headers=BROWSER)))
    for text in random.Random(2).sample(list(strings()), 120):
        for query in ({"q": text}, {"q": "收费", "body": text}, {"q": "a", "lang": text}):
            check(Page(hostile.get(f"/search?{urlencode(query)}", headers=BROWSER)))
        check(Page(hostile.get(f"/datasets/{quote(text, safe='')}", headers=BROWSER)))


def test_a_cell_of_a_hundred_thousand_characters_has_a_page(hostile: httpx.Client) -> None:
    (found,) = hostile.get("/v1/datasets/fees/records?name=长").json()["records"]
    page = Page(hostile.get(f"/datasets/fees/records/{found['id']}", headers=BROWSER))
    check(page)
    assert page.answer.text.count("&lt;b&gt;长") > 5_000
    check(Page(hostile.get("/search?q=长", headers=BROWSER)))
    check(Page(hostile.get("/datasets/fees/releases/1", headers=BROWSER)))

"""The documentation on the site: every document, in the reader's language, with links that lead somewhere."""

from __future__ import annotations

import json
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from publisher import settings
from publisher.app import create_app
from publisher.views.api import contract
from publisher.views.pages.developers import documents, examples, rendering
from publisher.views.pages.developers.documents import Document, Edition
from publisher.web import http_protocol, query_parameters
from publisher.web.capacity import client_budget
from tests.publisher.views.pages.conftest import Open, Page
from tests.support.problems import assert_problem
from tests.support.servers.http_service import serving
from tests.support.site import BASE, Site

NAMES = sorted(documents.read_documents())
PROJECT_DOCS = documents.root()


def render(text: str) -> str:
    edition = Edition("en", "", text)
    document = Document("hostile", {"en": edition})
    return str(rendering.render(document, edition, base=BASE, link=str, label="Table").html)


@pytest.mark.slow
@pytest.mark.parametrize("name", NAMES)
def test_every_document_is_a_page_in_both_languages(name: str, visit: Open) -> None:
    document = documents.read_documents()[name]
    for lang in ("zh", "en"):
        page = visit(f"/developers/{name}?lang={lang}")
        assert page.status == 200
        (heading,) = page.all("h1")
        assert heading["id"]
        (article,) = page.all("article")
        shown = "zh" if article["lang"] == "zh-CN" else "en"
        assert shown == (lang if lang in document.editions else next(iter(document.editions)))
        says_so = "本文只有英文版" in page.text or "This document exists in Chinese only" in page.text
        assert says_so == (shown != lang)
        assert document.editions["zh" if shown == "zh" else "en"].title in page.text
        assert "<!--" not in page.text


def test_a_sitemap_that_robots_names_has_every_document(site: Site) -> None:
    address = f"{BASE}/developers/sitemap.xml"
    assert f"Sitemap: {address}" in site.client.get("/robots.txt").text.splitlines()
    answer = site.client.get(address)
    assert answer.headers["content-type"] == "application/xml; charset=utf-8"
    listed = re.findall("<loc>(.+?)</loc>", answer.text)
    assert listed == [f"{BASE}/developers/{name}" for name in NAMES]


@pytest.mark.slow
@pytest.mark.parametrize("lang", ["zh", "en"])
def test_every_link_between_documents_leads_to_a_place_that_exists(lang: str, visit: Open) -> None:
    pages: dict[str, Page] = {}

    def page(path: str) -> Page:
        if path not in pages:
            pages[path] = visit(path)
        return pages[path]

    checked = 0
    for name in NAMES:
        address = f"/developers/{name}" + ("" if lang == "zh" else f"?lang={lang}")
        for link in _links_of_article(page(address)):
            path, _, fragment = link.partition("#")
            if path.startswith(("http:", "https:", "mailto:")):
                continue
            if path.startswith(documents.EXAMPLES):
                assert path.removeprefix(f"{documents.EXAMPLES}/") in documents.read_examples()
                continue
            target = page(path or address)
            assert target.status == 200, (name, link)
            assert not fragment or fragment in {a.get("id") for _, a in target.elements}, (name, link)
            checked += 1
    assert checked > 120


def _links_of_article(page: Page) -> Iterator[str]:
    inside = re.search(r"<article.*?</article>", page.answer.text, re.S)
    assert inside
    yield from re.findall(r'<a href="([^"]*)"', inside[0])


def test_a_link_to_a_file_that_is_not_served_is_text(visit: Open) -> None:
    page = visit("/developers/operate?lang=en")
    assert "CHANGELOG.md" in page.text
    assert not page.leading_to("CHANGELOG")


def test_examples_have_the_address_of_the_site(site: Site, visit: Open) -> None:
    text = visit("/developers/api").answer.text
    assert f"curl -G {BASE}/v1/datasets" in text
    assert "127.0.0.1:8000" not in text


@pytest.mark.program
def test_the_requests_of_the_document_about_the_api_are_answered(sample_home: Path) -> None:
    text = (PROJECT_DOCS / "api.md").read_text(encoding="utf-8")
    block = re.search(r"^## Examples\n\n```\n(.*?)^```$", text, re.M | re.S)
    assert block is not None
    commands = block[1].replace("\\\n", "").splitlines()
    assert len(commands) > 3
    with serving(create_app(settings.read_settings(sample_home, {}))) as base:
        for line in commands:
            command = line.replace("curl ", "curl -sS --fail ").replace("http://127.0.0.1:8000", base)
            answer = subprocess.run(
                ["sh", "-euc", command], capture_output=True, text=True, check=True
            ).stdout
            if " -I " in command:
                assert re.match(r"HTTP/1.1 \d+ OK", answer), line
            else:
                assert json.loads(answer)["total"] > 0, line


def test_a_program_is_served_as_it_is(site: Site) -> None:
    answer = site.client.get("/developers/examples/mirror.py")
    assert answer.headers["content-type"] == "text/plain; charset=utf-8"
    assert answer.content == (PROJECT_DOCS / "examples" / "mirror.py").read_bytes()
    assert_problem(site.client.get("/developers/examples/..%2Fapi.md"), "no-such-route")


def test_what_is_no_document_is_not_found(site: Site) -> None:
    for name in ("nothing", "api.md", "..%2Fpyproject", "how-to/nothing", "how-to/README"):
        assert_problem(site.client.get(f"/developers/{name}"), "no-such-route")


@pytest.mark.parametrize(
    "hostile",
    [
        "<script>alert(1)</script>",
        "a <b onclick=alert(1)>b</b>",
        "[x](javascript:alert(1))",
        "![x](https://elsewhere.example/x.png)",
        "```\n</code><script>alert(1)</script>\n```",
        "`<img src=x>`",
    ],
)
def test_a_document_brings_no_markup_of_its_own(hostile: str) -> None:
    assert not re.search(r"<(?:script|img|b)\b|href=.javascript", render(f"# Title\n\n{hostile}"))


def test_no_two_tables_have_one_name() -> None:
    html = render("# Title\n\n|a|\n|-|\n|1|\n\ntext\n\n|b|\n|-|\n|2|")
    assert re.findall('aria-label="([^"]*)"', html) == ["Table 1", "Table 2"]


def test_lines_of_a_chinese_paragraph_are_joined_without_a_space() -> None:
    assert "内容。只需" in render("# 题\n\n内容。\n只需\nPython\n以上")
    assert "只需\nPython\n以上" in render("# 题\n\n内容。\n只需\nPython\n以上")


def test_the_index_leads_to_every_document(visit: Open) -> None:
    page = visit("/developers")
    for name in (name for _, names in documents.GROUPS for name in names):
        assert page.leading_to(f"/developers/{name}"), name


def test_the_document_about_the_service_states_its_limits_and_its_newest_version() -> None:
    for text in (edition.text for edition in documents.read_documents()["service"].editions.values()):
        limits = (
            *(query_parameters.MAX_LIMIT, query_parameters.MAX_QUERY, int(client_budget.BUDGET)),
            *(client_budget.MOST_AT_ONCE, http_protocol.MAX_HEADERS, http_protocol.MAX_HEADER_LINES),
        )
        for number in (*limits, int(http_protocol.HEAD_TIMEOUT)):
            assert re.search(rf"(?<![\d,]){number:,}(?![\d,])", text), number
        versions = re.findall(r"^\| `(\d+\.\d+\.\d+)` \|", text, re.M)
        assert versions[0] == contract.VERSION == contract.build_document(BASE)["info"]["version"]


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_pictures_of_a_document_are_shown_and_small(site: Site, visit: Open, lang: str) -> None:
    page = visit(f"/developers/desk?lang={lang}")
    addresses = re.findall(r'<img src="([^"]*)" alt="[^"]+"', page.answer.text)
    assert {address.rpartition("/")[2] for address in addresses} == set(documents.read_pictures())
    for address in addresses:
        answer = site.client.get(address)
        assert (answer.status_code, answer.headers["content-type"]) == (200, "image/webp")
        assert answer.content[8:12] == b"WEBP"
    assert sum(map(len, documents.read_pictures().values())) < 1_000_000
    assert_problem(site.client.get("/developers/images/none.webp"), "no-such-route")


def test_links_keep_the_display(visit: Open) -> None:
    page = visit("/developers/api?display=large&lang=en")
    links = page.leading_to("/developers/errors")
    assert links
    assert all("lang=en&display=large" in link for link in links)


def test_the_examples_are_run_once_for_a_state(
    site: Site, visit: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = visit("/developers?display=contrast")

    def fail(_: object) -> None:
        raise AssertionError("run again")

    monkeypatch.setattr(examples, "_example_requests", fail)
    again = visit("/developers?display=contrast")
    assert again.answer.content == first.answer.content
    assert again.answer.headers["etag"] == first.answer.headers["etag"]

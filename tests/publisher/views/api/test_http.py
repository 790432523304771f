"""Rules for every route: HEAD, validators, caching, negotiation, CORS and headers.

Only what depends on the database runs on both: whether a route reads it in the event loop or in a thread, and
validators.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from email.utils import parsedate_to_datetime
from pathlib import Path

import httpx
import pytest
from litestar.testing import TestClient

from publisher.app import create_app
from publisher.log.log import Log
from publisher.settings import read_settings
from publisher.views.api import contract
from publisher.views.pages import routes as people
from publisher.views.pages.printing.templates import Press
from schemas.definition import file_loader as catalogues
from search.embedded.engine import EmbeddedEngine
from tests.support.problems import assert_problem
from tests.support.site import BASE, FEES, PLAIN, Site, demo_dataset, four_releases, publish, ticking_clock

HOME = f"/v1/datasets/{FEES}"


def required_query(path: str) -> str:
    """Return the query that a route requires."""
    if "/compare" in path:
        return "?from=1"
    return "?q=收费" if "/search" in path or "/suggest" in path else ""


def addresses(site: Site) -> list[str]:
    """An address of each route of the contract and the pages. The site has no finding, work or commitment."""
    names = {
        "dataset": FEES,
        "record": (record := site.record("城镇垃圾处理费")),
        "revision": site.log.queries.record(FEES, record).revision,
        "number": "1",
        "schema": "fees",
        "code": "withdrawn",
        "form": "csv",
        "position": "2",
        "digest": site.log.queries.release(FEES, 1).document,
        "old_size": "1",
        "new_size": "2",
        "document": "api",
        "folder": "how-to",
        "page": "route",
        "name": "mirror.py",
    }
    of_checks = {"/checks/{code}": "/checks/basis-repealed"}
    paths = [
        of_checks.get(path := route.operation.path, path).format_map(names) + required_query(path)
        for route in (*contract.ROUTES, *people.routes(Press()))
        if not route.operation.path.endswith(("/{name}", "/delta", "/{finding}"))
        and "{key}" not in route.operation.path
        and "/commitments/{record}" not in route.operation.path
        and "/correction" not in route.operation.path  # 404 on a site that takes none
        and "/follow" not in route.operation.path  # no cache stores these
    ]
    return [
        *paths,
        "/feeds/all.atom",
        f"{HOME}/records?release=1",
        f"{HOME}/records?limit=1",
    ]


@pytest.fixture(scope="module")
def answers(site: Site) -> Mapping[str, httpx.Response]:
    """Responses to a page of another origin, one of each route, by their addresses.

    Each is read twice: the first time generates files, and what lists them then states their sizes.
    """
    headers = {"origin": "https://news.example"}
    every = addresses(site)
    for address in every:
        site.client.get(address)
    return {address: site.client.get(address, headers=headers) for address in every}


@pytest.mark.slow
@pytest.mark.both_databases
def test_head_answers_as_get_does_without_a_body(site: Site, answers: Mapping[str, httpx.Response]) -> None:
    for address, answer in answers.items():
        head = site.client.head(address)
        assert (answer.status_code, head.status_code) == (200, 200), address
        assert head.content == b"", address
        same = dict(answer.headers) | {"date": ""} == dict(head.headers) | {"date": ""}
        assert same, address
    assert site.client.head("/nowhere").status_code == 404
    assert site.client.head("/nowhere").content == b""


@pytest.mark.slow
@pytest.mark.both_databases
def test_every_answer_has_a_strong_tag_and_is_304_when_requested_with_it(
    site: Site, answers: Mapping[str, httpx.Response]
) -> None:
    tags = set()
    cached = [address for address in answers if address not in ("/healthz", "/readyz")]
    for address in cached:
        first = answers[address]
        tag = first.headers["etag"]
        assert tag.startswith('"')
        tags.add(tag)
        again = site.client.get(address, headers={"if-none-match": f'"other", {tag}'})
        assert (again.status_code, again.content) == (304, b""), address
        assert again.headers["etag"] == tag
        assert again.headers["cache-control"] == first.headers["cache-control"]
        assert again.headers["vary"] == "Accept, Accept-Encoding"
        assert "content-type" not in again.headers
        assert site.client.get(address, headers={"if-none-match": '"other"'}).status_code == 200
    assert len(tags) == len(cached)


@pytest.mark.both_databases
def test_every_answer_says_when_it_was_last_changed(
    site: Site, answers: Mapping[str, httpx.Response]
) -> None:
    for address, first in answers.items():
        if address in ("/healthz", "/readyz"):
            continue
        modified = parsedate_to_datetime(first.headers["last-modified"])
        assert datetime(2016, 1, 1, tzinfo=UTC) < modified <= site.clock.now, address
        again = site.client.get(address, headers={"if-none-match": first.headers["etag"]})
        assert again.headers["last-modified"] == first.headers["last-modified"], address


def test_a_time_that_does_not_determine_the_answer_does_not_answer_304(tmp_path: Path) -> None:
    with four_releases(tmp_path) as site:
        before = {path: site.client.get(path) for path in ("/v1/datasets", "/", "/sitemap.xml", "/catalog")}
        site.log.datasets.create(demo_dataset("later"), catalogues.load_catalogue("fees"))
        for path, first in before.items():
            since = {"if-modified-since": first.headers["last-modified"]}
            assert site.client.get(path, headers=since).status_code == 200, path


def test_answers_pinned_to_a_release_are_revalidated_since_a_withdrawal_changes_them(site: Site) -> None:
    record = site.record("城镇垃圾处理费")
    for path in (f"{HOME}/records", f"{HOME}/records/{record}", f"{HOME}/schema"):
        for address in (path, f"{path}?release=2", f"{HOME}/releases/1"):
            assert site.client.get(address).headers["cache-control"] == "public, no-cache"
    assert site.client.get("/healthz").headers["cache-control"] == "no-store"
    assert site.client.get("/readyz").headers["cache-control"] == "no-store"
    assert "etag" not in site.client.get("/readyz").headers


@pytest.mark.slow
def test_a_publication_and_a_new_day_change_the_tag_of_the_present_only(tmp_path: Path) -> None:
    settings = read_settings(tmp_path, {})
    clock = ticking_clock(datetime(2016, 1, 4, 1, tzinfo=UTC))
    log = Log.open(settings.database, sources=settings.sources, clock=clock)
    log.datasets.init_site(BASE, "data.example.gov.cn,2016-01-04")
    log.datasets.create(demo_dataset(FEES), catalogues.load_catalogue("fees"))
    publish(log, FEES, PLAIN[:2], date(2015, 1, 1), "一")
    app = create_app(settings, log=log, search=EmbeddedEngine(settings.index), clock=clock)
    with TestClient(app) as client:
        present, pinned = f"{HOME}/records", f"{HOME}/records?release=1"

        def tags() -> tuple[str, str]:
            return client.get(present).headers["etag"], client.get(pinned).headers["etag"]

        first = tags()
        assert tags() == first
        modified = client.get(present).headers["last-modified"]
        publish(log, FEES, PLAIN[:3], date(2016, 1, 6), "二")
        second = tags()
        assert second[0] != first[0]
        assert second[1] == first[1]
        assert client.get(present).json()["total"] == 2
        assert client.get(present, headers={"if-modified-since": modified}).status_code == 200
        modified = client.get(present).headers["last-modified"]
        assert client.get(present, headers={"if-modified-since": modified}).status_code == 304
        clock.now += timedelta(days=3)
        assert client.get(present, headers={"if-modified-since": modified}).status_code == 200
        assert client.get(present).json()["total"] == 3
        assert tags()[0] != second[0]
    log.close()


@pytest.mark.parametrize("suffix", ["-gzip", "-br", ";gzip", "-zstd"])
def test_a_tag_that_a_proxy_marked_as_compressed_is_still_ours(site: Site, suffix: str) -> None:
    tag = site.client.get(HOME).headers["etag"]
    marked = {"if-none-match": f'W/"{tag[1:-1]}{suffix}"'}
    assert site.client.get(HOME, headers=marked).status_code == 304
    other = {"if-none-match": f'W/"{tag[2:-1]}{suffix}"'}
    assert site.client.get(HOME, headers=other).status_code == 200


def test_two_slashes_in_a_path_are_no_other_spelling_of_it(site: Site) -> None:
    for path in ("//v1/datasets", "/v1//datasets", "/v1/datasets//", "//"):
        assert_problem(site.client.get(f"http://testserver.local{path}"), "no-such-route")


def test_where_the_path_fixes_the_form_no_accept_is_refused(site: Site) -> None:
    paths = ["/v1/site.zip", "/v1/log.zip", f"{HOME}/files/csv", f"{HOME}/compare.csv?from=1", "/robots.txt"]
    paths += ["/feeds.opml", "/sitemap.xml", f"/feeds/{FEES}.atom", f"/feeds/{FEES}.json", "/log/entries/2"]
    paths += [f"/datasets/{FEES}/sitemaps/1", "/developers/sitemap.xml", "/developers/examples/mirror.py"]
    paths += ["/developers/images/desk-sheet.webp"]
    paths += re.findall(r"/assets/[a-z0-9.-]+", site.client.get("/", headers={"accept": "text/html"}).text)[
        :1
    ]
    assert "/assets/" in paths[-1]
    for path in paths:
        for accept in ("image/png", "application/json", "text/html, */*;q=0"):
            answer = site.client.get(path, headers={"accept": accept})
            assert answer.status_code == 200, (path, accept, answer.text)


def test_every_form_of_json_is_json_to_who_asks_for_it(site: Site) -> None:
    catalog = site.client.get("/catalog", headers={"accept": "application/json"})
    assert (catalog.status_code, catalog.headers["content-type"]) == (200, "application/ld+json")


@pytest.mark.slow
def test_an_accept_that_cannot_be_met_is_406_where_the_path_names_no_form(site: Site) -> None:
    for address in addresses(site):
        path, answer = address.partition("?")[0], site.client.get(address, headers={"accept": "image/png"})
        if re.search(r"\.[a-z]+$|/(?:files|sitemaps)/|/(?:delta|manifest)$|^/log/", path):
            assert answer.status_code in (200, 404), address  # 404: nothing is signed yet
        else:
            assert_problem(answer, "not-acceptable")
    assert site.client.get("/", headers={"accept": "text/html"}).status_code == 200
    assert_problem(site.client.get(HOME, headers={"accept": "text/html"}), "not-acceptable")


@pytest.mark.slow
def test_writing_is_refused_on_every_route(site: Site) -> None:
    for address in addresses(site):
        for method in ("POST", "PUT", "PATCH", "DELETE"):
            answer = site.client.request(method, address)
            assert_problem(answer, "method-not-allowed")
            assert answer.headers["allow"] == "GET, HEAD, OPTIONS"


def test_every_origin_may_read_and_ask_conditionally(
    site: Site, answers: Mapping[str, httpx.Response]
) -> None:
    preflight = site.client.options(
        HOME,
        headers={
            "origin": "https://news.example",
            "access-control-request-method": "GET",
            "access-control-request-headers": "if-none-match",
        },
    )
    assert preflight.status_code == 204
    assert preflight.headers["allow"] == "GET, HEAD, OPTIONS"
    assert site.client.options("/mcp").headers["allow"] == "POST, OPTIONS"
    assert "If-None-Match" in preflight.headers["access-control-allow-headers"]
    for answer in (*answers.values(), site.client.get("/nowhere")):
        assert answer.headers["access-control-allow-origin"] == "*"
        assert "ETag" in answer.headers["access-control-expose-headers"]


def test_every_answer_carries_the_security_headers(site: Site, answers: Mapping[str, httpx.Response]) -> None:
    for answer in (*answers.values(), site.client.get("/nowhere")):
        headers = answer.headers
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["referrer-policy"] == "no-referrer"
        policies = headers.get_list("content-security-policy")
        assert len(policies) == 1
        assert "default-src 'none'" in policies[0]
        assert "frame-ancestors 'none'" in policies[0]
        assert "script-src 'unsafe" not in policies[0]


@pytest.mark.slow
def test_links_never_take_the_host_of_a_request(site: Site) -> None:
    for address in addresses(site):
        answer = site.client.get(
            address, headers={"host": "evil.example", "x-forwarded-host": "evil.example"}
        )
        assert answer.status_code == 200
        assert b"evil.example" not in answer.content
        assert b"testserver" not in answer.content

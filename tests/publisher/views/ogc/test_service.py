"""Rules for every OGC route: languages, validators, formats, boundaries, concurrent clients."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import threading
from datetime import date
from pathlib import Path
from typing import Any

import httpx
import pytest

from publisher.log.log import Log
from publisher.log.model import LogError
from publisher.settings import read_settings
from publisher.views.ogc.boundaries import load
from publisher.views.ogc.parameters import parse
from publisher.views.ogc.routes import _as_ogc_error
from publisher.web.problems import ProblemError
from tests.publisher.views.ogc.conftest import FEES, HALLS, PLACES, Live, boundaries
from tests.support.clock import Clock
from tests.support.log import catalogue, field
from tests.support.shared_data import require
from tests.support.site import (
    PLAIN,
    START,
    Site,
    demo_dataset,
    four_releases,
    opened,
    publish,
    ticking_clock,
)


@pytest.mark.slow
def test_pygeoapi_is_not_imported_before_a_request_needs_it() -> None:
    heavy = ("pygeoapi", "pygeofilter", "lark", "shapely", "pyproj")
    program = (
        f"import sys, publisher.app, publisher.cli.root\nprint([m for m in {heavy} if m in sys.modules])"
    )
    process = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert process.stdout.strip() == "[]"


def test_no_logger_is_configured_by_serving(live: Live) -> None:
    import logging

    live.items(PLACES)
    for name in ("", "pygeoapi", "pygeofilter"):
        handlers = [h for h in logging.getLogger(name).handlers if type(h) is logging.StreamHandler]
        assert handlers == [], name


@pytest.mark.parametrize(
    ("accept", "params", "language"),
    [
        ("", {}, "zh"),
        ("en", {}, "en"),
        ("en-GB,zh;q=0.5", {}, "en"),
        ("fr, zh-CN;q=0.4, en;q=0.3", {}, "zh"),
        ("en", {"lang": "zh"}, "zh"),
        ("zh", {"lang": "en-US"}, "en"),
        ("fr", {}, "zh"),
    ],
)
def test_the_language_is_that_of_lang_or_accept_language(
    live: Live, accept: str, params: dict[str, str], language: str
) -> None:
    for path in ("", "/collections", f"/collections/{PLACES}", f"/collections/{PLACES}/queryables"):
        answer = live.client.get(f"{live.base}/ogc{path}", params=params, headers={"accept-language": accept})
        assert answer.headers["content-language"] == language
        assert "Accept-Language" in answer.headers["vary"]
    assert answer.json()["title"] == {"zh": "办事大厅(演示数据)", "en": "Service halls (demo)"}[language]


def test_the_format_is_that_of_f_or_accept(live: Live) -> None:
    address = f"{live.base}/ogc/collections/{PLACES}/items"
    for accept, media in (
        ("text/html,*/*;q=0.5", "text/html; charset=utf-8"),
        ("text/csv", "text/csv; charset=utf-8; header=present"),
        ("application/geo+json", "application/geo+json"),
        ("application/json", "application/geo+json"),
        ("*/*", "application/geo+json"),
    ):
        assert live.client.get(address, headers={"accept": accept}).headers["content-type"] == media, accept
    assert live.client.get(address, headers={"accept": "image/png"}).status_code == 406


def test_pages_are_escaped_and_load_the_files_of_the_site_and_no_more(live: Live) -> None:
    for path in ("", "/api", "/collections", f"/collections/{PLACES}", f"/collections/{PLACES}/items"):
        answer = live.get(path, f="html")
        text = answer.text
        assert text.startswith("<!doctype html>")
        assert "style-src 'self'" in answer.headers["content-security-policy"]
        (style,) = re.findall('<link rel="stylesheet" href="([^"]+)">', text)
        assert live.client.get(live.base + style).headers["content-type"].startswith("text/css")
        assert 'role="search"' in text  # the head of the site
        (script,) = re.findall('src="([^"]+)"', text)
        assert live.client.get(live.base + script).headers["content-type"].startswith("text/javascript")
        assert text.count("<script") == 1
    assert (
        "&lt;b&gt;&amp;amp;&lt;/b&gt;" in live.get(f"/collections/{PLACES}/items", f="html", limit=1000).text
    )


def test_csv_has_every_property_as_a_column_and_no_formula(live: Live) -> None:
    answer = live.get(f"/collections/{PLACES}/items", f="csv", limit=1000)
    lines = answer.text.removeprefix("\ufeff").splitlines()
    assert lines[0].startswith("id,code,name,kind,windows,opened")
    assert len(lines) == HALLS + 1
    from publisher.views.ogc.item_table import as_csv

    text = as_csv(("a", "b"), [{"a": "=1+1", "b": -5}, {"a": "@x", "b": None}]).decode("utf-8-sig")
    assert text.splitlines() == ["a,b", "'=1+1,-5", "'@x,"]


def content_of_reserved_names(log: Log, _clock: Clock) -> None:
    for name in ("divisions", "catalogue"):
        log.datasets.create(demo_dataset(name), catalogue())
        publish(log, name, [{"name": "甲费"}], date(2015, 1, 1), "")


@pytest.mark.slow
def test_a_dataset_with_the_name_of_another_collection_has_all_its_documents(tmp_path: Path) -> None:
    with opened(tmp_path, Site, content=content_of_reserved_names, clock=ticking_clock(START)) as site:
        for name in ("divisions", "catalogue"):
            home = f"/ogc/collections/dataset.{name}"
            for path in ("", "/schema", "/queryables", "/items"):
                assert site.client.get(home + path).status_code == 200, home + path


def test_a_page_of_csv_names_the_next_one_in_its_headers(live: Live) -> None:
    first = live.get(f"/collections/{PLACES}/items", f="csv", limit=HALLS - 1)
    rest = live.client.get(first.links["next"]["url"])
    assert len(rest.text.splitlines()) == 2
    assert "next" not in rest.links


def test_errors_of_the_site_are_those_of_the_standard(live: Live) -> None:
    """Errors that other rooms raise: an instant to come, and too many requests of one client."""
    for path in (f"/collections/{FEES}/items", f"/collections/{FEES}/items/x"):
        future = live.get(path, known_at="2999-01-01T00:00:00Z")
        assert (future.status_code, future.json()["code"]) == (400, "InvalidParameterValue")
    refused = _as_ogc_error(ProblemError("too-many-requests", headers={"retry-after": "9"}))
    assert (refused.status, refused.headers) == (429, {"retry-after": "9"})
    for values in ("release=77&q=x", f"q={',x' * 21}", f"externalIds={',x' * 201}", f"ids={',x' * 201}"):
        answer = live.client.get(f"{live.base}/ogc/collections/catalogue/items?{values}")
        assert answer.status_code == 400, values


def test_an_unchanged_answer_is_304_and_languages_do_not_share_tags(live: Live) -> None:
    address = f"{live.base}/ogc/collections/{FEES}/items"
    first = live.client.get(address)
    again = live.client.get(address, headers={"if-none-match": first.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")
    english = live.client.get(
        address, headers={"accept-language": "en", "if-none-match": first.headers["etag"]}
    )
    assert english.status_code == 200
    page = live.client.get(address, headers={"accept": "text/html", "if-none-match": first.headers["etag"]})
    assert page.status_code == 200
    pinned = live.get(f"/collections/{FEES}/items", release="2")
    assert pinned.headers["cache-control"] == "public, no-cache"
    head = live.client.head(address)
    assert (head.status_code, head.content, head.headers["etag"]) == (200, b"", first.headers["etag"])


def test_every_answer_says_when_it_was_last_changed(live: Live) -> None:
    for path in ("", "/conformance", "/api", "/collections", f"/collections/{PLACES}/schema"):
        for form in ("json", "html"):
            answer = live.client.get(f"{live.base}/ogc{path}", params={"f": form})
            assert (answer.status_code, "last-modified" in answer.headers) == (200, True), (path, form)


def test_a_cursor_serves_the_query_that_it_came_with_only(live: Live) -> None:
    page = live.items(PLACES, limit=3)
    following = httpx.URL(next(k["href"] for k in page["links"] if k["rel"] == "next"))
    cursor = following.params["cursor"]
    assert live.get(f"/collections/{PLACES}/items", cursor=cursor, windows="3").status_code == 400
    assert live.get(f"/collections/{FEES}/items", cursor=cursor).status_code == 400
    assert live.get(f"/collections/{PLACES}/items", cursor="x").status_code == 400
    assert live.get(f"/collections/{PLACES}/items", cursor=cursor, sortby="code").status_code == 400


def test_divisions_are_a_collection_of_the_file_that_the_site_names(live: Live) -> None:
    page = live.items("divisions")
    assert [f["id"] for f in page["features"]] == ["210302", "210303"]
    assert [f["properties"]["name"] for f in page["features"]] == ["甲区", "铁西区"]
    assert live.items("divisions", bbox="123.1,41.1,123.2,41.2")["numberMatched"] == 1
    assert live.items("divisions", bbox="123.1,41.1,122.1,41.2")["numberMatched"] == 1
    assert live.items("divisions", code="210303", skipGeometry="true")["features"][0]["geometry"] is None
    assert live.get("/collections/divisions/items/210302").json()["geometry"]["type"] == "Polygon"
    assert live.get("/collections/divisions/items/999999").status_code == 404
    assert live.get("/collections/divisions/items", sortby="name").status_code == 400


def test_a_city_without_a_boundary_of_its_own_has_the_extent_of_its_districts(tmp_path: Path) -> None:
    file = tmp_path / "b.geojson"
    file.write_text(json.dumps(boundaries()), encoding="utf-8")
    divisions = load(file)
    assert divisions.extent("210300") == (122.0, 40.5, 123.5, 41.5)
    assert divisions.extent("2103") == divisions.extent("210300")
    assert divisions.extent("210302") == (123.0, 41.0, 123.5, 41.5)
    assert divisions.extent("110000") is None


@pytest.mark.shared
def test_real_boundaries_of_liaoning_can_be_used() -> None:
    divisions = load(require("divisions", "liaoning_district.geojson"))
    assert len(divisions.all) == 100
    anshan = divisions.extent("210300")
    assert anshan is not None
    assert 122 < anshan[0] < anshan[2] < 124
    assert {b.code for b in divisions.intersecting((122.9, 41.0, 123.0, 41.2))} >= {"210302", "210303"}


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{}",
        "[]",
        '{"features": 5}',
        '{"type": "FeatureCollection", "features": []}',
        '{"features": [{"type": "Feature", "properties": {}, "geometry": null}]}',
        '{"features": [{"id": "210302", "geometry": {"type": "Polygon", "coordinates": []}}]}',
        '{"features": [{"id": "210302", "geometry": {"type": "Nothing"}}]}',
        '{"features": [{"id": "210302", "geometry": {"type": "Polygon", "coordinates": [[[0, 0], [1]]]}}]}',
    ],
)
def test_a_file_without_boundaries_is_refused_by_name(tmp_path: Path, text: str) -> None:
    file = tmp_path / "borders.geojson"
    file.write_text(text, encoding="utf-8")
    with pytest.raises(LogError, match=r"borders\.geojson") as refusal:
        load(file)
    assert refusal.value.code == "bad-boundaries"


def test_the_boundaries_are_a_setting(tmp_path: Path) -> None:
    assert read_settings(tmp_path, {}).boundaries is None
    assert read_settings(tmp_path, {"QINGDAN_BOUNDARIES": "/x.geojson"}).boundaries == Path("/x.geojson")


def test_accept_language_of_any_shape_is_read() -> None:
    for header in ("en;q=2", ";;;", "zh;q=", "*", "en;q=0", "e" * 5000, "zh-Hant-TW;q=0.1,en;q=0.05"):
        assert parse(b"", {"accept-language": header}, ()).language == "zh", header


@pytest.mark.slow
def test_many_clients_at_once_get_what_one_gets(live: Live) -> None:
    paths = [
        "/ogc",
        "/ogc/collections?lang=en",
        f"/ogc/collections/{PLACES}/items?limit=50",
        f"/ogc/collections/{PLACES}/items?filter=windows>20&lang=en",
        f"/ogc/collections/{FEES}/items?q=登记",
        "/ogc/collections/catalogue/items?lang=en",
        "/ogc/collections/divisions/items",
        f"/ogc/collections/{PLACES}/items?unknown=1",
    ]
    alone = {path: live.client.get(live.base + path).content for path in paths}
    differences: list[Any] = []

    def fetch_all(turn: int) -> None:
        with httpx.Client(timeout=60) as client:
            for step in range(12):
                path = paths[(turn + step) % len(paths)]
                content = client.get(live.base + path).content
                if content != alone[path]:
                    differences.append((path, content[:300]))

    threads = [threading.Thread(target=fetch_all, args=(turn,)) for turn in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert differences == []


def test_a_collection_shows_a_changed_title_at_once(live: Live) -> None:
    path, before = f"/collections/{FEES}", live.log.datasets.get(FEES)
    assert live.get(path).json()["title"] == before.title
    try:
        live.log.datasets.change(FEES, title="新名称", notice="新须知")
        changed = live.get(path).json()
        assert changed["title"] == live.get(f"{path}/schema").json()["title"] == "新名称"
        assert "新须知" in changed["description"]
    finally:
        live.log.datasets.change(FEES, title=before.title, notice=before.notice)


@pytest.mark.slow
def test_a_past_page_keeps_the_columns_of_its_catalogue(tmp_path: Path) -> None:
    """A migration drops a field from its day on only."""

    def fill(log: Log, _: Clock) -> None:
        own = catalogue(fields=(field("gone", "已去字段"),))
        log.datasets.create(demo_dataset("fees", catalogue=own.name), own)
        publish(log, "fees", [{"name": "甲", "gone": "旧"}], date(2015, 1, 1), "示财〔2015〕1号")
        log.releases.migrate("fees", catalogue(), effective_on=date(2016, 1, 1))

    with opened(tmp_path, Site, content=fill, clock=ticking_clock(START)) as site:
        items = "/ogc/collections/fees/items"
        past = site.client.get(items, params={"f": "csv", "as_of": "2015-06-01", "sortby": "name"}).text
        assert "gone" in past
        assert "旧" in past
        assert "旧" in site.client.get(items, params={"datetime": "../2015-06-01", "f": "csv"}).text
        assert "gone" not in site.client.get(items, params={"f": "csv"}).text
        chosen = site.client.get(items, params={"release": "1", "properties": "gone"}).json()["features"]
        assert [feature["properties"] for feature in chosen] == [{"gone": "旧"}]
        assert site.client.get(items, params={"release": "1", "sortby": "gone"}).status_code == 200
        for state in ({"release": "1"}, {"as_of": "2015-06-01"}, {"datetime": "../2015-06-01"}):
            for name, text in (("gone", "旧"), ("filter", "gone = '旧'"), ("sortby", "gone")):
                answer = site.client.get(items, params={**state, name: text})
                assert answer.json()["numberMatched"] == 1, answer.text
        assert site.client.get(items, params={"gone": "旧"}).status_code == 400


def test_a_later_release_changes_nothing_in_the_items_of_a_pinned_one(tmp_path: Path) -> None:
    with four_releases(tmp_path) as site:
        items = f"/ogc/collections/{FEES}/items?release=1"
        before = site.client.get(items)
        published_at = site.log.queries.release(FEES, 1).published_at
        assert before.json()["timeStamp"] == f"{published_at:%Y-%m-%dT%H:%M:%SZ}"
        publish(site.log, FEES, PLAIN[:1], date(2016, 5, 1), "示财〔2016〕1号")
        after = site.client.get(items)
        assert (after.headers["etag"], after.content) == (before.headers["etag"], before.content)

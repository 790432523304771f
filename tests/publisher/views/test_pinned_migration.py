"""An answer about an older release stays as it was when its dataset migrates to another catalogue."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from datetime import date
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import httpx
import pytest

from publisher.log.log import Log
from publisher.log.model import View
from publisher.views.exports.formats import FILE_FORMATS
from schemas.definition.catalogue import Catalogue, Content
from schemas.definition.file_loader import parse_catalogue
from tests.support.clock import Clock
from tests.support.log import catalogue, field
from tests.support.site import START, Site, demo_dataset, opened, publish, ticking_clock

pytestmark = pytest.mark.both_databases


def with_fact(name: str, fields: Sequence[dict[str, Any]]) -> Catalogue:
    """Build a catalogue that puts this field first."""
    source = json.loads(catalogue(fields=fields).source)
    source["qingdan"]["facts"] = [name]
    return parse_catalogue(json.dumps(source, ensure_ascii=False))


FEES = "fees"
HOME = f"/datasets/{FEES}"
BEFORE = with_fact(
    "zone",
    fields=(
        field("time_limit", "时限", "object", kind="limit", unit="工作日"),
        field("office", "科室", facet=True),
        field("zone", "片区", facet=True),
    ),
)
AFTER = with_fact(
    "office",
    fields=(
        field("new_limit", "新时限", "object", kind="limit", unit="工作日"),
        field("zone", "新片区"),
        field("office", "新科室", facet=True),
    ),
)
"""Without the limit; with other titles, in another order, and with a field more."""
ZONE_IS_PERSONAL = catalogue(
    fields=(
        field("time_limit", "时限", "object", kind="limit", unit="工作日"),
        field("office", "科室", facet=True),
        field("zone", "片区", personal=True),
    )
)
WITHOUT_ZONE = catalogue(
    fields=(
        field("time_limit", "时限", "object", kind="limit", unit="工作日"),
        field("office", "科室", facet=True),
    )
)
is_dropped_later = pytest.mark.parametrize("dropped", [False, True], ids=["personal", "dropped later"])
_QUERY = {"facets": "office,zone,kind", "sort": "-zone", "office": "一科"}
_FILTER = urlencode({"office": "一科"})


def content(name: str, limit: int, office: str, zone: str) -> Content:
    return {
        "name": name,
        "kind": "费",
        "time_limit": {"value": limit, "unit": "工作日"},
        "office": office,
        "zone": zone,
    }


def fill(log: Log, clock: Clock) -> None:
    log.datasets.create(demo_dataset(FEES, catalogue=BEFORE.name), BEFORE)
    first = [content("甲", 10, "一科", "东"), content("乙", 10, "二科", "西")]
    publish(log, FEES, first, date(2015, 1, 1), "示财〔2015〕1号")
    clock.advance(days=1)
    second = [content("甲", 5, "一科", "南"), content("乙", 10, "一科", "北")]
    publish(log, FEES, second, date(2015, 2, 1), "示财〔2015〕2号")
    clock.advance(days=1)
    (record,) = log.queries.find_by_title(FEES, "乙")
    log.releases.correct(FEES, {record.id: content("乙", 10, "三科", "中")}, reason="更正")
    clock.advance(days=1)


def migrate(site: Site, to: Catalogue) -> None:
    site.clock.advance(days=1)
    site.log.releases.migrate(FEES, to, effective_on=date(2015, 6, 1))
    site.clock.advance(days=1)


@pytest.fixture
def site(tmp_path: Path, database: str) -> Iterator[Site]:
    with opened(tmp_path, Site, content=fill, clock=ticking_clock(START), QINGDAN_DATABASE=database) as site:
        yield site


def addresses(site: Site) -> list[str]:
    """List addresses of states and of comparisons that are pinned to releases."""
    ids = {state.title: state.id for name in "甲乙" for state in site.log.queries.find_by_title(FEES, name)}
    own = [
        f"/v1{HOME}/compare?from=1&to=2",
        f"/v1{HOME}/compare.csv?from=1&to=2",
        f"{HOME}/compare?from=1&to=2",
    ]
    for number in (1, 2, 3):
        pin = f"release={number}"
        query = urlencode(_QUERY)
        own += [f"{HOME}?{pin}", f"{HOME}?{pin}&{query}", f"/v1{HOME}/schema?{pin}"]
        own += [
            f"{HOME}/records.csv?{pin}&{_FILTER}",
            f"{HOME}/records.csv?{pin}&fields=name,zone,time_limit",
        ]
        own += [f"/v1{HOME}/records?{pin}", f"/v1{HOME}/records?{pin}&{query}"]
        own += [f"/v1{HOME}/releases/{number}/files/{form}" for form in FILE_FORMATS]
        items = f"/ogc/collections/{FEES}/items"
        own += [f"{items}?{pin}&{_FILTER}", f"{items}?{pin}&f=csv&sortby=-zone"]
        for record in ids.values():
            own += [f"{start}{HOME}/records/{record}?{pin}" for start in ("", "/v1")]
            own += [f"/v1{HOME}/records/{record}/limits?{pin}", f"{items}/{record}?{pin}"]
    return own


def get(site: Site, address: str) -> httpx.Response:
    accept = "*/*" if address.startswith(("/v1", "/ogc")) else "text/html"
    return site.client.get(address, headers={"accept": accept})


@pytest.mark.slow
def test_no_pinned_answer_changes_under_its_etag(site: Site) -> None:
    before = {address: get(site, address) for address in addresses(site)}
    migrate(site, AFTER)
    after = {address: get(site, address) for address in before}
    assert {one.status_code for one in (*before.values(), *after.values())} == {200}
    same = [
        address for address, one in before.items() if one.headers["etag"] == after[address].headers["etag"]
    ]
    assert len(same) > len(before) / 2
    assert [address for address in same if before[address].content != after[address].content] == []


def test_a_pinned_record_keeps_its_limits_and_what_became_shorter(site: Site) -> None:
    (record,) = {state.id for state in site.log.queries.find_by_title(FEES, "甲")}
    migrate(site, AFTER)
    steps = site.client.get(f"/v1{HOME}/records/{record}/limits?release=2").json()["steps"]
    assert [(step["title"], step["direction"]) for step in steps] == [
        ("时限", None),
        ("时限", "limit-shortened"),
    ]
    assert "缩短" in get(site, f"{HOME}/records/{record}?release=2").text
    assert site.client.get(f"/v1{HOME}/records/{record}/limits").json()["steps"] == []
    then = site.client.get("/v1/limits?as_of=2015-03-01&field=time_limit").json()["total"]
    assert (then["items"], then["shortened"]) == (2, 1)


def test_a_past_state_has_the_titles_of_its_catalogue(site: Site) -> None:
    migrate(site, AFTER)
    pinned = f"release=1&{urlencode(_QUERY)}"
    facets = site.client.get(f"/v1{HOME}/records?{pinned}").json()["facets"]
    assert {facet["field"]: facet["title"] for facet in facets} == {
        "office": "科室",
        "zone": "片区",
        "kind": "种类",
    }
    head = site.client.get(f"{HOME}/records.csv?{pinned}").text.splitlines()[0]
    assert "片区" in head
    assert "新片区" not in head
    added = site.client.get(f"{HOME}/records.csv?release=1&fields=name,new_limit")
    assert "新时限" in added.text.splitlines()[0]


def test_a_search_of_a_past_state_shows_the_facts_of_its_catalogue(site: Site) -> None:
    migrate(site, AFTER)
    site.index()
    html = get(site, f"/search?{urlencode({'q': '甲', 'dataset': FEES, 'release': '1'})}").text
    assert "<dt>片区</dt>" in html
    assert "<dt>新科室</dt>" not in html


def test_changes_name_the_fields_that_the_catalogue_of_the_day_had(site: Site) -> None:
    (record,) = {state.id for state in site.log.queries.find_by_title(FEES, "甲")}
    migrate(site, AFTER)
    for address in (f"/v1{HOME}/records/{record}/history", f"/v1{HOME}/changes", "/v1/changes"):
        changes = site.client.get(address).json()["changes"]
        titles = {(one["release"], f["field"]): f["title"] for one in changes for f in one["fields"]}
        assert titles[2, "time_limit"] == "时限", address
        assert titles[2, "zone"] == "片区", address
    history = site.client.get(f"/v1{HOME}/records/{record}/history").json()["changes"]
    assert [(f["field"], f["title"]) for f in history[-1]["fields"]] == [("time_limit", "时限")]
    for page in ("/changes", f"{HOME}/records/{record}", f"{HOME}/releases/2", f"{HOME}/releases/4"):
        assert "时限" in get(site, page).text, page
    assert "时限" in get(site, "/changes.csv").text


@pytest.mark.slow
@is_dropped_later
def test_a_field_that_became_personal_changes_the_etag_of_older_answers(site: Site, *, dropped: bool) -> None:
    before = {address: get(site, address) for address in addresses(site)}
    migrate(site, ZONE_IS_PERSONAL)
    if dropped:
        migrate(site, WITHOUT_ZONE)
    for address, one in before.items():
        is_of_old_fields = "/schema" in address or "/files/" in address or address.startswith("/ogc")
        if not is_of_old_fields and (after := get(site, address)).status_code == 200:
            assert after.headers["etag"] != one.headers["etag"], address
    assert "片区" not in get(site, f"{HOME}/records.csv?release=1&{_FILTER}").text
    assert site.log.queries.queryable_catalogue(FEES, View(release=1)).by_name["zone"].personal


@pytest.mark.slow
@is_dropped_later
def test_a_field_that_became_personal_is_published_no_more(site: Site, *, dropped: bool) -> None:
    records = [state.id for name in "甲乙" for state in site.log.queries.find_by_title(FEES, name)]
    pinned = addresses(site)
    for address in pinned:  # files are generated before the migration
        get(site, address)
    migrate(site, ZONE_IS_PERSONAL)
    if dropped:
        migrate(site, WITHOUT_ZONE)
    current = [f"/v1{HOME}/records", f"{HOME}/records.csv", "/changes", "/feeds/all.atom", "/feeds/all.rss"]
    for record in records:
        current += [f"{start}/records/{record}" for start in (HOME, f"/v1{HOME}")]
        current += [f"/ogc/collections/{FEES}/items/{record}"]
    # Contents of older releases in the JSON of the log stay as they were hashed, until they are erased.
    is_json_of_the_log = {
        one for one in pinned if one.startswith("/v1") and "/schema" not in one and not one.endswith("/csv")
    }
    for address in (*current, *(one for one in pinned if one not in is_json_of_the_log)):
        answer = get(site, address)
        if answer.status_code == 200:
            assert not re.search('片区|>[东西南北中]<|"zone"|,[东西南北中],', answer.text), address
    for change in site.client.get(f"/v1{HOME}/changes").json()["changes"]:
        assert "zone" not in {one["field"] for one in change["fields"]}
    for one in site.client.get(f"/v1{HOME}/compare?from=1&to=2").json()["differences"]:
        assert "zone" not in {changed["field"] for changed in one["fields"]}
    answer = site.client.get(f"/v1{HOME}/records/{records[0]}?release=1")
    assert answer.json()["content"]["zone"] == "东"


@is_dropped_later
def test_a_field_that_became_personal_is_in_no_current_answer_about_a_removed_record(
    site: Site, *, dropped: bool
) -> None:
    removed = {state.id for state in site.log.queries.find_by_title(FEES, "乙")}
    publish(site.log, FEES, [content("甲", 5, "一科", "南")], date(2015, 5, 1), "示财〔2015〕3号")
    migrate(site, catalogue(fields=(field("office", "科室"), field("zone", "片区", personal=True))))
    if dropped:
        migrate(site, catalogue(fields=(field("office", "科室"),)))
    home = f"/v1{HOME}/records"
    for view in ("", "as_of=2015-03-01"):
        listed = site.client.get(f"{home}?status=removed&status=current&{view}").json()["records"]
        assert removed < {one["id"] for one in listed}
        assert all({"name", "office"} <= one["content"].keys() for one in listed)
        every = [*listed, *(site.client.get(f"{home}/{one}?{view}").json() for one in removed)]
        assert ["zone" for one in every if "zone" in one["content"]] == [], view
    pinned = site.client.get(f"{home}?release=2").json()["records"]
    assert {one["content"]["zone"] for one in pinned} == {"南", "北"}


@pytest.mark.slow
@is_dropped_later
def test_a_field_that_became_personal_is_in_no_search_nor_comparison_of_older_states(
    site: Site, *, dropped: bool
) -> None:
    fields = (
        field("time_limit", "时限", "object", kind="limit", unit="工作日", personal=True),
        field("office", "科室", facet=True),
        field("zone", "片区", personal=True),
    )
    migrate(site, catalogue(fields=fields))
    if dropped:
        migrate(site, catalogue(fields=(field("office", "科室", facet=True),)))
    site.index()
    for view in ("release=1", "as_of=2015-01-15"):
        address = f"/search?{urlencode({'q': '甲', 'dataset': FEES})}&{view}"
        html = get(site, address).text
        assert "甲" in html
        assert "片区" not in html, view
    for address in (f"{HOME}/compare?from=1&to=2", f"/v1{HOME}/compare.csv?from=1&to=2"):
        assert "片区" not in get(site, address).text, address
    (record,) = {state.id for state in site.log.queries.find_by_title(FEES, "甲")}
    address = f"/v1{HOME}/records/{record}/limits?release=2"
    assert site.client.get(address).json()["steps"] == []

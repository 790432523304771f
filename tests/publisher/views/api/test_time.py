"""Lists, records, facets, search, files, feeds and comparison agree at any day and instant."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import feedparser
import httpx
import jsonpatch
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from publisher.log.model import Part
from tests.support.problems import assert_problem
from tests.support.site import FEES, PLAIN, Site, demo_dataset, four_releases, publish

pytestmark = pytest.mark.both_databases

HOME = f"/v1/datasets/{FEES}"
days = st.dates(date(2014, 12, 1), date(2016, 6, 1))
instants = st.integers(0, 24 * 59).map(
    lambda hours: datetime(2016, 1, 4, 2, tzinfo=UTC) + timedelta(hours=hours)
)
RELAXED = [HealthCheck.function_scoped_fixture, HealthCheck.too_slow]


def view_query(day: date, instant: datetime | None) -> str:
    return f"as_of={day}" + (f"&known_at={instant.strftime('%Y-%m-%dT%H:%M:%SZ')}" if instant else "")


def counts_by_facet(facets: list[dict[str, Any]]) -> dict[str, dict[str, int]]:
    return {facet["field"]: {v["value"]: v["count"] for v in facet["values"]} for facet in facets}


def fetch_records(client: httpx.Client, query: str) -> dict[str, Any]:
    answer = client.get(f"{HOME}/records?limit=1000&facets=management&{query}")
    assert answer.status_code == 200, answer.text
    body = answer.json()
    assert body["total"] == len(body["records"])
    (facet,) = body["facets"]
    assert sum(value["count"] for value in facet["values"]) == body["total"]
    return {record["id"]: record["content"] for record in body["records"]}


@pytest.mark.slow
@settings(max_examples=40, deadline=None, suppress_health_check=RELAXED)
@given(day=days, instant=st.none() | instants)
def test_search_lists_facets_and_records_agree_at_any_day(
    site: Site, day: date, instant: datetime | None
) -> None:
    query = view_query(day, instant)
    state = fetch_records(site.client, query)
    page = site.client.get(f"/v1/search?q=费&dataset={FEES}&limit=100&facets=management&{query}").json()
    assert {hit["record"] for hit in page["hits"]} == state.keys()
    assert page["total"] == len(state)
    listing = site.client.get(f"{HOME}/records?limit=1&facets=management&{query}").json()["facets"]
    assert counts_by_facet(page["facets"]) == counts_by_facet(listing)
    for record, content in state.items():
        body = site.client.get(f"{HOME}/records/{record}?{query}").json()
        assert (body["status"], body["content"]) == ("current", content)


def records_in_force(client: httpx.Client, query: str) -> set[str]:
    """Apply the entries of a feed from the oldest to the newest. Return the records that are in force."""
    answer = client.get(f"/feeds/{FEES}.atom?{query}")
    assert answer.status_code == 200, answer.text
    entries = [entry.id.split("/")[-3:] for entry in feedparser.parse(answer.content).entries]
    in_force: set[str] = set()
    for _, record, kind in sorted(entries, key=lambda entry: int(entry[0])):
        (in_force.discard if kind in ("removed", "withdrawn") else in_force.add)(record)
    return in_force


@pytest.mark.slow
@settings(max_examples=30, deadline=None, suppress_health_check=RELAXED)
@given(day=days, instant=st.none() | instants)
def test_files_and_feeds_agree_with_the_list_at_any_day(
    site: Site, day: date, instant: datetime | None
) -> None:
    query = view_query(day, instant)
    state = fetch_records(site.client, query)
    lines = site.client.get(f"{HOME}/files/jsonl?{query}").text.splitlines()
    assert {line["id"]: line["content"] for line in map(json.loads, lines)} == state
    assert records_in_force(site.client, query) == state.keys()


@pytest.mark.parametrize("number", [1, 2, 3, 4])
def test_a_release_is_the_same_in_lists_search_files_and_feeds(client: httpx.Client, number: int) -> None:
    state = fetch_records(client, f"release={number}")
    page = client.get(f"/v1/search?q=费&dataset={FEES}&limit=100&release={number}").json()
    assert {hit["record"] for hit in page["hits"]} == state.keys()
    assert all(hit["links"]["record"].endswith(f"?release={number}") for hit in page["hits"])
    file = client.get(f"{HOME}/releases/{number}/files/jsonl")
    assert client.get(f"{HOME}/files/jsonl?release={number}").text == file.text
    lines = file.text.splitlines()
    assert {line["id"]: line["content"] for line in map(json.loads, lines)} == state
    assert records_in_force(client, f"release={number}") == state.keys()


def test_an_instant_alone_means_its_own_day_on_every_page(client: httpx.Client) -> None:
    instant = "2016-02-03T23:00:00Z"
    whole = fetch_records(client, f"known_at={instant}")
    assert whole == fetch_records(client, f"as_of=2016-02-04&known_at={instant}")
    answer = client.get(f"/v1/search?q=费&dataset={FEES}&known_at={instant}").json()
    assert {hit["record"] for hit in answer["hits"]} == whole.keys()
    ids, address = [], f"{HOME}/records?limit=1&known_at={instant}"
    while address:
        page = client.get(address).json()
        ids += [record["id"] for record in page["records"]]
        address = (page["links"]["next"] or "").partition(".cn")[2]
    assert sorted(ids) == sorted(whole)


@pytest.mark.slow
@settings(max_examples=40, deadline=None, suppress_health_check=RELAXED)
@given(one=days, other=days, instant=st.none() | instants)
def test_comparison_of_any_two_days_leads_from_one_list_to_the_other(
    site: Site, one: date, other: date, instant: datetime | None
) -> None:
    first, last = sorted((one, other))
    tail = view_query(last, instant).partition("&")[2]
    comparison = site.client.get(
        f"{HOME}/compare?limit=1000&from={first}&to={last}&{tail}".rstrip("&")
    ).json()
    before, after = (
        fetch_records(site.client, view_query(first, instant)),
        fetch_records(site.client, view_query(last, instant)),
    )
    operations = [operation for d in comparison["differences"] for operation in d["patch"]]
    assert jsonpatch.apply_patch(before, operations) == after
    assert (comparison["from"]["records"], comparison["to"]["records"]) == (len(before), len(after))
    assert sum(comparison["totals"].values()) == len(comparison["differences"])


def test_a_release_says_what_was_in_effect_and_known_when_it_came_out(client: httpx.Client) -> None:
    for release in client.get(f"{HOME}/releases").json()["releases"]:
        pinned = fetch_records(client, f"release={release['number']}")
        view = f"as_of={release['effective_on']}&known_at={release['published_at']}"
        assert pinned == fetch_records(client, view)


def test_records_published_later_are_not_listed_at_an_earlier_instant(client: httpx.Client) -> None:
    assert fetch_records(client, "known_at=2016-01-01T00:00:00Z") == {}


@pytest.mark.parametrize(
    "path",
    [
        *(f"{HOME}/records?", f"{HOME}/compare?from=2015-01-01&", f"/feeds/{FEES}.atom?"),
        f"{HOME}/files/csv?",
        f"/v1/search?q=费&dataset={FEES}&",
    ],
)
@pytest.mark.parametrize("query", ["release=1&as_of=2015-01-01", "release=1&known_at=2016-02-01T00:00:00Z"])
def test_a_release_conflicts_with_both_clocks_and_the_answer_says_why(
    client: httpx.Client, path: str, query: str
) -> None:
    body = assert_problem(client.get(f"{path}{query}"), "invalid-parameters")
    assert body["errors"][0]["code"] == "conflict"


def test_a_future_instant_is_refused_and_a_future_day_is_not(site: Site) -> None:
    later = (site.clock.now + timedelta(days=30)).strftime("%Y-%m-%dT%H:%M:%SZ")
    feed = f"/feeds/{FEES}.rss?"
    for path in (f"{HOME}/records?", f"{HOME}/compare?from=2015-01-01&", "/v1/search?q=费&", feed):
        assert_problem(site.client.get(f"{path}known_at={later}"), "invalid-parameters")
    assert site.client.get(f"{HOME}/records?as_of=2099-01-01").status_code == 200


@pytest.mark.parametrize(
    "path", ["/feeds/all.atom?", "/v1/search?q=费&", f"/v1/search?q=费&dataset={FEES}&dataset=empty-fees&"]
)
def test_a_release_belongs_to_one_dataset_and_where_none_is_named_the_answer_says_so(
    client: httpx.Client, path: str
) -> None:
    body = assert_problem(client.get(f"{path}release=1"), "invalid-parameters")
    assert [(e["parameter"], e["code"]) for e in body["errors"]] == [("release", "conflict")]


@pytest.mark.parametrize("path", [f"/feeds/{FEES}.rss?", f"/v1/search?q=费&dataset={FEES}&"])
def test_a_missing_release_is_a_problem(client: httpx.Client, path: str) -> None:
    assert_problem(client.get(f"{path}release=99"), "no-such-release")


def assert_modified(client: httpx.Client, path: str, before: httpx.Response) -> None:
    """Assert that a conditional request with the earlier validators gets a new answer and not 304."""
    for name, condition in {"etag": "if-none-match", "last-modified": "if-modified-since"}.items():
        again = client.get(path, headers={condition: before.headers[name]})
        assert again.status_code == 200, (path, condition)


@pytest.mark.slow
def test_later_publications_change_nothing_in_pinned_answers_but_their_marks(tmp_path: Path) -> None:
    with four_releases(tmp_path) as site:
        stays, withdrawn = site.record("城镇垃圾处理费"), site.record("食品经营许可证工本费")
        paths = [
            *(f"{HOME}/records?release={number}&limit=2" for number in (1, 2, 3, 4)),
            *(f"{HOME}/records/{stays}?release=2", f"{HOME}/releases/2", f"{HOME}/compare?from=1&to=2"),
        ]
        before = {path: site.client.get(path) for path in paths}
        assert all(answer.headers["cache-control"] == "public, no-cache" for answer in before.values())
        site.clock.now += timedelta(days=1)
        publish(site.log, FEES, PLAIN[:2], date(2016, 4, 1), "示财〔2016〕1号")
        for path, answer in before.items():
            again = site.client.get(path)
            assert (again.text, again.headers["etag"]) == (answer.text, answer.headers["etag"]), path

        site.log.releases.withdraw(FEES, [withdrawn], reason="误列")
        marked = site.client.get(f"{HOME}/records/{withdrawn}?release=2").json()
        assert marked["content"]["name"] == "食品经营许可证工本费"
        assert marked["withdrawn_at"]
        for path, answer in before.items():
            if site.client.get(path).text != answer.text:
                assert_modified(site.client, path, answer)


@pytest.mark.slow
def test_a_renamed_part_is_shown_at_once_to_conditional_requests(tmp_path: Path) -> None:
    with four_releases(tmp_path) as site:
        site.log.datasets.create(
            demo_dataset("parted", parts=(Part("财政局"),)), site.log.queries.catalogue(FEES)
        )
        publish(site.log, "parted", PLAIN, date(2016, 1, 1), "示财〔2016〕1号", part="财政局")
        home = "/v1/datasets/parted"
        paths = [f"{home}/records", f"{home}/records?release=1", f"{home}/changes", f"{home}/files/jsonl"]
        paths += [f"{home}/releases/1/files/csv", "/ogc/collections/parted/items?release=1"]
        before = {path: site.client.get(path) for path in paths}
        site.clock.now += timedelta(hours=1)
        site.log.datasets.rename_part("parted", "财政局", "财政和国资局")
        for path, answer in before.items():
            assert "财政局" in answer.text, path
            assert_modified(site.client, path, answer)
            assert "财政和国资局" in site.client.get(path).text, path
        lists = {
            f"{home}/records?": "records",
            f"{home}/records?release=1&": "records",
            "/v1/changes?dataset=parted&": "changes",
            f"{home}/compare?from=2015-01-01&to=2016-01-01&": "differences",
        }
        for path, name in lists.items():
            for part, number in (("财政局", len(PLAIN)), ("财政和国资局", len(PLAIN)), ("无此局", 0)):
                answer = site.client.get(f"{path}part={part}").json()
                assert len(answer[name]) == number, (path, part)
        items = site.client.get("/ogc/collections/parted/items?part=财政局").json()
        assert items["numberMatched"] == len(PLAIN)

"""At any day and instant, lists, single records, facets, search and comparison say the same."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

import httpx
import jsonpatch
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.api.asserting import assert_problem
from tests.api.conftest import FEES, Site

HOME = f"/v1/datasets/{FEES}"
days = st.dates(date(2014, 12, 1), date(2016, 6, 1))
instants = st.integers(0, 24 * 59).map(
    lambda hours: datetime(2016, 1, 4, 2, tzinfo=UTC) + timedelta(hours=hours)
)
RELAXED = [HealthCheck.function_scoped_fixture, HealthCheck.too_slow]


def asked(day: date, known: datetime | None) -> str:
    return f"as_of={day}" + (f"&known_at={known.strftime('%Y-%m-%dT%H:%M:%SZ')}" if known else "")


def listed(client: httpx.Client, query: str) -> dict[str, Any]:
    answer = client.get(f"{HOME}/records?limit=1000&facets=management&{query}")
    assert answer.status_code == 200, answer.text
    body = answer.json()
    assert body["total"] == len(body["records"])
    (facet,) = body["facets"]
    assert sum(value["count"] for value in facet["values"]) == body["total"]
    return {record["id"]: record["content"] for record in body["records"]}


@settings(max_examples=40, deadline=None, suppress_health_check=RELAXED)
@given(day=days, known=st.none() | instants)
def test_search_lists_facets_and_records_agree_at_any_day(
    site: Site, day: date, known: datetime | None
) -> None:
    query = asked(day, known)
    state = listed(site.client, query)
    found = site.client.get(f"/v1/search?q=费&dataset={FEES}&limit=100&{query}").json()
    assert {hit["record"] for hit in found["hits"]} == state.keys()
    assert found["total"] == len(state)
    for record, content in state.items():
        one = site.client.get(f"{HOME}/records/{record}?{query}").json()
        assert (one["status"], one["content"]) == ("current", content)


@settings(max_examples=40, deadline=None, suppress_health_check=RELAXED)
@given(one=days, other=days, known=st.none() | instants)
def test_comparison_of_any_two_days_leads_from_one_list_to_the_other(
    site: Site, one: date, other: date, known: datetime | None
) -> None:
    first, last = sorted((one, other))
    tail = asked(last, known).partition("&")[2]
    found = site.client.get(f"{HOME}/compare?limit=1000&from={first}&to={last}&{tail}".rstrip("&")).json()
    before, after = listed(site.client, asked(first, known)), listed(site.client, asked(last, known))
    operations = [operation for d in found["differences"] for operation in d["patch"]]
    assert jsonpatch.apply_patch(before, operations) == after
    assert (found["from"]["records"], found["to"]["records"]) == (len(before), len(after))
    assert sum(found["totals"].values()) == len(found["differences"])


def test_a_release_says_what_was_in_effect_and_known_when_it_came_out(client: httpx.Client) -> None:
    for release in client.get(f"{HOME}/releases").json()["releases"]:
        pinned = listed(client, f"release={release['number']}")
        asked_for = f"as_of={release['effective_on']}&known_at={release['published_at']}"
        assert pinned == listed(client, asked_for)


def test_what_was_never_known_then_is_not_shown(client: httpx.Client) -> None:
    assert listed(client, "known_at=2016-01-01T00:00:00Z") == {}


@pytest.mark.parametrize("path", ["records", "compare?from=2015-01-01"])
@pytest.mark.parametrize("query", ["release=1&as_of=2015-01-01", "release=1&known_at=2016-02-01T00:00:00Z"])
def test_a_release_goes_with_neither_clock_and_the_answer_says_why(
    client: httpx.Client, path: str, query: str
) -> None:
    body = assert_problem(
        client.get(f"{HOME}/{path}{'&' if '?' in path else '?'}{query}"), "invalid-parameters"
    )
    assert body["errors"][0]["code"] == "conflict"


def test_an_instant_to_come_is_refused_and_a_day_to_come_is_not(site: Site) -> None:
    later = (site.clock.now + timedelta(days=30)).strftime("%Y-%m-%dT%H:%M:%SZ")
    for path in (f"{HOME}/records?", f"{HOME}/compare?from=2015-01-01&", "/v1/search?q=费&"):
        assert_problem(site.client.get(f"{path}known_at={later}"), "invalid-parameters")
    assert site.client.get(f"{HOME}/records?as_of=2099-01-01").status_code == 200

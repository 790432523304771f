"""Hostile text in each place of a request, too long requests, parameters that a route does not take."""

from __future__ import annotations

import httpx
import pytest

from tests.support.problems import assert_problem
from tests.support.site import FEES, Site

HOME = f"/v1/datasets/{FEES}"

HOSTILE = [
    "' OR 1=1 --",
    '"; DROP TABLE record; --',
    "%27%20UNION%20SELECT%20salt%20FROM%20revision",
    "a%00b",
    "%ED%A0%80",
    "%FF%FE",
    "<script>alert(1)</script>",
    "=cmd|' /C calc'!A0",
    "../../etc/passwd",
    "{{7*7}}${7*7}",
    "\u202e\u200b\U0001f600",
    "%F0%A0%80%80",
    "*:*~^()[]{}AND OR NOT",
    "%0d%0aSet-Cookie: a=b",
]


@pytest.mark.slow
@pytest.mark.both_databases
@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_text_is_an_answer_or_a_problem_and_never_a_fault(client: httpx.Client, text: str) -> None:
    record = "aaaaaaaaaaaaaaaa"
    for address in (
        f"{HOME}/records?name={text}",
        f"{HOME}/records?{text}=1",
        f"{HOME}/records?sort={text}",
        f"{HOME}/records?facets={text}&fields={text}",
        f"{HOME}/records?cursor={text}",
        f"{HOME}/records/{record}?as_of={text}&known_at={text}&release={text}",
        f"{HOME}/records/{text}",
        f"{HOME}/releases/{text}",
        f"/v1/datasets/{text}",
        f"/v1/search?q={text}",
        f"/v1/search?q=x&body={text}",
        f"/feeds/{text}.atom",
        f"/problems/{text}",
        f"/{text}",
    ):
        answer = client.get(address)
        assert answer.status_code in (200, 404, 422), (address, answer.text)
        assert "set-cookie" not in answer.headers
        if answer.status_code != 200:
            code = answer.json()["type"].rsplit("/", 1)[-1]
            assert_problem(answer, code)


def test_a_query_of_a_hundred_kilobytes_is_refused(client: httpx.Client) -> None:
    for path in (f"{HOME}/records", "/v1/search", "/v1/datasets"):
        assert_problem(client.get(f"{path}?q=" + "a" * 60_000), "query-too-long")


def test_routes_that_take_nothing_refuse_any_parameter(site: Site) -> None:
    for path in ("/v1/datasets", HOME, f"{HOME}/releases/1", "/healthz", "/readyz", "/openapi.json"):
        body = assert_problem(site.client.get(f"{path}?limit=1"), "invalid-parameters")
        assert body["errors"][0]["code"] == "unknown"

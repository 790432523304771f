"""``/v1/commitments``: what a plan promised, what follows from what is published, and what is said."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tests.support.commitments_site import DISPUTED, DONE, LATE, OPEN, PLAN, site_with_commitments
from tests.support.site import FEES, Site


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    with site_with_commitments(tmp_path_factory.mktemp("site")) as site:
        yield site


def listed(site: Site, query: str = "") -> dict[str, Any]:
    answer = site.client.get(f"/v1/commitments{query}")
    assert answer.status_code == 200, answer.text
    body: dict[str, Any] = answer.json()
    return body


def titles(site: Site, query: str) -> list[str]:
    return [one["title"] for one in listed(site, query)["commitments"]]


@pytest.mark.slow
def test_the_list_has_each_status_and_counts_what_cannot_be_judged(site: Site) -> None:
    body = listed(site)
    assert [(one["title"], one["status"]) for one in body["commitments"]] == [
        *((DONE, "done"), (LATE, "overdue"), (DISPUTED, "overdue"), (OPEN, "undetermined")),
    ]
    assert (body["total"], body["counts"]) == (4, {"done": 1, "overdue": 2, "undetermined": 1})
    assert [count["value"] for count in body["facets"]["lead"]] == ["市财政局", "市发展和改革委员会"]
    assert [one["disputed"] for one in body["commitments"]] == [False, False, True, False]
    assert body["commitments"][0]["done_on"] == "2015-05-01"


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("?status=overdue", [LATE, DISPUTED]),
        ("?lead=市财政局", [DONE, DISPUTED]),
        ("?section=中介", [LATE]),
        (f"?plan={PLAN}&due_from=2015-07-01&due_to=2015-09-30", [LATE]),
        ("?plan=示政办发〔2015〕6号", []),
        ("?plan=示政办发[2015] 5号&status=overdue", [LATE, DISPUTED]),
        ("?dataset=plans&status=done&status=undetermined", [DONE, OPEN]),
        ("?as_of=2015-10-01", [DONE, LATE, DISPUTED, OPEN]),
    ],
)
def test_filters(site: Site, query: str, expected: list[str]) -> None:
    assert titles(site, query) == expected


def test_the_status_is_that_of_the_day(site: Site) -> None:
    statuses = [one["status"] for one in listed(site, "?as_of=2015-09-30")["commitments"]]
    assert statuses == ["done", "undetermined", "undetermined", "undetermined"]
    statuses = [one["status"] for one in listed(site, "?as_of=2015-04-30")["commitments"]]
    assert statuses == ["undetermined"] * 4


def test_pages_follow_one_another(site: Site) -> None:
    first = listed(site, "?limit=3")
    assert len(first["commitments"]) == 3
    second = site.client.get(first["links"]["next"].replace("https://data.example.gov.cn", "")).json()
    assert [one["title"] for one in second["commitments"]] == [OPEN]
    assert second["links"]["next"] is None
    assert second["counts"] == first["counts"]


def test_the_evidence_names_the_release_that_meets_a_rule(site: Site) -> None:
    record = listed(site)["commitments"][0]["id"]
    body = site.client.get(f"/v1/commitments/{record}/evidence").json()
    (rule,) = body["rules"]
    assert (rule["content"]["condition"], rule["held_since"]) == ("发布", "2015-05-01")
    (proof,) = rule["proofs"]
    assert (proof["dataset"], proof["release"], proof["day"]) == (FEES, 1, "2015-05-01")
    assert site.client.get(proof["link"].replace("https://data.example.gov.cn", "")).status_code == 200


def test_statements_stand_beside_the_derived_status(site: Site) -> None:
    disputed = listed(site)["commitments"][2]
    assert disputed["status"] == "overdue"
    assert [(one["judge"], one["progress"]) for one in disputed["statements"]] == [
        *(("市政府督查室", "进行中"), ("市财政局", "已完成")),
    ]
    assert disputed["statements"][0]["evidence"] == [["督查通报", "https://example.gov.cn/dc/1"]]


@pytest.mark.parametrize(
    ("path", "status", "code"),
    [
        ("/v1/commitments/none/evidence", 404, "no-such-commitment"),
        ("/v1/commitments/a.b/evidence", 404, "no-such-commitment"),
        ("/v1/commitments?status=late", 422, "invalid-parameters"),
        ("/v1/commitments?due_from=2015", 422, "invalid-parameters"),
        ("/v1/commitments?due_to=2015-01-01&due_to=2015-01-02", 422, "invalid-parameters"),
        ("/v1/commitments?cursor=x", 422, "invalid-cursor"),
    ],
)
def test_refusals(site: Site, path: str, status: int, code: str) -> None:
    answer = site.client.get(path)
    assert (answer.status_code, answer.json()["type"].rsplit("/", 1)[1]) == (status, code)

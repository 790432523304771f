"""Findings over HTTP, on both clocks, with filters and pages."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.support.site import FEES, Site, site_with_finding


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    with site_with_finding(tmp_path_factory.mktemp("site")) as site:
        yield site


def total(site: Site, query: str) -> int:
    answer = site.client.get(f"/v1/findings?{query}")
    assert answer.status_code == 200, answer.text
    return int(answer.json()["total"])


def test_a_finding_cites_its_texts_and_names_the_release_that_opened_it(site: Site) -> None:
    answer = site.client.get("/v1/findings")
    body = answer.json()
    (finding,) = body["findings"]
    assert finding["message"]["zh"] == "《城镇排水条例》仍列于依据，自2015-06-01起已经废止"
    assert (finding["effective_from"], finding["status"], finding["severity"]) == (
        "2015-06-01",
        "open",
        "fact",
    )
    assert (finding["opened_by"]["dataset"], finding["ended_by"]) == ("statutes", None)
    first = finding["cites"][0]
    assert (first["field"], first["item"], first["text"]) == ("basis", 0, "《城镇排水条例》第二十条")
    origin = site.client.get(first["link"].removeprefix("https://data.example.gov.cn")).json()
    value = origin["content"]["basis"][first["item"]]
    assert value[first["start"] : first["end"]] == first["text"]
    assert body["facets"]["dataset"] == [{"value": FEES, "count": 1}]
    one = site.client.get(f"/v1/findings/{finding['id']}")
    assert one.json() == finding
    again = site.client.get("/v1/findings", headers={"if-none-match": answer.headers["etag"]})
    assert again.status_code == 304


def test_filters_and_both_clocks(site: Site) -> None:
    assert total(site, f"dataset={FEES}&body=示例市人民政府&division=210300&severity=fact&severity=look") == 1
    assert total(site, "check=basis-repealed&status=open") == 1
    for query in ("dataset=statutes", "body=某局", "division=210302", "status=ended", "part=财政局"):
        assert total(site, query) == 0
    assert total(site, "division=2103") == total(site, "division=210000") == 1
    assert total(site, "as_of=2015-05-31") == 0
    assert total(site, "as_of=2015-06-01") == 1
    assert total(site, "known_at=2016-01-10T00:00:00Z") == 0, "nothing was known of the repeal"


@pytest.mark.slow
def test_wrong_parameters_ids_and_instants_are_refused(site: Site) -> None:
    words = (
        "status=other",
        "status=open&status=ended",
        "check=basis-repeal",
        "severity=FACT",
        "severity=agrees",
    )
    for query in (*words, "handling=no", "chek=1", "known_at=2999-01-01T00:00:00Z", "release=1"):
        assert site.client.get(f"/v1/findings?{query}").status_code == 422, query
    for name in ("0" * 20, "none"):
        answer = site.client.get(f"/v1/findings/{name}")
        assert (answer.status_code, answer.json()["type"].rsplit("/", 1)[1]) == (404, "no-such-finding")


def test_each_check_states_its_rules_and_what_it_was_measured_on(site: Site) -> None:
    checks = {check["code"]: check for check in site.client.get("/v1/checks").json()["checks"]}
    check = checks["basis-repealed"]
    assert check["needs"] == ["statutes"]
    assert {rule["name"] for rule in check["rules"]} == {"repealed", "repealed-before", "old-name"}
    assert check["labelled_set"]["positives"] == 20
    assert checks["cancelled-still-listed"]["labelled_set"]["recall"] == "0.70"

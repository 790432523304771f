"""Works over HTTP: by any spelling, with what cites them and what ended them."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest

from publisher.log.graph.passage_query import PassageQuery
from publisher.views.syndication.effect_feed import render_effect_feed
from schemas.definition.catalogue import Content
from schemas.definition.file_loader import load_catalogue
from tests.support.problems import assert_problem
from tests.support.site import FEES, PLAIN, Site, demo_dataset, publish, site_with_finding

WORK = "城镇排水条例"
CITING: Content = {**PLAIN[0], "name": "收费公示", "basis": [f"《{WORK}》第二十条", "示政发〔2015〕9号"]}


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    with site_with_finding(tmp_path_factory.mktemp("site")) as site:
        yield site


def test_a_work_has_one_key_and_says_what_it_is(site: Site) -> None:
    answer = site.client.get(f"/v1/works/《{WORK}》")
    body = answer.json()
    assert answer.status_code == 200, answer.text
    assert (body["key"], body["kind"], body["resolved"], body["citing"]) == (WORK, "statute", True, 1)
    assert [one["dataset"] for one in body["records"]] == ["statutes"]
    assert site.client.get(body["links"]["self"].removeprefix("https://data.example.gov.cn")).json() == body
    again = site.client.get(f"/v1/works/《{WORK}》", headers={"if-none-match": answer.headers["etag"]})
    assert again.status_code == 304
    missing = site.client.get("/v1/works/不存在的文件")
    assert (missing.status_code, missing.json()["type"].rsplit("/", 1)[1]) == (404, "no-such-work")


def test_the_records_that_cite_a_work_are_cited_word_by_word(site: Site) -> None:
    (one,) = site.client.get(f"/v1/works/{WORK}/cited-by").json()["citations"]
    assert (one["article"], one["role"], one["says"]["dataset"]) == (20, "basis", FEES)
    assert one["says"]["text"] == f"《{WORK}》第二十条"
    origin = site.client.get(one["says"]["link"].removeprefix("https://data.example.gov.cn")).json()
    value = origin["content"][one["says"]["field"]][one["says"]["item"]]
    assert value[one["says"]["start"] : one["says"]["end"]] == one["says"]["text"]


@pytest.mark.parametrize("path", ["cited-by?work=x", "cited-by?kind=statute", "effects?work=x"])
def test_a_filter_that_the_path_decides_is_refused(site: Site, path: str) -> None:
    assert_problem(site.client.get(f"/v1/works/{WORK}/{path}"), "invalid-parameters")


def test_an_effect_names_both_works_and_the_sentence(site: Site) -> None:
    (effect,) = site.client.get(f"/v1/works/{WORK}/effects").json()["effects"]
    assert (effect["kind"], effect["target"], effect["effective_on"]) == ("repeals", WORK, "2015-06-01")
    assert effect["says"]["text"]
    source = site.client.get(f"/v1/works/{effect['source']}").json()
    assert (source["resolved"], source["citing"]) == (False, 0)


def test_filters_pages_and_both_clocks(site: Site) -> None:
    def total(query: str) -> int:
        answer = site.client.get(f"/v1/citations?{query}")
        assert answer.status_code == 200, answer.text
        return int(answer.json()["total"])

    assert total(f"work={WORK}") == total(f"work=《{WORK}》&article=20&role=basis&dataset={FEES}") == 1
    for query in (f"work={WORK}&article=21", f"work={WORK}&role=mention", f"work={WORK}&kind=order"):
        assert total(query) == 0
    assert total("known_at=2000-01-01T00:00:00Z") == 0
    whole = [one["key"] for one in site.client.get("/v1/works?limit=1000").json()["works"]]
    paged: list[str] = []
    address = "/v1/works?limit=2"
    while address:
        body = site.client.get(address).json()
        paged += [one["key"] for one in body["works"]]
        address = (body["links"]["next"] or "").removeprefix("https://data.example.gov.cn")
    assert paged == whole == sorted(whole) != []
    for query in ("kind=other", "role=other", "resolved=yes", "article=x"):
        assert site.client.get(f"/v1/citations?{query}").status_code == 422, query


@pytest.mark.slow
def test_no_cache_keeps_what_the_graph_said_before_it_was_up_to_date(tmp_path: Path) -> None:
    with site_with_finding(tmp_path) as site:
        policies = demo_dataset("policies", catalogue="policies", title="文件(演示数据)")
        site.log.datasets.create(policies, load_catalogue("policies"))
        policy: Content = {"number": "示政发〔2015〕9号", "title": "关于收费的通知", "body_markdown": "无"}
        publish(site.log, "policies", [policy], date(2015, 2, 1), "示政发〔2015〕8号")
        site.index()
        publish(site.log, FEES, [CITING], date(2015, 3, 1), "示财〔2015〕3号")
        record = site.log.queries.find_by_title("policies", "关于收费的通知")[0].id
        addresses = [
            *("/v1/works", f"/v1/works/{WORK}", f"/v1/works/{WORK}/cited-by", f"/v1/works/{WORK}/effects"),
            *("/v1/citations", "/v1/effects", "/effects.atom", "/works", f"/works/{WORK}"),
            f"/datasets/policies/records/{record}",
        ]
        before = {address: site.client.get(address) for address in addresses}
        assert {answer.status_code for answer in before.values()} == {200}
        site.log.graph.update()
        for address, answer in before.items():
            for condition in (
                {"if-none-match": answer.headers["etag"]},
                {"if-modified-since": answer.headers["last-modified"]},
            ):
                assert site.client.get(address, headers=condition).status_code == 200, (address, condition)
        page = addresses[-1]
        assert "收费公示" not in before[page].text
        assert "收费公示" in site.client.get(page).text


@pytest.mark.parametrize("query", ["article=0.5", "article=99999999999999999999", "article=1&article=2"])
def test_a_number_of_an_article_is_a_small_whole_number(site: Site, query: str) -> None:
    for path in ("/v1/citations", "/v1/effects", f"/v1/works/{WORK}/cited-by"):
        body = assert_problem(site.client.get(f"{path}?{query}"), "invalid-parameters")
        assert body["errors"][0]["parameter"] == "article"


def test_a_text_that_a_name_contains_is_given_once(site: Site) -> None:
    assert_problem(site.client.get("/v1/works?contains=a&contains=b"), "invalid-parameters")
    assert site.client.get(f"/v1/works?contains={WORK[:2]}").json()["works"]


def test_an_effect_that_a_document_states_twice_is_one_entry_of_the_feed(site: Site) -> None:
    (effect,) = site.log.graph.effects(PassageQuery()).passages
    feed = json.loads(render_effect_feed(site.log, "json", [effect, effect], query=""))
    assert len(feed["items"]) == 1

"""Search over HTTP, on the embedded engine."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path

import httpx
import pytest
from litestar.testing import TestClient

from publisher.app import create_app
from publisher.views.api.search_scope import SearchScope
from schemas.definition.catalogue import Content
from schemas.definition.file_loader import load_catalogue
from search.embedded.engine import EmbeddedEngine
from tests.support.problems import assert_problem
from tests.support.site import BASE, FEES, Site, four_releases, publish

pytestmark = pytest.mark.both_databases


def test_a_hit_links_to_its_record_and_marks_the_original_text(site: Site) -> None:
    answer = site.client.get("/v1/search", params={"q": "不动产登记"}).json()
    assert answer["total"] >= 1
    assert answer["match"] in ("all", "most", "any")
    hit = answer["hits"][0]
    assert hit["dataset"] == FEES
    assert hit["dataset_title"] == "示例市收费目录(演示数据)"
    start, end = hit["title"]["marks"][0]
    assert hit["title"]["text"][start:end] in "不动产登记费"
    record = site.client.get(hit["links"]["record"].removeprefix(BASE)).json()
    assert record["title"] == "不动产登记费"


def test_traditional_characters_find_what_simplified_ones_find(client: httpx.Client) -> None:
    simplified = client.get("/v1/search", params={"q": "不动产登记费"}).json()
    traditional = client.get("/v1/search", params={"q": "不動產登記費"}).json()
    assert [h["record"] for h in traditional["hits"]] == [h["record"] for h in simplified["hits"]]


def test_facets_have_titles_and_filters_take_their_values(client: httpx.Client) -> None:
    query = {"q": "费", "facets": "dataset,division,management"}
    answer = client.get("/v1/search", params=query).json()
    facets = {facet["field"]: facet for facet in answer["facets"]}
    assert facets["dataset"]["values"] == [
        {"value": FEES, "title": "示例市收费目录(演示数据)", "count": answer["total"]}
    ]
    assert {"value": "210300", "title": "鞍山市", "count": answer["total"]} in facets["division"]["values"]
    chosen = facets["management"]["values"][0]
    narrowed = client.get("/v1/search", params={"q": "费", "management": chosen["value"]}).json()
    assert narrowed["total"] == chosen["count"]
    assert client.get("/v1/search?q=费&division=210300").json()["total"] == answer["total"]
    assert client.get("/v1/search?q=费&division=110000").json()["total"] == 0


def test_a_past_day_finds_what_was_in_effect_then(client: httpx.Client) -> None:
    def titles(**query: str) -> set[str]:
        hits = client.get("/v1/search", params={"q": "价格鉴证业务收费", **query}).json()["hits"]
        return {hit["title"]["text"] for hit in hits}

    assert "价格鉴证业务收费" in titles(as_of="2015-06-01")
    assert "价格鉴证业务收费" not in titles()


def test_pages_of_a_search_end_and_contain_each_hit_once(client: httpx.Client) -> None:
    everything = client.get("/v1/search?q=费").json()
    records: list[str] = []
    address: str | None = "/v1/search?q=费&limit=1"
    while address is not None:
        answer = client.get(address.removeprefix(BASE)).json()
        assert answer["total"] == everything["total"]
        records += [hit["record"] for hit in answer["hits"]]
        address = answer["links"]["next"]
    assert records == [hit["record"] for hit in everything["hits"]]
    assert len(records) == everything["total"]


@pytest.mark.parametrize(
    ("query", "parameter"),
    [
        *(("", "q"), ("q=", "q"), ("q=%20", "q"), ("q=a&limit=101", "limit")),
        *(("q=a&sort=-relevance", "sort"), ("q=a&sort=name", "sort"), ("q=a&facets=bdy", "facets")),
        *(
            ("q=a&departmnt=x", "departmnt"),
            ("q=a&body.gte=x", "body.gte"),
            ("q=a&year.exists=true", "year.exists"),
        ),
    ],
)
def test_a_search_that_makes_no_sense_is_refused_by_parameter(
    client: httpx.Client, query: str, parameter: str
) -> None:
    body = assert_problem(client.get(f"/v1/search?{query}"), "invalid-parameters")
    assert body["errors"][0]["parameter"] == parameter


def test_filters_without_words_list_everything_that_passes_them(client: httpx.Client) -> None:
    everything = client.get(f"/v1/search?dataset={FEES}&facets=management").json()
    values = everything["facets"][0]["values"]
    assert everything["total"] > client.get(f"/v1/search?dataset={FEES}&q=登记").json()["total"]
    listed = client.get(f"/v1/search?management={values[0]['value']}").json()
    assert listed["total"] == len(listed["hits"]) == values[0]["count"]
    assert listed["match"] == "all"
    page = client.get(f"/search?management={values[0]['value']}", headers={"accept": "text/html"})
    assert f"{listed['total']:,}条结果" in page.text


def test_a_cursor_of_another_search_is_refused(client: httpx.Client) -> None:
    following = client.get("/v1/search?q=费&limit=1").json()["links"]["next"].removeprefix(BASE)
    cursor = following.partition("cursor=")[2]
    assert_problem(client.get(f"/v1/search?q=另一&limit=1&cursor={cursor}"), "invalid-cursor")
    assert_problem(client.get("/v1/search?q=费&cursor=zzz"), "invalid-cursor")


def test_readiness_reports_the_position_of_the_index(client: httpx.Client) -> None:
    answer = client.get("/readyz").json()
    assert answer["documents"] >= 4
    assert answer["indexed"] > 0


def test_what_is_published_is_found_although_the_clock_is_behind_it(site: Site) -> None:
    last = site.log.queries.last_published_at()
    assert last is not None
    engine = EmbeddedEngine(site.settings.index)
    app = create_app(site.settings, log=site.log, search=engine, clock=lambda: last - timedelta(hours=1))
    with TestClient(app) as client:
        found = client.get("/v1/search?q=不动产登记").json()["total"]
    assert found == site.client.get("/v1/search?q=不动产登记").json()["total"] > 0


def test_suggestions_come_from_names_bodies_and_numbers_of_today(client: httpx.Client) -> None:
    def suggest(**query: str) -> list[dict[str, object]]:
        answer = client.get("/v1/suggest", params=query)
        answer.raise_for_status()
        suggestions: list[dict[str, object]] = answer.json()["suggestions"]
        return suggestions

    name = suggest(q="budongchan")[0]
    assert (name["text"], name["kind"], name["count"]) == ("不动产登记费", "name", 1)
    link = str(name["link"]).removeprefix(BASE)
    assert client.get(link).json()["hits"][0]["title"]["text"] == "不动产登记费"
    assert "body" in {s["kind"] for s in suggest(q="局", limit="50")}
    assert suggest(q="价格鉴证") == []
    assert len(suggest(q="费", limit="1")) == 1


def test_suggestions_follow_the_log(tmp_path: Path) -> None:
    with four_releases(tmp_path) as site:
        address = "/v1/suggest?q=xinshe"
        before = site.client.get(address)
        assert before.json()["suggestions"] == []
        condition = {"if-none-match": before.headers["etag"]}
        assert site.client.get(address, headers=condition).status_code == 304
        added: list[Content] = [{"name": "新设收费", "department": "市财政局", "management": "缴入地方国库"}]
        publish(site.log, "empty-fees", added, date(2016, 1, 1), "示财〔2016〕1号")
        after = site.client.get(address, headers=condition)
        assert [s["text"] for s in after.json()["suggestions"]] == ["新设收费"]


@pytest.mark.parametrize("query", ["", "q=", "q=%20", "q=a&limit=51", "q=a&facets=body"])
def test_a_suggestion_for_nothing_is_refused(client: httpx.Client, query: str) -> None:
    assert_problem(client.get(f"/v1/suggest?{query}"), "invalid-parameters")


def test_pinyin_finds_the_name_and_says_so_on_every_page(client: httpx.Client) -> None:
    answer = client.get("/v1/search", params={"q": "budongchandengjifei", "limit": "1"}).json()
    assert answer["did_you_mean"] == "不动产登记费"
    assert answer["hits"][0]["title"]["text"] == "不动产登记费"
    plain = client.get("/v1/search", params={"q": "不动产登记费", "limit": "1"}).json()
    assert plain["did_you_mean"] is None
    assert answer["total"] == plain["total"]
    if answer["links"]["next"]:
        following = client.get(answer["links"]["next"].removeprefix(BASE)).json()
        assert following["did_you_mean"] == "不动产登记费"
        assert following["total"] == answer["total"]


def test_words_that_nothing_contains_are_listed(client: httpx.Client) -> None:
    answer = client.get("/v1/search", params={"q": "月球登陆收费"}).json()
    assert "月球" in answer["not_held"]
    assert client.get("/v1/search", params={"q": "不动产登记费"}).json()["not_held"] == []


def test_fields_in_the_text_narrow_by_their_titles_and_names(client: httpx.Client) -> None:
    def titles(q: str) -> set[str]:
        answer = client.get("/v1/search", params={"q": q}).json()
        return {hit["title"]["text"] for hit in answer["hits"]}

    everything = titles("费")
    assert titles("费 部门:住建局") == titles("费 body:住房和城乡建设局") == {"城镇垃圾处理费"}
    assert titles("费 -部门:住建局") == everything - {"城镇垃圾处理费"}
    assert titles("费 资金管理方式:财政专户") == {"城镇垃圾处理费"}
    assert titles("费 清单:收费目录 地区:鞍山") == titles("费 清單:收費目錄 地區:鞍山") == everything
    assert titles("费 地区:马鞍山") == set()


def test_a_facet_has_every_title_that_a_list_has_for_it() -> None:
    catalogues = {name: load_catalogue(name) for name in ("power-list", "service-guides")}
    names = SearchScope({}, catalogues, {"actor": "行使主体"}).fields().names
    assert names["行使主体"] == names["实施主体"] == names["actor"] == "actor"


def test_a_hit_says_in_words_why_it_was_found(client: httpx.Client) -> None:
    query = {"q": "住建局 垃圾", "explain": "true"}
    (hit,) = client.get("/v1/search", params=query).json()["hits"][:1]
    sentences = {e["word"]: e for e in hit["explanation"]}
    assert sentences["垃圾"]["text"] == "“垃圾”出现在“收费项目”中。"
    assert sentences["住建局"]["how"] == "alias"
    assert "住房和城乡建设局" in sentences["住建局"]["text"] + sentences["住建局"]["text_en"]
    assert client.get("/v1/search?q=垃圾").json()["hits"][0]["explanation"] is None


def test_a_facet_that_is_chosen_still_shows_its_other_values(client: httpx.Client) -> None:
    query = {"q": "费", "facets": "management", "management": "缴入财政专户"}
    answer = client.get("/v1/search", params=query).json()
    (facet,) = answer["facets"]
    counts = {value["value"]: value["count"] for value in facet["values"]}
    assert counts["缴入财政专户"] == answer["total"]
    assert len(counts) > 1
    open_to_all = client.get("/v1/search", params={"q": "费", "facets": "management"}).json()
    assert facet["values"] == open_to_all["facets"][0]["values"]


def test_what_was_removed_or_withdrawn_is_found_on_request_only(client: httpx.Client) -> None:
    def titles(query: str) -> dict[str, str]:
        answer = client.get(f"/v1/search?{query}").json()
        assert answer["total"] == len(answer["hits"])
        return {hit["title"]["text"]: hit["status"] for hit in answer["hits"]}

    removed, withdrawn = {"价格鉴证业务收费": "removed"}, {"药品注册费": "withdrawn"}
    assert titles("q=价格鉴证") == {}
    assert titles("q=价格鉴证&status=removed") == removed
    assert titles("q=价格鉴证&status=current&status=removed&status=withdrawn") == removed
    assert titles("q=价格鉴证&status=removed&as_of=2015-06-01") == {}
    assert titles("q=药品注册&status=withdrawn") == withdrawn
    assert titles("q=费&status=removed&status=withdrawn") == removed | withdrawn
    facet = client.get("/v1/search?q=费&facets=status").json()["facets"][0]
    assert facet["title"] == "状态"
    assert {one["value"]: (one["title"], one["count"]) for one in facet["values"]} == {
        "current": ("现行有效", 3),
        "removed": ("已移出清单", 1),
        "withdrawn": ("已撤回公布", 1),
    }


def test_the_words_of_a_withdrawn_record_are_not_searched(client: httpx.Client) -> None:
    assert client.get("/v1/search?q=缴入地方国库&status=withdrawn").json()["total"] == 0


def test_an_unknown_status_is_an_error(client: httpx.Client) -> None:
    assert_problem(client.get("/v1/search?q=费&status=abolished"), "invalid-parameters")

"""Records, their history, and the changes of a dataset, over HTTP."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import httpx
import pytest

from publisher.log.log import Log
from schemas.definition.catalogue import Content
from tests.support.clock import Clock
from tests.support.log import catalogue, field
from tests.support.problems import assert_problem
from tests.support.site import BASE, FEES, START, Site, demo_dataset, opened, publish, ticking_clock

pytestmark = pytest.mark.both_databases

HOME = f"/v1/datasets/{FEES}"


def titles(response: httpx.Response) -> list[str]:
    assert response.status_code == 200, response.text
    return [record["title"] for record in response.json()["records"]]


def fault(response: httpx.Response) -> dict[str, Any]:
    only: dict[str, Any]
    (only,) = assert_problem(response, "invalid-parameters")["errors"]
    return only


def test_a_list_shows_what_is_in_effect_with_an_exact_total(client: httpx.Client) -> None:
    answer = client.get(f"{HOME}/records").json()
    assert answer["total"] == 3
    assert sorted(r["title"] for r in answer["records"]) == [
        "不动产登记费",
        "城镇垃圾处理费",
        "食品经营许可证工本费",
    ]
    assert answer["links"]["next"] is None


def test_filters_sort_and_fields_shape_the_list(client: httpx.Client) -> None:
    query = {"department": ["市市场监管局", "市自然资源局"], "sort": "-name", "fields": "name"}
    answer = client.get(f"{HOME}/records", params=query)
    assert titles(answer) == ["食品经营许可证工本费", "不动产登记费"]
    assert answer.json()["records"][0]["content"] == {"name": "食品经营许可证工本费"}


def test_facets_count_the_filtered_records_and_have_titles(client: httpx.Client) -> None:
    answer = client.get(f"{HOME}/records", params={"facets": "management", "limit": 1}).json()
    (facet,) = answer["facets"]
    assert facet["title"] == "资金管理方式"
    assert {v["value"]: v["count"] for v in facet["values"]} == {"缴入财政专户": 1, "缴入地方国库": 2}


def fill_and_drop_a_field(log: Log, _clock: Clock) -> None:
    own = catalogue(fields=(field("gone", "已去字段", facet=True), field("secret", "身份证号")))
    log.datasets.create(demo_dataset(FEES, catalogue=own.name), own)
    contents: list[Content] = [{"name": "甲", "gone": "旧", "secret": "1"}, {"name": "乙", "gone": "古"}]
    publish(log, FEES, contents, date(2015, 1, 1), "示财〔2015〕1号")
    later = catalogue(fields=(field("secret", "身份证号", personal=True),))
    log.releases.migrate(FEES, later, effective_on=date(2016, 1, 1))


@pytest.mark.slow
def test_a_past_state_is_filtered_sorted_and_counted_by_fields_that_were_dropped_since(
    tmp_path: Path, database: str
) -> None:
    clock = ticking_clock(START)
    with opened(
        tmp_path, Site, content=fill_and_drop_a_field, clock=clock, QINGDAN_DATABASE=database
    ) as site:
        for view in ("release=1", "as_of=2015-06-01"):
            answer = site.client.get(f"{HOME}/records?{view}&gone=旧&fields=name,gone&facets=gone&sort=-gone")
            assert titles(answer) == ["甲"]
            assert {v["value"]: v["count"] for v in answer.json()["facets"][0]["values"]} == {
                "旧": 1,
                "古": 1,
            }
            page = f"/datasets/{FEES}?{view}&gone=旧"
            html = site.client.get(page, headers={"accept": "text/html"})
            assert html.status_code == 200
            assert "身份证号" not in html.text
            assert "甲" in site.client.get(page.replace("?", "/records.csv?")).text
            assert_problem(site.client.get(f"{HOME}/records?{view}&secret=1"), "invalid-parameters")
        kept = f"/datasets/{FEES}?release=1&as_of=2016-01-02&gone=旧"
        assert site.client.get(kept, headers={"accept": "text/html"}).status_code == 200
        record = f"{HOME}/records/{site.record('甲')}?release=1&fields=gone"
        assert site.client.get(record).json()["content"] == {"gone": "旧"}
        for query in ("gone=旧", "as_of=2016-01-02&gone=旧", "release=1&as_of=2015-06-01&gone=旧"):
            assert_problem(site.client.get(f"{HOME}/records?{query}"), "invalid-parameters")
        assert_problem(site.client.get(f"{HOME}/records?release=9&gone=旧"), "no-such-release")


def test_a_past_day_and_a_release_show_what_was_in_effect_then(client: httpx.Client) -> None:
    before = client.get(f"{HOME}/records", params={"as_of": "2015-06-01"})
    assert "价格鉴证业务收费" in titles(before)
    assert "食品经营许可证工本费" not in titles(before)
    first = client.get(f"{HOME}/records", params={"release": 1})
    assert first.json()["total"] == 4
    assert "药品注册费" in titles(first)


def test_paging_returns_each_record_once_and_ends(client: httpx.Client) -> None:
    names: list[str] = []
    address: str | None = f"{HOME}/records?limit=1&sort=name"
    while address is not None:
        answer = client.get(address.removeprefix(BASE)).json()
        assert answer["total"] == 3
        names += [record["title"] for record in answer["records"]]
        address = answer["links"]["next"]
    assert len(names) == len(set(names)) == 3
    assert names == sorted(names)


def test_a_list_has_an_order_of_its_own(client: httpx.Client) -> None:
    names: list[str] = []
    address: str | None = f"{HOME}/records?limit=1&sort=listed"
    while address is not None:
        answer = client.get(address.removeprefix(BASE)).json()
        names += [record["title"] for record in answer["records"]]
        address = answer["links"]["next"]
    assert names == titles(client.get(f"{HOME}/records?sort=listed"))
    assert sorted(names) == titles(client.get(f"{HOME}/records")) != names
    for sort in ("-listed", "listed,name", "name,listed"):
        assert_problem(client.get(f"{HOME}/records?sort={sort}"), "invalid-parameters")


def test_a_cursor_serves_only_the_query_that_it_came_with(client: httpx.Client) -> None:
    following = client.get(f"{HOME}/records?limit=1").json()["links"]["next"].removeprefix(BASE)
    assert client.get(following).status_code == 200
    assert_problem(client.get(f"{following}&sort=name"), "invalid-cursor")
    for cursor in ("", "x", "e30", "WyJhIl0", "é", "bnVsbA"):
        assert_problem(client.get(f"{HOME}/records", params={"cursor": cursor}), "invalid-cursor")


def test_a_record_states_its_source_and_how_to_check_it(site: Site) -> None:
    record = site.record("城镇垃圾处理费")
    answer = site.client.get(f"{HOME}/records/{record}").json()
    assert answer["status"] == "current"
    assert answer["effective_from"] == "2015-12-01"
    assert answer["content"]["management"] == "缴入财政专户"
    assert answer["locator"]["cells"] == {"name": "A2"}
    assert answer["originals"] == {"name": " 城镇垃圾处理费"}
    assert answer["sources"][0]["name"] == "收费目录.csv"
    assert answer["sources"][0]["partial"] is False
    assert answer["sources"][0]["parser_version"] == "1"
    assert answer["excerpts"] == {"name": " 城镇垃圾处理费"}
    assert len(answer["revision"]["hash"]) == 64
    assert answer["links"]["self"] == f"{BASE}{HOME}/records/{record}"


def test_fields_narrow_one_record_too(site: Site) -> None:
    record = site.record("城镇垃圾处理费")
    answer = site.client.get(f"{HOME}/records/{record}?fields=management").json()
    assert answer["content"] == {"management": "缴入财政专户"}
    assert fault(site.client.get(f"{HOME}/records/{record}?limit=1"))["parameter"] == "limit"


def test_a_removed_record_still_answers_and_says_since_when(site: Site) -> None:
    record = site.record("价格鉴证业务收费")
    answer = site.client.get(f"{HOME}/records/{record}").json()
    assert (answer["status"], answer["effective_from"]) == ("removed", "2015-12-01")
    assert answer["content"]["name"] == "价格鉴证业务收费"


def test_a_withdrawn_record_answers_410_with_its_tombstone(site: Site) -> None:
    record = site.record("药品注册费")
    body = assert_problem(site.client.get(f"{HOME}/records/{record}"), "withdrawn")
    assert body["tombstone"]["id"] == record
    assert body["tombstone"]["reason"] == "重复登记"
    assert body["tombstone"]["history"] == f"{BASE}{HOME}/records/{record}/history"
    pinned = site.client.get(f"{HOME}/records/{record}?release=1").json()
    assert pinned["content"]["name"] == "药品注册费"
    assert pinned["withdrawn_at"] is not None


def test_history_lists_every_change_field_by_field(site: Site) -> None:
    record = site.record("城镇垃圾处理费")
    changes = site.client.get(f"{HOME}/records/{record}/history").json()["changes"]
    assert [c["kind"] for c in changes] == ["added", "changed"]
    (field,) = changes[1]["fields"]
    assert (field["field"], field["title"]) == ("management", "资金管理方式")
    assert (field["before"], field["after"]) == ("缴入地方国库", "缴入财政专户")


def test_a_correction_applies_to_the_whole_period_but_is_known_from_now_on(site: Site) -> None:
    record = site.record("不动产登记费")
    now = site.client.get(f"{HOME}/records/{record}?as_of=2015-06-01").json()
    assert now["content"]["management"] == "缴入地方国库"
    then = site.client.get(f"{HOME}/records/{record}?release=1").json()
    assert then["content"]["management"] == "缴入中央和地方国库"


def test_changes_are_paged_from_either_end_and_resumed_by_sequence(client: httpx.Client) -> None:
    oldest = client.get(f"{HOME}/changes").json()["changes"]
    newest = client.get(f"{HOME}/changes?sort=-sequence").json()["changes"]
    assert [c["sequence"] for c in oldest] == sorted(c["sequence"] for c in oldest)
    assert oldest == newest[::-1]
    assert {c["kind"] for c in oldest} == {"added", "changed", "removed", "corrected", "withdrawn"}
    resumed = client.get(f"{HOME}/changes", params={"after": oldest[3]["sequence"]}).json()["changes"]
    assert resumed == oldest[4:]
    for order in ("sequence", "-sequence"):
        changes: list[Any] = []
        address: str | None = f"{HOME}/changes?limit=2&sort={order}"
        while address is not None:
            answer = client.get(address.removeprefix(BASE)).json()
            changes += answer["changes"]
            address = answer["links"]["next"]
        assert changes == (oldest if order == "sequence" else newest)


def test_changes_of_one_release_are_its_own(client: httpx.Client) -> None:
    changes = client.get(f"{HOME}/changes?release=2").json()["changes"]
    assert {(c["kind"], c["title"]) for c in changes} == {
        ("changed", "城镇垃圾处理费"),
        ("added", "食品经营许可证工本费"),
        ("removed", "价格鉴证业务收费"),
    }


def test_a_missing_dataset_record_or_release_is_named(site: Site) -> None:
    get = site.client.get
    assert_problem(get("/v1/datasets/none/records"), "no-such-dataset")
    assert_problem(get("/v1/datasets/none/records/abc"), "no-such-dataset")
    assert_problem(get("/v1/datasets/none/changes"), "no-such-dataset")
    assert_problem(get(f"{HOME}/records/aaaaaaaaaaaaaaaa"), "no-such-record")
    assert_problem(get(f"{HOME}/records/aaaaaaaaaaaaaaaa/history"), "no-such-record")
    assert_problem(get(f"{HOME}/records?release=99"), "no-such-release")
    assert_problem(get(f"{HOME}/changes?release=99"), "no-such-release")


def test_a_dataset_without_a_release_has_an_empty_list(client: httpx.Client) -> None:
    answer = client.get("/v1/datasets/empty-fees/records").json()
    assert (answer["total"], answer["records"], answer["links"]["next"]) == (0, [], None)
    assert client.get("/v1/datasets/empty-fees/changes").json()["changes"] == []


@pytest.mark.parametrize("query", ["status=gone", "status.gt=current", "status.exists=true"])
def test_a_status_that_no_record_can_have_is_refused(client: httpx.Client, query: str) -> None:
    assert_problem(client.get(f"{HOME}/records?{query}"), "invalid-parameters")

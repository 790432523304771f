"""The changes of the whole site over HTTP: filters, pages, both clocks."""

from __future__ import annotations

import httpx
import pytest

from tests.support.problems import assert_problem
from tests.support.site import BASE, FEES, Site


def total(client: httpx.Client, query: str) -> int:
    answer = client.get(f"/v1/changes?{query}")
    assert answer.status_code == 200, answer.text
    return int(answer.json()["total"])


def test_a_change_names_its_list_bodies_release_and_fields(site: Site) -> None:
    answer = site.client.get("/v1/changes?kind=corrected")
    (change,) = answer.json()["changes"]
    assert (change["dataset"], change["dataset_title"]) == (FEES, "示例市收费目录(演示数据)")
    assert (change["kind"], change["title"], change["release"]) == ("corrected", "不动产登记费", 3)
    assert (change["body"], change["bodies"], change["division"]) == (
        "示例市人民政府",
        ["市自然资源局"],
        "210300",
    )
    assert change["fields"] == [
        {
            "field": "management",
            "title": "资金管理方式",
            "before": "缴入中央和地方国库",
            "after": "缴入地方国库",
        }
    ]
    assert change["directions"] == []
    release = site.client.get(change["links"]["release"].removeprefix(BASE)).json()
    assert release["number"] == change["release"]
    again = site.client.get("/v1/changes?kind=corrected", headers={"if-none-match": answer.headers["etag"]})
    assert again.status_code == 304


def test_filters_and_both_clocks(client: httpx.Client) -> None:
    every = total(client, "")
    assert every == 9
    kinds = client.get("/v1/changes").json()["facets"]["kind"]
    assert {one["value"]: one["count"] for one in kinds} == {
        "added": 5,
        "changed": 1,
        "removed": 1,
        "corrected": 1,
        "withdrawn": 1,
    }
    assert total(client, "kind=removed&kind=withdrawn") == 2
    assert total(client, "kind=fee-raised") == 0
    assert total(client, f"dataset={FEES}&division=210300") == every
    assert total(client, "division=2103") == total(client, "division=210000") == every
    assert (
        total(client, "division=220000")
        == total(client, "division=210302")
        == total(client, "dataset=nowhere")
        == 0
    )
    assert total(client, "body=市自然资源局") == 2
    assert total(client, "effective_on=2015-12-01") == 3
    assert total(client, "effective_on.gte=2015-01-02&effective_on.lte=2015-12-01") == 3
    assert total(client, "as_of=2015-06-01&kind=added") == 4
    assert total(client, "known_at=2016-01-04T02:00:00Z") == 4


def test_pages_contain_each_change_once_newest_first(client: httpx.Client) -> None:
    sequences: list[int] = []
    address: str | None = "/v1/changes?limit=4"
    while address is not None:
        answer = client.get(address.removeprefix(BASE)).json()
        sequences += [one["sequence"] for one in answer["changes"]]
        address = answer["links"]["next"]
    assert sequences == sorted(set(sequences), reverse=True)
    assert len(sequences) == 9


@pytest.mark.parametrize(
    "query",
    [
        *("kind=abolished", "kinds=added", "known_at=2999-01-01T00:00:00Z", "release=1"),
        *(
            "effective_on=2015",
            "effective_on=2015-01-01&effective_on=2015-01-02",
            "effective_on.gt=2015-01-01",
        ),
        "body.gte=a",
    ],
)
def test_wrong_parameters_are_refused(client: httpx.Client, query: str) -> None:
    assert_problem(client.get(f"/v1/changes?{query}"), "invalid-parameters")

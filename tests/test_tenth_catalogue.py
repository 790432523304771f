"""A catalogue that does not ship works with one file and without code."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import feedparser
import httpx
import pytest

from schemas.definition.file_loader import list_names
from tests.support.command import Home, create_arguments

pytestmark = pytest.mark.slow


def field(name: str, title: str, shape: str = "string", **more: object) -> dict[str, object]:
    constraints = {"constraints": {"required": True}} if more.pop("required", False) else {}
    extra = {"title_en": name.replace("_", " ").capitalize(), **more}
    return {
        "name": name,
        "title": title,
        "type": shape,
        "description": title,
        "qingdan": extra,
        **constraints,
    }


MARKETS: dict[str, Any] = {
    "fields": [
        field("market", "夜市名称", required=True, searched=5, aliases=["市场名称"]),
        field("street", "所在街道", searched=1, facet=True),
        field("stalls", "摊位数", "integer"),
        field("fee", "摊位费", "object", kind="amount"),
        field("opened_on", "开市日期", "date"),
        field("manager", "管理单位", kind="body", facet=True),
        field("clerk", "录入人", personal=True),
    ],
    "qingdan": {
        "name": "night-markets",
        "title": {"zh": "夜市目录", "en": "Night markets"},
        "item": "夜市",
        "description": "批准设立的夜市。/ Night markets that were approved.",
        "identity": [["market", "street"]],
        "title_field": "market",
        "body_field": "manager",
        "date_field": "opened_on",
        "ignored": ["序号"],
    },
}
FIRST = """示例市夜市目录（演示数据）
序号,市场名称,所在街道,摊位数,摊位费,开市日期,管理单位,录入人
1,滨河夜市,滨河街道,120,15元/日,2023年5月1日,示例市城市管理局,演示录入员
2,钟楼夜市,钟楼街道,60,20元/日,2022-06-18,示例市城市管理局,演示录入员
"""
SECOND = """示例市夜市目录（演示数据）
序号,市场名称,所在街道,摊位数,摊位费,开市日期,管理单位,录入人
1,滨河夜市,滨河街道,160,15元/日,2023年5月1日,示例市城市管理局,演示录入员
2,南湖夜市,南湖街道,40,10元/日,2024.5.1,示例市城市管理局,演示录入员
"""


@pytest.fixture
def site(tmp_path: Path) -> Home:
    """Create the site, its catalogue file and the dataset."""
    site = Home(tmp_path / "site")
    site.init()
    (site.home / "catalogues").mkdir(exist_ok=True)
    (site.home / "catalogues" / "night-markets.json").write_text(json.dumps(MARKETS), encoding="utf-8")
    site.ok(*create_arguments("markets", "night-markets", "示例市夜市目录（演示数据）"))
    return site


@pytest.fixture
def client(site: Home) -> Iterator[httpx.Client]:
    publish(site, FIRST, "2024-01-01")
    publish(site, SECOND, "2024-06-01")
    with site.client() as client:
        yield client


def publish(site: Home, text: str, day: str) -> dict[str, Any]:
    """Publish a file in GB 18030 → the report of its import."""
    file = site.home.parent / "夜市目录.csv"
    file.write_text(text, encoding="gb18030")
    return site.publish("markets", file, effective_on=day)


def test_it_is_none_of_those_that_ship() -> None:
    assert "night-markets" not in list_names()


def test_it_is_imported_by_its_own_headings_types_and_personal_columns(site: Home) -> None:
    report = publish(site, FIRST, "2024-01-01")
    assert (report["rows"], report["records"], len(report["left_out"])) == (4, 2, 2)
    assert report["changes"]["added"] == 2
    assert [f["severity"] for f in report["findings"] if f["severity"] == "error"] == []
    assert report["files"][0]["dropped_columns"] == ["录入人"]
    again = publish(site, SECOND, "2024-06-01")
    assert {k: again["changes"][k] for k in ("added", "changed", "removed")} == {
        "added": 1,
        "changed": 1,
        "removed": 1,
    }


def test_it_is_published_as_typed_records_that_can_be_filtered_at_any_day(client: httpx.Client) -> None:
    schema = client.get("/v1/datasets/markets/schema").json()
    assert [f["name"] for f in schema["fields"]] == [f["name"] for f in MARKETS["fields"]][:-1]
    page = client.get("/v1/datasets/markets/records", params={"stalls.gte": 100}).json()
    assert [r["content"]["stalls"] for r in page["records"]] == [160]
    then = client.get("/v1/datasets/markets/records", params={"as_of": "2024-03-01"}).json()
    assert {r["title"] for r in then["records"]} == {"滨河夜市", "钟楼夜市"}
    (record,) = (r for r in then["records"] if r["title"] == "钟楼夜市")
    assert record["content"]["opened_on"] == "2022-06-18"
    assert record["content"]["fee"]["amount"] == "20"


def test_it_is_found_by_search_in_traditional_characters_too(client: httpx.Client) -> None:
    page = client.get("/v1/search", params={"q": "濱河夜市"}).json()
    assert page["hits"][0]["title"]["text"] == "滨河夜市"


def test_it_is_subscribed_to_in_its_own_words(client: httpx.Client) -> None:
    parsed = feedparser.parse(client.get("/feeds/markets.atom").content)
    assert parsed.bozo is False
    titles = [entry.title for entry in parsed.entries]
    assert len(titles) == 5
    assert set(titles[:3]) == {
        "示例市人民政府 新增夜市：南湖夜市",
        "示例市人民政府 调整夜市：滨河夜市（摊位数：120 → 160）",
        "示例市人民政府 从清单移出夜市：钟楼夜市",
    }


def test_its_personal_column_is_in_no_answer_and_no_feed(client: httpx.Client) -> None:
    for address in (
        *("/v1/datasets/markets/records", "/v1/datasets/markets/changes", "/v1/datasets/markets/schema"),
        *("/v1/search?q=夜市", "/feeds/markets.atom", "/feeds/markets.rss"),
    ):
        answer = client.get(address)
        assert answer.status_code == 200
        assert "演示录入员" not in answer.text

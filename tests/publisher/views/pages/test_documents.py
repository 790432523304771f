"""The page of a policy document links to the documents that explain it and to the one that repealed it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import httpx
import pytest
from sqlalchemy import event

from publisher.log.log import Log
from schemas.definition.file_loader import load_catalogue
from tests.publisher.views.pages.conftest import BROWSER, Page
from tests.support.clock import Clock
from tests.support.log import catalogue, field
from tests.support.site import FEES, START, Site, demo_dataset, opened, publish, ticking_clock

NUMBER = "示政发〔2024〕1号"
DOCUMENTS: list[dict[str, Any]] = [
    {"number": NUMBER, "title": "关于减税的通知", "body_markdown": "一、减税\n\n各区县照办。"},
    {"title": "一图读懂减税", "body_markdown": "减了什么。", "explains": [NUMBER]},
    {"title": "减税那些事", "body_markdown": "见示政发〔2024〕1号。", "explains": ["《关于减税的通知》"]},
    {"title": "减税解读吗", "body_markdown": "别的内容，提到示政发〔2024〕1号。"},
    {
        "number": "示政发〔2025〕9号",
        "title": "关于清理文件的决定",
        "body_markdown": "清理。",
        "ends": [NUMBER],
    },
    {"number": "示政发〔2024〕2号", "title": "关于补贴的通知", "body_markdown": "照发。"},
    {
        "number": "示政发〔2024〕3号",
        "title": "关于奖励的通知",
        "body_markdown": "奖。",
        "effective": "2024-06-01",
    },
    {
        "number": "示政发〔2023〕7号",
        "title": "关于停止奖励的决定",
        "body_markdown": "停。",
        "effective_on": "2023-01-01",
        "ends": ["示政发〔2024〕3号"],
    },
    {
        "number": "示政发〔2026〕1号",
        "title": "关于停止补贴的决定",
        "body_markdown": "停发。",
        "effective_on": "2099-01-01",
        "ends": ["示政发〔2024〕2号"],
    },
]


def content(log: Log, _clock: Clock) -> None:
    log.datasets.create(
        demo_dataset("policies", catalogue="policies", title="政策文件"), load_catalogue("policies")
    )
    contents = [{"name": one["title"], **one} for one in DOCUMENTS]
    publish(log, "policies", contents, date(2025, 1, 1), "")


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    clock = ticking_clock(datetime(2026, 1, 4, 1, tzinfo=UTC))
    with opened(tmp_path_factory.mktemp("documents"), Site, content=content, clock=clock) as site:
        yield site


@pytest.fixture
def log(site: Site) -> Log:
    return site.log


@pytest.fixture
def statements(log: Log) -> Iterator[list[str]]:
    """Record every statement that the log sends to the database during a test."""
    texts: list[str] = []

    def record(_conn: object, _cursor: object, statement: str, *_: object) -> None:
        texts.append(" ".join(statement.split()))

    event.listen(log._session.database.engine, "before_cursor_execute", record)
    yield texts
    event.remove(log._session.database.engine, "before_cursor_execute", record)


def page(client: httpx.Client, title: str) -> Page:
    listed = client.get("/v1/datasets/policies/records?limit=100").json()["records"]
    (record,) = (row["id"] for row in listed if row["title"] == title)
    return Page(client.get(f"/datasets/policies/records/{record}", headers=BROWSER))


def section(text: str, title: str) -> str:
    """Return the text under a heading, up to the next heading."""
    rest = text.split(f" {title} ", 1)[1]
    return rest.split(" 废止本文件的文件 ", 1)[0].split(" 引用本文件的条目和文件 ", 1)[0]


def test_explanations_of_a_document_follow_from_relations_and_not_from_titles(client: httpx.Client) -> None:
    text = page(client, "关于减税的通知").text
    explaining = section(text, "解读与回应")
    assert "一图读懂减税" in explaining
    assert "减税那些事" in explaining
    assert "减税解读吗" not in explaining
    assert "减税解读吗" in text.split(" 引用本文件的条目和文件 ")[1]


def test_a_document_that_another_ended_says_so_at_the_top(client: httpx.Client) -> None:
    policy = page(client, "关于减税的通知")
    top = policy.text.split("基本情况")[0]
    assert "已废止 依据 关于清理文件的决定" in top
    assert "已废止" not in page(client, "一图读懂减税").text
    assert "废止本文件的文件" in policy.text


def test_a_document_that_another_will_end_is_still_in_force(client: httpx.Client) -> None:
    text = page(client, "关于补贴的通知").text
    assert "将废止 依据 关于停止补贴的决定 ，自其施行之日起。" in text
    assert "已废止" not in text


def test_a_repeal_before_the_document_was_enacted_again_explains_nothing(client: httpx.Client) -> None:
    text = page(client, "关于奖励的通知").text
    assert "已废止" not in text
    assert "解读与回应" not in text
    assert "关于停止奖励的决定" in text.split(" 引用本文件的条目和文件 ")[1]


def test_a_page_states_the_cell_and_the_parser_version(client: httpx.Client) -> None:
    text = page(client, "关于清理文件的决定").text
    assert "工作表“ 收费 ”" in text
    assert "识读程序 版本1" in text


def test_all_records_that_cite_a_document_are_read_by_one_statement(
    client: httpx.Client, statements: list[str]
) -> None:
    policy = page(client, "关于减税的通知")
    assert len(policy.links) > 0
    joins = [text for text in statements if "FROM citation JOIN span" in text and "ORDER BY" in text]
    assert len(joins) == 1


@pytest.mark.slow
def test_a_document_of_a_kind_whose_date_is_a_text_has_a_page(tmp_path: Path) -> None:
    def fill(log: Log, _clock: Clock) -> None:
        body = {**field("body", "正文"), "qingdan": {"title_en": "Text", "kind": "markdown"}}
        log.datasets.create(demo_dataset(FEES), catalogue(fields=(body, field("date_published", "发布日期"))))
        publish(
            log, FEES, [{"name": "甲", "body": "全文", "date_published": "2015年3月"}], date(2015, 4, 1), ""
        )

    with opened(tmp_path, Site, content=fill, clock=ticking_clock(START)) as site:
        page = site.client.get(f"/datasets/{FEES}/records/{site.record('甲')}", headers=BROWSER)
        assert (page.status_code, "2015年3月" in page.text) == (200, True)

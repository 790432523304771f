"""A policy document's page tells what the log knows of others: who explains it, and what ended it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime
from typing import Any

import httpx
import pytest
from litestar.testing import TestClient
from sqlalchemy import event

from publisher.app import create_app
from publisher.log.log import Log
from publisher.settings import read as read_settings
from schemas.definition.file_loader import load
from search.embedded.engine import EmbeddedEngine
from tests.api.asserting import BASE
from tests.api.conftest import Clock, dataset, index, publish
from tests.pages.conftest import BROWSER, Page

CLOCK = Clock(datetime(2026, 1, 4, 1, tzinfo=UTC))
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
]


@pytest.fixture(scope="module")
def log(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Log]:
    settings = read_settings(tmp_path_factory.mktemp("documents"), {})
    log = Log.open(settings.database, sources=settings.sources, clock=CLOCK)
    log.datasets.init_site(BASE, "data.example.gov.cn,2026-01-04")
    log.datasets.create(dataset("policies", catalogue="policies", title="政策文件"), load("policies"))
    contents = [{"name": one["title"], **one} for one in DOCUMENTS]
    publish(log, "policies", contents, date(2025, 1, 1), "")
    yield log
    log.close()


@pytest.fixture(scope="module")
def client(log: Log, tmp_path_factory: pytest.TempPathFactory) -> Iterator[httpx.Client]:
    settings = read_settings(tmp_path_factory.mktemp("index"), {})
    engine = EmbeddedEngine(settings.index)
    index(log, engine)
    with TestClient(create_app(settings, log=log, search=engine, clock=CLOCK)) as client:
        yield client


@pytest.fixture
def statements(log: Log) -> Iterator[list[str]]:
    """Every statement that the log sends while a test runs."""
    sent: list[str] = []

    def note(_conn: object, _cursor: object, statement: str, *_: object) -> None:
        sent.append(" ".join(statement.split()))

    event.listen(log._session.database.engine, "before_cursor_execute", note)
    yield sent
    event.remove(log._session.database.engine, "before_cursor_execute", note)


def page(client: httpx.Client, title: str) -> Page:
    listed = client.get("/v1/datasets/policies/records?limit=100").json()["records"]
    (found,) = (one["id"] for one in listed if one["title"] == title)
    return Page(client.get(f"/datasets/policies/records/{found}", headers=BROWSER))


def section(text: str, title: str) -> str:
    """What stands under a heading, up to the next one."""
    rest = text.split(f" {title} ", 1)[1]
    return rest.split(" 宣布其废止的文件 ", 1)[0].split(" 引用本文件的内容 ", 1)[0]


def test_what_explains_a_document_is_told_by_its_relation_and_not_by_its_title(client: httpx.Client) -> None:
    text = page(client, "关于减税的通知").text
    explaining = section(text, "解读与回应")
    assert "一图读懂减税" in explaining
    assert "减税那些事" in explaining
    assert "减税解读吗" not in explaining
    assert "减税解读吗" in text.split(" 引用本文件的内容 ")[1]


def test_a_document_that_another_ended_says_so_at_the_top(client: httpx.Client) -> None:
    opened = page(client, "关于减税的通知")
    top = opened.text.split("基本情况")[0]
    assert "已废止 依据 关于清理文件的决定" in top
    assert "已废止" not in page(client, "一图读懂减税").text
    assert "宣布其废止的文件" in opened.text


def test_a_page_tells_which_cell_was_read_and_by_which_version(client: httpx.Client) -> None:
    text = page(client, "关于清理文件的决定").text
    assert "工作表“ 收费 ”" in text
    assert "版本 1" in text


def test_however_many_mention_a_document_they_are_read_by_one_statement(
    client: httpx.Client, statements: list[str]
) -> None:
    opened = page(client, "关于减税的通知")
    assert len(opened.links) > 0
    read = [text for text in statements if "FROM span" in text and "record.id IN" in text]
    assert len(read) == 1

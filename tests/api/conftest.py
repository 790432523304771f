"""A small real site: a log, an index and the application over them. Read-only, so all tests share it."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import httpx
import pytest
from litestar.testing import TestClient

from publisher.app import create_app
from publisher.indexing import span_to_document
from publisher.log.log import Log
from publisher.log.model import Dataset, Entry
from publisher.settings import Settings
from publisher.settings import read as read_settings
from schemas.definition import file_loader as catalogues
from schemas.definition.catalogue import Content
from search.embedded.engine import EmbeddedEngine
from tests.api.asserting import BASE

FEES = "shili-fees"
PLAIN: list[Content] = [
    {"name": "城镇垃圾处理费", "department": "市住房和城乡建设局", "management": "缴入地方国库"},
    {"name": "不动产登记费", "department": "市自然资源局", "management": "缴入中央和地方国库"},
    {"name": "药品注册费", "department": "市市场监管局", "management": "缴入地方国库"},
    {"name": "价格鉴证业务收费", "department": "市发展和改革委员会", "management": "缴入财政专户"},
]


class Clock:
    """A clock that tests set; it moves a second at every reading."""

    def __init__(self, start: datetime) -> None:
        self.now = start

    def __call__(self) -> datetime:
        self.now += timedelta(seconds=1)
        return self.now


@dataclass(frozen=True)
class Site:
    settings: Settings
    log: Log
    engine: EmbeddedEngine
    clock: Clock
    client: httpx.Client

    def record(self, title: str) -> str:
        """The id of a record of the fees, by its title."""
        (found,) = {state.id for state in self.log.queries.find(FEES, title)}
        return found


def dataset(name: str, **more: object) -> Dataset:
    values: dict[str, object] = {
        "catalogue": "fees",
        "title": "示例市收费目录(演示数据)",
        "title_en": "Fees of Example City (demo)",
        "body": "示例市人民政府",
        "division": "210300",
        "licence": "CC0-1.0",
        "contact": "data@example.gov.cn",
        "notice": "演示数据: 示例市并不存在。",
        "labels": ("demo",),
        "source_note": "为测试而编 / Made up for tests",
    }
    return Dataset(name=name, **{**values, **more})  # type: ignore[arg-type]  # the values above are of the right types


def publish(
    log: Log, name: str, contents: Sequence[Content], on: date, basis: str, part: str | None = None
) -> None:
    text = repr(contents).encode()
    source = log.evidence.put_source(text, name="收费目录.csv", media_type="text/csv")
    entries = [
        Entry(
            content=content,
            source_text=repr(content),
            locator={"sheet": "收费", "rows": [row], "cells": {"name": f"A{row}"}},
            originals={"name": f" {content['name']}"},
        )
        for row, content in enumerate(contents, start=2)
    ]
    log.drafts.stage(name, entries, part=part, source=source, parser_version="1")
    release = log.releases.publish(name, effective_on=on, basis=basis, actor="经办人")
    assert release is not None


def index(log: Log, engine: EmbeddedEngine) -> None:
    """Everything that the log holds, into the engine."""
    documents = []
    for span in log.queries.spans():
        kept = log.datasets.get(span.dataset)
        document = span_to_document.document(span, kept, log.queries.catalogue(span.dataset))
        if document is not None:
            documents.append(document)

    async def run() -> None:
        await engine.index(documents)
        await engine.mark(max(item.sequence for item in log.outbox.items(limit=10_000)))

    asyncio.run(run())


def fill(log: Log, clock: Clock) -> None:
    """Four releases: a beginning, a change with an addition and a removal, a correction, a withdrawal."""
    fees = catalogues.load("fees")
    log.datasets.create(dataset(FEES), fees)
    log.datasets.create(
        dataset("empty-fees", title="空目录(演示数据)", source_note="<script>alert(1)</script>"), fees
    )
    publish(log, FEES, PLAIN, date(2015, 1, 1), "示财〔2015〕1号")
    clock.now += timedelta(days=30)
    later: list[Content] = [
        {**PLAIN[0], "management": "缴入财政专户"},
        *PLAIN[1:3],
        {"name": "食品经营许可证工本费", "department": "市市场监管局", "management": "缴入地方国库"},
    ]
    publish(log, FEES, later, date(2015, 12, 1), "示财〔2015〕2号")
    clock.now += timedelta(days=30)
    (registration,) = log.queries.find(FEES, "不动产登记费")
    log.releases.correct(
        FEES, {registration.id: {**PLAIN[1], "management": "缴入地方国库"}}, reason="勘误: 资金管理方式有误"
    )
    (drugs,) = log.queries.find(FEES, "药品注册费")
    log.releases.withdraw(FEES, [drugs.id], reason="重复登记")


@contextmanager
def made(home: Path, *, database: str = "") -> Iterator[Site]:
    """The site in an empty folder, served to its client; ``database`` is empty too, SQLite unless named."""
    settings = read_settings(home, {"QINGDAN_DATABASE": database})
    clock = Clock(datetime(2016, 1, 4, 1, tzinfo=UTC))
    log = Log.open(settings.database, sources=settings.sources, clock=clock)
    log.datasets.init_site(BASE, "data.example.gov.cn,2016-01-04")
    fill(log, clock)
    engine = EmbeddedEngine(settings.index)
    index(log, engine)
    app = create_app(settings, log=log, search=engine, clock=clock)
    with TestClient(app, base_url="http://testserver.local") as client:
        yield Site(settings, log, engine, clock, client)
    log.close()
    asyncio.run(engine.close())


@pytest.fixture(scope="session")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    with made(tmp_path_factory.mktemp("site")) as site:
        yield site


@pytest.fixture
def client(site: Site) -> httpx.Client:
    return site.client

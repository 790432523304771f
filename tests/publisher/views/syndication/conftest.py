"""A small site with a clock that tests set, served to a client."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import feedparser
import httpx
import pytest

from publisher.log.log import Log
from publisher.log.model import Dataset, DraftEntry, Part, Release
from schemas.definition.catalogue import Content
from schemas.definition.file_loader import load_catalogue
from tests.support.clock import Clock
from tests.support.datasets import make_dataset
from tests.support.site import BASE, FEES, Site, opened

FIRST: list[Content] = [
    {"name": "价格鉴证业务收费", "department": "发展改革部门", "standard": "按标的额分档累进"},
    {"name": "居民生活污水处理费", "department": "住房城乡建设部门", "standard": "0.85元/立方米"},
    {"name": "遗体整容", "department": "民政部门", "standard": "200元/具"},
]
SECOND: list[Content] = [
    {**FIRST[1], "standard": "0.95元/立方米"},
    FIRST[2],
    {"name": "城市道路占用挖掘修复费", "department": "住房城乡建设部门", "standard": "按面积计收"},
]


class Service(Site):
    def publish(
        self,
        contents: list[Content],
        on: date | None = None,
        *,
        dataset: str = FEES,
        part: str | None = "财政局",
        source_texts: Callable[[Content], str] = repr,
    ) -> Release:
        self.clock.advance(days=1)
        source = self.log.evidence.put_source(
            repr(contents).encode(), name="收费目录.csv", media_type="text/csv"
        )
        entries = [DraftEntry(content=content, source_text=source_texts(content)) for content in contents]
        self.log.drafts.stage(dataset, entries, part=part, source=source, parser_version="1")
        release = self.log.releases.publish(
            dataset, effective_on=on or self.clock.now.date(), basis="示财综〔2024〕5号"
        )
        assert release is not None
        return release

    def feed(self, name: str = f"{FEES}.atom") -> Any:
        return parse_feed(self.client.get(f"/feeds/{name}"))


def parse_feed(response: httpx.Response) -> Any:
    assert response.status_code == 200, response.text
    parsed = feedparser.parse(response.content)
    assert parsed.bozo is False
    return parsed


def titles(parsed: Any) -> list[str]:
    return [entry.title for entry in parsed.entries]


def dataset(name: str, title: str, *parts: Part, division: str | None = None) -> Dataset:
    texts = {"title": title, "title_en": "Fees", "contact": "data@example.gov.cn", "notice": "演示数据"}
    return make_dataset(name, "fees", **texts, division=division, parts=parts)


def content(log: Log, _clock: Clock) -> None:
    """Create one dataset without a release."""
    log.datasets.create(dataset(FEES, "示例市收费目录（演示数据）", Part("财政局")), load_catalogue("fees"))


@contextmanager
def open_service(home: Path, **environ: str) -> Iterator[Service]:
    """Open the site in an empty folder."""
    clock = Clock(datetime(2024, 1, 1, tzinfo=UTC))
    with opened(home, Service, content=content, clock=clock, host=BASE, **environ) as service:
        yield service


@pytest.fixture
def service(tmp_path: Path, database: str) -> Iterator[Service]:
    with open_service(tmp_path, QINGDAN_DATABASE=database) as service:
        yield service

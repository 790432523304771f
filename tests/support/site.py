"""One small real site: a log, an index and the application over them, with a clock that tests set."""

from __future__ import annotations

import re
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import cache
from pathlib import Path

import anyio
import httpx
from litestar import Litestar
from litestar.testing import TestClient

from publisher.app import create_app
from publisher.indexing import indexer
from publisher.log.log import Log
from publisher.log.model import Dataset, DraftEntry
from publisher.settings import Settings, read_settings
from publisher.views.api import contract
from publisher.views.pages import routes as pages
from publisher.views.pages.printing.templates import Press
from schemas.definition import file_loader as catalogues
from schemas.definition.catalogue import Content
from search.embedded.engine import EmbeddedEngine
from tests.support import sqlite
from tests.support.clock import Clock
from tests.support.datasets import make_dataset

BASE = "https://data.example.gov.cn"
HOST = "http://testserver.local"
"""Address at which clients reach the site; links in responses still begin with ``BASE``."""
FEES = "shili-fees"
START = datetime(2016, 1, 4, 1, tzinfo=UTC)
PLAIN: list[Content] = [
    {"name": "城镇垃圾处理费", "department": "市住房和城乡建设局", "management": "缴入地方国库"},
    {"name": "不动产登记费", "department": "市自然资源局", "management": "缴入中央和地方国库"},
    {"name": "药品注册费", "department": "市市场监管局", "management": "缴入地方国库"},
    {"name": "价格鉴证业务收费", "department": "市发展和改革委员会", "management": "缴入财政专户"},
]
"""Fees of the first release."""

_LEFT_OUT = ("/correction", "/follow", "/delta")
"""Parts of the addresses of forms, which not every site has, and of what needs a second release."""
_SPECIFIC = {"/checks/{code}": "/checks/{check}", "/commitments/{record}": "/commitments/{commitment}"}
"""Places whose value is another than in most paths."""


@dataclass(frozen=True)
class Site:
    settings: Settings
    log: Log
    engine: EmbeddedEngine
    clock: Clock
    client: httpx.Client

    @property
    def app(self) -> Litestar:
        """Create another application on the same log and index, for a separate server."""
        return create_app(self.settings, log=self.log, search=self.engine, clock=self.clock)

    def record(self, title: str) -> str:
        """Id of a record of the fees, by its title."""
        (record,) = {state.id for state in self.log.queries.find_by_title(FEES, title)}
        return record

    def index(self) -> None:
        """Bring search up to date, as the worker does."""
        anyio.run(indexer.index_outbox, self.log, self.engine)


def ticking_clock(start: datetime) -> Clock:
    """Build a clock that advances by a second at every reading."""
    return Clock(start, step=timedelta(seconds=1))


def demo_dataset(name: str, catalogue: str = "fees", **settings: object) -> Dataset:
    """Build the settings of a dataset that says that it is a demonstration, by default of fees."""
    defaults: dict[str, object] = {
        "title": "示例市收费目录(演示数据)",
        "title_en": "Fees of Example City (demo)",
        "division": "210300",
        "contact": "data@example.gov.cn",
        "notice": "演示数据: 示例市并不存在。",
        "labels": ("demo",),
        "source_note": "为测试而编 / Made up for tests",
    }
    return make_dataset(name, catalogue, **{**defaults, **settings})


def publish(
    log: Log, name: str, contents: Sequence[Content], on: date, basis: str, part: str | None = None
) -> None:
    """Publish contents as the rows of a file."""
    text = repr(contents).encode()
    source = log.evidence.put_source(text, name="收费目录.csv", media_type="text/csv")
    entries = [
        DraftEntry(
            content=content,
            source_text=repr(content),
            locator={"sheet": "收费", "rows": [row], "cells": {"name": f"A{row}"}},
            originals={"name": f" {content['name']}"} if "name" in content else {},
        )
        for row, content in enumerate(contents, start=2)
    ]
    log.drafts.stage(name, entries, part=part, source=source, parser_version="1")
    release = log.releases.publish(name, effective_on=on, basis=basis, actor="经办人")
    assert release is not None


def fill(log: Log, clock: Clock) -> None:
    """Publish four releases: a first, one with an addition and a removal, a correction, a withdrawal."""
    fees = catalogues.load_catalogue("fees")
    log.datasets.create(demo_dataset(FEES), fees)
    log.datasets.create(
        demo_dataset("empty-fees", title="空目录(演示数据)", source_note="<script>alert(1)</script>"), fees
    )
    publish(log, FEES, PLAIN, date(2015, 1, 1), "示财〔2015〕1号")
    clock.advance(days=30)
    later: list[Content] = [
        {**PLAIN[0], "management": "缴入财政专户"},
        *PLAIN[1:3],
        {"name": "食品经营许可证工本费", "department": "市市场监管局", "management": "缴入地方国库"},
    ]
    publish(log, FEES, later, date(2015, 12, 1), "示财〔2015〕2号")
    clock.advance(days=30)
    (registration,) = log.queries.find_by_title(FEES, "不动产登记费")
    log.releases.correct(
        FEES, {registration.id: {**PLAIN[1], "management": "缴入地方国库"}}, reason="更正：资金管理方式有误"
    )
    (drugs,) = log.queries.find_by_title(FEES, "药品注册费")
    log.releases.withdraw(FEES, [drugs.id], reason="重复登记")


def fill_with_finding(log: Log, clock: Clock) -> None:
    """Publish a fee that rests on a repealed statute, one that does not, and what is known of statutes."""
    log.datasets.create(demo_dataset(FEES), catalogues.load_catalogue("fees"))
    statutes = demo_dataset(
        "statutes", catalogue="statutes", title="法律法规清单(演示数据)", body="示例市司法局"
    )
    log.datasets.create(statutes, catalogues.load_catalogue("statutes"))
    bases: list[Content] = [
        {**PLAIN[0], "basis": ["《城镇排水条例》第二十条", "示价费〔2014〕3号"]},
        {**PLAIN[1], "basis": ["《不动产登记暂行条例》"]},
    ]
    publish(log, FEES, bases, date(2015, 1, 1), "示财〔2015〕1号")
    clock.advance(days=30)
    repeal: Content = {
        "title": "城镇排水条例",
        "repealed_on": "2015-06-01",
        "repealed_by": "城镇排水与污水处理条例",
        "repealed_by_version": "2015-03-01",
        "repealed_article": "第五十八条",
    }
    publish(log, "statutes", [repeal], date(2015, 1, 1), "示司〔2015〕1号")


POWERS = "shili-power-list"


def fill_with_limits(log: Log, clock: Clock) -> None:
    """Publish three powers, and then a limit that is shorter, one that is longer, and one at once."""
    log.datasets.create(
        demo_dataset(
            POWERS, catalogue="power-list", title="示例市权责清单(演示数据)", title_en="Powers (demo)"
        ),
        catalogues.load_catalogue("power-list"),
    )
    names = ("取水许可", "养老服务备案", "渔业捕捞许可")
    for day, limits in ((date(2015, 1, 1), (15, 10, 5)), (date(2015, 12, 1), (10, 20, 0))):
        contents: list[Content] = [
            {
                "name": name,
                "actor": "市民政局" if name == "养老服务备案" else "市水务局",
                "power_type": "行政许可",
                "statutory_limit": {"value": 20, "unit": "工作日"},
                "promised_limit": {"value": value, "unit": "工作日" if value else "即时"},
            }
            for name, value in zip(names, limits, strict=True)
        ]
        publish(log, POWERS, contents, day, f"示政发〔{day.year}〕1号")
        clock.advance(days=30)


@contextmanager
def site_with_limits(home: Path) -> Iterator[Site]:
    with opened(home, Site, content=fill_with_limits, clock=ticking_clock(START)) as site:
        yield site


@contextmanager
def site_with_finding(home: Path) -> Iterator[Site]:
    with opened(home, Site, content=fill_with_finding, clock=ticking_clock(START)) as site:
        yield site


@contextmanager
def opened[Kind: Site](
    home: Path,
    kind: type[Kind],
    *,
    content: Callable[[Log, Clock], None],
    clock: Clock,
    base: str = BASE,
    host: str = HOST,
    **environ: str,
) -> Iterator[Kind]:
    """Open a site in an empty folder, with the log that ``content`` fills, and its client."""
    settings = read_settings(home, environ)
    if not environ.get("QINGDAN_DATABASE"):
        assert sqlite.new(home / "qingdan.db") == settings.database
    log = Log.open(settings.database, sources=settings.sources, clock=clock)
    log.datasets.init_site(base, f"data.example.gov.cn,{clock.now:%Y-%m-%d}")
    content(log, clock)
    engine = EmbeddedEngine(settings.index)
    anyio.run(indexer.index_outbox, log, engine)
    with _running(kind, settings, log, engine, clock, host) as site:
        yield site


@contextmanager
def _running[Kind: Site](
    kind: type[Kind], settings: Settings, log: Log, engine: EmbeddedEngine, clock: Clock, host: str
) -> Iterator[Kind]:
    app = create_app(settings, log=log, search=engine, clock=clock)
    with TestClient(app, base_url=host) as client:
        yield kind(settings, log, engine, clock, client)
    log.close()
    anyio.run(engine.close)


@contextmanager
def four_releases(home: Path, *, database: str = "", base: str = BASE) -> Iterator[Site]:
    """Open the site that most tests read; ``database`` is empty, and SQLite by default.

    On SQLite a process publishes its releases once, and copies the files.
    """
    if database:
        with opened(
            home, Site, content=fill, clock=ticking_clock(START), base=base, QINGDAN_DATABASE=database
        ) as site:
            yield site
        return
    files, now = _files_of_four_releases(base)
    for path, data in files.items():
        (home / path).parent.mkdir(parents=True, exist_ok=True)
        (home / path).write_bytes(data)
        (home / path).chmod(0o600)  # a key that others can read is refused
    with reopened(home, ticking_clock(now)) as site:
        yield site


@contextmanager
def reopened(home: Path, clock: Clock) -> Iterator[Site]:
    """Open the site that a folder already contains."""
    settings = read_settings(home, {})
    log = Log.open(settings.database, sources=settings.sources, clock=clock)
    with _running(Site, settings, log, EmbeddedEngine(settings.index), clock, HOST) as site:
        yield site


@cache
def _files_of_four_releases(base: str) -> tuple[dict[Path, bytes], datetime]:
    """Files of a closed home by their paths, and the time by the site's clock."""
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        with opened(home, Site, content=fill, clock=ticking_clock(START), base=base) as site:
            now = site.clock.now
        files = {path.relative_to(home): path.read_bytes() for path in home.rglob("*") if path.is_file()}
    return files, now


def fill_addresses(values: Mapping[str, str]) -> list[str]:
    """List an address of each route whose places in the path all have a value, with the query it requires."""
    paths = [_specify(route.operation.path) for route in (*contract.ROUTES, *pages.routes(Press()))]
    return [
        path.format_map(values) + _required_query(path)
        for path in paths
        if set(re.findall(r"{(\w+)}", path)) <= values.keys() and not any(part in path for part in _LEFT_OUT)
    ]


def _specify(path: str) -> str:
    for general, specific in _SPECIFIC.items():
        path = path.replace(general, specific)
    return path


def _required_query(path: str) -> str:
    if "/compare" in path:
        return "?from=1"
    return "?q=%E8%AE%B8%E5%8F%AF" if "/search" in path or "/suggest" in path else ""

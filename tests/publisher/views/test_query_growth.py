"""Work of the database for each route and the worker at two sizes of the log: twice for twice the records.

SQLite chooses plans without knowing how large tables are. A plan that reads all values for each change once
took ten seconds for a list of 10,000 changes, and would have taken an hour for ten times as many.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import date, timedelta
from functools import partial
from pathlib import Path

import pytest

from publisher.log.database import interruption, sqlite
from publisher.log.findings import record_states
from publisher.log.log import Log
from publisher.log.model import RecordQuery
from schemas.definition.catalogue import Content, Json
from tests.support.clock import Clock
from tests.support.datasets import create_dataset
from tests.support.site import START, Site, fill_addresses, opened, publish

_STEPS = 500
"""Instructions of SQLite's virtual machine that are counted at once."""
_SMALL, _LARGE = 400, 800
"""Records of each of two lists."""
_MOST_GROWTH = 3.2
"""Twice as much where work is linear, four times where it is not; between them are lists read in batches."""
_NEGLIGIBLE = 500
"""Counts below which growth says nothing."""
_LISTS = (
    "/v1/datasets/powers/records?actor=%E7%AC%AC1%E5%B1%80&sort=-name",
    "/v1/datasets/powers/records?facets=actor,power_type&limit=100",
    "/v1/datasets/powers/records?promised_limit.lt=12",
    "/v1/changes?body=%E7%AC%AC1%E5%B1%80",
    "/v1/changes?kind=changed&dataset=powers",
    "/v1/limits?body=%E7%AC%AC1%E5%B1%80",
    "/v1/search?q=%E8%AE%B8%E5%8F%AF&facets=body,type,year",
    "/ogc/collections/powers/items",
)
_OF_FOUR_LISTS = ("/v1/findings?dataset=powers", "/feeds/fees.rss?change=changed")

type Fill = Callable[[int, Log, Clock], None]
"""Publishes lists of so many records."""


_STATUTES = [f"{a}{b}管理条例" for a in "甲乙丙丁戊己庚辛壬癸" for b in "天地玄黄宇宙洪荒日月"]


def _power(number: int, limit: int) -> Content:
    return {
        "name": f"取水许可第{number}项",
        "power_type": "行政许可" if number % 2 else "行政处罚",
        "actor": f"第{number % 30}局",
        "basis": f"《{_STATUTES[number % 100]}》第{number % 50 + 1}条；示政发〔2014〕{number % 300}号",
        "statutory_limit": {"value": 20, "unit": "工作日"},
        "promised_limit": {"value": limit, "unit": "工作日"},
    }


def _fee(number: int, price: int) -> Content:
    amount: dict[str, Json] = {
        "value": str(number % 90 + price),
        "unit": "元/次",
        "text": f"{number % 90 + price}元/次",
    }
    return {"name": f"收费第{number}项", "department": f"第{number % 30}局", "amount": amount}


def _repealed(title: str) -> Content:
    repeal: Content = {"repealed_on": "2014-06-01", "repealed_by": "新管理条例"}
    return {"title": title, "repealed_by_version": "2014-03-01", "repealed_article": "第五十八条", **repeal}


def _task(number: int) -> Content:
    return {
        "plan": "示政发〔2014〕1号",
        "task": f"任务{number}",
        "lead": f"第{number}局",
        "deadline": "2015-06-30",
    }


def _fill_one_list(size: int, log: Log, clock: Clock) -> None:
    """Publish a list twice, with a limit that changed. One list alone is read by other plans than several."""
    create_dataset(log, "powers", "power-list", division="210300")
    for year, limit in ((2015, 15), (2016, 10)):
        _publish_powers(log, size, year, limit)
        clock.advance(days=30)


def _publish_powers(log: Log, size: int, year: int, limit: int) -> None:
    powers = [_power(number, limit) for number in range(size)]
    publish(log, "powers", powers, date(year, 1, 1), f"示政发〔{year}〕1号")


def _fill_four_lists(size: int, log: Log, clock: Clock) -> None:
    """Publish two lists twice, and the statutes on which one rests, and commitments."""
    _fill_one_list(size, log, clock)
    for name, catalogue in (("fees", "fees"), ("statutes", "statutes"), ("tasks", "commitments")):
        create_dataset(log, name, catalogue, division="210300")
    for year, price in ((2015, 15), (2016, 10)):
        fees = [_fee(number, price) for number in range(size)]
        publish(log, "fees", fees, date(year, 1, 1), f"示政发〔{year}〕2号")
    publish(log, "statutes", list(map(_repealed, _STATUTES)), date(2015, 1, 1), "示政发〔2015〕3号")
    publish(log, "tasks", list(map(_task, range(size // 2))), date(2015, 1, 1), "示政发〔2015〕4号")


def _addresses(site: Site) -> dict[str, str]:
    """Map the address of each route that the site can answer to a name that is equal on both sites."""
    log = site.log
    record = log.queries.records("powers", RecordQuery(limit=1)).records[0]
    values = {
        "dataset": "powers",
        "record": record.id,
        "revision": str(record.revision),
        "number": "2",
        "schema": "power-list",
        "form": "jsonl",
        "position": "1",
        "digest": log.queries.release("powers", 1).document,
        "old_size": "1",
        "new_size": "2",
        "code": "withdrawn",
        "check": "basis-repealed",
    }
    others: dict[str, str] = {}
    if len(log.datasets.all()) > 1:
        values["commitment"] = log.queries.records("tasks", RecordQuery(limit=1)).records[0].id
        values["finding"] = site.client.get("/v1/findings?limit=1").json()["findings"][0]["id"]
        values["key"] = site.client.get("/v1/works?limit=1").json()["works"][0]["key"]
        others = {path: path for path in _OF_FOUR_LISTS}
    names = fill_addresses({name: name for name in values})
    return dict(zip(fill_addresses(values), names, strict=True)) | {path: path for path in _LISTS} | others


@pytest.fixture
def counted(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Count instructions of SQLite from now on, in units of ``_STEPS``."""
    steps = [0]
    is_interrupted = interruption.is_interrupted

    def count() -> bool:
        steps[0] += 1
        return is_interrupted()

    monkeypatch.setattr(sqlite, "_INTERRUPTION_STEPS", _STEPS)
    monkeypatch.setattr(interruption, "is_interrupted", count)
    monkeypatch.setattr(record_states, "_BATCH", 20)  # so that these sizes have several batches
    return steps


def _measure_release(site: Site, size: int, counted: list[int]) -> Iterator[tuple[str, int]]:
    """Yield the name and the steps of each part of a release in which every record changes."""
    parts: dict[str, Callable[[], object]] = {
        "publication": lambda: _publish_powers(site.log, size, 2017, limit=5),
        "names": lambda: site.client.get("/v1/suggest?q=取水"),  # else read beside any of the others
        "citations": site.log.graph.update,
        "findings": site.log.findings.update,
        "commitments": site.log.commitments.update,
        "index": site.index,
    }
    for name, run in parts.items():
        counted[0] = 0
        run()
        yield name, counted[0]


def _measure(home: Path, fill: Fill, size: int, counted: list[int]) -> Iterator[tuple[str, int]]:
    """Yield the name and the steps of a release and of each address."""
    clock = Clock(START, step=timedelta(milliseconds=1))  # a new day would be work for each request
    with opened(home, Site, content=partial(fill, size), clock=clock) as site:
        yield from _measure_release(site, size, counted)
        for address, name in _addresses(site).items():
            counted[0] = 0
            answer = site.client.get(address)
            assert answer.status_code == 200, (address, answer.text[:300])
            yield name, counted[0]


@pytest.mark.slow
@pytest.mark.parametrize(
    "fill", [pytest.param(_fill_one_list, id="one-list"), pytest.param(_fill_four_lists, id="four-lists")]
)
def test_no_route_does_more_than_proportional_work(tmp_path: Path, counted: list[int], fill: Fill) -> None:
    small = dict(_measure(tmp_path / "small", fill, _SMALL, counted))
    large = dict(_measure(tmp_path / "large", fill, _LARGE, counted))
    growth = {
        name: round(steps / max(small[name], 1), 1)
        for name, steps in large.items()
        if steps > _NEGLIGIBLE and steps > _MOST_GROWTH * small[name]
    }
    assert not growth
    assert max(large.values()) > _NEGLIGIBLE  # some lists are long enough to tell

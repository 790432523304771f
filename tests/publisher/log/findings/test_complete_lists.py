"""Findings that rest on a complete list: both clocks, what else has to hold, and the same after a rebuild."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest

from publisher.log.findings import finding_rows
from publisher.log.findings.finding_query import FindingQuery
from publisher.log.findings.record_states import stated_complete
from publisher.log.log import Log
from publisher.log.model import View
from schemas.definition.catalogue import Content
from schemas.definition.file_loader import load_catalogue
from tests.publisher.log.findings.checked_site import stored
from tests.support.clock import Clock
from tests.support.site import demo_dataset, publish

pytestmark = pytest.mark.both_databases

CITY, PROVINCE, STATEMENTS = "city-fees", "province-fees", "province-statements"
STATEMENT: Content = {
    "title": "示例省行政事业性收费目录清单",
    "list": PROVINCE,
    "kind": "行政事业性收费",
    "statement": "目录清单之外的收费，一律不得执行",
}
MESSAGE = (
    "“占道停车费”仍列于清单，而“示例省行政事业性收费目录清单”写明“目录清单之外的收费，一律不得执行”，"
    "其中没有这个名称或相近的名称"
)


@pytest.fixture
def log(url: str, tmp_path: Path, clock: Clock) -> Iterator[Log]:
    """A charge of the city that the list of the province does not have. No list is complete yet."""
    log = Log.open(url, sources=tmp_path / "sources", clock=clock)
    log.datasets.init_site("https://data.example.gov.cn", "data.example.gov.cn,2026-11-23")
    places = {CITY: ("示例市人民政府", "210300"), PROVINCE: ("示例省人民政府", "210000")}
    for name, (body, division) in places.items():
        log.datasets.create(demo_dataset(name, body=body, division=division), load_catalogue("fees"))
    statements = demo_dataset(
        STATEMENTS, catalogue="complete-lists", body="示例省人民政府", division="210000", title="声明"
    )
    log.datasets.create(statements, load_catalogue("complete-lists"))
    fees: list[Content] = [
        {"name": name, "basis": ["《示例省收费条例》"]} for name in ("占道停车费", "污水处理费")
    ]
    publish(log, CITY, fees, date(2015, 1, 1), "示财〔2015〕1号")
    clock.advance(days=1)
    publish(log, PROVINCE, fees[1:], date(2015, 3, 1), "示省财〔2015〕1号")
    clock.advance(days=1)
    yield log
    log.close()


def messages(log: Log, view: View = View()) -> list[str]:  # noqa: B008 - frozen
    log.findings.update()
    incremental = stored(log)
    log.findings.rebuild()
    assert stored(log) == incremental
    page = log.findings.page(FindingQuery(view=view, codes=("not-in-superior-list",)))
    return [one.finding.message_zh for one in page.findings]


def test_it_holds_while_the_list_says_that_it_is_complete_and_does_not_have_it(
    log: Log, clock: Clock
) -> None:
    assert messages(log) == []
    publish(log, STATEMENTS, [STATEMENT], date(2015, 6, 1), "示省财〔2015〕2号")
    assert messages(log) == [MESSAGE]
    assert messages(log, View(as_of=date(2015, 5, 31))) == []
    before = log.queries.release(PROVINCE, 1).published_at
    assert messages(log, View(as_of=date(2015, 7, 1), known_at=before)) == []
    clock.advance(days=1)
    more: list[Content] = [
        {"name": name, "basis": ["《示例省收费条例》"]} for name in ("城市占道停车收费", "污水处理费")
    ]
    publish(log, PROVINCE, more, date(2015, 9, 1), "示省财〔2015〕3号")
    assert messages(log, View(as_of=date(2015, 9, 1))) == []
    assert messages(log, View(as_of=date(2015, 8, 31))) == [MESSAGE]


def test_a_statement_that_was_removed_or_is_of_another_list_accuses_nobody(log: Log, clock: Clock) -> None:
    publish(log, STATEMENTS, [STATEMENT], date(2015, 6, 1), "示省财〔2015〕2号")
    clock.advance(days=1)
    others: list[Content] = [
        {**STATEMENT, "list": "other", "title": "其他清单"},
        {**STATEMENT, "list": STATEMENTS, "title": "不是收费清单"},
    ]
    publish(log, STATEMENTS, others, date(2015, 8, 1), "示省财〔2015〕3号")
    assert messages(log, View(as_of=date(2015, 7, 31))) == [MESSAGE]
    assert messages(log, View(as_of=date(2015, 8, 1))) == []


def test_nothing_follows_before_the_list_has_rows(log: Log) -> None:
    publish(log, STATEMENTS, [STATEMENT], date(2015, 2, 1), "示省财〔2015〕2号")
    assert messages(log, View(as_of=date(2015, 2, 28))) == []
    assert messages(log, View(as_of=date(2015, 3, 1))) == [MESSAGE]


def test_only_lists_that_are_stated_to_be_complete_make_everything_be_checked_again(log: Log) -> None:
    publish(log, STATEMENTS, [STATEMENT], date(2015, 6, 1), "示省财〔2015〕2号")
    log.findings.update()
    with log._session.read() as conn:
        datasets = finding_rows.read_datasets(log._session, conn)
        keys = {name: key for key, name in datasets.names.items()}
        assert stated_complete(conn, datasets, sorted(keys.values())) == [keys[PROVINCE]]

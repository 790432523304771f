"""The changes of the whole site as a list: filters, counts, pages, and charges that rose or fell."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path

import pytest
from msgspec import structs

from publisher.log.changes.change_query import ChangePage, ChangeQuery
from publisher.log.log import Log
from publisher.log.model import View
from schemas.definition.catalogue import Content
from schemas.definition.file_loader import load_catalogue, parse_catalogue
from tests.support.clock import Clock
from tests.support.site import demo_dataset, publish

pytestmark = pytest.mark.both_databases

CITY, COUNTY = "city-fees", "county-fees"


def fee(name: str, amount: str, department: str = "市水务局") -> Content:
    return {"name": name, "department": department, "amount": {"amount": amount, "unit": "元/吨"}}


def nameless(amount: str) -> Content:
    """A fee that names no department."""
    return {"name": "污水处理费", "amount": {"amount": amount, "unit": "元/吨"}}


@pytest.fixture
def log(url: str, tmp_path: Path, clock: Clock) -> Iterator[Log]:
    """Two lists of charges: in one, one rises, one falls, one is removed and one is corrected."""
    log = Log.open(url, sources=tmp_path / "sources", clock=clock)
    log.datasets.init_site("https://data.example.gov.cn", "data.example.gov.cn,2026-11-23")
    for name, body in ((CITY, "示例市人民政府"), (COUNTY, "示例县人民政府")):
        log.datasets.create(demo_dataset(name, body=body), load_catalogue("fees"))
    first = [fee("污水处理费", "1.0"), fee("停车费", "5", "市公安局"), fee("证照费", "2"), fee("水费", "3")]
    publish(log, CITY, first, date(2015, 1, 1), "示财〔2015〕1号")
    clock.advance(days=1)
    later = [fee("污水处理费", "1.4"), fee("停车费", "4", "市公安局"), fee("水费", "3")]
    publish(log, CITY, later, date(2016, 1, 1), "示财〔2016〕1号")
    clock.advance(days=1)
    (water,) = log.queries.find_by_title(CITY, "水费")
    log.releases.correct(CITY, {water.id: fee("水费", "30")}, reason="更正：误录")
    clock.advance(days=1)
    publish(log, COUNTY, [nameless("1")], date(2017, 1, 1), "示县财〔2017〕1号")
    yield log
    log.close()


def titles(page: ChangePage) -> list[str]:
    return [f"{one.change.kind} {one.change.title}" for one in page.changes]


@pytest.mark.slow
def test_changes_of_every_list_are_listed_newest_first(log: Log) -> None:
    page = log.changes.page(ChangeQuery())
    assert page.total == len(page.changes) == 9
    assert titles(page)[:2] == ["added 污水处理费", "corrected 水费"]
    assert [one.change.dataset for one in page.changes] == [COUNTY] + [CITY] * 8
    assert dict(page.facets["kind"]) == {
        "added": 5,
        "changed": 2,
        "removed": 1,
        "corrected": 1,
        "fee-raised": 1,
        "fee-lowered": 1,
    }
    assert page.facets["dataset"] == ((CITY, 8), (COUNTY, 1))
    assert page.facets["body"] == (("市水务局", 6), ("市公安局", 2), ("示例县人民政府", 1))


@pytest.mark.slow
def test_a_charge_that_rose_is_listed_with_both_amounts_and_a_correction_has_no_direction(log: Log) -> None:
    (raised,) = log.changes.page(ChangeQuery(directions=("fee-raised",))).changes
    assert (raised.change.title, raised.directions, raised.bodies) == (
        "污水处理费",
        ("fee-raised",),
        ("市水务局",),
    )
    (amount,) = raised.change.fields
    assert (amount.before, amount.after) == (
        {"amount": "1.0", "unit": "元/吨"},
        {"amount": "1.4", "unit": "元/吨"},
    )
    both = ChangeQuery(directions=("fee-lowered",), kinds=("removed",))
    assert sorted(titles(log.changes.page(both))) == ["changed 停车费", "removed 证照费"]


@pytest.mark.slow
def test_a_direction_is_of_changes_published_since_it_was_last_listed_too(log: Log, clock: Clock) -> None:
    raised = ChangeQuery(directions=("fee-raised",))
    assert log.changes.page(raised).total == 1
    publish(log, COUNTY, [nameless("2")], date(2018, 1, 1), "示县财〔2018〕1号")
    page = log.changes.page(raised)
    assert [one.change.dataset for one in page.changes] == [COUNTY, CITY]


@pytest.mark.slow
def test_an_erased_record_has_no_direction(log: Log) -> None:
    (record,) = log.queries.find_by_title(CITY, "污水处理费")
    log.releases.erase(records=[(CITY, record.id)], ground="（2026）示01民终1号")
    assert not log.changes.page(ChangeQuery(directions=("fee-raised",))).changes
    own = log.changes.page(ChangeQuery(records=(record.id,)))
    assert own.total
    assert all((one.change.title, one.directions, one.change.fields) == ("", (), ()) for one in own.changes)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("query", "expected"),
    [
        (ChangeQuery(datasets=(COUNTY,)), 1),
        (ChangeQuery(datasets=()), 0),
        (ChangeQuery(bodies=("市公安局", "示例县人民政府")), 3),
        (ChangeQuery(bodies=("示例市人民政府",)), 0),
        (ChangeQuery(kinds=("removed", "corrected")), 2),
        (ChangeQuery(first_day=date(2016, 1, 1), last_day=date(2016, 12, 31)), 3),
        (ChangeQuery(view=View(as_of=date(2015, 12, 31))), 5),
        (ChangeQuery(records=("nobody",)), 0),
        (ChangeQuery(parts=("市水务局",)), 0),
    ],
    ids=["dataset", "no dataset", "bodies", "publishing body", "kinds", "days", "as of", "record", "part"],
)
def test_filters_select_changes(log: Log, query: ChangeQuery, expected: int) -> None:
    page = log.changes.page(query)
    assert (page.total, len(page.changes)) == (expected, expected)


def test_only_what_was_published_by_an_instant_is_listed(log: Log) -> None:
    first = log.queries.release(CITY, 1).published_at
    assert log.changes.page(ChangeQuery(view=View(known_at=first))).total == 4
    assert log.changes.page(ChangeQuery(view=View(known_at=first - timedelta(seconds=1)))).total == 0


def test_a_facet_counts_as_if_it_were_not_filtered_by(log: Log) -> None:
    page = log.changes.page(ChangeQuery(kinds=("removed",), datasets=(CITY,), bodies=("市水务局",)))
    assert page.total == 1
    assert dict(page.facets["kind"])["added"] == 3
    assert dict(page.facets["body"]) == {"市水务局": 1}
    assert dict(page.facets["dataset"]) == {CITY: 1}


def test_pages_contain_each_change_once(log: Log) -> None:
    query, seen = ChangeQuery(limit=2), []
    while True:
        page = log.changes.page(query)
        seen += [one.change.sequence for one in page.changes]
        if page.before is None:
            break
        query = structs.replace(query, before=page.before)
    assert seen == [one.change.sequence for one in log.changes.newest(ChangeQuery(limit=100))]
    assert len(seen) == 9


@pytest.mark.slow
def test_a_subsidy_that_rises_has_no_direction_and_a_charge_has_one_by_an_older_definition(
    log: Log, clock: Clock
) -> None:
    older = parse_catalogue(load_catalogue("fees").source.replace(', "charge": true', ""))
    for name, catalogue in (("older", older), ("support", load_catalogue("support-policies"))):
        log.datasets.create(demo_dataset(name), catalogue)
    for year, amount in ((2018, "1"), (2019, "2")):
        clock.advance(days=1)
        publish(log, "older", [nameless(amount)], date(year, 1, 1), f"示财〔{year}〕8号")
        subsidy: Content = {"name": "稳岗补贴", "amount": {"amount": amount, "unit": "元"}}
        publish(log, "support", [subsidy], date(year, 1, 1), f"示财〔{year}〕9号")
    raised = log.changes.page(ChangeQuery(directions=("fee-raised",)))
    assert [one.change.dataset for one in raised.changes] == ["older", CITY]
    changed = log.changes.page(ChangeQuery(datasets=("support",), kinds=("changed",)))
    assert [one.directions for one in changed.changes] == [()]


def test_a_change_keeps_its_body_when_a_migration_renames_the_field(log: Log, clock: Clock) -> None:
    clock.advance(days=1)
    renamed = parse_catalogue(load_catalogue("fees").source.replace('"department"', '"office"'))
    log.releases.migrate(CITY, renamed, reason="字段更名")
    clock.advance(days=1)
    publish(log, CITY, [{**nameless("4"), "office": "市供水办"}], date(2026, 12, 1), "示财〔2026〕1号")
    page = log.changes.page(ChangeQuery(datasets=(CITY,)))
    counts = dict(page.facets["body"])
    assert counts["市供水办"] == 1
    assert counts["市公安局"] == 2
    assert counts["市水务局"] == 6
    (newest, *_) = log.changes.page(ChangeQuery(bodies=("市供水办",))).changes
    assert newest.bodies == ("市供水办",)
    assert log.changes.page(ChangeQuery(bodies=("市公安局",))).total == 2

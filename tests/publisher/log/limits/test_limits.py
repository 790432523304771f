"""Limits over time: the steps of a record, and how many items have a shorter or longer one."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date
from pathlib import Path

import pytest

from publisher.log.changes.change_query import ChangeQuery
from publisher.log.limits.limit_shares import LimitCount, LimitQuery
from publisher.log.log import Log
from publisher.log.model import View
from schemas.definition.catalogue import Content
from schemas.definition.file_loader import load_catalogue
from tests.support.clock import Clock
from tests.support.site import demo_dataset, publish

pytestmark = pytest.mark.both_databases

POWERS, FEES = "powers", "fees"


def power(
    name: str, promised: int, unit: str = "工作日", actor: str = "市水务局", kind: str = "行政许可"
) -> Content:
    return {
        "name": name,
        "actor": actor,
        "power_type": kind,
        "statutory_limit": {"value": 20, "unit": "工作日"},
        "promised_limit": {"value": promised, "unit": unit},
    }


@pytest.fixture
def log(url: str, tmp_path: Path, clock: Clock) -> Iterator[Log]:
    """One limit gets shorter, one longer, one changes its unit, one is at once in the end, one is mended."""
    log = Log.open(url, sources=tmp_path / "sources", clock=clock)
    log.datasets.init_site("https://data.example.gov.cn", "data.example.gov.cn,2026-11-23")
    log.datasets.create(demo_dataset(POWERS, catalogue="power-list"), load_catalogue("power-list"))
    log.datasets.create(demo_dataset(FEES, catalogue="fees"), load_catalogue("fees"))
    first = [
        power("取水许可", 15),
        power("养老服务备案", 10, actor="市民政局"),
        power("排污许可", 20, "日"),
        power("渔业捕捞许可", 5),
        power("水利检查", 9, kind="行政检查"),
        power("河道采砂许可", 7),
    ]
    publish(log, POWERS, first, date(2015, 1, 1), "示政发〔2015〕1号")
    clock.advance(days=1)
    second = [
        power("取水许可", 10),
        power("养老服务备案", 20, actor="市民政局"),
        power("排污许可", 10),
        power("渔业捕捞许可", 0, "即时"),
        power("水利检查", 9, kind="行政检查"),
        power("河道采砂许可", 7),
    ]
    publish(log, POWERS, second, date(2016, 1, 1), "示政发〔2016〕1号")
    clock.advance(days=1)
    (sand,) = log.queries.find_by_title(POWERS, "河道采砂许可")
    log.releases.correct(POWERS, {sand.id: power("河道采砂许可", 17)}, reason="更正：误录")
    yield log
    log.close()


def steps(log: Log, name: str, view: View = View()) -> list[str]:  # noqa: B008 - frozen
    (record,) = log.queries.find_by_title(POWERS, name)
    return [
        f"{step.effective_from.year} {''.join(map(str, step.limit or ()))}"
        f"{' ' if step.comparison else ''}{' '.join(step.comparison or ())}"
        for step in log.limits.steps(POWERS, record.id, view)
        if step.field == "promised_limit"
    ]


def test_each_step_says_since_when_and_by_which_rule_it_is_shorter(log: Log) -> None:
    assert steps(log, "取水许可") == ["2015 15工作日", "2016 10工作日 limit-shortened same-unit"]
    assert steps(log, "养老服务备案") == ["2015 10工作日", "2016 20工作日 limit-lengthened same-unit"]
    assert steps(log, "渔业捕捞许可") == ["2015 5工作日", "2016 0即时 limit-shortened at-once"]
    assert steps(log, "排污许可") == ["2015 20日", "2016 10工作日"], "no rule compares 日 with 工作日"
    assert steps(log, "水利检查") == ["2015 9工作日"]


def test_a_correction_is_no_step_and_both_clocks_count(log: Log) -> None:
    assert steps(log, "河道采砂许可") == ["2015 17工作日"]
    second = log.queries.release(POWERS, 2).published_at
    assert steps(log, "河道采砂许可", View(known_at=second)) == ["2015 7工作日"]
    assert steps(log, "河道采砂许可", View(release=2)) == ["2015 7工作日"]
    assert steps(log, "取水许可", View(as_of=date(2015, 6, 1))) == ["2015 15工作日"]
    assert steps(log, "取水许可", View(release=1)) == ["2015 15工作日"]


def test_a_removed_item_has_a_step_and_goes_on_with_its_last_limit(log: Log, clock: Clock) -> None:
    clock.advance(days=1)
    publish(log, POWERS, [power("水利检查", 9, kind="行政检查")], date(2017, 1, 1), "示政发〔2017〕1号")
    clock.advance(days=1)
    publish(log, POWERS, [power("取水许可", 5)], date(2018, 1, 1), "示政发〔2018〕1号")
    assert steps(log, "取水许可") == [
        "2015 15工作日",
        "2016 10工作日 limit-shortened same-unit",
        "2017 ",
        "2018 5工作日 limit-shortened same-unit",
    ]


def counts(groups: tuple[tuple[str, LimitCount], ...]) -> Mapping[str, tuple[int, int, int]]:
    return {value: (one.items, one.shortened, one.lengthened) for value, one in groups}


def test_shares_are_counted_by_list_body_and_type(log: Log) -> None:
    shares = log.limits.shares(LimitQuery())
    assert shares.total == LimitCount(6, 2, 1)
    assert shares.total.share == 0.3333
    assert counts(shares.groups["dataset"]) == {POWERS: (6, 2, 1)}
    assert counts(shares.groups["body"]) == {"市水务局": (5, 2, 0), "市民政局": (1, 0, 1)}
    assert counts(shares.groups["type"]) == {"行政许可": (5, 2, 1), "行政检查": (1, 0, 0)}


@pytest.mark.slow
@pytest.mark.parametrize(
    ("query", "total"),
    [
        (LimitQuery(fields=("statutory_limit",)), LimitCount(6, 0, 0)),
        (LimitQuery(bodies=("市民政局",)), LimitCount(1, 0, 1)),
        (LimitQuery(types=("行政检查",)), LimitCount(1, 0, 0)),
        (LimitQuery(datasets=(FEES,)), LimitCount(0, 0, 0)),
        (LimitQuery(view=View(as_of=date(2015, 6, 1))), LimitCount(6, 0, 0)),
    ],
)
def test_filters_and_the_day_of_the_view(log: Log, query: LimitQuery, total: LimitCount) -> None:
    assert log.limits.shares(query).total == total


def test_a_list_knows_only_what_was_published_then(log: Log) -> None:
    first = log.queries.release(POWERS, 1).published_at
    assert log.limits.shares(
        LimitQuery(view=View(known_at=first, as_of=date(2016, 6, 1)))
    ).total == LimitCount(6, 0, 0)


def test_changes_say_that_a_limit_became_shorter_or_longer(log: Log) -> None:
    shorter = log.changes.page(ChangeQuery(directions=("limit-shortened",)))
    assert sorted(one.change.title for one in shorter.changes) == ["取水许可", "渔业捕捞许可"]
    (longer,) = log.changes.page(ChangeQuery(directions=("limit-lengthened",))).changes
    assert (longer.change.title, longer.directions) == ("养老服务备案", ("limit-lengthened",))

"""A basis that is older than 20 working days, by its document or by the year of its number."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest

from publisher.log.log import Log
from publisher.workflow.late_bases import find_basis_documents, find_late_bases
from tests.support import sqlite
from tests.support.clock import Clock
from tests.support.work_plan import PLAN, publish_work_plan


@pytest.fixture
def log(tmp_path: Path, clock: Clock) -> Iterator[Log]:
    log = Log.open(sqlite.new(tmp_path / "qingdan.db"), sources=tmp_path / "sources", clock=clock)
    log.datasets.init_site("https://data.example.gov.cn", "data.example.gov.cn,2020-01-01")
    publish_work_plan(log)
    yield log
    log.close()


@pytest.mark.parametrize(
    ("basis", "today", "late"),
    [
        (PLAN, date(2020, 2, 5), []),  # the 20th working day after 1 January
        (PLAN, date(2020, 2, 6), [PLAN]),
        (f"示政办发[2020]5号、{PLAN}", date(2020, 2, 6), [PLAN, PLAN]),
        ("别政发〔2020〕1号", date(2020, 12, 31), []),  # its year is all that is known
        ("别政发〔2020〕1号", date(2021, 2, 26), ["别政发〔2020〕1号"]),
        ("国务院令第412号", date(2020, 2, 6), []),
        ("会议纪要", date(2020, 2, 6), []),
        ("", date(2020, 2, 6), []),
    ],
)
def test_a_late_basis(log: Log, basis: str, today: date, late: list[str]) -> None:
    assert [one.number for one in find_late_bases(log, basis, today)] == late


def test_its_day_or_its_year_is_told_and_what_is_not_known(log: Log) -> None:
    (of_day,) = find_late_bases(log, PLAN, date(2020, 3, 1))
    assert "成文于2020年1月1日" in of_day.zh
    assert "20个工作日" in of_day.zh
    assert "is of 2020-01-01" in of_day.en
    assert "放假安排" not in of_day.zh
    (other,) = find_late_bases(log, "别政发〔2026〕1号", date(2027, 6, 1))
    assert "成文于2026年，" in other.zh
    assert "尚无2027年的放假安排" in other.zh
    assert "holidays of 2027 are not known" in other.en


def test_what_the_site_holds_of_a_basis_is_told(log: Log) -> None:
    documents = list(find_basis_documents(log, f"{PLAN}、别政发〔2020〕1号、会议纪要"))
    assert [(one.number, bool(one.title), bool(one.key)) for one in documents] == [
        (PLAN, True, True),
        ("别政发〔2020〕1号", False, False),
    ]
    assert log.graph.work(documents[0].key).title == documents[0].title

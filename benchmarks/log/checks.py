"""Publication of a large list, and all checks of 50,000 rows, on one core.

``python -m benchmarks.log.checks [PUBLISHED [CHECKED]]``: publishes a power list whose rows rest on real
titles of statutes, a fiftieth of them repealed, as in real lists (44 of 2,973), and then checks rows of it
against the lists of the sample. A fifth of the checked rows are charges of counties, which are checked
against a list of their province that says that it is complete. Bars: 50,000 rows through all checks in at
most 60 s; publishing 150,000 records not more than 15 % slower than by a program without checks.
``python -m benchmarks.log.checks publish RECORDS`` does the first part alone, which
earlier programs can do too: run it with both, by turns.
"""

from __future__ import annotations

import csv
import sys
import tempfile
from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

from benchmarks.support.memory import peak_memory
from benchmarks.support.site import new_site, publish
from benchmarks.support.timing import Timer
from publisher.log.log import Log
from publisher.log.model import DraftEntry
from schemas.definition import file_loader
from schemas.definition.catalogue import Json
from tests.support.clock import Clock
from tests.support.datasets import create_dataset

PUBLISHED, CHECKED = 150_000, 50_000
COMPLETE = 300
"""Rows of the complete list; that of the nation has about 50."""
MOST_SECONDS = 60
_KINDS = ("行政许可", "行政处罚", "行政强制", "行政确认", "行政检查", "其他行政权力")
_CURRENT = ("行政许可法", "行政处罚法", "安全生产法", "档案法", "统计法", "气象法", "城乡规划法", "水法")
_OBJECTS = ("危险化学品", "烟花爆竹", "特种设备", "建筑施工", "道路运输", "医疗器械", "种子生产", "水域滩涂")
_ACTS = ("经营许可", "安全评价", "违法行为处罚", "监督检查", "登记备案", "资质认定", "现场核查", "强制措施")
_QUOTED = "　违反本法规定的，由主管部门责令限期改正，处{}万元以下罚款；逾期不改正的，责令停产停业。"
_FEES = ("收费", "登记费", "检验费", "证照工本费", "考试费", "管理费")
_STATEMENT: dict[str, Json] = {
    "title": "示例省行政事业性收费目录清单",
    "list": "province-fees",
    "kind": "行政事业性收费",
    "statement": "目录清单之外的收费，一律不得执行",
}
_STATUTES = Path(__file__).resolve().parents[2] / "publisher" / "checks" / "statutes.csv"


def read_repealed() -> tuple[str, ...]:
    with _STATUTES.open(encoding="utf-8", newline="") as file:
        return tuple(row["名称"] for row in csv.DictReader(file) if row["废止依据"])


def entries(count: int, repealed: Sequence[str]) -> Iterator[DraftEntry]:
    for n in range(count):
        title = repealed[n % len(repealed)] if n % 50 == 7 else _CURRENT[n % len(_CURRENT)]
        content: dict[str, Json] = {
            "code": f"{n:011d}",
            "name": f"第{n}类{_OBJECTS[n % 8]}{_ACTS[n // 8 % 8]}",
            "power_type": _KINDS[n % len(_KINDS)],
            "actor": f"示例市第{n % 40}局",
            "level": "市级",
            "basis": [
                f"【法律】《中华人民共和国{title}》第{n % 90 + 1}条{_QUOTED.format(n % 9 + 1)}",
                f"《示例省实施〈{title}〉办法》第{n % 9 + 1}条",
            ],
            "statutory_limit": "20个工作日",
            "promised_limit": f"{n % 15 + 1}个工作日",
        }
        yield DraftEntry(
            content, source_text=f"{n}", locator={"sheet": "清单", "rows": [n], "cells": {"name": f"B{n}"}}
        )


def charges(count: int, titles: Sequence[str], *, complete: bool) -> Iterator[DraftEntry]:
    """Charges of a county, or those of the complete list above it, which has most of them.

    Their names are made of titles, since real names share some pairs of characters and not most.
    """
    for n in range(count):
        name = f"{titles[n % COMPLETE]}{_FEES[n // COMPLETE % 6]}{'' if n < 6 * COMPLETE else n}"
        if complete or n % 50 != 7:
            basis: list[Json] = [f"示财综〔2019〕{n % 90 + 1}号", f"《示例省{name}管理条例》第{n % 9 + 1}条"]
            yield DraftEntry({"name": name, "basis": basis, "standard": f"{n}元/证"}, source_text=f"{n}")
        else:
            yield DraftEntry({"name": f"占道停放管理费第{n}类", "basis": []}, source_text=f"{n}")


def open_site(home: Path) -> Log:
    return new_site(home, clock=Clock(datetime(2024, 1, 1, tzinfo=UTC), step=timedelta(milliseconds=1)))


def publish_list(
    log: Log, name: str, catalogue: str, rows: Iterator[DraftEntry], division: str | None = None
) -> float:
    """Create a dataset and publish its list → seconds."""
    create_dataset(log, name, catalogue, division=division)
    return publish(log, name, rows, date(2024, 1, 1))


def measure_publication(count: int) -> None:
    repealed = read_repealed()
    with tempfile.TemporaryDirectory() as folder:
        log = open_site(Path(folder))
        seconds = publish_list(log, "powers", "power-list", entries(count, repealed))
        log.close()
    print(f"publish: {count} records in {seconds:.1f} s, {peak_memory()} MiB")


def measure_checks(count: int) -> bool:
    """Run all checks of rows → whether the bar is met."""
    from publisher.checks.all_checks import CHECKS
    from publisher.ingest.read_file import read_file
    from publisher.log.findings.finding_query import FindingQuery

    titles = read_repealed()
    with tempfile.TemporaryDirectory() as folder:
        log = open_site(Path(folder))
        publish_list(log, "powers", "power-list", entries(count - count // 5, titles))
        publish_list(log, "county-fees", "fees", charges(count // 5, titles, complete=False), "210311")
        publish_list(log, "province-fees", "fees", charges(COMPLETE, titles, complete=True), "210000")
        publish_list(log, "statements", "complete-lists", iter([DraftEntry(_STATEMENT)]), "210000")
        for name, data in _known_lists():
            reading = read_file(data, name=f"{name}.csv", catalogue=file_loader.load_catalogue(name))
            publish_list(log, name, name, (DraftEntry(entry.content) for entry in reading.records))
        timer = Timer()
        log.findings.rebuild()
        seconds, cpu = timer.seconds(), timer.cpu_seconds()
        finding_count = log.findings.page(FindingQuery(limit=1)).facets["check"]
        log.close()
    print(
        f"{len(CHECKS)} checks of {count} rows: {seconds:.1f} s (bar {MOST_SECONDS} s), CPU {cpu:.1f} s, "
        f"{dict(finding_count)}, {peak_memory()} MiB"
    )
    return seconds <= MOST_SECONDS


def _known_lists() -> list[tuple[str, bytes]]:
    from publisher.checks.shipped_statutes import read_shipped_statutes

    data = Path(__file__).resolve().parents[2] / "publisher" / "sample" / "data"
    cancelled = [
        ("cancelled-items", path.read_bytes()) for path in sorted((data / "cancelled").glob("*.csv"))[:1]
    ]
    return [("statutes", read_shipped_statutes()), *cancelled]


def main() -> int:
    match sys.argv[1:]:
        case ["publish", count]:
            measure_publication(int(count))
            return 0
        case counts:
            published, checked = (*map(int, counts), PUBLISHED, CHECKED)[:2]
            measure_publication(published)
            return 0 if measure_checks(checked) else 1


if __name__ == "__main__":
    raise SystemExit(main())

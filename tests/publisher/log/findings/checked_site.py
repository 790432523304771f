"""A site with a power list, statutes and decisions, and functions that publish rows of them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import Any

from sqlalchemy import select

from publisher.log.database.derived import graph_tables
from publisher.log.database.derived.finding_tables import finding
from publisher.log.log import Log
from publisher.log.model import DraftEntry, Part
from tests.support.clock import Clock
from tests.support.datasets import create_dataset
from tests.support.log import put_workbook

LIST, STATUTES, DECISIONS = "powers", "statutes", "cancelled"


def checked_log(url: str, folder: Path, clock: Clock) -> Log:
    log = Log.open(url, sources=folder / "sources", clock=clock)
    log.datasets.init_site("https://data.example.gov.cn", "data.example.gov.cn,2020")
    create_datasets(log)
    return log


def create_datasets(log: Log) -> None:
    lists = (
        (LIST, "power-list", ("档案局", "水务局")),
        (STATUTES, "statutes", ()),
        (DECISIONS, "cancelled-items", ()),
    )
    for name, catalogue, parts in lists:
        create_dataset(log, name, catalogue, body="示例市", parts=tuple(map(Part, parts)))


def publish_repealed_basis(log: Log) -> None:
    """Publish an item that rests on a repealed statute, in addition to other datasets of a site."""
    create_datasets(log)
    publish_statutes(log, repeal("示例市档案条例", "2015-06-01"), on=date(2016, 1, 1))
    publish_list(log, {"档案检查": "《示例市档案条例》第三条"}, date(2016, 1, 1))


def publish_list(
    log: Log, bases: Mapping[str, str], on: date, *, part: str = "档案局", **options: Any
) -> bool:
    """Publish the items of a part: name → basis. → whether that changed anything."""
    entries = [DraftEntry({"name": name, "basis": basis}, f"{name}|{basis}") for name, basis in bases.items()]
    source = put_workbook(log, f"{part} {bases} {on}")
    log.drafts.stage(LIST, entries, part=part, source=source, parser_version="test 1")
    return log.releases.publish(LIST, effective_on=on, **options) is not None


def repeal(title: str, on: str, **more: str) -> dict[str, Any]:
    """Build a row of a repeal."""
    by = {"repealed_by": f"新{title}", "repealed_article": "第九条"}
    return {"title": title, "repealed_on": on, **by, **more}


def publish_statutes(
    log: Log, *rows: dict[str, Any], on: date, dataset: str = STATUTES, **options: Any
) -> bool:
    """Publish rows of a running list: that of statutes, or that of decisions."""
    entries = [DraftEntry(row, repr(row)) for row in rows]
    source = put_workbook(log, repr(rows))
    log.drafts.stage(dataset, entries, part=None, source=source, parser_version="test 1")
    return log.releases.publish(dataset, effective_on=on, **options) is not None


def graph_rows(log: Log) -> dict[str, set[tuple[Any, ...]]]:
    """All rows of the graph, by table."""
    with log._session.read() as conn:
        tables = (graph_tables.citation, graph_tables.work_name, graph_tables.effect)
        return {table.name: set(map(tuple, conn.execute(select(table)).all())) for table in tables}


def stored(log: Log) -> set[tuple[Any, ...]]:
    """All rows of findings."""
    with log._session.read() as conn:
        return {tuple(row) for row in conn.execute(select(finding)).all()}

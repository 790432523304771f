"""A site with a plan, rules of evidence, statements, and lists that are evidence."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date
from pathlib import Path
from typing import Any

from sqlalchemy import select

from publisher.log.commitments.commitment_query import CommitmentQuery, PublishedCommitment
from publisher.log.database.derived.commitment_tables import commitment_status
from publisher.log.log import Log
from publisher.log.model import DraftEntry, View
from tests.support.clock import Clock
from tests.support.datasets import create_dataset
from tests.support.log import put_workbook

PLANS, EVIDENCE, STATEMENTS = "plans", "plan-evidence", "plan-statements"
POWERS, GUIDES, DOCUMENTS = "powers", "guides", "documents"
PLAN = "示政办发〔2020〕5号"
LISTS = {
    PLANS: "commitments",
    EVIDENCE: "commitment-evidence",
    STATEMENTS: "commitment-statements",
    POWERS: "power-list",
    GUIDES: "service-guides",
    DOCUMENTS: "policies",
}


def promising_log(url: str, folder: Path, clock: Clock) -> Log:
    log = Log.open(url, sources=folder / "sources", clock=clock)
    log.datasets.init_site("https://data.example.gov.cn", "data.example.gov.cn,2020")
    create_datasets(log)
    return log


def create_datasets(log: Log, names: Iterable[str] = LISTS) -> None:
    for name in names:
        create_dataset(log, name, LISTS[name])


def publish(log: Log, dataset: str, *rows: Mapping[str, Any], on: date, **options: Any) -> bool:
    """Publish rows. → whether that changed anything."""
    entries = [DraftEntry(dict(row), repr(row)) for row in rows]
    source = put_workbook(log, repr(rows))
    log.drafts.stage(dataset, entries, part=None, source=source, parser_version="test 1")
    return log.releases.publish(dataset, effective_on=on, **options) is not None


def task(name: str, due: str | None = None, **more: Any) -> dict[str, Any]:
    """Build a commitment; ``due``: a value of the kind ``deadline``."""
    deadline = {} if due is None else {"deadline": due, "due_on": due.rpartition("/")[2]}
    return {"plan": PLAN, "task": name, **deadline, **more}


def rule(name: str, condition: str, **more: Any) -> dict[str, Any]:
    return {"plan": PLAN, "task": name, "condition": condition, **more}


def statement(name: str, progress: str, on: str, judge: str, role: str, **more: Any) -> dict[str, Any]:
    return {
        "plan": PLAN,
        "task": name,
        "progress": progress,
        "stated_on": on,
        "judge": judge,
        "role": role,
        **more,
    }


def derive(log: Log) -> None:
    """Bring everything up to date, as the worker does."""
    log.findings.update()
    log.commitments.update()


def commitments(log: Log, **view: Any) -> dict[str, PublishedCommitment]:
    """Commitments in a view by title, up to date."""
    derive(log)
    page = log.commitments.page(CommitmentQuery(view=View(**view), limit=1000))
    return {one.title: one for one in page.commitments}


def status(log: Log, name: str, **view: Any) -> str:
    return commitments(log, **view)[name].status


def stored(log: Log) -> set[tuple[Any, ...]]:
    """All rows of statuses."""
    with log._session.read() as conn:
        return {tuple(row) for row in conn.execute(select(commitment_status)).all()}

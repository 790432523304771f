"""Random releases: statuses are those of a rebuild, and those that the records of a view come to."""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from publisher.log.log import Log
from publisher.log.model import LogError, RecordQuery, View
from tests.publisher.log.commitments.promising_site import (
    EVIDENCE,
    GUIDES,
    PLANS,
    POWERS,
    commitments,
    derive,
    promising_log,
    publish,
    rule,
    stored,
    task,
)
from tests.support import sqlite
from tests.support.clock import Clock

START = date(2020, 1, 1)
RULES = {
    "清单": rule("清单", "条目数", source=POWERS, least=2),
    "指南": rule("指南", "条目数", catalogue="service-guides", contains="取水"),
    "发布": rule("发布", "发布", source=POWERS, not_before="2020-01-03"),
    "压缩": rule("压缩", "时限压缩", source=GUIDES),
}
REFUSALS = {
    *("later-effect", "no-change", "nothing-changes", "no-such-record", "erased", "already-in-effect"),
    *("cancel-superseded", "already-cancelled", "no-such-release"),
}
ROUNDS = 14


class RandomLog:
    """Random releases of lists, plans and rules, withdrawals, erasures and cancellations."""

    def __init__(self, log: Log, clock: Clock, seed: int) -> None:
        self.log, self.clock, self._random = log, clock, random.Random(seed)

    def run(self) -> None:
        publish(self.log, EVIDENCE, *list(RULES.values())[:3], on=START)
        steps = (
            self._powers,
            self._powers,
            self._guides,
            self._guides,
            self._plan,
            self._amend,
            self._cancel,
        )
        for step in (self._plan, *(self._random.choice(steps) for _ in range(ROUNDS))):
            try:
                step()
            except LogError as error:
                if error.code not in REFUSALS:
                    raise
                for dataset in (POWERS, GUIDES, PLANS):
                    if self.log.drafts.get(dataset):
                        self.log.drafts.discard(dataset)
            self.clock.advance(hours=self._random.randrange(1, 30))
            if self._random.random() < 0.4:
                derive(self.log)
            if self._random.random() < 0.1:
                publish(self.log, EVIDENCE, RULES["压缩"], on=START)
        derive(self.log)

    def day(self) -> date:
        return START + timedelta(days=self._random.randrange(12))

    def _powers(self) -> None:
        names = self._random.sample(("查档", "取水", "借档", "审图"), self._random.randrange(1, 4))
        rows = [{"name": name, "actor": "档案局"} for name in names]
        self._publish(POWERS, *rows)

    def _guides(self) -> None:
        limit = {"value": self._random.randrange(3, 20), "unit": "工作日"}
        self._publish(GUIDES, {"name": "取水许可", "actor": "水务局", "promised_limit": limit})

    def _plan(self) -> None:
        due = [None, *(f"2020-01-{n:02}" for n in range(3, 9))]
        self._publish(PLANS, *(task(name, self._random.choice(due)) for name in RULES))

    def _publish(self, dataset: str, *rows: Mapping[str, object]) -> None:
        conflict = self._random.choice(["keep", "replace"])
        publish(self.log, dataset, *rows, on=self.day(), on_conflict=conflict)

    def _amend(self) -> None:
        dataset = self._random.choice((POWERS, GUIDES, EVIDENCE, PLANS))
        records = self.log.queries.records(dataset, RecordQuery(limit=100)).records
        if not records:
            return
        record = self._random.choice(records)
        if self._random.random() < 0.3:
            self.log.releases.erase(records=[(dataset, record.id)], ground="判决")
        else:
            self.log.releases.withdraw(dataset, [record.id], reason="误发")

    def _cancel(self) -> None:
        self.log.releases.cancel(POWERS, self._random.randrange(1, 9), reason="误发")

    def views(self) -> Iterator[View]:
        for _ in range(6):
            instant = datetime(2020, 1, 1, tzinfo=UTC) + self._random.random() * timedelta(days=9)
            yield View(as_of=self.day() + timedelta(days=2), known_at=min(instant, self.clock.now))


def count(log: Log, dataset: str, contains: str, view: View) -> int:
    records = log.queries.records(dataset, RecordQuery(view=view, limit=100)).records
    return sum(contains in record.title for record in records)


def expected(log: Log, name: str, view: View) -> str | None:
    """Judge a commitment by counting the records of each day; None if it is not in the view."""
    plans = log.queries.records(PLANS, RecordQuery(view=view, limit=100)).records
    plan = next((one for one in plans if one.title == name), None)
    rules = log.queries.records(EVIDENCE, RecordQuery(view=view, limit=100)).records
    assert view.as_of is not None
    if plan is None:
        return None
    if not any(one.title == name for one in rules):
        return "undetermined"
    dataset, contains, least = (POWERS, "", 2) if name == "清单" else (GUIDES, "取水", 1)
    days = [START + timedelta(days=n) for n in range((view.as_of - START).days + 1)]
    held = (day for day in days if count(log, dataset, contains, View(day, view.known_at)) >= least)
    done_on = next(held, None)
    due = plan.content.get("due_on")
    if done_on is not None and (due is None or done_on.isoformat() <= str(due)):
        return "done"
    return "overdue" if due is not None and view.as_of.isoformat() > str(due) else "undetermined"


def compare(url: str, folder: Path, seed: int) -> None:
    clock = Clock(datetime(2020, 1, 1, tzinfo=UTC))
    log = promising_log(url, folder, clock)
    try:
        story = RandomLog(log, clock, seed)
        story.run()
        incremental = stored(log)
        assert log.integrity.verify().problems == ()
        for view in story.views():
            found = commitments(log, as_of=view.as_of, known_at=view.known_at)
            for name in ("清单", "指南"):
                own = found.get(name)
                assert (own and own.status) == expected(log, name, view), (name, view)
        log.commitments.rebuild()
        assert stored(log) == incremental
    finally:
        log.close()


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(3))
def test_statuses_are_those_of_a_rebuild_and_of_the_records(tmp_path: Path, seed: int) -> None:
    compare(sqlite.new(tmp_path / "qingdan.db"), tmp_path, seed)


@pytest.mark.soak
def test_statuses_of_many_random_logs(tmp_path: Path) -> None:
    for seed in range(3, 100):
        folder = tmp_path / str(seed)
        folder.mkdir()
        compare(sqlite.new(folder / "qingdan.db"), folder, seed)

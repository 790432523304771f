"""Findings on both clocks: opened by one release, ended by another, and never other than a rebuild."""

from __future__ import annotations

import random
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text

from publisher.checks.all_checks import CHECKS
from publisher.checks.check import Check, CheckedRecord, Knowledge, Publisher, finding_id
from publisher.log.findings.finding_query import FindingQuery
from publisher.log.log import Log
from publisher.log.model import LogError, RecordQuery, View
from schemas.definition.file_loader import load_catalogue
from schemas.reference.article_hashes import encode_articles
from tests.publisher.log.findings.checked_site import (
    DECISIONS,
    LIST,
    STATUTES,
    checked_log,
    graph_rows,
    publish_list,
    publish_statutes,
    repeal,
    stored,
)
from tests.support.clock import Clock

type NewDatabase = Callable[[Path], AbstractContextManager[str]]
START = date(2020, 1, 1)
BASIS = "《档案法实施办法》第八条"


def open_ids(log: Log, **view: Any) -> set[str]:
    log.findings.update()
    return {found.id for found in log.findings.page(FindingQuery(view=View(**view), limit=100)).findings}


@pytest.mark.slow
def test_a_finding_opens_with_the_day_of_the_repeal_and_ends_with_the_release_that_mends_it(
    log: Log, clock: Clock
) -> None:
    publish_list(log, {"查档": BASIS, "取水": "《水法》第七条"}, START)
    clock.advance(days=1)
    publish_statutes(log, repeal("档案法实施办法", "2020-03-01"), on=START)
    assert open_ids(log) == set()
    clock.advance(days=90)
    (found,) = log.findings.page(FindingQuery()).findings
    assert (found.title, found.part, found.dataset, found.status) == ("查档", "档案局", LIST, "open")
    assert (found.effective_from, found.effective_to) == (date(2020, 3, 1), None)
    assert found.opened is not None
    assert (found.opened.dataset, found.opened.number) == (STATUTES, 1)
    assert found.finding.message_zh == "《档案法实施办法》仍列于依据，自2020-03-01起已经废止"
    before_statutes = datetime(2020, 1, 1, 12, tzinfo=UTC)
    assert open_ids(log, as_of=date(2020, 4, 1), known_at=before_statutes) == set()

    known = clock.now
    clock.advance(days=1)
    publish_list(log, {"查档": "《档案法实施条例》第七条", "取水": "《水法》第七条"}, date(2020, 4, 1))
    assert open_ids(log) == set()
    assert open_ids(log, as_of=date(2020, 3, 31)) == {found.id}, (
        "it was a finding until the day of the change"
    )
    assert open_ids(log, as_of=date(2020, 4, 1), known_at=known) == {found.id}
    (ended,) = log.findings.page(FindingQuery(status="ended")).findings
    assert (ended.id, ended.status) == (found.id, "ended")
    assert ended.ended is not None
    assert (ended.ended.dataset, ended.ended.number) == (LIST, 2)
    assert log.findings.get(found.id).status == "ended"
    assert log.integrity.verify().problems == ()


def test_each_cite_is_the_text_of_the_revision_that_it_names(log: Log) -> None:
    publish_list(log, {"查档": f"【法规】{BASIS}：应当查档"}, START)
    publish_statutes(log, repeal("档案法实施办法", "2019-03-01"), on=START)
    log.findings.update()
    (found,) = log.findings.page(FindingQuery()).findings
    for cite in found.finding.cites:
        origin = log.queries.revision_origin(cite.dataset, cite.record, cite.revision)
        value = origin.row.content[cite.field]
        assert isinstance(value, str)
        assert cite.text == value[cite.start : cite.end] != ""


def test_a_row_whose_values_are_of_no_type_stops_no_check(log: Log) -> None:
    publish_list(log, {"查档": BASIS, "取水": "《水法规定》第七条"}, START)
    broken = repeal("水法规定", "2019-02-30", version="不详")
    publish_statutes(log, repeal("档案法实施办法", "2019-03-01"), broken, on=START)
    log.findings.update()
    assert [finding.title for finding in log.findings.page(FindingQuery()).findings] == ["查档"]
    assert log.integrity.verify().problems == ()


def test_filters_and_pages_and_facets(log: Log, clock: Clock) -> None:
    publish_list(log, {f"查档{n}": BASIS for n in range(3)}, START)
    publish_list(log, {"取水": "《水法规定》第七条"}, START, part="水务局")
    clock.advance(days=1)
    publish_statutes(log, repeal("档案法实施办法", "2019-03-01"), repeal("水法规定", "2019-03-01"), on=START)
    log.findings.update()
    page = log.findings.page(FindingQuery(limit=3))
    assert page.total == 4
    assert page.facets["part"] == (("档案局", 3), ("水务局", 1))
    assert page.after is not None
    rest = log.findings.page(FindingQuery(limit=3, after=page.after))
    assert {f.title for f in (*page.findings, *rest.findings)} == {"取水", "查档0", "查档1", "查档2"}
    assert rest.after is None
    for query, number in (
        (FindingQuery(parts=("水务局", "民政局")), 1),
        (FindingQuery(codes=("basis-repealed",)), 4),
        (FindingQuery(codes=("other",)), 0),
        (FindingQuery(severities=("fact", "look")), 4),
        (FindingQuery(datasets=(STATUTES,)), 0),
        (FindingQuery(datasets=(STATUTES, LIST)), 4),
        (FindingQuery(datasets=()), 0),
        (FindingQuery(records=(rest.findings[0].record,)), 1),
    ):
        assert log.findings.page(query).total == number
    with pytest.raises(LogError, match="no finding"):
        log.findings.get("none")


@pytest.mark.slow
def test_an_erased_or_withdrawn_record_has_no_finding(log: Log, clock: Clock) -> None:
    publish_list(log, {"查档": BASIS, "借档": BASIS}, START)
    publish_statutes(log, repeal("档案法实施办法", "2019-03-01"), on=START)
    log.findings.update()
    first, second = log.findings.page(FindingQuery()).findings
    log.releases.erase(records=[(LIST, first.record)], ground="判决")
    assert [f.id for f in log.findings.page(FindingQuery()).findings] == [second.id], "at once"
    assert log.integrity.verify().problems == ()
    assert open_ids(log) == {second.id}
    with pytest.raises(LogError):
        log.findings.get(first.id)
    clock.advance(days=1)
    log.releases.withdraw(LIST, [second.record], reason="误发")
    assert open_ids(log) == set()
    assert log.findings.get(second.id).status == "ended"
    assert log.integrity.verify().problems == ()


EDITS = (
    "UPDATE finding SET severity = 'look'",
    "UPDATE finding SET cites = '[]'",
    "UPDATE finding SET known_to = 5",
    "UPDATE finding SET effective_from = effective_from + 1",
    "UPDATE finding SET part = NULL",
    "DELETE FROM finding",
)


@pytest.mark.slow
@pytest.mark.parametrize("edit", EDITS)
def test_verification_names_a_changed_finding_and_repairs_it(log: Log, edit: str, tmp_path: Path) -> None:
    publish_list(log, {"查档": BASIS}, START)
    publish_statutes(log, repeal("档案法实施办法", "2019-03-01"), on=START)
    log.findings.update()
    before = stored(log)
    with log._session.database.write() as conn:
        conn.execute(text(edit))
    assert any("finding" in problem for problem in log.integrity.verify().problems)
    assert log.integrity.repair(tmp_path / "replaced.jsonl") > 0
    log.findings.update()
    assert stored(log) == before
    assert log.integrity.verify().problems == ()


def test_a_new_version_of_a_check_checks_everything_again(log: Log, monkeypatch: pytest.MonkeyPatch) -> None:
    publish_list(log, {"查档": BASIS}, START)
    publish_statutes(log, repeal("档案法实施办法", "2019-03-01"), on=START)
    assert log.findings.update()
    assert log.findings.is_current()
    assert not log.findings.update()
    monkeypatch.setattr(type(CHECKS[0]), "version", 99)
    assert not log.findings.is_current()
    assert log.findings.update()
    assert log.findings.is_current()


def test_lists_are_checked_again_when_their_publisher_changes(log: Log) -> None:
    decision = {"name": "取水审批", "decision_number": "示政发〔2019〕2号", "decision": "取消"}
    publish_list(log, {"取水许可": "《水法》第七条"}, START)
    publish_statutes(log, decision, on=START, dataset=DECISIONS)
    (found,) = open_ids(log)
    log.datasets.change(DECISIONS, body="别市人民政府")
    assert not log.findings.is_current()
    assert open_ids(log) == set(), "the decision of another city does not concern this one"
    log.datasets.change(DECISIONS, body="示例市")
    assert open_ids(log) == {found}


TITLES = ("甲法", "乙法", "丙法")
NAMES = ("设立典当行审批", "取水许可", "查档")
ARTICLE = "销售的种子应当加工、分级、包装。大包装或者进口种子可以分装。"
RENAMED = ("典当行设立许可", "取水审批", "查档核准", "借档审批")
ROUNDS = 10
REFUSALS = {
    *("later-effect", "no-change", "nothing-changes", "no-such-record", "erased"),
    *("already-in-effect", "already-cancelled", "cancel-superseded"),
}


class RandomLog:
    """Random releases of three lists, some of them cancelled, corrections, withdrawals and erasures, checked
    now and then."""

    def __init__(self, log: Log, clock: Clock, seed: int) -> None:
        self.log, self.clock, self._random = log, clock, random.Random(seed)

    def run(self) -> None:
        steps = (self._list, self._list, self._statutes, self._decisions, self._amend, self._wait)
        later = [self._random.choice(steps) for _ in range(ROUNDS)]
        for step in (self._list, *[self._statutes] * 3, *[self._decisions] * 2, *later):
            try:
                step()
            except LogError as error:
                if error.code not in REFUSALS:
                    raise
                for dataset in (LIST, STATUTES, DECISIONS):
                    if self.log.drafts.get(dataset):
                        self.log.drafts.discard(dataset)
            self.clock.advance(minutes=1)
            if self._random.random() < 0.4:
                self.log.findings.update()
            if self._random.random() < 0.3:
                self.log.graph.update()
        self.log.findings.update()
        self.log.graph.update()

    def _day(self) -> date:
        return START + timedelta(days=self._random.randrange(10))

    def _basis(self) -> str:
        drawn = self._random
        parts = [
            f"《{title}》第{drawn.choice('一二三')}条" for title in drawn.sample(TITLES, drawn.randrange(4))
        ]
        mention = f"\n第九条：依照《{drawn.choice(TITLES)}》的规定处罚。" if drawn.random() < 0.3 else ""
        place = f"\n示政发〔2019〕2号附件第{drawn.choice('123')}项" if drawn.random() < 0.3 else ""
        quotation = f"\n《{drawn.choice(TITLES)}》第二条：{ARTICLE}" if drawn.random() < 0.5 else ""
        newer = "\n示政发〔2021〕9号" if drawn.random() < 0.2 else ""
        return "、".join(parts) + mention + place + quotation + newer or "无"

    def _list(self) -> None:
        bases = {name: self._basis() for name in self._random.sample(NAMES, self._random.randrange(1, 4))}
        publish_list(self.log, bases, self._day(), on_conflict=self._random.choice(["keep", "replace"]))

    def _statutes(self) -> None:
        title = self._random.choice(TITLES)
        row: dict[str, Any] = repeal(title, self._day().isoformat())
        if self._random.random() < 0.3:
            numbers = self._random.choice((("第一条", "第二条"), ("第二条", "第一条")))
            row = {"title": title, "version": self._day().isoformat(), "effective": self._day().isoformat()}
            row["article_hashes"] = encode_articles(zip(numbers, (ARTICLE, "目的"), strict=True))
        publish_statutes(self.log, row, on=self._day(), on_conflict=self._random.choice(["keep", "replace"]))

    def _decisions(self) -> None:
        drawn = self._random
        row: dict[str, Any] = {
            "name": drawn.choice(RENAMED),
            "decision_number": drawn.choice(("示政发〔2019〕2号", "示政发〔2020〕3号")),
            "item_number": drawn.choice("123"),
            "decision": drawn.choice(("取消", "取消", "部分取消", "下放")),
        }
        if drawn.random() < 0.5:
            row["decided_on"] = self._day().isoformat()
        publish_statutes(
            self.log,
            row,
            on=self._day(),
            dataset=DECISIONS,
            on_conflict=drawn.choice(["keep", "replace"]),
        )

    def _amend(self) -> None:
        dataset = self._random.choice((LIST, STATUTES, DECISIONS))
        if releases := self._random.random() < 0.3 and self.log.queries.releases(dataset):
            newest = max(release.number for release in releases)
            self.log.releases.cancel(dataset, newest, reason="误发")
            return
        records = self.log.queries.records(dataset, RecordQuery(limit=100)).records
        if not records:
            return
        record = self._random.choice(records)
        kind = self._random.randrange(4)
        if kind == 0:
            self.log.releases.withdraw(dataset, [record.id], reason="误发")
        elif kind == 1:
            self.log.releases.erase(records=[(dataset, record.id)], ground="判决")
        elif dataset == LIST:
            new = {**record.content, "basis": self._basis()}
            self.log.releases.correct(dataset, {record.id: new}, reason="更正")

    def _wait(self) -> None:
        self.clock.advance(days=self._random.randrange(1, 3))

    def views(self) -> Iterator[tuple[date, datetime]]:
        for _ in range(6):
            instant = datetime(2020, 1, 1, tzinfo=UTC) + self._random.random() * timedelta(days=9)
            yield self._day() + timedelta(days=self._random.randrange(3)), min(instant, self.clock.now)


def expected_ids(log: Log, day: date, known_at: datetime, *, agreements: bool) -> set[str]:
    """Apply the checks to the records of a view, without anything that the log derived."""
    view = View(as_of=day, known_at=known_at)
    lists = {"statutes": STATUTES, "cancelled-items": DECISIONS}

    class Known(Knowledge):
        def __init__(self, check: Check) -> None:
            self._rows = [
                (name, set(keys(record.content)), record)
                for name, keys in check.needs.items()
                if name in lists
                for record in in_view(log, lists[name], name, view)
            ]

        def find(self, catalogue: str, key: str) -> Sequence[CheckedRecord]:
            return [row for name, keys, row in self._rows if name == catalogue and key in keys]

    return {
        finding_id(found)
        for check in CHECKS
        if check.concerns(load_catalogue("power-list"))
        for known in [Known(check)]
        for record in in_view(log, LIST, "power-list", view)
        for found in check.find_findings(record, known, day)
        if agreements or found.severity != "agrees"
    }


def in_view(log: Log, dataset: str, catalogue: str, view: View) -> Iterator[CheckedRecord]:
    for state in log.queries.records(dataset, RecordQuery(view=view, limit=1000)).records:
        publisher = Publisher("示例市", "")
        yield CheckedRecord(
            dataset, state.id, state.revision or "", load_catalogue(catalogue), state.content, publisher
        )


def compare_random_log(url: str, folder: Path, seed: int) -> None:
    clock = Clock(datetime(2020, 1, 1, tzinfo=UTC))
    log = checked_log(url, folder, clock)
    try:
        story = RandomLog(log, clock, seed)
        story.run()
        incremental, graph = stored(log), graph_rows(log)
        assert any(graph.values())
        assert log.integrity.verify().problems == ()
        for day, known_at in story.views():
            view = View(as_of=day, known_at=known_at)
            for agreements in (False, True):
                page = log.findings.page(FindingQuery(view=view, limit=1000, agreements=agreements))
                expected = expected_ids(log, day, known_at, agreements=agreements)
                assert {found.id for found in page.findings} == expected, (day, known_at)
        log.findings.rebuild()
        log.graph.rebuild()
        assert (stored(log), graph_rows(log)) == (incremental, graph)
    finally:
        log.close()


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(2))
def test_findings_and_graph_of_random_logs_are_those_of_a_rebuild_and_of_every_view(
    url: str, tmp_path: Path, seed: int
) -> None:
    compare_random_log(url, tmp_path, seed)


@pytest.mark.soak
@pytest.mark.parametrize("first", range(100, 300, 50))
def test_findings_and_graph_of_200_random_logs_are_those_of_a_rebuild(
    new_database: NewDatabase, first: int
) -> None:
    for seed in range(first, first + 50):
        with tempfile.TemporaryDirectory() as folder, new_database(Path(folder)) as address:
            compare_random_log(address, Path(folder), seed)

"""Works on both clocks: what they are, who cites them, what ended them."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

import pytest

from publisher.log.graph.passage_query import PassageQuery
from publisher.log.graph.work_query import WorkQuery
from publisher.log.log import Log
from publisher.log.model import DraftEntry, LogError, RecordQuery, View
from tests.publisher.log.findings.checked_site import (
    LIST,
    create_datasets,
    publish_list,
    publish_statutes,
    repeal,
)
from tests.support.clock import Clock
from tests.support.datasets import create_dataset
from tests.support.log import put_workbook

START = date(2020, 1, 1)
NUMBER, TITLE = "示政发〔2024〕18号", "关于取消一批收费的通知"


@pytest.fixture
def graph(log: Log) -> Log:
    create_datasets(log)
    create_dataset(log, "policies", "policies", body="示例市")
    return log


def publish_policy(log: Log, **content: Any) -> None:
    entries = [DraftEntry({"number": NUMBER, "title": TITLE, **content}, repr(content))]
    source = put_workbook(log, repr(content))
    log.drafts.stage("policies", entries, part=None, source=source, parser_version="test 1")
    assert log.releases.publish("policies", effective_on=START)


def test_a_work_is_what_cites_it_and_what_it_changed_here(graph: Log) -> None:
    publish_list(
        graph, {"取水": f"《{TITLE}》第三条", "查档": "示政发[2024]18号"}, START, basis="示政发(2024)18号"
    )
    graph.graph.update()
    unresolved = graph.graph.work(NUMBER)
    assert (unresolved.kind, unresolved.records, unresolved.citing) == ("document", (), 1)
    publish_policy(
        graph, body_markdown="《旧通知》（示政发〔2001〕3号）同时废止。", effective_on="2024-07-01"
    )
    graph.graph.update()
    work = graph.graph.work(TITLE)
    assert work == graph.graph.work(NUMBER)
    assert (work.key, work.title, work.names) == (NUMBER, TITLE, (NUMBER, TITLE))
    assert (len(work.records), work.citing) == (1, 2)
    assert [(one.dataset, one.number) for one in graph.graph.releases_on(work)] == [(LIST, 1)]
    (effect,) = graph.graph.effects(PassageQuery(works=("示政发〔2001〕3号",))).passages
    assert (effect.kind, effect.source, effect.day) == ("repeals", NUMBER, date(2024, 7, 1))
    assert effect.passage.text == "《旧通知》（示政发〔2001〕3号）同时废止。"
    assert graph.graph.work("示政发〔2001〕3号").records == ()
    with pytest.raises(LogError, match="Nothing names"):
        graph.graph.work("无此文件")


def test_a_work_is_seen_as_of_a_day_and_as_known_at_an_instant(graph: Log, clock: Clock) -> None:
    publish_list(graph, {"取水": "《水法》第七条"}, START)
    before = clock.now
    clock.advance(days=10)
    publish_list(graph, {"取水": "《水条例》第七条"}, date(2020, 1, 5))
    graph.graph.update()

    def citing(key: str, **view: Any) -> int:
        return graph.graph.work(key, View(**view)).citing

    assert (citing("水法"), citing("水条例")) == (0, 1)
    assert citing("水法", as_of=date(2020, 1, 2)) == 1
    assert citing("水法", known_at=before) == 1
    query = PassageQuery(View(as_of=date(2020, 1, 2)), works=("水法",))
    assert graph.graph.citations(query).total == 1
    assert graph.graph.citations(PassageQuery(View(known_at=datetime(2019, 1, 1, tzinfo=UTC)))).total == 0


def test_citations_have_pages_and_filters(graph: Log) -> None:
    bases = {f"取水{n}": f"《水法》第{n}条、第九条" for n in range(1, 8)}
    publish_list(graph, {**bases, "查档": "《档案法》第八条：按照《水法》的规定"}, START)
    graph.graph.update()
    seen: list[tuple[str, int]] = []
    after: tuple[Any, ...] | None = None
    while True:
        page = graph.graph.citations(PassageQuery(works=("水法",), limit=4, after=after))
        assert page.total == 15
        seen += [(one.passage.title, one.article) for one in page.passages]
        after = page.after
        if after is None:
            break
    assert len(seen) == len(set(seen)) == 15
    for query, total in (
        (PassageQuery(works=("水法",), article=9), 7),
        (PassageQuery(works=("水法",), roles=("mention",)), 1),
        (PassageQuery(kinds=("document",)), 0),
        (PassageQuery(datasets=("statutes",)), 0),
    ):
        assert graph.graph.citations(query).total == total
    for one in graph.graph.citations(PassageQuery(limit=100)).passages:
        content = graph.queries.record(LIST, one.passage.record, View()).content
        assert str(content[one.passage.field])[one.passage.start : one.passage.end] == one.passage.text != ""


def test_works_are_listed_by_key_also_those_that_no_list_contains(graph: Log) -> None:
    publish_list(graph, {"取水": "《水法》第七条；《旧档案条例》第二条；国发〔2013〕27号"}, START)
    publish_statutes(graph, repeal("旧档案条例", "2019-03-01"), on=START)
    graph.graph.update()
    keys = {
        resolved: [one.key for one in graph.graph.works(WorkQuery(resolved=resolved)).works]
        for resolved in (None, True, False)
    }
    assert keys == {
        None: ["国发〔2013〕27号", "旧档案条例", "水法"],
        True: ["旧档案条例"],
        False: ["国发〔2013〕27号", "水法"],
    }
    page = graph.graph.works(WorkQuery(limit=2))
    assert page.after == "旧档案条例"
    assert [one.key for one in graph.graph.works(WorkQuery(limit=2, after=page.after)).works] == ["水法"]
    assert [one.key for one in graph.graph.works(WorkQuery(kinds=("document",))).works] == [
        "国发〔2013〕27号"
    ]
    assert [one.key for one in graph.graph.works(WorkQuery(contains="档案")).works] == ["旧档案条例"]
    (ended,) = graph.graph.effects(PassageQuery(works=("旧档案条例",), kinds=("repeals",))).passages
    assert (ended.source, ended.article, ended.passage.text) == ("新旧档案条例", 9, "第九条")
    assert graph.integrity.verify().problems == ()


def works(log: Log, **query: Any) -> dict[str, int]:
    """→ how many records cite each work of a list, which has as many as it says, on one page or several."""
    log.graph.update()
    page = log.graph.works(WorkQuery(**query))
    listed = {one.key: one.citing for one in page.works}
    assert len(listed) == page.total
    again, after = dict[str, int](), ""
    while True:
        part = log.graph.works(WorkQuery(**query, limit=1, after=after))
        again |= {one.key: one.citing for one in part.works}
        if part.after is None:
            break
        after = part.after
    assert again == listed
    return listed


@pytest.mark.slow
def test_a_cited_work_is_listed_before_its_document_is_published_and_after_it_is_withdrawn(
    graph: Log, clock: Clock
) -> None:
    publish_list(graph, {"取水": f"《{TITLE}》第三条", "查档": "示政发[2024]18号"}, START)
    cited_by_title = View(known_at=clock.now)
    assert works(graph) == {TITLE: 1, NUMBER: 1}, "nobody knows that they are one"
    clock.advance(days=1)
    publish_policy(graph)
    assert works(graph) == works(graph, resolved=True) == {NUMBER: 2}
    assert works(graph, resolved=False) == {}
    for resolved in (None, False):
        assert works(graph, view=cited_by_title, resolved=resolved) == {NUMBER: 2}
    assert works(graph, view=cited_by_title, resolved=True) == {}
    clock.advance(days=1)
    (policy,) = graph.queries.records("policies", RecordQuery()).records
    graph.releases.withdraw("policies", [policy.id], reason="误发")
    for resolved in (None, False):
        assert works(graph, resolved=resolved) == {NUMBER: 2}
        assert works(graph, resolved=resolved, kinds=("document",), contains="18号") == {NUMBER: 2}
    assert works(graph, resolved=True) == works(graph, kinds=("statute",)) == {}


def test_a_cited_title_that_two_documents_have_is_listed_as_a_work_of_its_own(graph: Log) -> None:
    publish_list(graph, {"取水": f"《{TITLE}》第三条", "查档": "示政发[2024]18号"}, START)
    publish_policy(graph)
    assert works(graph) == {NUMBER: 2}
    other = "示政发〔2025〕20号"
    publish_policy(graph, number=other)
    assert works(graph) == {NUMBER: 1, other: 0, TITLE: 1}
    assert (graph.graph.work(TITLE).citing, graph.graph.work(TITLE).records) == (1, ())
    assert works(graph, resolved=False) == {TITLE: 1}
    assert works(graph, resolved=True) == {NUMBER: 1, other: 0}


def test_a_title_is_that_of_the_document_whose_number_was_added_later(graph: Log, clock: Clock) -> None:
    publish_list(graph, {"取水": f"《{TITLE}》第三条", "查档": "示政发[2024]18号"}, START)
    publish_policy(graph, number=None)
    assert works(graph) == {TITLE: 1, NUMBER: 1}
    clock.advance(minutes=1)
    without_number = View(known_at=clock.now)
    for number in ("示政发〔2024〕81号", NUMBER):
        clock.advance(days=1)
        (policy,) = graph.queries.records("policies", RecordQuery()).records
        content = {**policy.content, "number": number}
        graph.releases.rename("policies", policy.id, content, effective_on=START, reason="补正文号")
    assert works(graph) == works(graph, resolved=True) == {NUMBER: 2}
    work = graph.graph.work(TITLE)
    assert (work.key, work.names) == (NUMBER, (NUMBER, TITLE))
    assert graph.graph.names(TITLE) == work.names
    assert works(graph, view=without_number) == {TITLE: 1, NUMBER: 1}
    assert works(graph, view=without_number, resolved=True) == {TITLE: 1}


def test_effects_are_listed_by_side(graph: Log) -> None:
    publish_policy(
        graph, body_markdown="《旧通知》（示政发〔2001〕3号）同时废止。", effective_on="2024-07-01"
    )
    graph.graph.update()
    for works, acting, number in (
        ((NUMBER,), True, 1),
        ((NUMBER,), False, 0),
        (("示政发〔2001〕3号",), False, 1),
    ):
        assert graph.graph.effects(PassageQuery(works=works, acting=acting)).total == number

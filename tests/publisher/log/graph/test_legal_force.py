"""Whether a work is in force on a day: repeals that hold or are to come, and titles that were used again."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest

from publisher.log.graph.legal_force import LegalForce, find_endings, judge_force
from publisher.log.graph.passage_query import PassageQuery
from publisher.log.log import Log
from publisher.log.model import View
from schemas.definition.catalogue import Content
from schemas.definition.file_loader import load_catalogue
from tests.support.clock import Clock
from tests.support.site import demo_dataset, publish

pytestmark = pytest.mark.both_databases

REPEALED: Content = {
    "title": "取水条例",
    "repealed_on": "2026-03-01",
    "repealed_by": "水资源条例",
    "repealed_article": "第九条",
}
EDITION: Content = {"title": "取水条例", "version": "2010-01-01", "effective": "2010-05-01"}


@pytest.fixture
def log(url: str, tmp_path: Path, clock: Clock) -> Iterator[Log]:
    log = Log.open(url, sources=tmp_path / "sources", clock=clock)
    log.datasets.init_site("https://data.example.gov.cn", "data.example.gov.cn,2026-11-23")
    for name in ("statutes", "policies"):
        log.datasets.create(demo_dataset(name, catalogue=name), load_catalogue(name))
    yield log
    log.close()


def standing(log: Log, day: date, key: str = "取水条例") -> tuple[LegalForce | None, int, int]:
    """→ the force of the work, and how many works ended it or will."""
    log.graph.update()
    view = View(as_of=day)
    work = log.graph.work(key, view)
    effects = log.graph.effects(PassageQuery(view, works=work.names)).passages
    endings = find_endings(work, effects, day)
    return judge_force(work, endings, day), len(endings.past), len(endings.coming)


def publish_statutes(log: Log, *rows: Content) -> None:
    publish(log, "statutes", list(rows), date(2009, 1, 1), "")


def test_a_repeal_holds_from_its_day_on(log: Log) -> None:
    publish_statutes(log, REPEALED)
    assert standing(log, date(2026, 2, 28)) == ("InForce", 0, 1)
    assert standing(log, date(2026, 3, 1)) == ("NotInForce", 1, 0)


def test_a_repeal_without_a_day_holds_from_the_edition_that_states_it(log: Log) -> None:
    row = {**REPEALED, "repealed_by_version": "2026-06-01"}
    del row["repealed_on"]
    publish_statutes(log, row)
    assert standing(log, date(2026, 5, 31)) == ("InForce", 0, 1)
    assert standing(log, date(2026, 6, 1)) == ("NotInForce", 1, 0)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("enacted", "force"), [("2010-05-01", "NotInForce"), ("2026-03-01", "InForce"), ("2027-01-01", "InForce")]
)
def test_a_title_that_was_enacted_again_is_in_force(log: Log, enacted: str, force: LegalForce) -> None:
    publish_statutes(log, REPEALED, {**EDITION, "version": enacted, "effective": enacted})
    assert standing(log, date(2027, 1, 2))[0] == force
    assert standing(log, date(2026, 6, 1))[0] == ("InForce" if enacted == "2026-03-01" else "NotInForce")


def test_what_takes_effect_later_or_lapsed_is_not_in_force(log: Log) -> None:
    publish_statutes(log, EDITION)
    assert standing(log, date(2010, 4, 30))[0] == "NotInForce"
    assert standing(log, date(2010, 5, 1))[0] == "InForce"
    document: Content = {"number": "示政发〔2010〕1号", "title": "关于取水的通知", "body_markdown": "无"}
    lapsed: Content = {**document, "number": "示政发〔2010〕2号", "validity": "失效"}
    partial: Content = {**document, "number": "示政发〔2010〕3号", "validity": "部分失效"}
    publish(log, "policies", [document, lapsed, partial], date(2010, 6, 1), "")
    forces = [standing(log, date(2011, 1, 1), f"示政发〔2010〕{n}号")[0] for n in (1, 2, 3)]
    assert forces == ["InForce", "NotInForce", "PartiallyInForce"]


def test_nothing_is_said_of_a_document_whose_own_term_is_over(log: Log) -> None:
    terms = (
        "本办法自印发之日起施行，有效期五年。",
        "本通知自2010年3月1日起施行，有效期至2014年12月31日。",
        "本通知自2010年3月1日起施行至2014年12月31日止。",
        "本办法所称许可证的有效期为五年。",
    )
    documents: list[Content] = [
        {
            "number": f"示政发〔2010〕{n}号",
            "title": f"办法{n}",
            "effective_on": "2010-03-01",
            "body_markdown": term,
        }
        for n, term in enumerate(terms, 1)
    ]
    documents.append({**documents[0], "number": "示政发〔2010〕9号", "title": "办法9", "validity": "有效"})
    publish(log, "policies", documents, date(2010, 6, 1), "")
    keys = [str(document["number"]) for document in documents]
    assert [standing(log, date(2014, 12, 31), key)[0] for key in keys] == ["InForce"] * 5
    forces = [standing(log, date(2015, 3, 1), key)[0] for key in keys]
    assert forces == [None, None, None, "InForce", "InForce"]


def test_a_newer_edition_of_the_same_title_does_not_end_it(log: Log) -> None:
    publish_statutes(log, {**REPEALED, "repealed_by": "取水条例"}, {**EDITION, "effective": "2026-03-01"})
    assert standing(log, date(2026, 6, 1)) == ("InForce", 0, 0)


def test_nothing_is_said_of_a_work_that_is_in_no_list(log: Log) -> None:
    document: Content = {
        "number": "示政发〔2010〕1号",
        "title": "关于《取水条例》的通知",
        "body_markdown": "无",
    }
    publish(log, "policies", [document], date(2010, 6, 1), "")
    assert standing(log, date(2011, 1, 1)) == (None, 0, 0)

"""Records by a tree of conditions: the same rows on SQLite and PostgreSQL, and pages without gaps."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path

import pytest

from publisher.log.log import Log
from publisher.log.model import DraftEntry, RecordQuery, View
from publisher.log.predicate import And, Comparison
from publisher.views.ogc.cql2 import parser
from publisher.views.ogc.cql2.queryables import catalogue_queryables
from publisher.views.ogc.cql2.to_predicate import translate
from schemas.definition.catalogue import Content
from tests.publisher.views.ogc.filters import FilterMaker
from tests.publisher.views.ogc.places import PLACES, catalogue, halls
from tests.support.site import demo_dataset


@pytest.mark.slow
def test_conditions_pages_and_totals_agree_with_the_contents_on_every_database(
    url: str, tmp_path: Path
) -> None:
    log = Log.open(url, sources=tmp_path / "sources")
    log.datasets.init_site("https://data.example.gov.cn", "data.example.gov.cn,2026-11-23")
    log.datasets.create(demo_dataset(PLACES, catalogue="halls"), catalogue())
    contents = halls(60)
    source = log.evidence.put_source(b"halls", name="halls.csv", media_type="text/csv")
    entries = [DraftEntry(content=content) for content in contents]
    log.drafts.stage(PLACES, entries, part=None, source=source, parser_version="1")
    log.releases.publish(PLACES, effective_on=date(2015, 1, 1))
    for seed in range(120):
        text, tree, holds = FilterMaker(seed, contents).condition(2)
        parsed = parser.read_json(json.dumps(tree)) if seed % 2 else parser.read_text(text)
        query = RecordQuery(where=translate(parsed, catalogue_queryables(catalogue())), limit=100)
        page = log.queries.raw_records(PLACES, query)
        codes = sorted(str(c["code"]) for c in contents if holds(c) is True)
        assert sorted(json.loads(m.content)["code"] for m in page.records) == codes, text
        assert page.total == len(codes), text
        if seed % 6 == 0:
            listed = log.queries.records(PLACES, query)
            assert [r.id for r in listed.records] == [m.id for m in page.records], text
            assert listed.total == page.total, text
    _pages_join(log, contents)
    log.close()


def _pages_join(log: Log, contents: list[Content]) -> None:
    whole = log.queries.raw_records(PLACES, RecordQuery(limit=100))
    ids = [match.id for match in whole.records]
    assert (whole.total, len(set(ids)), whole.after) == (60, 60, None)
    for where in (None, And(())):
        match_ids: list[str] = []
        after = None
        while True:
            page = log.queries.raw_records(
                PLACES, RecordQuery(where=where, limit=7, after=after, count=False)
            )
            match_ids += [match.id for match in page.records]
            after = page.after
            if after is None:
                break
        assert match_ids == ids
        assert [
            m.id
            for m in log.queries.raw_records(PLACES, RecordQuery(where=where, limit=9, offset=20)).records
        ] == ids[20:29]
    match = next(m for m in whole.records if b"windows" in m.content)
    one = log.queries.raw_record(PLACES, match.id, View())
    assert one == match
    assert log.queries.raw_record(PLACES, "none", View()) is None
    assert log.queries.raw_record(PLACES, match.id, View(as_of=date(2014, 12, 31))) is None
    windows = json.loads(match.content)["windows"]
    same_windows = log.queries.raw_records(PLACES, RecordQuery(where=Comparison("windows", "=", windows)))
    assert same_windows.total == sum(content.get("windows") == windows for content in contents)
    assert log.queries.extent(PLACES) == (date(2015, 1, 1), None)

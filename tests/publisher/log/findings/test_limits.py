"""Findings of limits in a log: both clocks, a correction, a mended limit, and the same after a rebuild."""

from __future__ import annotations

import json
from datetime import date

import pytest

from publisher.log.findings.draft_findings import UnpublishedRow
from publisher.log.findings.finding_query import FindingQuery
from publisher.log.log import Log
from publisher.log.model import DraftEntry, View
from schemas.definition.catalogue import Content
from schemas.definition.file_loader import load_catalogue, parse_catalogue
from tests.publisher.log.findings.checked_site import LIST, stored
from tests.support.clock import Clock
from tests.support.datasets import create_dataset
from tests.support.log import put_workbook

pytestmark = pytest.mark.both_databases

CODES = ("limit-lengthened", "limit-missing", "promised-exceeds-statutory")
"""Other checks say that these items have no basis."""


def item(name: str, promised: int, statutory: int = 30) -> Content:
    return {
        "name": name,
        "promised_limit": {"value": promised, "unit": "工作日"},
        "statutory_limit": {"value": statutory, "unit": "工作日"},
    }


def publish(log: Log, on: date, *items: Content) -> None:
    entries = [DraftEntry(one, repr(one)) for one in items]
    log.drafts.stage(
        LIST, entries, part="档案局", source=put_workbook(log, repr((items, on))), parser_version="test 1"
    )
    assert log.releases.publish(LIST, effective_on=on) is not None


def messages(log: Log, **query: object) -> list[str]:
    page = log.findings.page(FindingQuery(codes=CODES, **query))  # type: ignore[arg-type]  # the values are the test's own
    return sorted(one.finding.message_zh for one in page.findings)


def test_a_limit_that_grew_is_open_from_its_day_until_it_is_mended(log: Log, clock: Clock) -> None:
    lengthened = "“养老服务备案”现列20个工作日，此前列10个工作日"
    publish(log, date(2015, 1, 1), item("养老服务备案", 10), item("档案检查", 20))
    clock.advance(days=1)
    publish(log, date(2016, 1, 1), item("养老服务备案", 20), item("档案检查", 15))
    log.findings.update()
    assert messages(log) == [lengthened]
    assert messages(log, view=View(as_of=date(2015, 12, 31))) == []
    (finding,) = log.findings.page(FindingQuery(codes=CODES)).findings
    for cite in finding.finding.cites:
        revision = next(row for row in finding.rows if row.hash == cite.revision)
        if cite.field == "promised_limit":
            value = revision.content["promised_limit"]
            assert isinstance(value, dict)
            assert cite.text == f"{value['value']}个{value['unit']}"
    clock.advance(days=1)
    publish(log, date(2017, 1, 1), item("养老服务备案", 10), item("档案检查", 15))
    log.findings.update()
    assert messages(log, view=View(as_of=date(2017, 6, 1))) == []
    assert messages(log, view=View(as_of=date(2017, 6, 1)), status="ended") == [lengthened]
    incremental = stored(log)
    log.findings.rebuild()
    assert stored(log) == incremental


def warnings(log: Log, on: date, *items: Content) -> list[str]:
    """Stage items as the draft. → what the checks of limits say about it."""
    entries = [DraftEntry(one, repr(one)) for one in items]
    log.drafts.discard(LIST)
    log.drafts.stage(
        LIST, entries, part="档案局", source=put_workbook(log, repr((items, on))), parser_version="test 1"
    )
    return [one.message_zh for one in log.findings.of_draft(LIST, on) if one.code in CODES]


def test_a_draft_says_what_would_grow_on_its_day(log: Log, clock: Clock) -> None:
    publish(log, date(2015, 1, 1), item("养老服务备案", 10), item("档案检查", 20))
    clock.advance(days=1)
    longer = item("养老服务备案", 20)
    lengthened = "“养老服务备案”现列20个工作日，此前列10个工作日"
    assert warnings(log, date(2016, 1, 1), longer, item("档案检查", 20)) == [lengthened]
    assert warnings(log, date(2016, 1, 1), item("养老服务备案", 10), item("档案检查", 15)) == []
    assert warnings(log, date(2014, 6, 1), longer) == [], "nothing was listed before that day"
    twins = (longer, item("养老服务备案", 20, statutory=40))
    assert warnings(log, date(2016, 1, 1), *twins) == [], "which of the two it was is not known"
    rows = [UnpublishedRow("a.xlsx", longer, {})]
    assert [one.message_zh for one in log.findings.of_rows(LIST, rows) if one.code in CODES] == [lengthened]


def test_a_draft_is_checked_by_its_own_catalogue(log: Log) -> None:
    later = load_catalogue("power-list")
    file = json.loads(later.source)
    del file["qingdan"]["basis_field"]
    create_dataset(log, "others", parse_catalogue(json.dumps(file)))
    entries = [DraftEntry(item("养老服务备案", 10))]
    source = put_workbook(log, "others")
    log.drafts.stage("others", entries, part=None, source=source, parser_version="test 1", catalogue=later)
    codes = {finding.code for finding in log.findings.of_draft("others", date(2016, 1, 1))}
    assert "basis-missing" in codes


def test_a_record_without_a_title_stops_no_check(log: Log) -> None:
    """A catalogue of the site's own need not require the title."""
    file = json.loads(load_catalogue("power-list").source)
    next(field for field in file["fields"] if field["name"] == "name")["constraints"] = {}
    create_dataset(log, "others", parse_catalogue(json.dumps(file)))
    untitled = item("", 40) | {"code": "1"}
    del untitled["name"]
    entries = [DraftEntry(untitled, "1"), DraftEntry(item("养老服务备案", 40), "2")]
    source = put_workbook(log, "others")
    log.drafts.stage("others", entries, part=None, source=source, parser_version="test 1")
    expected = ["“养老服务备案”承诺办结时限列为40个工作日，法定办结时限列为30个工作日"]
    drafted = log.findings.of_draft("others", date(2016, 1, 1))
    assert [one.message_zh for one in drafted if one.code in CODES] == expected
    assert log.releases.publish("others", effective_on=date(2016, 1, 1)) is not None
    log.findings.update()
    assert messages(log) == expected


def test_a_limit_that_was_only_entered_wrongly_did_not_grow(log: Log, clock: Clock) -> None:
    publish(log, date(2015, 1, 1), item("养老服务备案", 2))
    clock.advance(days=1)
    (record,) = log.queries.find_by_title(LIST, "养老服务备案")
    log.releases.correct(LIST, {record.id: item("养老服务备案", 20)}, reason="更正：误录")
    log.findings.update()
    assert messages(log) == []


def test_a_promise_longer_than_the_law_is_found_and_ends_with_its_correction(log: Log, clock: Clock) -> None:
    publish(log, date(2015, 1, 1), item("养老服务备案", 40))
    log.findings.update()
    assert messages(log) == ["“养老服务备案”承诺办结时限列为40个工作日，法定办结时限列为30个工作日"]
    (record,) = log.queries.find_by_title(LIST, "养老服务备案")
    clock.advance(days=1)
    log.releases.correct(LIST, {record.id: item("养老服务备案", 20)}, reason="更正：误录")
    log.findings.update()
    assert messages(log) == []
    incremental = stored(log)
    log.findings.rebuild()
    assert stored(log) == incremental

"""Official codes that several items share, and codes that change."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from publisher.log.log import Log
from publisher.log.model import Part, RecordQuery
from publisher.workflow.import_files import InputFile, import_files
from publisher.workflow.import_report import ImportReport
from schemas.definition.file_loader import load_catalogue
from tests.support.clock import Clock
from tests.support.datasets import create_dataset

_HEADER = "职权编码,事项名称,权力类型,设定依据\n"


def _create(log: Log) -> None:
    create_dataset(log, "powers", parts=(Part("商务局"), Part("民政局"), Part("财政局")))


def _import(log: Log, rows: str, part: str = "商务局", *, dry_run: bool = False) -> ImportReport:
    file = InputFile(f"{part}.csv", (_HEADER + rows).encode())
    return import_files(log, "powers", [file], part=part, dry_run=dry_run)


def _publish(log: Log, day: date) -> None:
    log.releases.publish("powers", effective_on=day)


def _ids(log: Log) -> dict[str, str]:
    page = log.queries.records("powers", RecordQuery(limit=1000))
    return {str(r.content["name"]): r.id for r in page.records}


@pytest.mark.slow
def test_items_that_share_a_code_are_published_and_keep_their_ids(log: Log) -> None:
    _create(log)
    rows = "A1,甲处罚,行政处罚,《甲法》\nA1,乙处罚,行政处罚,《乙法》\nA2,丙处罚,行政处罚,《丙法》\n"
    assert not _import(log, rows).refused
    _publish(log, date(2015, 1, 1))
    before = _ids(log)
    assert sorted(before) == ["丙处罚", "乙处罚", "甲处罚"]
    report = _import(log, rows.replace("《甲法》", "《丁法》"))
    assert (report.changes.changed, report.changes.unchanged) == (1, 2)
    _publish(log, date(2016, 1, 1))
    assert _ids(log) == before


@pytest.mark.slow
def test_a_value_of_an_item_that_shares_its_code_may_be_corrected(log: Log) -> None:
    _create(log)
    _import(log, "A1,甲处罚,行政处罚,《甲法》\nA1,乙处罚,行政处罚,《乙法》\n")
    _publish(log, date(2015, 1, 1))
    record = log.queries.record("powers", _ids(log)["甲处罚"])
    log.releases.correct("powers", {record.id: {**record.content, "basis": "《丁法》"}}, reason="录入有误")
    assert log.queries.record("powers", record.id).content["basis"] == "《丁法》"


def test_a_code_that_changes_while_all_else_stays_is_reported(log: Log) -> None:
    _create(log)
    _import(log, "A1,甲处罚,行政处罚,《甲法》\nA2,乙处罚,行政处罚,《乙法》\n")
    _publish(log, date(2015, 1, 1))
    report = _import(log, "B1,甲处罚,行政处罚,《甲法》\nA2,乙处罚,行政处罚,《乙法》\n")
    (warning,) = report.warnings
    assert warning.code == "renumbering-suggested"
    assert "“A1”变为“B1”" in warning.message_zh
    report = _import(log, "B1,甲处罚,行政处罚,《丁法》\nA2,乙处罚,行政处罚,《乙法》\n")
    assert [w.code for w in report.warnings] == ["rename-suggested"]


def test_a_log_with_shared_codes_verifies(log: Log) -> None:
    _create(log)
    _import(log, "A1,甲处罚,行政处罚,《甲法》\nA1,乙处罚,行政处罚,《乙法》\n")
    assert log.integrity.verify().problems == ()
    _publish(log, date(2015, 1, 1))
    assert log.integrity.verify().problems == ()


def test_an_item_that_shares_its_code_is_renamed_and_keeps_its_id(log: Log) -> None:
    _create(log)
    rows = "A1,甲处罚,行政处罚,《甲法》\nA1,乙处罚,行政处罚,《乙法》\n"
    _import(log, rows)
    _publish(log, date(2015, 1, 1))
    before = _ids(log)
    record = log.queries.record("powers", before["甲处罚"])
    log.releases.rename(
        "powers",
        record.id,
        {**record.content, "name": "丁处罚"},
        reason="更名",
        effective_on=date(2016, 1, 1),
    )
    assert log.integrity.verify().problems == ()
    report = _import(log, rows.replace("甲处罚", "丁处罚"))
    assert (report.changes.added, report.changes.removed, report.changes.unchanged) == (0, 0, 2)
    assert _ids(log)["丁处罚"] == before["甲处罚"]


def test_items_that_share_a_code_keep_their_ids_over_a_migration(log: Log) -> None:
    _create(log)
    rows = "A1,甲处罚,行政处罚,《甲法》\nA1,乙处罚,行政处罚,《乙法》\n"
    _import(log, rows)
    _publish(log, date(2015, 1, 1))
    before = _ids(log)
    log.releases.migrate(
        "powers", load_catalogue("power-list"), reason="换用新定义", effective_on=date(2016, 1, 1)
    )
    assert log.integrity.verify().problems == ()
    report = _import(log, rows)
    assert (report.changes.added, report.changes.removed, report.changes.unchanged) == (0, 0, 2)
    assert _ids(log) == before


def test_a_later_rename_of_an_item_that_shares_its_code_is_cancelled(log: Log, clock: Clock) -> None:
    _create(log)
    rows = "A1,甲处罚,行政处罚,《甲法》\nA1,乙处罚,行政处罚,《乙法》\n"
    _import(log, rows)
    _publish(log, date(2015, 1, 1))
    later = clock().date() + timedelta(days=30)
    for number, record in zip((2, 4), _ids(log).values(), strict=True):
        content = {**log.queries.record("powers", record).content, "name": "丁处罚"}
        log.releases.rename("powers", record, content, reason="更名", effective_on=later)
        log.releases.cancel("powers", number, reason="生效日期有误")
    assert log.integrity.verify().problems == ()
    assert _import(log, rows).changes.unchanged == 2


@pytest.mark.slow
def test_items_of_two_parts_that_share_a_code_are_reported_and_published(log: Log) -> None:
    _create(log)
    ours, theirs = "A1,甲处罚,行政处罚,《甲法》\n", "A1,乙处罚,行政处罚,《乙法》\n"
    _import(log, ours)
    for dry_run in (True, False):
        report = _import(log, theirs, "民政局", dry_run=dry_run)
        assert not report.refused
        assert [(w.code, w.locators[0]["file"]) for w in report.warnings] == [("code-shared", "民政局.csv")]
    _publish(log, date(2015, 1, 1))
    before = _ids(log)
    assert sorted(before) == ["乙处罚", "甲处罚"]
    for rows, part in ((theirs, "民政局"), (ours, "商务局")):
        report = _import(log, rows, part)
        assert (report.changes.unchanged, report.warnings, report.conflicts) == (1, (), ())
    log.drafts.discard("powers")
    report = _import(log, "A1,丙处罚,行政处罚,《丙法》\n", "财政局")
    assert [w.code for w in report.warnings] == ["code-shared"]
    _publish(log, date(2016, 1, 1))
    assert {name: id_ for name, id_ in _ids(log).items() if name in before} == before
    assert log.integrity.verify().problems == ()


def test_one_item_with_its_code_in_two_parts_is_still_an_error(log: Log) -> None:
    _create(log)
    _import(log, "A1,甲处罚,行政处罚,《甲法》\n")
    assert _import(log, "A1,乙处罚,行政处罚,《乙法》\n", "民政局").conflicts == ()
    for part in ("财政局", "民政局"):
        report = _import(log, "A1,乙处罚,行政处罚,《乙法》\n", part)
        assert [c.code for c in report.conflicts] == ["identity-in-two-parts"]


@pytest.mark.slow
def test_an_item_keeps_its_id_when_its_code_is_no_longer_shared(log: Log) -> None:
    _create(log)
    both = "A1,甲处罚,行政处罚,《甲法》\nA1,乙处罚,行政处罚,《乙法》\n"
    _import(log, both)
    _import(log, "A1,丙处罚,行政处罚,《丙法》\n", "民政局")
    _publish(log, date(2015, 1, 1))
    before = _ids(log)
    report = _import(log, "A1,乙处罚,行政处罚,《乙法》\n")
    assert (report.changes.added, report.changes.removed, report.changes.unchanged) == (0, 1, 1)
    _publish(log, date(2016, 1, 1))
    _import(log, "A2,丁处罚,行政处罚,《丁法》\n")
    _publish(log, date(2017, 1, 1))
    _import(log, "A1,丙处罚,行政处罚,《戊法》\n", "民政局")
    _publish(log, date(2018, 1, 1))
    assert _ids(log)["丙处罚"] == before["丙处罚"]
    assert log.integrity.verify().problems == ()


def test_an_item_keeps_its_id_when_its_code_becomes_shared(log: Log) -> None:
    _create(log)
    _import(log, "A1,甲处罚,行政处罚,《甲法》\n")
    _publish(log, date(2015, 1, 1))
    before = _ids(log)
    report = _import(log, "A1,乙处罚,行政处罚,《乙法》\nA1,甲处罚,行政处罚,《甲法》\n")
    assert (report.changes.added, report.changes.removed, report.changes.unchanged) == (1, 0, 1)
    _publish(log, date(2016, 1, 1))
    assert _ids(log)["甲处罚"] == before["甲处罚"]
    assert log.integrity.verify().problems == ()


def test_an_item_that_moves_to_another_part_with_another_name_keeps_its_id(log: Log) -> None:
    _create(log)
    _import(log, "A1,甲处罚,行政处罚,《甲法》\nA2,丁处罚,行政处罚,《丁法》\n")
    _publish(log, date(2015, 1, 1))
    before = _ids(log)
    _import(log, "A2,丁处罚,行政处罚,《丁法》\n")
    report = _import(log, "A1,甲类处罚,行政处罚,《甲法》\n", "民政局")
    assert (report.warnings, report.conflicts) == ((), ())
    _publish(log, date(2016, 1, 1))
    assert _ids(log)["甲类处罚"] == before["甲处罚"]

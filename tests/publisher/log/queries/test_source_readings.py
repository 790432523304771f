"""Files of what is in force: those that are in effect, and the newest list of each part."""

from __future__ import annotations

from datetime import timedelta

from publisher.log.log import Log
from tests.support.clock import Clock
from tests.support.log import MIDDLE, entry, put_workbook, release


def readings(log: Log) -> list[tuple[str, bool, list[str]]]:
    """Name of each file, whether it is the newest list of its part, and titles of its records."""
    return [
        (one.source.name, one.newest, [record.title for record in one.records])
        for one in log.queries.source_readings("fees")
    ]


def test_a_file_of_later_effect_or_of_a_cancelled_release_is_not_that_of_todays_records(
    log: Log, clock: Clock
) -> None:
    release(log, entry("甲"))
    later = put_workbook(log, "later")
    log.drafts.stage("fees", [entry("甲", "9")], part="财政局", source=later, parser_version="1")
    log.releases.publish("fees", effective_on=clock().date() + timedelta(days=30))
    assert readings(log) == [("a workbook.xls", True, ["甲"])]
    log.releases.cancel("fees", 2, reason="有误")
    assert readings(log) == [("a workbook.xls", True, ["甲"])]


def test_the_list_of_a_merged_part_ends_with_the_next_list_of_its_successor(log: Log) -> None:
    release(log, entry("甲"), entry("乙"))
    log.datasets.merge_parts("fees", "财政局", "民政局")
    assert [newest for _, newest, _ in readings(log)] == [True]
    release(log, entry("甲"), part="民政局", on=MIDDLE)
    assert readings(log) == [("a workbook.xls", True, ["甲"])]

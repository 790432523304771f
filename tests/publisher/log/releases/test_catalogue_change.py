"""A migration assigns identities to records whose names follow each other."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from publisher.log.log import Log
from publisher.log.model import LogError, View
from tests.support.clock import Clock
from tests.support.log import EARLY, catalogue, entry, field, ids, release, stage, standards

WIDER = catalogue(fields=[field("unit", "单位")])


def test_a_name_that_one_record_has_after_another_does_not_refuse_a_migration(log: Log, clock: Clock) -> None:
    release(log, entry("甲"))
    record, later = ids(log)["甲"], clock().date() + timedelta(days=30)
    log.releases.rename("fees", record, entry("丁").content, effective_on=later, reason="更名")
    release(log, entry("丁"), entry("甲", "5"), on=later)
    log.releases.migrate("fees", WIDER, effective_on=clock().date())
    stage(log, entry("丁"), entry("甲", "5"))
    assert log.drafts.diff("fees", effective_on=later).counts["unchanged"] == 2
    assert standards(log) == {"甲": "1"}
    assert standards(log, View(as_of=later)) == {"丁": "1", "甲": "5"}
    assert log.integrity.verify().problems == ()


def test_the_last_record_of_a_name_is_the_one_of_its_rows(log: Log, clock: Clock) -> None:
    later = clock().date() + timedelta(days=30)
    release(log, entry("甲"), entry("乙"))
    release(log, entry("乙"), on=later)
    record = ids(log)["乙"]
    log.releases.rename("fees", record, entry("甲", "2").content, effective_on=later, reason="更名")
    log.releases.migrate("fees", WIDER, effective_on=clock().date())
    stage(log, entry("甲", "3"))
    log.releases.publish("fees", effective_on=later)
    assert log.queries.record("fees", record, View(as_of=later)).content["standard"] == "3"
    assert standards(log, View(as_of=later)) == {"甲": "3"}
    assert log.integrity.verify().problems == ()


def test_two_records_of_one_name_until_a_later_day_refuse_a_migration(log: Log) -> None:
    release(log, entry("甲", place="东"), entry("甲", place="西"))
    stage(log, entry("甲", place="东"))
    log.releases.publish("fees", effective_on=date(2030, 1, 1))
    with pytest.raises(LogError) as refused:
        log.releases.migrate("fees", catalogue(identity=["name"]), effective_on=EARLY)
    assert refused.value.code == "identity-taken"

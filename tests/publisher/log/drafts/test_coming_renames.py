"""A renamed item has its old name until the rename takes effect: nothing else gets that name before."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from publisher.log.log import Log
from publisher.log.model import LogError, View
from tests.support.clock import Clock
from tests.support.log import EARLY, LATE, MIDDLE, entry, ids, release, stage, standards


@pytest.mark.slow
@pytest.mark.parametrize("partial", [False, True])
def test_a_name_is_that_of_its_record_until_the_rename_takes_effect(log: Log, partial: bool) -> None:
    release(log, entry("证照费"), entry("登记费"))
    record = ids(log)["证照费"]
    log.releases.rename("fees", record, entry("执照费").content, effective_on=LATE, reason="x")
    part = "财政局" if partial else "民政局"
    stage(log, entry("证照费", "2"), part=part, partial=partial)
    for day in (EARLY, MIDDLE):
        with pytest.raises(LogError) as refused:
            log.releases.publish("fees", effective_on=day, on_conflict="keep")
        assert [c.code for c in refused.value.details] == ["renamed-later"]
        assert "第2次发布更名，自2017-01-01起" in refused.value.zh
    assert log.releases.publish("fees", effective_on=LATE, on_conflict="keep") is not None
    assert standards(log, View(as_of=MIDDLE)) == {"证照费": "1", "登记费": "1"}
    assert standards(log, View(as_of=LATE)) == {"执照费": "1", "证照费": "2", "登记费": "1"}
    assert log.integrity.verify().problems == ()


def test_an_earlier_list_does_not_take_a_name_into_the_days_of_another_item(log: Log) -> None:
    release(log, entry("证照费"), on=MIDDLE)
    log.releases.rename("fees", ids(log)["证照费"], entry("执照费").content, effective_on=LATE, reason="x")
    stage(log, entry("证照费", "2"), part="民政局")
    with pytest.raises(LogError) as refused:
        log.releases.publish("fees", effective_on=EARLY, on_conflict="replace")
    assert [c.code for c in refused.value.details] == ["renamed-later"]


def test_a_rename_does_not_take_the_name_of_an_item_before_that_one_ends(log: Log) -> None:
    release(log, entry("证照费"), entry("登记费"))
    record, end = ids(log)["证照费"], date(2018, 1, 1)
    release(log, entry("证照费"), on=end)
    rename = entry("登记费").content
    with pytest.raises(LogError) as refused:
        log.releases.rename("fees", record, rename, effective_on=LATE, reason="x")
    assert refused.value.code == "identity-taken"
    log.releases.rename("fees", record, rename, effective_on=end, reason="x")
    assert standards(log, View(as_of=LATE)) == {"证照费": "1", "登记费": "1"}
    assert standards(log, View(as_of=end)) == {"登记费": "1"}


def test_a_rename_that_was_cancelled_is_not_waited_for(log: Log, clock: Clock) -> None:
    release(log, entry("证照费"))
    record, today = ids(log)["证照费"], clock().date()
    sooner, later = today + timedelta(days=10), today + timedelta(days=30)
    for name, day in (("执照费", later), ("工本费", sooner)):
        log.releases.rename("fees", record, entry(name).content, effective_on=day, reason="x")
        if day == later:
            log.releases.cancel("fees", 2, reason="x")
    stage(log, entry("证照费", "2"), part="民政局")
    with pytest.raises(LogError) as refused:
        log.releases.publish("fees", effective_on=today)
    assert f"第4次发布更名，自{sooner}起" in refused.value.zh


def test_a_name_is_taken_again_where_a_kept_list_ends_the_removal_of_its_item(log: Log, clock: Clock) -> None:
    today = clock().date()
    release(log, entry("甲"), part="民政局")
    record = ids(log)["甲"]
    for name, days in (("己", 10), ("丁", 40)):
        day = today + timedelta(days=days)
        log.releases.rename("fees", record, entry(name).content, effective_on=day, reason="x")
    stage(log, part="民政局")
    stage(log, entry("乙"), entry("己"), part="财政局")
    day = today + timedelta(days=5)
    with pytest.raises(LogError) as refused:
        log.releases.publish("fees", effective_on=day, on_conflict="keep")
    assert [c.code for c in refused.value.details] == ["renamed-later"]
    assert log.releases.publish("fees", effective_on=day, on_conflict="replace") is not None
    assert standards(log, View(as_of=today + timedelta(days=20))) == {"乙": "1", "己": "1"}
    assert log.integrity.verify().problems == ()

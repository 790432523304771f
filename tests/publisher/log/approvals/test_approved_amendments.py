"""Amendments of records: approved like a draft, and void once what they replace is another content."""

from __future__ import annotations

from datetime import date

import pytest

from publisher.log.approvals.submission import PublicationRequest
from publisher.log.log import Log
from publisher.log.model import LogError
from schemas.definition.catalogue import Content
from tests.publisher.log.approvals.test_approvals import approve, code_of, publish, submit
from tests.support.clock import Clock
from tests.support.log import (
    LATE,
    MIDDLE,
    catalogue,
    entry,
    field,
    ids,
    put_workbook,
    release,
    stage,
    standards,
)


def test_amendments_are_approved_too(log: Log) -> None:
    stage(log, entry("甲"))
    approve(log, submit(log))
    publish(log)
    record = ids(log)["甲"]
    content: Content = {"name": "甲", "standard": "9"}
    with pytest.raises(LogError) as refused:
        log.releases.correct("fees", {record: content}, reason="更正")
    assert code_of(refused) == "approval-needed"
    request = PublicationRequest(kind="correct", note="更正", records={record: content})
    approve(log, submit(log, request))
    with pytest.raises(LogError):
        log.releases.correct("fees", {record: {**content, "standard": "10"}}, reason="更正")
    log.releases.correct("fees", {record: content}, reason="更正", actor="wang")
    assert standards(log) == {"甲": "9"}
    with pytest.raises(LogError):  # an approval is used once
        log.releases.correct("fees", {record: content}, reason="更正")


@pytest.mark.parametrize("reason", ["release", "day"])
def test_a_correction_of_content_that_is_not_in_force_any_more_is_void(
    log: Log, clock: Clock, reason: str
) -> None:
    """It would undo in silence what a later release changed, or one whose day has come."""
    release(log, entry("甲"), emergency="汛情")
    if reason == "day":
        release(log, entry("甲", kind="新"), on=date(2020, 2, 1), emergency="汛情")
    content: Content = {"name": "甲", "standard": "9"}
    request = PublicationRequest(kind="correct", note="更正", records={ids(log)["甲"]: content})
    one = approve(log, submit(log, request))
    if reason == "day":
        clock.advance(days=40)
    else:
        release(log, entry("甲", kind="新"), on=LATE, emergency="汛情")
    assert not log.approvals.get(one.key).is_current
    with pytest.raises(LogError) as refused:
        log.releases.correct("fees", request.records, reason="更正", submission=one.key)
    assert code_of(refused) == "approval-void"


def test_another_name_is_void_when_the_content_of_its_day_changed(log: Log) -> None:
    release(log, entry("甲"), emergency="汛情")
    record, content = ids(log)["甲"], {"name": "乙", "standard": "1"}
    request = PublicationRequest(kind="rename", note="更名", effective_on=LATE, records={record: content})
    one = approve(log, submit(log, request))
    release(log, entry("甲", "2"), on=date(2030, 1, 1), emergency="汛情")
    assert log.approvals.get(one.key).is_current, "that is after its day"
    release(log, entry("甲", "2"), on=MIDDLE, on_conflict="keep", emergency="汛情")
    assert not log.approvals.get(one.key).is_current


def test_the_draft_of_another_part_does_not_concern_an_amendment(log: Log) -> None:
    stage(log, entry("甲"))
    approve(log, submit(log))
    publish(log)
    record = ids(log)["甲"]
    content: Content = {"name": "甲", "standard": "9"}
    approve(log, submit(log, PublicationRequest(kind="correct", note="更正", records={record: content})))
    log.drafts.stage(
        "fees",
        [entry("乙", note="新")],
        part="民政局",
        source=put_workbook(log),
        parser_version="1",
        catalogue=catalogue(fields=[field("note", "备注")]),
    )
    log.releases.correct("fees", {record: content}, reason="更正")
    assert standards(log) == {"甲": "9"}

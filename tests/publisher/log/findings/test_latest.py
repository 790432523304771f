"""The latest findings: those of a query that were opened, ended or responded to last."""

from __future__ import annotations

from datetime import date

import pytest

from publisher.log.findings.finding_query import FindingQuery, FindingStatus
from publisher.log.log import Log
from publisher.workflow.respond import NewResponse, stage_response
from tests.publisher.log.findings.checked_site import publish_list, publish_statutes, repeal
from tests.support.clock import Clock
from tests.support.datasets import create_dataset

START = date(2020, 1, 1)
BASIS = "《档案法实施办法》第八条"
ARCHIVE, WATER = "档案局", "水务局"


def latest(log: Log, *statuses: FindingStatus, part: str = ARCHIVE) -> set[str]:
    """Return the titles of the findings with the one latest event of each kind."""
    log.findings.update()
    query = FindingQuery(parts=(part,), limit=1)
    return {one.title for one in log.findings.list_latest(query, statuses)}


def publish_powers(log: Log, clock: Clock, *names: str, part: str = ARCHIVE) -> None:
    clock.advance(minutes=1)
    publish_list(log, dict.fromkeys(names, BASIS), START, part=part)
    log.findings.update()


def respond(log: Log, clock: Clock, title: str) -> None:
    clock.advance(minutes=1)
    ids = {one.title: one.id for one in log.findings.page(FindingQuery()).findings}
    stage_response(log, "responses", NewResponse(ids[title], "说明", "正在办理", ARCHIVE, START))
    log.releases.publish("responses", effective_on=START, basis="示档〔2020〕1号")


@pytest.mark.slow
def test_the_latest_events_are_those_of_the_status_and_of_the_query(log: Log, clock: Clock) -> None:
    create_dataset(log, "responses", "responses")
    publish_statutes(log, repeal("档案法实施办法", "2019-03-01"), on=START)
    publish_powers(log, clock, "查档")
    publish_powers(log, clock, "查档", "借档")
    publish_powers(log, clock, "查档", "借档", "销档")
    publish_powers(log, clock, "取水", "排水", part=WATER)
    assert latest(log, "open") == {"销档"}
    respond(log, clock, "查档")
    respond(log, clock, "取水")
    respond(log, clock, "排水")
    assert latest(log, "open") == {"销档", "查档"}, "the newest responses are about another part"
    publish_powers(log, clock, "查档", "借档")
    publish_powers(log, clock, "查档")
    assert latest(log, "ended") == {"借档"}, "销档 was opened later and ended earlier"
    assert latest(log, "open") == {"查档"}
    assert latest(log, "open", "ended") == {"查档", "借档"}
    assert latest(log, "open", "ended", part=WATER) == {"取水", "排水"}

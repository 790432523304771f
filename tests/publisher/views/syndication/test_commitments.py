"""Calendars and the feed of commitments."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, date, datetime
from typing import Any

import icalendar
import ics
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from lxml import etree

from publisher.log.commitments.commitment_query import PublishedCommitment
from publisher.log.commitments.deadline_moves import DeadlineMoves
from publisher.log.model import RecordQuery
from publisher.log.model import Site as LogSite
from publisher.views.syndication.calendar import write_calendar
from tests.support.commitments_site import (
    DISPUTED,
    DONE,
    LATE,
    PLANS,
    TASKS,
    publish_rows,
    site_with_commitments,
)
from tests.support.site import FEES, Site

pytestmark = pytest.mark.slow

_ATOM = {"a": "http://www.w3.org/2005/Atom"}


@pytest.fixture
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    with site_with_commitments(tmp_path_factory.mktemp("site")) as site:
        yield site


def components(site: Site, kind: str, query: str = "") -> dict[str, Any]:
    calendar = icalendar.Calendar.from_ical(site.client.get(f"/commitments.ics{query}").content)
    return {str(one["SUMMARY"]): one for one in calendar.walk(kind)}


def test_a_calendar_has_a_task_and_an_event_for_each_deadline(site: Site) -> None:
    todos, events = components(site, "VTODO"), components(site, "VEVENT")
    assert list(todos) == [str(task["task"]) for task in TASKS[:3]]
    assert {str(one["STATUS"]) for one in todos.values()} == {"COMPLETED", "NEEDS-ACTION"}
    done = todos[DONE]
    assert (str(done["STATUS"]), done["DUE"].dt, done["SEQUENCE"]) == ("COMPLETED", date(2015, 6, 30), 0)
    assert done["COMPLETED"].dt.isoformat() == "2015-04-30T16:00:00+00:00"
    event = events[f"时限：{LATE}"]
    assert (event["DTSTART"].dt, event["DTEND"].dt) == (date(2015, 9, 30), date(2015, 10, 1))
    assert len({str(one["UID"]) for one in (*todos.values(), *events.values())}) == 6
    assert set(components(site, "VTODO", "?lead=市财政局")) == {TASKS[0]["task"], TASKS[2]["task"]}


def test_another_library_reads_the_calendar(site: Site) -> None:
    answer = site.client.get("/commitments.ics")
    assert answer.headers["content-type"] == "text/calendar; charset=utf-8"
    calendar = ics.Calendar(answer.text)
    assert {todo.name for todo in calendar.todos} == {task["task"] for task in TASKS[:3]}
    assert {event.begin.date() for event in calendar.events} == {
        *(date(2015, 6, 30), date(2015, 9, 30), date(2015, 12, 31)),
    }


def test_uids_stay_and_a_moved_deadline_raises_the_sequence(site: Site) -> None:
    first = site.client.get("/commitments.ics").content
    assert site.client.get("/commitments.ics").content == first
    before = components(site, "VTODO")
    site.clock.advance(days=1)
    moved = {**TASKS[1], "deadline": "2016-03-31"}
    publish_rows(site.log, PLANS, [moved], date(2016, 1, 5))
    site.log.findings.update()
    site.log.commitments.update()
    after = components(site, "VTODO")
    assert {name: str(one["UID"]) for name, one in after.items()} == {
        name: str(one["UID"]) for name, one in before.items()
    }
    assert [after[str(task["task"])]["SEQUENCE"] for task in TASKS[:3]] == [0, 1, 0]
    assert after[LATE]["DUE"].dt == date(2016, 3, 31)


def test_the_feed_announces_every_change_of_a_status(site: Site) -> None:
    def entries() -> list[str]:
        feed = etree.fromstring(site.client.get("/commitments.atom").content)
        return [str(one.findtext("a:title", namespaces=_ATOM)) for one in feed.findall("a:entry", _ATOM)]

    first = entries()
    assert first[0] == f"已完成：{DONE}", "its release came a day after the plan, the rules and the deadline"
    assert sorted(first[1:]) == sorted([f"逾期：{DONE}", f"逾期：{LATE}", f"逾期：{DISPUTED}"])
    site.clock.advance(days=1)
    records = [one.id for one in site.log.queries.records(FEES, RecordQuery()).records]
    site.log.releases.withdraw(FEES, records, reason="误发")
    site.log.findings.update()
    site.log.commitments.update()
    assert entries() == [f"逾期：{DONE}", *first]


def hostile(title: str) -> bytes:
    """Write a calendar of one commitment with a title."""
    one = PublishedCommitment(
        key=1,
        dataset=PLANS,
        id="a1",
        title=title,
        content={"plan": f"示政发〔2015〕1号,{title}", "lead": title, "result": title},
        release=1,
        status="overdue",
        done_on=None,
        known_from=datetime(2015, 1, 1, tzinfo=UTC),
        due=date(2015, 6, 30),
        statements=(),
    )
    site = LogSite("https://data.example.gov.cn", "data.example.gov.cn,2015")
    return write_calendar(site, [one], {1: DeadlineMoves(0, datetime(2015, 1, 1, tzinfo=UTC))}, title=title)


_PIECES = ("\\", "\\n", ";", ",", ":", '"', "^", "=1+1", "清", "𠀀", "a" * 30)
_LINES = ("\nEND:VTODO\nBEGIN:VALARM", "\r\nEND:VTODO", "\rEND:VEVENT\r", "\x85END:VTODO", "\u2028END:VTODO")


@settings(deadline=None, max_examples=200)
@given(
    st.lists(st.sampled_from((*_LINES, "\\", "\\n", ";", ",", ":", '"', "^", "=1+1", "清", "𠀀", "a" * 30)))
)
@example(["\\"] * 100)
def test_no_text_ends_a_line_or_a_component(pieces: list[str]) -> None:
    title = "".join(pieces)
    data = hostile(title)
    lines = data.split(b"\r\n")
    assert all(len(line) <= 75 for line in lines)
    assert not any((len(line) - len(line.rstrip(b"\\"))) % 2 for line in lines), "an escape is cut in two"
    assert [line for line in data.decode().splitlines() if line.startswith(("BEGIN", "END"))] == [
        *("BEGIN:VCALENDAR", "BEGIN:VTODO", "END:VTODO", "BEGIN:VEVENT", "END:VEVENT", "END:VCALENDAR"),
    ]
    calendar = icalendar.Calendar.from_ical(data)
    todo: Any = calendar.walk("VTODO")[0]
    summary = str(todo["SUMMARY"]).replace("\n", " ")
    assert summary == re.sub(r"\r\n|[\r\n\x85\u2028]", " ", title)
    assert (len(todo["CATEGORIES"].cats), calendar.errors) == (1, [])
    assert len(ics.Calendar(data.decode()).todos) == 1

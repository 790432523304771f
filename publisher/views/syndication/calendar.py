"""Deadlines of commitments as a calendar (RFC 5545): a task and an all-day event for each.

The UIDs come from the id of the record, which never changes. A moved deadline raises SEQUENCE.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, date, timedelta

from icalendar import Calendar, Event, Todo

from publisher.log.clocks import start_of
from publisher.log.commitments.commitment_query import PublishedCommitment
from publisher.log.commitments.deadline_moves import Revised
from publisher.log.model import Site
from schemas.words import COMMITMENT_STATUSES

MEDIA = "text/calendar; charset=utf-8"


def write_calendar(
    site: Site, commitments: Sequence[PublishedCommitment], revised: Mapping[int, Revised], *, title: str
) -> bytes:
    """Write the commitments that have a deadline. The same state gives the same bytes."""
    calendar = Calendar()
    calendar.add("PRODID", "-//Qingdan//Commitments//ZH")
    calendar.add("VERSION", "2.0")
    calendar.add("METHOD", "PUBLISH")
    calendar.add("NAME", title)
    calendar.add("X-WR-CALNAME", title)
    for one in commitments:
        if one.due is not None and one.key in revised:
            for component in (Todo(), Event()):
                _describe(component, site, one, one.due, revised[one.key])
                calendar.add_component(component)
    return bytes(calendar.to_ical())


def _describe(
    component: Todo | Event, site: Site, one: PublishedCommitment, due: date, revised: Revised
) -> None:
    kind = "todo" if isinstance(component, Todo) else "event"
    changed_at = max(revised.at, one.known_from or revised.at).replace(microsecond=0)
    component.add("UID", f"{one.id}.{kind}@{site.tag_authority.partition(',')[0]}")
    component.add("DTSTAMP", changed_at)
    component.add("LAST-MODIFIED", changed_at)
    component.add("SEQUENCE", revised.moves)
    component.add("SUMMARY", one.title if kind == "todo" else f"时限：{one.title}")
    component.add("DESCRIPTION", _description(one))
    component.add("URL", f"{site.base}/commitments/{one.id}")
    if plan := one.content.get("plan"):
        component.add("CATEGORIES", [str(plan)])
    if isinstance(component, Todo):
        component.add("DUE", due)
        _set_progress(component, one)
    else:
        component.add("DTSTART", due)
        component.add("DTEND", due + timedelta(days=1))
        component.add("TRANSP", "TRANSPARENT")


def _set_progress(todo: Todo, one: PublishedCommitment) -> None:
    if one.done_on is None:
        todo.add("STATUS", "NEEDS-ACTION")
        return
    todo.add("STATUS", "COMPLETED")
    todo.add("PERCENT-COMPLETE", 100)
    todo.add("COMPLETED", start_of(one.done_on).astimezone(UTC))


def _description(one: PublishedCommitment) -> str:
    fields = (
        ("lead", "牵头单位"),
        ("responsible", "责任单位"),
        ("supporting", "配合单位"),
        ("result", "成果形式"),
    )
    lines = [f"{title}：{one.content[name]}" for name, title in fields if name in one.content]
    return "\n".join([f"状态：{COMMITMENT_STATUSES[one.status].zh}", *lines])

"""Items of the outbox that were set aside."""

from __future__ import annotations

from publisher.log.log import Log
from tests.support.log import entry, release


def test_items_that_were_set_aside_are_counted_and_listed_in_pages(log: Log) -> None:
    release(log, entry("甲"), entry("乙"), entry("丙"))
    spans = [one.sequence for one in log.outbox.items() if one.kind == "span"]
    assert log.outbox.aside_count() == 0
    log.outbox.set_aside(dict.fromkeys(spans, "too long"))
    assert log.outbox.aside_count() == len(spans) == 3
    first = log.outbox.items_aside(limit=2)
    assert [one.sequence for one in first] == spans[:2]
    assert [one.sequence for one in log.outbox.items_aside(after=spans[1], limit=2)] == spans[2:]

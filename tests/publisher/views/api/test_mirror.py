"""A copy built from the stream of changes alone equals the service at every bitemporal view."""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any

import httpx
import pytest
import rfc8785

from tests.support.problems import assert_problem
from tests.support.site import BASE, FEES, Site

pytestmark = pytest.mark.both_databases

HOME = f"/v1/datasets/{FEES}"
FOREVER = date.max


class Mirror:
    """An empty log that follows the rule of docs/api.md; it uses only the answers over HTTP."""

    def __init__(self) -> None:
        self.changes: list[dict[str, Any]] = []
        self.last = 0

    def follow(self, client: httpx.Client, *, limit: int) -> int:
        """Fetch the new changes. Return the number of pages."""
        pages, address = 0, f"{HOME}/changes?since={self.last}&limit={limit}"
        while address:
            page = client.get(address).json()
            self.changes += page["changes"]
            self.last = page["last"]
            erased = set(page["erased"])
            self.changes = [c for c in self.changes if c["record"] not in erased]
            pages += 1
            address = (page["links"]["next"] or "").removeprefix(BASE)
        return pages

    def state(self, day: date, known_at: str) -> dict[str, Any]:
        """Map each record to its content in effect on a day, as known at an instant."""
        periods_by_record: dict[str, list[tuple[date, date, Any]]] = defaultdict(list)
        for change in self.changes:
            if change["published_at"] > known_at:
                continue
            begin = date.fromisoformat(change["effective_on"])
            end = date.fromisoformat(change["effective_to"] or FOREVER.isoformat())
            periods_by_record[change["record"]].append((begin, end, change["content"]))
        state = {}
        for record, periods in periods_by_record.items():
            # The last change whose period includes the day is the one in effect.
            contents_of_day = [content for begin, end, content in periods if begin <= day < end]
            if contents_of_day and contents_of_day[-1] is not None:
                state[record] = contents_of_day[-1]
        return state


def bitemporal_views(client: httpx.Client) -> Iterator[tuple[date, str]]:
    releases = client.get(f"{HOME}/releases?limit=100").json()["releases"]
    instants = [release["published_at"] for release in releases]
    days = {date.fromisoformat(release["effective_on"]) for release in releases}
    for known_at in instants:
        for day in sorted({d + timedelta(days=n) for d in days for n in (-1, 0, 1, 400)}):
            yield day, known_at


@pytest.mark.slow
@pytest.mark.parametrize("limit", [1, 3, 1000])
def test_replaying_the_stream_onto_nothing_gives_the_same_state_at_every_view(
    client: httpx.Client, limit: int
) -> None:
    mirror = Mirror()
    mirror.follow(client, limit=limit)
    total = 0
    for day, known_at in bitemporal_views(client):
        query = f"as_of={day}&known_at={known_at}&limit=1000"
        records = client.get(f"{HOME}/records?{query}").json()["records"]
        assert mirror.state(day, known_at) == {r["id"]: r["content"] for r in records}, (day, known_at)
        total += len(records)
    assert total > 0


def test_a_complete_mirror_receives_nothing_and_keeps_its_position(client: httpx.Client) -> None:
    mirror = Mirror()
    mirror.follow(client, limit=2)
    count, last = len(mirror.changes), mirror.last
    assert mirror.follow(client, limit=2) == 1
    assert (len(mirror.changes), mirror.last) == (count, last)


def test_every_content_of_the_stream_can_be_checked(client: httpx.Client) -> None:
    mirror = Mirror()
    mirror.follow(client, limit=1000)
    checked = 0
    for change in mirror.changes:
        if change["content"] is not None:
            salted = bytes.fromhex(change["revision"]["salt"]) + rfc8785.dumps(change["content"])
            assert hashlib.sha256(salted).hexdigest() == change["revision"]["hash"]
            checked += 1
    assert checked > 4


@pytest.mark.parametrize("other", ["after=1", "before=9", "release=1", "sort=-sequence"])
def test_a_stream_that_would_omit_changes_is_refused(client: httpx.Client, other: str) -> None:
    body = assert_problem(client.get(f"{HOME}/changes?since=0&{other}"), "invalid-parameters")
    assert [fault["parameter"] for fault in body["errors"]] == ["since"]


def test_the_site_has_changes_of_every_kind(site: Site) -> None:
    kinds = {change.kind for change in site.log.queries.changes(dataset=FEES, limit=1000)}
    assert {"added", "changed", "removed", "corrected", "withdrawn"} <= kinds

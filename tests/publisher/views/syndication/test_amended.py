"""Entries over time: a correction updates an entry, a new version is a new entry, ids stay."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from tests.publisher.views.syndication.conftest import FIRST, SECOND, Service
from tests.support.site import FEES

pytestmark = pytest.mark.both_databases


def by_kind(service: Service, title: str) -> dict[str, dict[str, str]]:
    items = service.client.get(f"/feeds/{FEES}.json").json()["items"]
    return {item["tags"][0]: item for item in items if title in item["title"]}


def is_just_before(earlier: str, later: str) -> bool:
    return (
        timedelta() < datetime.fromisoformat(later) - datetime.fromisoformat(earlier) <= timedelta(seconds=1)
    )


def test_a_correction_bumps_the_entry_that_it_corrects_and_leaves_its_id(service: Service) -> None:
    service.publish(FIRST)
    first = by_kind(service, "遗体整容")["新增"]
    record = service.record("遗体整容")
    service.clock.advance(days=1)
    service.log.releases.correct(FEES, {record: {**FIRST[2], "standard": "20元/具"}}, reason="更正：误录")
    entries = by_kind(service, "遗体整容")
    again, correction = entries["新增"], entries["更正"]
    assert again["id"] == first["id"] != correction["id"]
    assert again["date_published"] == first["date_published"]
    assert first["date_modified"] < again["date_modified"] < correction["date_modified"]
    assert "其后已更正" in again["summary"]


def test_a_correction_leaves_other_entries_of_the_record_alone(service: Service) -> None:
    service.publish(FIRST)
    service.publish(SECOND)
    before = by_kind(service, "污水")["新增"]
    record = service.record("居民生活污水处理费")
    service.log.releases.correct(FEES, {record: {**SECOND[0], "standard": "0.90元/立方米"}}, reason="更正")
    entries = by_kind(service, "污水")
    assert entries["新增"] == before
    assert entries["调整"]["date_modified"] > entries["调整"]["date_published"]


def test_a_new_version_is_a_new_entry_and_the_old_one_stays_as_it_was(service: Service) -> None:
    service.publish(FIRST)
    before = by_kind(service, "污水")["新增"]
    service.publish(SECOND)
    entries = by_kind(service, "污水")
    assert entries["新增"] == before
    assert entries["调整"]["id"] != before["id"]


def test_a_withdrawal_bumps_the_entries_that_lose_their_content(service: Service) -> None:
    service.publish(FIRST)
    service.clock.now = service.clock.now.replace(hour=5)
    service.log.releases.withdraw(FEES, [service.record("遗体整容")], reason="误列")
    entries = by_kind(service, "遗体整容")
    assert is_just_before(entries["新增"]["date_modified"], entries["撤回公布"]["date_published"])
    assert "200元" not in str(entries)

"""A release says that nobody approved it first, and why: on its page, in the API and in its document."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from publisher.log.log import Log
from schemas.definition import file_loader
from tests.support.clock import Clock
from tests.support.site import FEES, PLAIN, START, Site, demo_dataset, opened, publish, ticking_clock

REASON = "防汛应急，先行公布"


def fill_in_an_emergency(log: Log, clock: Clock) -> None:
    log.datasets.create(demo_dataset(FEES), file_loader.load_catalogue("fees"))
    publish(log, FEES, PLAIN[:1], date(2015, 1, 1), "示财〔2015〕1号")
    log.datasets.change(FEES, two_persons=True)
    (record,) = log.queries.find_by_title(FEES, "城镇垃圾处理费")
    log.releases.withdraw(FEES, [record.id], reason="误列", actor="wang", emergency=REASON)


@pytest.mark.slow
def test_an_emergency_is_shown_with_its_reason(tmp_path: Path) -> None:
    with opened(tmp_path, Site, content=fill_in_an_emergency, clock=ticking_clock(START)) as site:
        assert REASON in site.client.get(f"/datasets/{FEES}/releases/2").text
        assert REASON not in site.client.get(f"/datasets/{FEES}/releases/1").text
        approval = site.client.get(f"/v1/datasets/{FEES}/releases/2").json()["approval"]
        assert (approval["emergency"], approval["digest"]) == (REASON, "")
        assert [person["role"] for person in approval["people"]] == ["发布"]
        assert site.client.get(f"/v1/datasets/{FEES}/releases/1").json()["approval"] is None
        document = site.client.get(f"/v1/datasets/{FEES}/releases/2/document").json()
        assert document["approval"] == approval
        first = site.client.get(f"/v1/datasets/{FEES}/releases/1/document").json()
        assert "approval" not in first

"""What a number was before, on the page of its record and in a search."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path

from publisher.log.log import Log
from schemas.definition.catalogue import Content
from schemas.definition.file_loader import load_catalogue
from tests.support.clock import Clock
from tests.support.site import POWERS, START, Site, demo_dataset, opened, publish, ticking_clock


def power(promised: int) -> Content:
    return {
        "name": "取水许可",
        "power_type": "行政许可",
        "promised_limit": {"value": promised, "unit": "工作日"},
    }


def fill(log: Log, clock: Clock) -> None:
    """Publish a limit and a later one, and correct the first before the later one takes effect."""
    log.datasets.create(demo_dataset(POWERS, catalogue="power-list"), load_catalogue("power-list"))
    publish(log, POWERS, [power(15)], date(2015, 1, 1), "示政发〔2015〕1号")
    publish(log, POWERS, [power(10)], clock().date() + timedelta(days=30), "示政发〔2015〕2号")
    (record,) = log.queries.find_by_title(POWERS, "取水许可")
    log.releases.correct(POWERS, {record.id: power(12)}, reason="误录")
    clock.advance(days=60)


def test_what_a_number_was_before_is_what_it_was_corrected_to(tmp_path: Path) -> None:
    with opened(tmp_path, Site, content=fill, clock=ticking_clock(START)) as site:
        (record,) = site.log.queries.find_by_title(POWERS, "取水许可")
        for address in (f"/datasets/{POWERS}/records/{record.id}", "/search?q=取水许可"):
            text = site.client.get(address, headers={"accept": "text/html"}).text
            assert "起，原12" in text
            assert "起，原15" not in text

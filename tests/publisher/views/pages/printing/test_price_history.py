"""Prices over time, and what a number was before."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from publisher.log.log import Log
from publisher.log.model import Change, ChangeKind
from publisher.views.pages.printing.price_history import _steps
from schemas.definition.catalogue import Content, Json
from schemas.definition.file_loader import load_catalogue
from tests.support.clock import Clock
from tests.support.site import FEES, POWERS, START, Site, demo_dataset, opened, publish, ticking_clock


def change(
    sequence: int, kind: ChangeKind, on: date, amount: str, own: Mapping[str, Json] | None = None
) -> Change:
    return Change(
        sequence=sequence,
        dataset="fees",
        release=sequence,
        record="1",
        kind=kind,
        cause="source",
        title="甲费",
        part=None,
        effective_on=on,
        published_at=datetime(2026, 1, sequence, tzinfo=UTC),
        revision=None,
        after={"amount": {"amount": amount, "unit": "元/吨", **(own or {})}},
    )


def test_a_corrected_amount_is_drawn_in_place_of_the_wrong_one() -> None:
    changes = [
        change(4, "renamed", date(2026, 1, 1), "18"),
        change(3, "corrected", date(2024, 1, 1), "12"),
        change(2, "changed", date(2025, 1, 1), "15"),
        change(1, "added", date(2024, 1, 1), "1.2"),
    ]
    steps, unit = _steps(load_catalogue("fees").by_name["amount"], changes)
    assert steps == [(date(2024, 1, 1), Decimal(12)), (date(2025, 1, 1), Decimal(15)), (date(2026, 1, 1), 18)]
    assert unit == "元/吨"


@pytest.mark.parametrize("own", [{"most": "20", "kind": "range"}, {"kind": "ceiling"}])
def test_a_range_or_a_ceiling_is_no_point_in_the_line_of_a_price(own: Mapping[str, Json]) -> None:
    changes = [
        change(2, "changed", date(2025, 1, 1), "15", own),
        change(1, "added", date(2024, 1, 1), "12"),
    ]
    assert _steps(load_catalogue("fees").by_name["amount"], changes) == ([], "")


def two_prices(log: Log, _clock: Clock) -> None:
    log.datasets.create(demo_dataset(FEES, catalogue="fees", title="收费目录"), load_catalogue("fees"))
    for day, amount in ((date(2015, 1, 1), "1.2"), (date(2015, 6, 1), "1.5")):
        publish(log, FEES, [{"name": "甲费", "amount": {"amount": amount, "unit": "元/吨"}}], day, "")


def test_the_chart_of_a_pinned_page_ends_with_its_release(tmp_path: Path) -> None:
    with opened(tmp_path, Site, content=two_prices, clock=ticking_clock(START)) as site:
        address = f"/datasets/{FEES}/records/{site.record('甲费')}?release=2"
        before = site.client.get(address).text
        site.clock.advance(days=400)
        assert "数额变化" in before
        assert site.client.get(address).text == before


def renamed_price(log: Log, clock: Clock) -> None:
    two_prices(log, clock)
    content: Content = {"name": "甲类费", "amount": {"amount": "1.8", "unit": "元/吨"}}
    (fee,) = log.queries.find_by_title(FEES, "甲费")
    log.releases.rename(FEES, fee.id, content, effective_on=date(2016, 1, 1), reason="更名")


@pytest.mark.slow
def test_an_amount_that_changes_with_the_name_is_part_of_the_history(tmp_path: Path) -> None:
    with opened(tmp_path, Site, content=renamed_price, clock=ticking_clock(START)) as site:
        text = site.client.get(f"/datasets/{FEES}/records/{site.record('甲类费')}").text
        assert "2016年1月1日起，原1.5元/吨" in text


def power(promised: int) -> Content:
    return {
        "name": "取水许可",
        "power_type": "行政许可",
        "promised_limit": {"value": promised, "unit": "工作日"},
    }


def corrected_limit(log: Log, clock: Clock) -> None:
    """Publish a limit and a later one, and correct the first before the later one takes effect."""
    log.datasets.create(demo_dataset(POWERS, catalogue="power-list"), load_catalogue("power-list"))
    publish(log, POWERS, [power(15)], date(2015, 1, 1), "示政发〔2015〕1号")
    publish(log, POWERS, [power(10)], clock().date() + timedelta(days=30), "示政发〔2015〕2号")
    (record,) = log.queries.find_by_title(POWERS, "取水许可")
    log.releases.correct(POWERS, {record.id: power(12)}, reason="误录")
    clock.advance(days=60)


@pytest.mark.slow
def test_what_a_number_was_before_is_what_it_was_corrected_to(tmp_path: Path) -> None:
    with opened(tmp_path, Site, content=corrected_limit, clock=ticking_clock(START)) as site:
        (record,) = site.log.queries.find_by_title(POWERS, "取水许可")
        for address in (f"/datasets/{POWERS}/records/{record.id}", "/search?q=取水许可"):
            text = site.client.get(address, headers={"accept": "text/html"}).text
            assert "起，原12" in text
            assert "起，原15" not in text


def later_price(log: Log, clock: Clock) -> None:
    two_prices(log, clock)
    publish(log, FEES, [{"name": "甲费", "amount": {"amount": "1.8", "unit": "元/吨"}}], date(2016, 6, 1), "")


@pytest.mark.slow
def test_a_price_is_not_said_to_be_new_before_its_day(tmp_path: Path) -> None:
    with opened(tmp_path, Site, content=later_price, clock=ticking_clock(START)) as site:
        address = f"/datasets/{FEES}/records/{site.record('甲费')}"
        assert "2015年6月1日起，原1.2元/吨" in site.client.get(address).text
        assert "，原1.2元/吨" not in site.client.get(f"{address}?as_of=2015-03-01").text
        site.clock.advance(days=200)
        assert "2016年6月1日起，原1.5元/吨" in site.client.get(address).text


def cancelled_price(log: Log, clock: Clock) -> None:
    later_price(log, clock)
    log.releases.cancel(FEES, 3, reason="误发")


@pytest.mark.slow
def test_a_cancelled_release_is_nowhere_said_to_have_come_into_effect(tmp_path: Path) -> None:
    with opened(tmp_path, Site, content=cancelled_price, clock=ticking_clock(START)) as site:
        site.clock.advance(days=200)
        record = site.client.get(f"/datasets/{FEES}/records/{site.record('甲费')}").text
        assert "2015年6月1日起，原1.2元/吨" in record
        assert "，原1.8元/吨" not in record
        assert "，原1.8元/吨" not in site.client.get("/search?q=甲费").text
        for address in ("/", f"/datasets/{FEES}"):
            html = site.client.get(address, headers={"accept": "text/html"}).text
            assert re.search('自<time datetime="2015-06-01">', html), address
        assert "第3次发布，自2016年6月1日起" not in site.client.get("/").text
        chart = site.client.get(f"/datasets/{FEES}").text.partition("历次发布后的条目数</figcaption>")[2]
        assert "2016-06" not in chart.partition("</figure>")[0]

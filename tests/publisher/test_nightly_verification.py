"""The nightly verification: when it is due, what it stores, and how loud it is."""

from __future__ import annotations

import logging
import sqlite3
from datetime import UTC, datetime, timedelta
from pathlib import Path

import anyio
import pytest

from publisher.log.log import Log
from publisher.log.verification.last_run import VerificationRun
from publisher.nightly_verification import next_night, verify_if_due
from tests.support.command import Home

TABLE = "事项名称,权力类型,行使主体\n甲项许可,行政许可,市统计局\n乙项许可,行政许可,市统计局\n"
LONG_AGO = datetime(2026, 1, 1, tzinfo=UTC)


@pytest.mark.parametrize(
    ("after", "due"),
    [
        ("2026-11-29T17:59:00+00:00", "2026-11-29T18:00:00+00:00"),  # 1:59 in Shanghai
        ("2026-11-29T18:00:00+00:00", "2026-11-30T18:00:00+00:00"),
        ("2026-11-30T03:00:00+00:00", "2026-11-30T18:00:00+00:00"),
    ],
)
def test_it_is_due_at_two_in_the_night(after: str, due: str) -> None:
    assert next_night(datetime.fromisoformat(after)) == datetime.fromisoformat(due)


@pytest.fixture
def site(tmp_path: Path) -> Home:
    site = Home(tmp_path / "site")
    site.dataset("shili")
    site.publish_text("shili", TABLE)
    return site


def verify_tonight(site: Home, home: Path | None = None, last: datetime = LONG_AGO) -> VerificationRun:
    """Do what the worker does after a night was missed. ``last``: when it began the run before."""
    log = Log.open(f"sqlite:///{site.home / 'qingdan.db'}", sources=site.home / "sources")
    log.integrity.store_run(VerificationRun(last, last, 0))

    try:
        anyio.run(verify_if_due, log, home or site.home, datetime.now(UTC))
        run = log.integrity.last_run()
    finally:
        log.close()
    assert run is not None
    assert run.ended_at > LONG_AGO
    return run


@pytest.mark.slow
def test_a_night_that_was_missed_is_made_up_for_and_everybody_can_see_it(site: Home) -> None:
    assert "尚未运行 not yet" in site.ok("status").out
    run = verify_tonight(site)
    assert run.ok
    assert datetime.now(UTC) - run.ended_at < timedelta(minutes=5)
    assert f"{run.ended_at.isoformat()}, 无误 no problems" in site.ok("status").out
    with site.client() as client:
        verification = client.get("/readyz").json()["verification"]
    assert (verification["problems"], verification["completed"]) == (0, True)


@pytest.mark.slow
def test_a_run_under_a_clock_that_was_ahead_does_not_stop_the_next_ones(site: Home) -> None:
    next_year = datetime.now(UTC) + timedelta(days=365)
    assert verify_tonight(site, last=next_year).ended_at < next_year


@pytest.mark.slow
def test_what_it_finds_is_loud(site: Home, caplog: pytest.LogCaptureFixture) -> None:
    with sqlite3.connect(site.home / "qingdan.db") as conn:
        conn.execute("UPDATE span SET title = '改' WHERE title = '甲项许可'")
    conn.close()
    with caplog.at_level(logging.ERROR):
        run = verify_tonight(site)
    assert not run.ok
    assert "span.title" in run.listed[0]
    assert "span.title" in caplog.text
    assert f"found {run.problems} problems" in caplog.text
    output = site.ok("status").out
    assert "1处问题" in output
    assert run.listed[0] in output
    with site.client() as client:
        answer = client.get("/readyz")
    assert answer.status_code == 200
    assert answer.json()["verification"]["problems"] == run.problems


@pytest.mark.slow
def test_a_run_that_cannot_be_completed_is_loud(
    site: Home, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.ERROR):
        run = verify_tonight(site, tmp_path / "elsewhere")
    assert not run.ok
    assert "not-initialised" in run.error
    assert "the nightly verification failed" in caplog.text
    assert run.error in site.ok("status").out
    with site.client() as client:
        assert client.get("/readyz").json()["verification"]["completed"] is False

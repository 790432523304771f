"""The scheduler of ``serve``: collects what is due, never beside a command, and stops with the service."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from functools import partial
from itertools import count

import anyio
import pytest

from publisher.harvest import scheduler
from publisher.log.log import Log
from tests.publisher.harvest.conftest import DATASET, Collector
from tests.support.command import create_arguments
from tests.support.government import publish
from tests.support.servers.loopback import Answer, WebRequest, Write, loopback_server

DAY = datetime(2026, 11, 25, tzinfo=UTC)


@contextmanager
def open_log(collector: Collector) -> Iterator[Log]:
    log = collector.log()
    try:
        yield log
    finally:
        log.close()


async def wait_until(condition: object) -> None:
    with anyio.fail_after(30):
        while not condition():  # type: ignore[operator]  # noqa: ASYNC110 - threads and files tell of it
            await anyio.sleep(0.01)


def run(collector: Collector, log: Log, when: object, clock: object) -> None:
    """Run the scheduler until ``when()`` is true."""

    async def main() -> None:
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(
                partial(
                    scheduler.run_scheduler,
                    log,
                    collector.site.home,
                    clock=clock,  # type: ignore[arg-type]
                    catalogues=lambda _: None,
                    loopback=True,
                    poll=0.01,
                )
            )
            await wait_until(when)
            tasks.cancel_scope.cancel()

    anyio.run(main)


@pytest.mark.slow
def test_what_is_due_is_collected_once_in_its_interval_and_published_where_asked(
    collector: Collector,
) -> None:
    publish(collector.web, 1)
    collector.write(collector.source(every="1h", publish=True))
    calls = count()  # more than the first round needs, in less than its interval
    with open_log(collector) as log:
        run(collector, log, lambda: next(calls) > 600, lambda: DAY + timedelta(seconds=next(calls)))
        assert [r.counts["added"] for r in log.queries.releases(DATASET)] == [1]
    assert collector.web.paths().count("/list.html") == 1


def test_a_clock_that_was_a_year_ahead_once_does_not_end_collecting_for_a_year(collector: Collector) -> None:
    publish(collector.web, 1)
    collector.write(collector.source(every="1h", publish=True))
    with open_log(collector) as log:
        for lists in (1, 2):
            run(collector, log, partial(has_ended, log, lists), lambda: DAY)
            assert collector.web.paths().count("/list.html") == lists
            (page,) = log.evidence.pages("anshan", role="list")
            log.evidence.mark_unreachable(
                page.key, datetime.now(UTC) + timedelta(days=365), retry_early=False
            )


def has_ended(log: Log, runs: int) -> bool:
    ended = [one for one in log.evidence.runs("anshan") if one.ended_at is not None]
    return len(ended) == runs


@pytest.mark.slow
def test_a_source_after_midnight_is_published_with_the_day_on_which_it_is(collector: Collector) -> None:
    """The first of two sources takes until the next day in China, which begins at 16:00 UTC."""
    collector.site.ok(*create_arguments("zweite", "policies"))
    publish(collector.web, 1)
    page, now = collector.web.answers["/d/1.html"], [datetime(2026, 11, 25, 15, 50, tzinfo=UTC)]
    assert isinstance(page, Answer)

    def sleep(_request: WebRequest, _write: Write) -> Answer:
        now[0] += timedelta(minutes=20)
        return page

    with loopback_server() as web, open_log(collector) as log:
        publish(web, 2)
        second = collector.source("zweite", web=web, dataset="zweite", publish=True)
        collector.write(collector.source(publish=True), second)
        collector.web.answers["/d/1.html"] = sleep
        run(collector, log, lambda: log.queries.releases("zweite"), lambda: now[0])
        days = [log.queries.releases(name)[0].effective_on for name in (DATASET, "zweite")]
    assert days == [date(2026, 11, 26)] * 2


def test_while_a_command_collects_the_scheduler_waits(collector: Collector) -> None:
    publish(collector.web, 1)
    rounds: list[int] = []
    with open_log(collector) as log, open_log(collector) as other, other.evidence.lock() as locked:
        assert locked
        run(collector, log, lambda: len(rounds) > 2, lambda: rounds.append(1) or DAY)  # type: ignore[func-returns-value]
    assert collector.web.requests == []


@pytest.mark.slow
def test_a_mistake_in_the_file_is_logged_once_and_a_mended_one_counts_at_once(
    collector: Collector, caplog: pytest.LogCaptureFixture
) -> None:
    publish(collector.web, 1)
    collector.write("[anshan]")
    rounds: list[int] = []

    def clock() -> datetime:
        rounds.append(1)
        if len(rounds) == 3:
            collector.write(collector.source())
        return DAY

    with open_log(collector) as log:
        run(collector, log, lambda: "/d/1.html" in collector.web.paths(), clock)
    assert sum("sources.toml anshan" in record.message for record in caplog.records) == 1


def test_a_failure_that_stays_has_one_traceback(
    collector: Collector, caplog: pytest.LogCaptureFixture
) -> None:
    file = collector.site.home / "sources.toml"
    file.unlink()
    file.mkdir()
    rounds: list[int] = []

    def clock() -> datetime:
        rounds.append(1)
        return DAY

    with open_log(collector) as log:
        run(collector, log, lambda: len(rounds) > 3, clock)
    assert [record.exc_info is not None for record in caplog.records] == [True]


def test_stopping_the_service_does_not_wait_for_a_site_that_never_answers(collector: Collector) -> None:
    publish(collector.web, 1)

    def hang(_request: WebRequest, _write: Write) -> None:
        collector.web.over.wait()

    collector.web.answers["/d/1.html"] = hang
    collector.write(collector.source(timeout=600.0))
    with open_log(collector) as log:
        run(collector, log, lambda: "/d/1.html" in collector.web.paths(), lambda: DAY)


def test_what_was_requested_before_the_service_stops_is_stored(collector: Collector) -> None:
    publish(collector.web, 1, 2, 3)
    page, stopping = collector.web.answers["/d/2.html"], threading.Event()
    assert isinstance(page, Answer)

    def stop(_request: WebRequest, _write: Write) -> Answer:
        stopping.set()
        return page

    collector.web.answers["/d/2.html"] = stop
    with open_log(collector) as log:
        arguments = (log, collector.site.home, lambda: datetime.now(UTC), lambda _: None)
        assert scheduler._harvest_due_sources(*arguments, loopback=True, stopping=stopping) is None
    collector.collect()
    paths = [path for path in collector.web.paths() if path.startswith("/d/")]
    assert sorted(paths) == ["/d/1.html", "/d/2.html", "/d/3.html"]

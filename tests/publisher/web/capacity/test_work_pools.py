"""Bounded pools: refusal, order, shared work and callers that have gone."""

from __future__ import annotations

import asyncio
import sqlite3
import threading
import time
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest
from litestar.types import HTTPDisconnectEvent, HTTPRequestEvent, Receive
from sqlalchemy import text
from sqlalchemy.exc import OperationalError

from publisher.log.database.connection import Database
from publisher.settings import PoolSize
from publisher.web.capacity import work_pools
from publisher.web.capacity.work_pools import CallerGoneError, SharedWork, WorkPool, WorkPools
from publisher.web.problems import ProblemError


def connected_until(disconnected: asyncio.Event) -> Receive:
    async def receive() -> HTTPRequestEvent | HTTPDisconnectEvent:
        await disconnected.wait()
        return {"type": "http.disconnect"}

    return receive


def pools() -> WorkPools:
    return WorkPools(PoolSize(1, 1), PoolSize(1, 1))


def blocked_by(event: threading.Event) -> Callable[[], str]:
    return lambda: str(event.wait(20))


async def wait_until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 10
    while not condition():
        assert time.monotonic() < deadline
        await asyncio.sleep(0.01)


def test_a_full_queue_refuses_at_once_and_empties_again() -> None:
    async def story() -> None:
        pool, release = WorkPool(PoolSize(2, 3)), threading.Event()
        running = [asyncio.ensure_future(pool.run(blocked_by(release))) for _ in range(5)]
        await asyncio.sleep(0.1)
        started = time.monotonic()
        with pytest.raises(ProblemError) as caught:
            await pool.run(lambda: "never")
        assert time.monotonic() - started < 0.1
        assert caught.value.kind.code == "too-busy"
        assert int(caught.value.headers["retry-after"]) > 0
        release.set()
        assert await asyncio.gather(*running) == ["True"] * 5
        assert await pool.run(lambda: "again") == "again"

    asyncio.run(story())


def test_work_that_waits_too_long_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(work_pools, "LONGEST_WAIT", 0.1)

    async def story() -> None:
        pool, release = WorkPool(PoolSize(1, 3)), threading.Event()
        running = asyncio.ensure_future(pool.run(blocked_by(release)))
        await asyncio.sleep(0.05)
        with pytest.raises(ProblemError):
            await pool.run(lambda: "never")
        release.set()
        assert await running == "True"
        assert await pool.run(lambda: "again") == "again"

    asyncio.run(story())


def test_a_caller_that_goes_leaves_the_queue() -> None:
    async def story() -> None:
        pool, release, disconnected = WorkPool(PoolSize(1, 1)), threading.Event(), asyncio.Event()
        running = asyncio.ensure_future(pool.run(blocked_by(release)))
        await asyncio.sleep(0.05)
        ran: list[bool] = []
        waiting = asyncio.ensure_future(
            pools().while_connected(connected_until(disconnected), lambda: pool.run(lambda: ran.append(True)))
        )
        await asyncio.sleep(0.05)
        disconnected.set()
        with pytest.raises(CallerGoneError):
            await waiting
        second = asyncio.ensure_future(pool.run(lambda: "has the place"))
        await asyncio.sleep(0.05)
        release.set()
        assert await second == "has the place"
        await running
        assert not ran

    asyncio.run(story())


_LONG = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 9e9) SELECT max(i) FROM n"


def test_a_long_statement_ends_when_its_caller_has_gone(tmp_path: Path) -> None:
    database = Database(f"sqlite:///{tmp_path / 'log.db'}")
    sqlite3.connect(tmp_path / "log.db").close()
    ended = threading.Event()

    def read() -> None:
        try:
            with database.read() as conn:
                conn.execute(text(_LONG)).scalar()
        except OperationalError:
            ended.set()
            raise

    async def story() -> None:
        pool, disconnected = WorkPool(PoolSize(1, 1)), asyncio.Event()
        running = asyncio.ensure_future(
            pools().while_connected(connected_until(disconnected), lambda: pool.run(read))
        )
        await asyncio.sleep(0.3)
        assert not ended.is_set()
        disconnected.set()
        with pytest.raises(CallerGoneError):
            await running
        await wait_until(ended.is_set)
        # The place is free, and the connection usable, for the next caller.
        assert await pool.run(lambda: _read_one(database)) == 1

    asyncio.run(story())
    database.close()


def _read_one(database: Database) -> int:
    with database.read() as conn:
        return int(conn.execute(text("SELECT 1")).scalar_one())


def test_equal_work_runs_once_and_ends_with_its_last_caller() -> None:
    async def story() -> None:
        shared: SharedWork[str, str] = SharedWork()
        runs: list[str] = []
        release = asyncio.Event()

        async def work() -> str:
            runs.append("run")
            await release.wait()
            return "done"

        def ask(disconnected: asyncio.Event) -> Awaitable[str]:
            return asyncio.ensure_future(
                pools().while_connected(connected_until(disconnected), lambda: shared.run("key", work))
            )

        first_gone, second_gone = asyncio.Event(), asyncio.Event()
        first, second = ask(first_gone), ask(second_gone)
        await asyncio.sleep(0.05)
        first_gone.set()
        with pytest.raises(CallerGoneError):
            await first
        assert runs == ["run"]
        second_gone.set()
        with pytest.raises(CallerGoneError):
            await second
        third = ask(asyncio.Event())
        await asyncio.sleep(0.05)
        release.set()
        assert await third == "done"
        assert runs == ["run", "run"]

    asyncio.run(story())


def test_an_error_of_shared_work_reaches_every_caller() -> None:
    async def story() -> None:
        shared: SharedWork[str, str] = SharedWork()

        async def work() -> str:
            await asyncio.sleep(0.05)
            raise ProblemError("file-being-made")

        outcomes = await asyncio.gather(*(shared.run("key", work) for _ in range(3)), return_exceptions=True)
        assert [type(outcome) for outcome in outcomes] == [ProblemError] * 3

    asyncio.run(story())


@pytest.mark.slow
def test_a_service_that_stops_ends_running_and_waiting_work() -> None:
    async def story() -> None:
        service, connected = WorkPools(PoolSize(1, 1), PoolSize(1, 1)), connected_until(asyncio.Event())
        work = [
            asyncio.ensure_future(
                service.while_connected(connected, lambda: service.files.run(lambda: time.sleep(0.5)))
            )
            for _ in range(2)
        ]
        await asyncio.sleep(0.1)
        service.stop()
        outcomes = await asyncio.gather(*work, return_exceptions=True)
        assert [type(outcome) for outcome in outcomes] == [ProblemError] * 2

    asyncio.run(story())

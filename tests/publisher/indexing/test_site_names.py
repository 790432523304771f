"""Names in memory: few are always current; of many, the earlier names answer while new ones are loaded."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from urllib.parse import urlencode

import anyio
import pytest

from publisher.indexing.indexer import await_indexed
from publisher.indexing.site_names import NamesSnapshot, SiteNames
from publisher.log.log import Log
from publisher.settings import read_settings
from publisher.views.api.routes.search import search
from publisher.web.conditional_requests import Validity
from publisher.web.route import Call
from publisher.web.service import create_service
from search.embedded.engine import EmbeddedEngine
from tests.publisher.indexing.test_indexer import log, release

__all__ = ["log"]

LATER = "事项名称,权力类型,行使主体\n甲项许可,行政许可,市统计局\n丙项许可,行政许可,市统计局\n"


class _SlowNames(SiteNames):
    """Names that count as many; the second load waits until another request waits for it."""

    def __init__(self, log: Log) -> None:
        super().__init__(log, at_once=0)
        self._times = 0
        self.begun = threading.Event()
        self.may_finish = threading.Event()
        self._reading = _WaitSignalLock(self.may_finish)  # type: ignore[assignment]  # as a lock is used there

    def _read_names(self) -> NamesSnapshot:
        self._times += 1
        if self._times == 2:
            self.begun.set()
            assert self.may_finish.wait(60)
        return super()._read_names()


class _WaitSignalLock:
    """Lock that sets an event when another thread waits for it."""

    def __init__(self, waited_for: threading.Event) -> None:
        self._lock = threading.Lock()
        self._waited_for = waited_for

    def __enter__(self) -> None:
        if not self._lock.acquire(blocking=False):
            self._waited_for.set()
            self._lock.acquire()

    def __exit__(self, *_: object) -> None:
        self._lock.release()


def titles(names: SiteNames) -> set[str]:
    return {name.text for name in anyio.run(names).complete("项许可", 20)}


def test_requests_that_wait_for_names_leave_threads_to_others(log: Log) -> None:
    release(log)
    names, done = SiteNames(log), list[int]()

    async def wait() -> None:
        done.append(len((await names.current()).names))

    async def main() -> None:
        async with anyio.create_task_group() as tasks:
            with names._reading:
                for _ in range(100):  # the pool has 40 threads
                    tasks.start_soon(wait)
                await anyio.sleep(0.2)
                with anyio.fail_after(10):
                    assert await anyio.to_thread.run_sync(lambda: "a thread") == "a thread"
                assert done == []

    anyio.run(main)
    assert len(done) == 100
    assert set(done) == {3}


def test_with_few_names_a_request_after_a_release_gets_the_new_ones(log: Log) -> None:
    release(log)
    names = SiteNames(log)
    assert titles(names) == {"甲项许可", "乙项许可"}
    release(log, LATER)
    assert names.outdated() is None
    assert titles(names) == {"甲项许可", "丙项许可"}


def test_many_names_are_reloaded_by_the_follower_of_the_log_and_never_by_a_request(
    log: Log,
) -> None:
    release(log)
    names = SiteNames(log, at_once=0)
    assert titles(names) == {"甲项许可", "乙项许可"}
    release(log, LATER)
    assert titles(names) == {"甲项许可", "乙项许可"}
    before = names.outdated()
    assert before is not None
    assert before.state != log.queries.validator()

    async def followed() -> set[str]:
        async with anyio.create_task_group() as group:
            group.start_soon(names.update_until_cancelled)
            with anyio.fail_after(60):
                while names.outdated() is not None:
                    await anyio.lowlevel.checkpoint()
            group.cancel_scope.cancel()
        return {name.text for name in (await names()).complete("项许可", 20)}

    assert anyio.run(followed) == {"甲项许可", "丙项许可"}


def test_the_names_are_followed_again_once_the_store_answers_again(
    log: Log, monkeypatch: pytest.MonkeyPatch
) -> None:
    release(log)
    names, answers = SiteNames(log), iter([OSError("away")])
    monkeypatch.setattr("publisher.indexing.site_names._POLL", 0.0)
    read_validator = log.queries.validator

    def validator() -> object:
        for away in answers:
            raise away
        return read_validator()

    monkeypatch.setattr(log.queries, "validator", validator)

    async def followed() -> None:
        async with anyio.create_task_group() as group:
            group.start_soon(names.update_until_cancelled)
            with anyio.fail_after(60):
                while names._cached is None:
                    await anyio.lowlevel.checkpoint()
            group.cancel_scope.cancel()

    anyio.run(followed)
    assert titles(names) == {"甲项许可", "乙项许可"}


@pytest.mark.slow
def test_earlier_names_answer_while_new_ones_load_except_erased_ones(log: Log) -> None:
    release(log)
    names = _SlowNames(log)
    assert titles(names) == {"甲项许可", "乙项许可"}
    release(log, LATER)
    with ThreadPoolExecutor() as threads:
        threads.submit(names._read_current)
        try:
            assert names.begun.wait(60)
            assert titles(names) == {"甲项许可", "乙项许可"}
            (erased,) = (item.id for item in log.queries.find_by_title("shili", "甲项许可"))
            log.releases.erase(records=[("shili", erased)], ground="判决")
            assert titles(names) == {"丙项许可"}
        finally:
            names.may_finish.set()


@pytest.mark.slow
def test_a_response_from_earlier_names_has_another_etag_than_one_from_the_new_names(
    log: Log, tmp_path: Path
) -> None:
    release(log)
    engine = EmbeddedEngine(tmp_path / "index")
    names = SiteNames(log, at_once=0)
    service = replace(create_service(read_settings(tmp_path, {}), log, engine), names=names)
    assert titles(names) == {"甲项许可", "乙项许可"}
    release(log, LATER)
    assert anyio.run(await_indexed, log, engine)
    call = Call({}, urlencode({"q": "bingxiangxuke"}).encode(), "/v1/search")

    def search_once() -> tuple[Validity, str | None]:
        reply = anyio.run(search.handle, service, call)
        return reply.validity, anyio.run(reply.build).did_you_mean

    before, meant = search_once()
    assert meant is None
    names._read_current()
    after, meant = search_once()
    assert meant == "丙项许可"
    assert before != after

"""Names in memory: few are always those of now; of many, those of before answer while new ones are read."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from urllib.parse import urlencode

import anyio
import pytest

from publisher.app import service_of
from publisher.indexing.site_names import NamesOfState, SiteNames
from publisher.indexing.worker import settle
from publisher.log.log import Log
from publisher.settings import read_settings
from publisher.views.api.routes.search import search
from publisher.web.conditional_requests import Validity
from publisher.web.route import Call
from search.embedded.engine import EmbeddedEngine
from tests.publisher.indexing.test_worker import log, release

__all__ = ["log"]

LATER = "事项名称,权力类型,行使主体\n甲项许可,行政许可,市统计局\n丙项许可,行政许可,市统计局\n"


class _Reading(SiteNames):
    """Every name is many here; the second reading goes on until another question waits for it."""

    def __init__(self, log: Log) -> None:
        super().__init__(log, at_once=0)
        self._times = 0
        self.begun = threading.Event()
        self.done = threading.Event()
        self._reading = _Telling(self.done)  # type: ignore[assignment]  # as a lock is used there

    def _read_names(self) -> NamesOfState:
        self._times += 1
        if self._times == 2:
            self.begun.set()
            assert self.done.wait(60)
        return super()._read_names()


class _Telling:
    """A lock that tells when somebody waits for it."""

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


def test_of_few_names_whoever_asks_after_a_release_is_told_the_new_ones(log: Log) -> None:
    release(log)
    names = SiteNames(log)
    assert titles(names) == {"甲项许可", "乙项许可"}
    release(log, LATER)
    assert names.outdated() is None
    assert titles(names) == {"甲项许可", "丙项许可"}


def test_many_names_are_read_anew_by_the_one_that_follows_the_log_and_by_nobody_who_asks(
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
            group.start_soon(names.follow)
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
    read = log.queries.validator

    def validator() -> object:
        for away in answers:
            raise away
        return read()

    monkeypatch.setattr(log.queries, "validator", validator)

    async def followed() -> None:
        async with anyio.create_task_group() as group:
            group.start_soon(names.follow)
            with anyio.fail_after(60):
                while names._cached is None:
                    await anyio.lowlevel.checkpoint()
            group.cancel_scope.cancel()

    anyio.run(followed)
    assert titles(names) == {"甲项许可", "乙项许可"}


def test_while_names_are_read_those_of_before_answer_but_none_that_was_erased(log: Log) -> None:
    release(log)
    names = _Reading(log)
    assert titles(names) == {"甲项许可", "乙项许可"}
    release(log, LATER)
    with ThreadPoolExecutor() as threads:
        threads.submit(names._read_current)
        try:
            assert names.begun.wait(60)
            assert titles(names) == {"甲项许可", "乙项许可"}
            (erased,) = (item.id for item in log.queries.find("shili", "甲项许可"))
            log.releases.erase(records=[("shili", erased)], ground="判决")
            assert titles(names) == {"丙项许可"}
        finally:
            names.done.set()


def test_an_answer_of_the_names_of_before_bears_another_tag_than_that_of_the_new_ones(
    log: Log, tmp_path: Path
) -> None:
    release(log)
    engine = EmbeddedEngine(tmp_path / "index")
    names = SiteNames(log, at_once=0)
    service = replace(service_of(read_settings(tmp_path, {}), log, engine), names=names)
    assert titles(names) == {"甲项许可", "乙项许可"}
    release(log, LATER)
    assert anyio.run(settle, log, engine)
    call = Call({}, urlencode({"q": "bingxiangxuke"}).encode(), "/v1/search")

    def asked() -> tuple[Validity, str | None]:
        reply = anyio.run(search.handle, service, call)
        return reply.validity, anyio.run(reply.build).did_you_mean

    before, meant = asked()
    assert meant is None
    names._read_current()
    after, meant = asked()
    assert meant == "丙项许可"
    assert before != after

"""Names in memory: those of before answer while new ones are read, but for what was erased."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor

import anyio

from publisher.naming import SiteNames
from publisher.store.store import Store
from search.names import Names
from tests.publishing.test_worker import release, store

__all__ = ["store"]


class _Reading(SiteNames):
    """Names of which the second reading goes on until another question waits for it."""

    def __init__(self, store: Store) -> None:
        super().__init__(store)
        self._times = 0
        self.begun = threading.Event()
        self.done = threading.Event()
        self._reading = _Telling(self.done)  # type: ignore[assignment]  # as a lock is used there

    def _read(self) -> Names:
        self._times += 1
        if self._times == 2:
            self.begun.set()
            assert self.done.wait(60)
        return super()._read()


class _Telling:
    """A lock that tells when somebody waits for it."""

    def __init__(self, waited_for: threading.Event) -> None:
        self._lock = threading.Lock()
        self._waited_for = waited_for
        self.release = self._lock.release

    def acquire(self, *, blocking: bool) -> bool:
        if self._lock.acquire(blocking=False):
            return True
        if blocking:
            self._waited_for.set()
        return self._lock.acquire(blocking=blocking)


def titles(names: SiteNames) -> set[str]:
    return {name.text for name in anyio.run(names).completing("项许可", 20)}


def test_while_names_are_read_those_of_before_answer_but_none_that_was_erased(store: Store) -> None:
    release(store)
    names = _Reading(store)
    assert titles(names) == {"甲项许可", "乙项许可"}
    release(store, "事项名称,权力类型,行使主体\n甲项许可,行政许可,市统计局\n丙项许可,行政许可,市统计局\n")
    with ThreadPoolExecutor() as threads:
        threads.submit(titles, names)
        try:
            assert names.begun.wait(60)
            assert titles(names) == {"甲项许可", "乙项许可"}
            (erased,) = (item.id for item in store.find("shili", "甲项许可"))
            store.erase(records=[("shili", erased)], ground="判决")
            assert titles(names) == {"丙项许可"}
        finally:
            names.done.set()

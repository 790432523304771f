"""The outbox drained into the search engine: in batches, with retries, by who holds the worker lock.

Every step may be done twice without harm: a span indexed again replaces itself, and the outbox forgets
an entry only after the index holds it durably. So a crash anywhere costs nothing but time.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

import anyio
from anyio import to_thread

from publisher.indexing.span_to_document import document
from publisher.log.log import Log
from publisher.log.model import Dataset, OutboxItem, Span
from schemas.definition.catalogue import Catalogue
from search.contract import Document, RejectedError, SearchEngine, SearchError

BATCH = 50_000
"""Outbox entries a round: few enough for little memory; every round costs the index a commit and a merge."""
_LONGEST_PAUSE = 60.0
INDEXING, REBUILDING = "索引 indexing", "重建搜索索引 rebuilding"

type Progress = Callable[[str, int, int | None], None]

logger = logging.getLogger(__name__)


def silent(_step: str, _done: int, _total: int | None) -> None:
    """For callers that show no progress."""


@dataclass(frozen=True, slots=True)
class SearchStatus:
    documents: int
    position: int
    pending: int
    """Outbox entries that search does not know yet."""
    error: str = ""
    """Why the oldest of them could not be done, where it was tried."""
    set_aside: tuple[OutboxItem, ...] = ()
    """What the engine refuses for good, with why, until it takes the record: when it is written again, or by
    a rebuild."""
    away: str = ""
    """Why the engine could not be asked; documents and position are 0 then."""


async def status(log: Log, search: SearchEngine) -> SearchStatus:
    waiting = await to_thread.run_sync(lambda: log.outbox.items(limit=1))
    documents = position = 0
    away = ""
    try:
        documents, position = await search.count(), await search.position()
    except SearchError as error:
        away = str(error)
    return SearchStatus(
        documents=documents,
        position=position,
        pending=await to_thread.run_sync(log.outbox.due_count),
        error=waiting[0].error if waiting else "",
        set_aside=await to_thread.run_sync(log.outbox.items_aside),
        away=away,
    )


async def drain(log: Log, search: SearchEngine, progress: Progress = silent) -> int:
    """Do everything that the outbox holds → how many entries. The caller holds the worker lock.

    An index that is behind what the outbox has already forgotten (its folder was deleted or restored from
    an older copy) is rebuilt from the log first. Raises :class:`search.contract.SearchError`.
    """
    if await search.position() < await to_thread.run_sync(log.outbox.position):
        await _rebuild(log, search, progress)
    done, total = 0, await to_thread.run_sync(log.outbox.due_count)
    progress(INDEXING, done, total)
    while items := await to_thread.run_sync(lambda: log.outbox.items(limit=BATCH)):
        await _index(log, search, items)
        done += len(items)
        progress(INDEXING, done, max(done, total))
    # What is not due yet (a release that comes into effect later) is nothing that search waits for.
    await search.mark(await to_thread.run_sync(log.outbox.position))
    return done


async def settle(
    log: Log, search: SearchEngine, *, patience: float = 30.0, progress: Progress = silent
) -> bool:
    """Wait until all that was published can be searched → whether it can.

    This process does the work where it gets the lock; else it waits for the holder, ``patience`` seconds
    after the outbox last grew shorter.
    """
    shortest: int | None = None
    deadline = time.monotonic() + patience
    while left := await to_thread.run_sync(log.outbox.due_count):
        with log.outbox.lock() as mine:
            if mine:
                await drain(log, search, progress)
                continue
        if shortest is None or left < shortest:
            shortest, deadline = left, time.monotonic() + patience
        if time.monotonic() > deadline:
            return False
        await anyio.sleep(0.1)
    return True


async def run_worker(log: Log, search: SearchEngine, *, stop: anyio.Event, poll: float = 0.25) -> None:
    """Keep search in step with the log until ``stop``; a failure is logged and tried again, ever later."""
    pause = poll
    while not stop.is_set():
        try:
            await attempt(log, search)
            pause = poll
        except Exception as error:  # a worker that dies quietly would leave search behind
            logger.warning("search is behind: %s", error, exc_info=not isinstance(error, SearchError))
            retry = error.retry_after if isinstance(error, SearchError) else 1
            pause = min(max(pause * 2, retry), _LONGEST_PAUSE)
        with anyio.move_on_after(pause):
            await stop.wait()


async def reindex(log: Log, search: SearchEngine, progress: Progress = silent) -> int:
    """Rebuild the index from the log beside the old one, which answers until then → documents.

    Raises :class:`search.contract.SearchError` while another process holds the worker lock.
    """
    with log.outbox.lock() as mine:
        if not mine:
            raise SearchError("another process is indexing / 另一个进程正在索引")
        count = await _rebuild(log, search, progress)
        await drain(log, search, progress)
        return count


async def attempt(log: Log, search: SearchEngine) -> None:
    """One round of :func:`run_worker`: drain what waits, unless another does; note a failure in the log."""
    waiting = await to_thread.run_sync(lambda: log.outbox.items(limit=1))
    if not waiting and await search.position() >= await to_thread.run_sync(log.outbox.position):
        return
    with log.outbox.lock() as mine:
        if not mine:
            return
        try:
            await drain(log, search)
        except Exception as error:
            if waiting:
                log.outbox.mark_failed(waiting[0].sequence, str(error))
            raise


async def _index(log: Log, search: SearchEngine, items: Sequence[OutboxItem]) -> None:
    """One batch. The index holds it durably before the outbox forgets it."""
    erased = [item.key for item in items if item.kind == "erase"]
    if erased:
        await search.erase(erased)
    keys = list(dict.fromkeys(item.key for item in items if item.kind == "span"))
    if keys:
        refused: Mapping[str, str] = {}
        try:
            with _stoppable(_documents(log, log.queries.spans(ids=keys))) as documents:
                await search.index(documents)
        except RejectedError as error:  # the rest is written
            refused = error.refused
        await to_thread.run_sync(_settle_aside, log, set(keys).difference(refused).__contains__)
        await to_thread.run_sync(_set_aside, log, items, refused)
    await search.mark(items[-1].sequence)
    # Whoever subscribed is told once search knows of it, and never twice.
    await to_thread.run_sync(lambda: log.subscriptions.hand_over(upto=items[-1].sequence))


def _set_aside(log: Log, items: Sequence[OutboxItem], refused: Mapping[str, str]) -> None:
    _tell(refused)
    log.outbox.set_aside({item.sequence: refused[item.key] for item in items if item.key in refused})


def _settle_aside(log: Log, taken: Callable[[str], bool]) -> None:
    """What was set aside and is taken now is nothing to show any more."""
    taken_now = [item.sequence for item in log.outbox.items_aside(limit=BATCH) if taken(item.key)]
    if taken_now:
        log.outbox.mark_done(sequences=taken_now)


def _tell(refused: Mapping[str, str]) -> None:
    for span, why in refused.items():
        logger.error("search refuses %s for good: %s", span, why)


async def _rebuild(log: Log, search: SearchEngine, progress: Progress) -> int:
    last = await to_thread.run_sync(log.outbox.position)
    total = await to_thread.run_sync(log.queries.span_count)
    refused: Mapping[str, str] = {}
    try:
        with _stoppable(_counted(_documents(log, log.queries.spans()), total, progress)) as documents:
            count = await search.rebuild(documents)
    except RejectedError as error:  # the rest is in force
        refused = error.refused
        _tell(refused)
        count = await search.count()
    await to_thread.run_sync(_settle_aside, log, lambda key: key not in refused)
    await search.mark(last)
    return count


def _documents(log: Log, spans: Iterable[Span]) -> Iterator[Document]:
    """The engine reads it in a thread of its own."""
    kept: dict[str, tuple[Dataset, Catalogue]] = {}
    for span in spans:
        if span.dataset not in kept:
            kept[span.dataset] = (log.datasets.get(span.dataset), log.queries.catalogue(span.dataset))
        found = document(span, *kept[span.dataset])
        if found is not None:
            yield found


@contextmanager
def _stoppable(documents: Iterable[Document]) -> Iterator[Iterator[Document]]:
    """The thread of the engine that reads them outlives a task that is given up (Ctrl-C); it finds an error
    then instead of the next, and leaves the index as it was."""
    ended = threading.Event()

    def going() -> Iterator[Document]:
        for one in documents:
            if ended.is_set():
                raise SearchError("given up / 已放弃")
            yield one

    try:
        yield going()
    finally:
        ended.set()


def _counted(documents: Iterable[Document], total: int, progress: Progress) -> Iterator[Document]:
    """``total`` spans, of which those that are withdrawn or erased make no document."""
    progress(REBUILDING, 0, total)
    number = 0
    for number, one in enumerate(documents, start=1):
        yield one
        if number % 1_000 == 0:
            progress(REBUILDING, number, total)
    progress(REBUILDING, number, number)

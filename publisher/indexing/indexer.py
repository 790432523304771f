"""Worker that indexes the outbox in the search engine, in batches, with retries, under a lock.

Every step is idempotent: a span that is indexed again replaces itself, and an item leaves the outbox only
after the index has stored it durably. A crash therefore only costs time.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager

import anyio
import msgspec
from anyio import to_thread

from publisher.failure_lines import log_failure
from publisher.indexing.span_to_document import DocumentBuilder
from publisher.log.log import Log
from publisher.log.model import Span
from publisher.log.outbox.outbox import OutboxItem
from search.contract import (
    DamagedIndexError,
    Document,
    EncodingProgress,
    RejectedError,
    SearchEngine,
    SearchError,
)

BATCH = 50_000
"""Outbox items per round: bounded memory, and few rounds, which each cost a commit and a merge."""
_MOST_LISTED = 100
"""Refused items that the status lists."""
_LONGEST_PAUSE = 60.0
_CHECK_SECONDS = 3_600.0
INDEXING, REBUILDING = "索引 indexing", "重建搜索索引 rebuilding"

type Progress = Callable[[str, int, int | None], None]
"""``(step, done, total)``: steps have Chinese and English names for display; an unknown total is None."""

logger = logging.getLogger(__name__)


def ignore_progress(_step: str, _count: int, _total: int | None) -> None:
    """Report nothing; the default where a caller shows no progress."""


class SearchStatus(msgspec.Struct, frozen=True):
    documents: int
    position: int
    pending: int
    """Outbox items that are not indexed yet."""
    error: str = ""
    """Error of the oldest pending item, if it was tried."""
    set_aside: tuple[OutboxItem, ...] = ()
    """The first items that the engine refuses permanently, with errors, until the record is written again or
    the index is rebuilt."""
    set_aside_count: int = 0
    """Number of all of them."""
    away: str = ""
    """Why the engine is not reachable; documents and position are then 0."""
    incomplete: bool = False
    """The index lacks items that it once had: it was deleted, or restored from an older copy."""
    encoded: EncodingProgress | None = None
    """Progress of encoding for search by meaning; None if no model is installed."""


async def status(log: Log, search: SearchEngine) -> SearchStatus:
    waiting = await to_thread.run_sync(lambda: log.outbox.items(limit=1))
    documents = position = 0
    encoded, away = None, ""
    try:
        documents, position = await search.count(), await search.position()
        encoded = await search.encoding_progress()
    except SearchError as error:
        away = str(error)
    return SearchStatus(
        documents=documents,
        position=position,
        pending=await to_thread.run_sync(log.outbox.due_count),
        error=waiting[0].error if waiting else "",
        set_aside=await to_thread.run_sync(lambda: log.outbox.items_aside(limit=_MOST_LISTED)),
        set_aside_count=await to_thread.run_sync(log.outbox.aside_count),
        away=away,
        incomplete=not away and position < await to_thread.run_sync(log.outbox.last_completed),
        encoded=encoded,
    )


async def index_outbox(log: Log, search: SearchEngine, progress: Progress = ignore_progress) -> int:
    """Index all items of the outbox and return their number. The caller must hold the worker's lock.

    Afterwards citations, findings and commitments are derived from what was published (:func:`_derive`), also
    if the search engine is away.

    An index that lacks items already deleted from the outbox (its folder was deleted or restored from an
    older copy), or that is damaged, is first rebuilt from the log. Raises
    :class:`search.contract.SearchError`.
    """
    try:
        return await _index_due(log, search, progress)
    finally:
        await to_thread.run_sync(_derive, log)


def _derive(log: Log) -> None:
    """Bring citations, findings and commitments up to date, each also if one before it failed."""
    try:
        log.graph.update()
    finally:
        try:
            log.findings.update()
        finally:
            log.commitments.update()


async def _index_due(log: Log, search: SearchEngine, progress: Progress) -> int:
    if await _position(search) < await to_thread.run_sync(log.outbox.position):
        await _rebuild(log, search, progress)
    indexed, total = 0, await to_thread.run_sync(log.outbox.due_count)
    progress(INDEXING, indexed, total)
    while items := await to_thread.run_sync(lambda: log.outbox.items(limit=BATCH)):
        await _index(log, search, items)
        indexed += len(items)
        progress(INDEXING, indexed, max(indexed, total))
    # Items that are not due yet (a release with later effect) do not count as pending.
    await search.mark(await to_thread.run_sync(log.outbox.position))
    return indexed


async def await_indexed(
    log: Log, search: SearchEngine, *, patience: float = 30.0, progress: Progress = ignore_progress
) -> bool:
    """Wait until everything published can be searched; return whether it can.

    This process indexes if it gets the lock. Otherwise it waits for the process that has the
    lock, up to ``patience`` seconds after the outbox last became shorter.
    """
    shortest: int | None = None
    deadline = time.monotonic() + patience
    while pending := await to_thread.run_sync(log.outbox.due_count):
        with log.outbox.lock() as is_locked:
            if is_locked:
                await index_outbox(log, search, progress)
                continue
        if shortest is None or pending < shortest:
            shortest, deadline = pending, time.monotonic() + patience
        if time.monotonic() > deadline:
            return False
        await anyio.sleep(0.1)
    return True


async def _position(search: SearchEngine) -> int:
    """Return the position of the index; -1 if it is damaged."""
    try:
        return await search.position()
    except DamagedIndexError as error:
        logger.warning("%s", error)
        return -1


async def run_indexer(log: Log, search: SearchEngine, *, stop: anyio.Event, poll: float = 0.25) -> None:
    """Update the index from the log until ``stop``; failures are logged and retried with growing delays.

    The files of the index are checked at the start, every hour and after an error of damage; a damaged index
    is rebuilt.
    """
    pause, check_at = poll, time.monotonic()
    while not stop.is_set():
        try:
            if time.monotonic() >= check_at:
                await _replace_if_damaged(log, search)
                check_at = time.monotonic() + _CHECK_SECONDS
            await run_round(log, search)
            pause = poll
        except Exception as error:  # noqa: BLE001 - the task must not end silently
            if isinstance(error, SearchError):
                logger.warning("search is behind: %s", error)
            else:
                log_failure(logger, "search is behind", error)
            retry = error.retry_after if isinstance(error, SearchError) else 1
            pause = min(max(pause * 2, retry), _LONGEST_PAUSE)
            if isinstance(error, DamagedIndexError):
                check_at = time.monotonic()
        with anyio.move_on_after(pause):
            await stop.wait()


async def _replace_if_damaged(log: Log, search: SearchEngine) -> None:
    try:
        await search.check()
    except DamagedIndexError as error:
        logger.warning("%s", error)
        with log.outbox.lock() as is_locked:
            if is_locked:
                await _rebuild(log, search, ignore_progress)


async def reindex(log: Log, search: SearchEngine, progress: Progress = ignore_progress) -> int:
    """Rebuild the index from the log next to the old one, which stays in use meanwhile; return its size.

    Raises :class:`search.contract.SearchError` while another process holds the worker's lock.
    """
    with log.outbox.lock() as is_locked:
        if not is_locked:
            raise SearchError("another process is indexing / 另一个进程正在索引")
        count = await _rebuild(log, search, progress)
        await index_outbox(log, search, progress)
        return count


async def run_round(log: Log, search: SearchEngine) -> None:
    """Run one round of :func:`run_indexer` unless another process does; record a failure in the log."""
    waiting = await to_thread.run_sync(lambda: log.outbox.items(limit=1))
    if (
        not waiting
        and await to_thread.run_sync(log.graph.is_current)
        and await to_thread.run_sync(log.findings.is_current)
        and await to_thread.run_sync(log.commitments.is_current)
        and await _position(search) >= await to_thread.run_sync(log.outbox.position)
    ):
        return
    with log.outbox.lock() as is_locked:
        if not is_locked:
            return
        try:
            await index_outbox(log, search)
        except Exception as error:
            if waiting:
                log.outbox.mark_failed(waiting[0].sequence, str(error))
            raise


async def _index(log: Log, search: SearchEngine, items: Sequence[OutboxItem]) -> None:
    """Index one batch. It is durable in the index before it leaves the outbox."""
    erased = [item.key for item in items if item.kind == "erase"]
    if erased:
        await search.erase(erased)
    keys = list(dict.fromkeys(item.key for item in items if item.kind == "span"))
    if keys:
        refused: Mapping[str, str] = {}
        try:
            with _stoppable(_documents(log, log.queries.spans(ids=keys))) as documents:
                await search.index(documents)
        except RejectedError as error:  # the other documents are written
            refused = error.rejected
        await to_thread.run_sync(_mark_accepted_done, log, set(keys).difference(refused).__contains__)
        await to_thread.run_sync(_set_aside, log, items, refused)
    await search.mark(items[-1].sequence)
    # The items leave the outbox, and subscribers are notified once: the change can be searched.
    await to_thread.run_sync(lambda: log.subscriptions.complete_items(upto=items[-1].sequence))


def _set_aside(log: Log, items: Sequence[OutboxItem], refused: Mapping[str, str]) -> None:
    _log_refused(refused)
    log.outbox.set_aside({item.sequence: refused[item.key] for item in items if item.key in refused})


def _mark_accepted_done(log: Log, is_accepted: Callable[[str], bool]) -> None:
    """Mark items as done that were set aside and are now accepted."""
    last = 0
    while items := log.outbox.items_aside(after=last, limit=BATCH):
        accepted = [item.sequence for item in items if is_accepted(item.key)]
        if accepted:
            log.outbox.mark_done(accepted)
        last = items[-1].sequence


def _log_refused(refused: Mapping[str, str]) -> None:
    for span, why in refused.items():
        logger.error("search refuses %s permanently: %s", span, why)


async def _rebuild(log: Log, search: SearchEngine, progress: Progress) -> int:
    last = await to_thread.run_sync(log.outbox.position)
    total = await to_thread.run_sync(log.queries.span_count)
    refused: Mapping[str, str] = {}
    try:
        with _stoppable(_report_progress(_documents(log, log.queries.spans()), total, progress)) as documents:
            count = await search.rebuild(documents)
    except RejectedError as error:  # the other documents are indexed
        refused = error.rejected
        _log_refused(refused)
        count = await search.count()
    await to_thread.run_sync(_mark_accepted_done, log, lambda key: key not in refused)
    await search.mark(last)
    return count


def _documents(log: Log, spans: Iterable[Span]) -> Iterator[Document]:
    """Build the documents of spans; the engine iterates in its own thread."""
    documents = map(DocumentBuilder(log).document, spans)
    return (document for document in documents if document is not None)


@contextmanager
def _stoppable(documents: Iterable[Document]) -> Iterator[Iterator[Document]]:
    """Stop the iteration when the block ends.

    The engine's thread outlives a cancelled task (Ctrl-C). It then gets an error instead of the next
    document and leaves the index unchanged.
    """
    ended = threading.Event()

    def documents_until_end() -> Iterator[Document]:
        for document in documents:
            if ended.is_set():
                raise SearchError("given up / 已放弃")
            yield document

    try:
        yield documents_until_end()
    finally:
        ended.set()


def _report_progress(documents: Iterable[Document], total: int, progress: Progress) -> Iterator[Document]:
    """Report progress. ``total``: number of spans, also of those without a document, such as erased ones."""
    progress(REBUILDING, 0, total)
    number = 0
    for number, document in enumerate(documents, start=1):
        yield document
        if number % 1_000 == 0:
            progress(REBUILDING, number, total)
    progress(REBUILDING, number, number)

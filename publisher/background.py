"""The worker of a site: its tasks, from indexing to mails, and how they are run and run again."""

from __future__ import annotations

import logging
import signal
import time
from collections.abc import Awaitable, Callable
from contextlib import closing
from functools import partial

import anyio
from anyio import to_thread
from sqlalchemy.exc import SQLAlchemyError

from publisher.checkpoint_signing import run_signer
from publisher.failure_lines import log_failure
from publisher.harvest.scheduler import run_scheduler
from publisher.inbox.contact_seal import SealKeys
from publisher.inbox.followers import open_followers
from publisher.inbox.inbox import Inbox
from publisher.indexing import indexer
from publisher.indexing.encoder_thread import encoding
from publisher.indexing.open_engine import open_engine
from publisher.log.clocks import utc_now
from publisher.log.log import Log
from publisher.log.model import LogError, View
from publisher.nightly_verification import run_nightly
from publisher.notify.delivery import Notifier
from publisher.notify.mailer import run_mailer
from publisher.notify.webhook_sender import create_sender
from publisher.notify.witnesses import read_witnesses, run_witness_requests
from publisher.settings import Settings
from publisher.views.api.search_scope import make_search_scope
from schemas.definition.catalogue import Catalogue

_SHORTEST_PAUSE, _LONGEST_PAUSE = 1.0, 60.0
"""Seconds until a task that failed begins again; each failure doubles the pause."""
logger = logging.getLogger(__name__)


async def run_background(
    settings: Settings,
    log: Log,
    catalogues: Callable[[str], Catalogue | None],
    on_start: Callable[[], None],
) -> None:
    """Run every task of the worker until SIGINT or SIGTERM.

    A task that fails begins again, and does not end the others.

    ``catalogues``: dataset → its current catalogue file. Several workers of one site share the work by locks.
    """
    witnesses = read_witnesses(settings.witnesses)
    engine = open_engine(settings)
    log.subscriptions.set_hub(settings.hub)
    notifier = Notifier(log, engine, lambda: make_search_scope(log).fields(), create_sender(settings))
    stop = anyio.Event()

    tasks: dict[str, Callable[[], Awaitable[None]]] = {
        "indexing": partial(indexer.run_indexer, log, engine, stop=stop),
        "collecting": partial(
            run_scheduler,
            log,
            settings.home,
            clock=utc_now,
            catalogues=catalogues,
            loopback=settings.loopback,
        ),
        "notification": partial(notifier.run, stop=stop),
        "signing": partial(run_signer, log, settings.sign_command),
        "verification": partial(run_nightly, log, settings.home),
        "retention of contacts": partial(forget_senders, settings, log),
        "mail": partial(run_mailer, settings, log, engine, notifier.fields),
        **{f"witness {one.key.name}": partial(run_witness_requests, log, one) for one in witnesses},
    }
    try:
        with encoding(log, engine):
            async with anyio.create_task_group() as group:
                for name, task in tasks.items():
                    group.start_soon(keep_running, name, task)
                with anyio.open_signal_receiver(signal.SIGINT, signal.SIGTERM) as signals:
                    on_start()
                    async for _ in signals:
                        break
                stop.set()
                group.cancel_scope.cancel()
    finally:
        await engine.close()


async def keep_running(
    name: str, task: Callable[[], Awaitable[None]], *, pause: float = _SHORTEST_PAUSE
) -> None:
    """Run a task until it ends. If it fails, that is logged, and it begins again after a pause."""
    wait = pause
    while True:
        began = time.monotonic()
        try:
            await task()
        except Exception as error:  # noqa: BLE001 - the other tasks go on
            log_failure(logger, f"{name} failed, and begins again", error)
        else:
            return
        wait = pause if time.monotonic() - began > _LONGEST_PAUSE else wait
        await anyio.sleep(wait)
        wait = min(wait * 2, _LONGEST_PAUSE)


async def forget_senders(settings: Settings, log: Log, *, poll: float = 3600.0) -> None:
    """Delete what is due of the inbox, until cancelled.

    These are contacts, proofs, rejected values and requests of corrections; all corrections of erased
    records, which a restored inbox may have again; and followers who left or did not confirm.
    """
    while True:
        try:
            await to_thread.run_sync(_forget_senders, settings, log)
        except (SQLAlchemyError, LogError) as error:
            log_failure(logger, "what is due of the inbox could not be deleted; this is tried again", error)
        await anyio.sleep(poll)


def _forget_senders(settings: Settings, log: Log) -> None:
    keys = SealKeys(settings.keys)
    inbox = Inbox.open(settings.database, settings.inbox, keys)
    if inbox is None:
        return
    with closing(inbox), open_followers(settings.database, settings.inbox, keys) as followers:
        inbox.forget()
        inbox.erase([pair for pair in inbox.records() if _is_erased(log, *pair)])
        if followers is not None:
            followers.forget()


def _is_erased(log: Log, dataset: str, record: str) -> bool:
    try:
        return log.queries.record(dataset, record, View()).status == "erased"
    except LogError:
        return False

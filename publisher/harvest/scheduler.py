"""Scheduler of ``qingdan work``, which collects due sources in one process at a time."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from datetime import datetime
from functools import partial
from pathlib import Path

import anyio
from anyio import to_thread

from publisher.failure_lines import describe_in_a_line, log_failure
from publisher.harvest.all_sources import HarvestOptions, harvest_sources, select_due
from publisher.harvest.source_config import SOURCES_FILE, SourcesError, read_sources
from publisher.log.log import Log
from publisher.log.model import LogError
from schemas.definition.catalogue import Catalogue

POLL = 30.0
"""Seconds between two checks for due sources; each check reads ``sources.toml`` again."""

logger = logging.getLogger(__name__)


class _Stop(KeyboardInterrupt):
    """The service stops, which ends a run as Ctrl-C ends a command: the next run resumes it."""


async def run_scheduler(
    log: Log,
    home: Path,
    *,
    clock: Callable[[], datetime],
    catalogues: Callable[[str], Catalogue | None],
    loopback: bool,
    poll: float = POLL,
) -> None:
    """Collect until cancelled. A failure is retried at each check, and logged once while it stays."""
    last_problem = ""
    stopping = threading.Event()
    one_round = partial(
        _harvest_due_sources, log, home, clock, catalogues, loopback=loopback, stopping=stopping
    )
    try:
        while True:
            failure = await to_thread.run_sync(one_round, abandon_on_cancel=True)
            problem = "" if failure is None else describe_in_a_line(failure)
            if failure is not None and problem != last_problem:
                _log_once(failure)
            last_problem = problem
            await anyio.sleep(poll)
    finally:
        stopping.set()


def _harvest_due_sources(
    log: Log,
    home: Path,
    clock: Callable[[], datetime],
    catalogues: Callable[[str], Catalogue | None],
    *,
    loopback: bool,
    stopping: threading.Event,
) -> Exception | None:
    """Collect due sources unless a command collects. Return the failure, if any."""

    def check_stopping(_step: str, _count: int, _total: int | None) -> None:
        if stopping.is_set():
            raise _Stop

    if not (home / SOURCES_FILE).exists():
        return None
    now = clock()
    try:
        sources = select_due(log, read_sources(home, [dataset.name for dataset in log.datasets.all()]), now)
        options = HarvestOptions(clock, loopback=loopback)
        for source in sources:
            report = harvest_sources(log, [source], options, catalogues=catalogues, progress=check_stopping)
            (counts,) = report.sources
            logger.info("collected %s: %d read, %d findings", source.name, counts.read, len(counts.findings))
    except LogError as error:
        return None if error.code == "collecting" else error
    except _Stop:
        return None
    except Exception as error:  # noqa: BLE001 - the scheduler must not end silently
        return error
    return None


def _log_once(failure: Exception) -> None:
    if isinstance(failure, SourcesError | LogError):
        logger.warning("collecting: %s", failure)
    else:
        log_failure(logger, "collecting failed", failure)

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
from publisher.harvest.all_sources import HarvestOptions, collect, select_due
from publisher.harvest.source_config import SOURCES_FILE, SourcesError, read_sources
from publisher.log.clocks import day_at
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
    """Collect until cancelled. A failure is logged and retried at the next check."""
    last_problem = ""
    stopping = threading.Event()
    one_round = partial(
        _harvest_due_sources, log, home, clock, catalogues, loopback=loopback, stopping=stopping
    )
    try:
        while True:
            problem = await to_thread.run_sync(one_round, abandon_on_cancel=True)
            if problem and problem != last_problem:
                logger.warning("collecting: %s", problem)
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
) -> str:
    """Collect due sources unless a command collects. Return the reason of a failure, or ``""``."""

    def check_stopping(_step: str, _count: int, _total: int | None) -> None:
        if stopping.is_set():
            raise _Stop

    if not (home / SOURCES_FILE).exists():
        return ""
    now = clock()
    try:
        sources = select_due(log, read_sources(home, [dataset.name for dataset in log.datasets.all()]), now)
        options = HarvestOptions(now, day_at(now), loopback=loopback)
        for source in sources:
            report = collect(log, [source], options, catalogues=catalogues, progress=check_stopping)
            (counts,) = report.sources
            logger.info("collected %s: %d read, %d findings", source.name, counts.read, len(counts.findings))
    except SourcesError as error:
        return str(error)
    except LogError as error:
        return "" if error.code == "collecting" else str(error)
    except _Stop:
        return ""
    except Exception as error:  # noqa: BLE001 - the scheduler must not end silently
        log_failure(logger, "collecting failed", error)
        return describe_in_a_line(error)
    return ""

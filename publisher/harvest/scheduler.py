"""The scheduler inside ``qingdan serve``: whatever source is due is collected, one process at a time."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from datetime import datetime
from functools import partial
from pathlib import Path

import anyio
from anyio import to_thread

from publisher.harvest.all_sources import Options, collect, due
from publisher.harvest.source_config import FILE, SourcesError, read
from publisher.log.clocks import day_at
from publisher.log.log import Log
from publisher.log.model import LogError
from schemas.definition.catalogue import Catalogue

POLL = 30.0
"""Seconds between two looks at what is due; ``sources.toml`` is read anew at each."""

logger = logging.getLogger(__name__)


class _StoppedError(Exception):
    """The service stops: the run ends between two steps, and the next one goes on there."""


async def run_scheduler(
    log: Log,
    home: Path,
    *,
    clock: Callable[[], datetime],
    catalogues: Callable[[str], Catalogue | None],
    loopback: bool,
    poll: float = POLL,
) -> None:
    """Collect until cancelled. A failure is logged and tried again at the next look."""
    told = ""
    stopping = threading.Event()
    one_round = partial(_round, log, home, clock, catalogues, loopback=loopback, stopping=stopping)
    try:
        while True:
            problem = await to_thread.run_sync(one_round, abandon_on_cancel=True)
            if problem and problem != told:
                logger.warning("collecting: %s", problem)
            told = problem
            await anyio.sleep(poll)
    finally:
        stopping.set()


def _round(
    log: Log,
    home: Path,
    clock: Callable[[], datetime],
    catalogues: Callable[[str], Catalogue | None],
    *,
    loopback: bool,
    stopping: threading.Event,
) -> str:
    """Collect what is due, unless a command collects. → why it could not be done."""

    def go_on(_step: str, _done: int, _total: int | None) -> None:
        if stopping.is_set():
            raise _StoppedError

    if not (home / FILE).exists():
        return ""
    now = clock()
    try:
        sources = due(log, read(home, [one.name for one in log.datasets.all()]), now)
        options = Options(now, day_at(now), loopback=loopback)
        for source in sources:
            report = collect(log, [source], options, catalogues=catalogues, progress=go_on)
            (one,) = report.sources
            logger.info("collected %s: %d read, %d findings", source.name, one.read, len(one.findings))
    except SourcesError as error:
        return str(error)
    except LogError as error:
        return "" if error.code == "collecting" else str(error)
    except _StoppedError:
        return ""
    except Exception as error:  # a scheduler that dies quietly would leave the lists behind
        logger.warning("collecting failed", exc_info=True)
        return str(error)
    return ""

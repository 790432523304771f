"""The nightly verification, in a process of its own, whose memory is free again when it has ended."""

from __future__ import annotations

import logging
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path

import anyio
import msgspec
from anyio import to_thread

from publisher.log.clocks import SHANGHAI, utc_now
from publisher.log.log import Log
from publisher.log.verification.last_run import VerificationRun
from publisher.site_command import site_command

HOUR = 2
"""Hour of the night, Asia/Shanghai, at which a site is verified."""
_MOST_LOGGED = 5

logger = logging.getLogger(__name__)


class _Report(msgspec.Struct):
    """The output of ``qingdan verify --json``, as far as it is read here."""

    problems: list[str]


_decode_report = msgspec.json.Decoder(_Report).decode


async def run_nightly(log: Log, home: Path, *, poll: float = 60.0) -> None:
    """Verify the site every night until cancelled. After a night that was missed, it is verified at once."""
    started = utc_now()
    while True:
        await verify_if_due(log, home, started)
        await anyio.sleep(poll)


async def verify_if_due(log: Log, home: Path, started: datetime) -> None:
    """Verify the site unless it was verified since the last night, or another process does it now.

    ``started``: when the worker started; a site that was never verified waits for the night after it.
    """
    last, now = await to_thread.run_sync(log.integrity.last_run), utc_now()
    after = started if last is None else last.began_at
    if after <= now < next_night(after):  # a run of the future began under a wrong clock
        return
    with log.integrity.lock() as is_locked:
        if is_locked:
            await _verify(log, home)


def next_night(after: datetime) -> datetime:
    """Return when the next verification is due after one that began at ``after``."""
    local = after.astimezone(SHANGHAI)
    night = local.replace(hour=HOUR, minute=0, second=0, microsecond=0)
    return (night if local < night else night + timedelta(days=1)).astimezone(UTC)


async def _verify(log: Log, home: Path) -> None:
    command = site_command(home, "verify", "--sources", "--index", "--json")
    began = utc_now()
    process = await anyio.run_process(command, check=False, start_new_session=True)
    problems: list[str] = []
    try:
        problems = _decode_report(process.stdout).problems
        run = VerificationRun(began, utc_now(), len(problems), tuple(problems))
    except msgspec.MsgspecError:
        error = process.stderr.decode(errors="replace").strip() or f"exit code {process.returncode}"
        run = VerificationRun(began, utc_now(), 0, error=error)
    await to_thread.run_sync(partial(log.integrity.store_run, run))
    if run.error:
        logger.error("the nightly verification failed: %s", run.error)
    for problem in problems[:_MOST_LOGGED]:
        logger.error("verification: %s", problem)
    if run.problems:
        logger.error("the nightly verification found %d problems; see qingdan verify", run.problems)

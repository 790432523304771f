"""The task of the worker that signs checkpoints which wait for a signature."""

from __future__ import annotations

import logging

import anyio
from anyio import to_thread

from publisher.failure_lines import log_failure
from publisher.log.log import Log
from publisher.log.model import LogError

_LONGEST_PAUSE = 60.0
logger = logging.getLogger(__name__)


async def run_signer(log: Log, command: str, *, poll: float = 2.0) -> None:
    """Sign the newest checkpoint until cancelled. A failure is logged, and tried again later."""
    pause = poll
    while True:
        try:
            await to_thread.run_sync(log.keys.sign_newest, command)
            pause = poll
        except LogError as error:
            logger.warning("%s", error)
            pause = min(pause * 2, _LONGEST_PAUSE)
        except Exception as error:  # noqa: BLE001 - the database is away, for example
            log_failure(logger, "a checkpoint was not signed", error)
            pause = min(pause * 2, _LONGEST_PAUSE)
        await anyio.sleep(pause)

"""The worker's run after a publication, in a process that may be killed.

``python -m tests.publisher.notify.job HOME NOW``; ``QINGDAN_DATABASE`` names a database outside HOME.
"""

from __future__ import annotations

import os
import sys
from datetime import datetime
from pathlib import Path

import anyio

from publisher import settings
from publisher.log.log import Log
from publisher.notify.delivery import Notifier
from publisher.notify.webhook_sender import create_sender
from search.embedded.engine import EmbeddedEngine
from search.query.field_filters import FilterFields

_MOST = 16


async def deliver_due(notifier: Notifier) -> int:
    """Send the deliveries that are due now and return their number."""
    attempts = 0
    limiter = anyio.CapacityLimiter(_MOST)
    while due := notifier.log.subscriptions.claim_deliveries(_MOST):
        attempts += len(due)
        async with anyio.create_task_group() as group:
            for delivery in due:
                group.start_soon(notifier._try, delivery, limiter, set[int]())
    return attempts


def main(home: str, now: str) -> None:
    place = settings.read_settings(Path(home), {**os.environ, "QINGDAN_LOOPBACK": "1"})
    instant = datetime.fromisoformat(now)
    log = Log.open(place.database, sources=place.sources, clock=lambda: instant)
    anyio.run(deliver_due, Notifier(log, EmbeddedEngine(place.index), FilterFields, create_sender(place)))


if __name__ == "__main__":
    main(*sys.argv[1:])

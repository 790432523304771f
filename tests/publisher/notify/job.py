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


def main(home: str, now: str) -> None:
    place = settings.read_settings(Path(home), {**os.environ, "QINGDAN_LOOPBACK": "1"})
    instant = datetime.fromisoformat(now)
    log = Log.open(place.database, sources=place.sources, clock=lambda: instant)
    anyio.run(Notifier(log, EmbeddedEngine(place.index), FilterFields, create_sender(place)).deliver_due)


if __name__ == "__main__":
    main(*sys.argv[1:])

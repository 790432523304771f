"""Files of large lists that are made before a reader asks for them.

A download has a length, ranges and a digest, so it begins when its whole file is made. For a large list that
takes seconds, which nobody waits for here.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from heapq import nlargest

import anyio
from litestar.concurrency import sync_to_thread

from publisher.failure_lines import log_failure
from publisher.log.model import LogError, View
from publisher.views.api.routes.files import get_file
from publisher.web.endpoints import make_file
from publisher.web.file_cache import Coding
from publisher.web.problems import ProblemError
from publisher.web.route import Call
from publisher.web.service import Service

_LARGE = 1_000
"""Records of a list from which its files are prepared; those of smaller ones take less than 50 ms."""
_MOST_LISTS = 5
"""Most lists, the largest: their files take three quarters of the place for files without a release."""
_FORMS = ("csv", "jsonl")
"""The formats that are read from their first byte on; the others are of use when they are complete."""
_CODINGS: tuple[Coding, ...] = ("zstd", "gzip")
"""The file without a coding is made for them."""
_PAUSES = 60
"""Looks at the log that are left out after a failure."""
logger = logging.getLogger(__name__)


async def prepare_files(service: Service, *, least: int = _LARGE, poll: float = 5.0) -> None:
    """Make files of the present state of the largest lists, until cancelled.

    Files of releases are kept for years, so they wait for a reader. ``least``: records of a large list.
    ``poll``: seconds between two looks at the log.
    """
    prepared = None
    while True:
        await anyio.sleep(poll)
        try:
            state = (await sync_to_thread(service.log.queries.sequence), service.today())
            if state == prepared:
                continue
            for call in await sync_to_thread(_list_files, service, least):
                for coding in _CODINGS:
                    await make_file(get_file, service, call, coding)
        except (ProblemError, LogError):  # readers or an erasure occupy the place: another time
            continue
        except Exception as error:  # noqa: BLE001 - the task must not end silently
            log_failure(logger, "files could not be prepared", error)
            await anyio.sleep(_PAUSES * poll)  # a failure that stays must not fill the disk with its lines
            continue
        prepared = state


def _list_files(service: Service, least: int) -> Sequence[Call]:
    """List the files to prepare, as requests for them."""
    latest = service.log.queries.newest_by_dataset(View())
    records = {name: release.counts.get("records", 0) for name, release in latest.items()}
    largest = nlargest(
        _MOST_LISTS, (name for name in records if records[name] >= least), key=records.__getitem__
    )
    files = [{"dataset": name, "form": form} for name in largest for form in _FORMS]
    return [Call(names, b"", get_file.operation.path.format_map(names), "") for names in files]

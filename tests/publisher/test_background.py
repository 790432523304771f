"""The worker goes on for years: a task that fails begins again and ends no other."""

from __future__ import annotations

import logging

import anyio
import pytest
from sqlalchemy.exc import OperationalError

from publisher.background import keep_running

AWAY = OperationalError("SELECT 1\nFROM delivery", {}, Exception("connection refused\nDETAIL: none"))


def test_a_task_that_fails_begins_again_and_does_not_end_the_others(caplog: pytest.LogCaptureFixture) -> None:
    begun = 0

    async def fail_twice() -> None:
        nonlocal begun
        begun += 1
        if begun == 1:
            raise AWAY
        if begun == 2:
            raise OSError("no more files")

    async def main() -> None:
        async with anyio.create_task_group() as group:
            group.start_soon(lambda: keep_running("mail", fail_twice, pause=0.001))
            await anyio.sleep(0.2)

    anyio.run(main)
    assert begun == 3
    away, fault = caplog.records
    assert away.getMessage() == "mail failed, and begins again: the database is away: connection refused"
    assert away.exc_info is None
    assert (fault.levelno, fault.exc_info is not None) == (logging.ERROR, True)

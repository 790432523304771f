"""A flood of failures does not fill the disk."""

from __future__ import annotations

import logging

import pytest
from sqlalchemy.exc import DatabaseError, OperationalError

from publisher.web.error_log import MOST, MOST_OF_ALL, ErrorLog


def test_a_database_that_is_away_is_a_line_and_not_a_traceback(caplog: pytest.LogCaptureFixture) -> None:
    now = [0.0]
    log = ErrorLog(lambda: now[0])
    for number in range(1_000):
        log.write(
            "GET", f"/datasets/{number}", OperationalError("SELECT 1", {}, Exception("refused\nDETAIL"))
        )
    assert len(caplog.records) == MOST
    assert all(record.exc_info is None and "\n" not in record.getMessage() for record in caplog.records)
    now[0] = 61
    log.write("GET", "/", OperationalError("SELECT 1", {}, Exception("refused")))
    assert f"({1_000 - MOST} more failures were not logged)" in caplog.records[-1].getMessage()


def test_an_internal_error_has_its_traceback_a_few_times_a_minute(caplog: pytest.LogCaptureFixture) -> None:
    log = ErrorLog(lambda: 0.0)
    for _ in range(100):
        log.write("GET", "/a", KeyError("x"))
    log.write("GET", "/b", KeyError("x"))
    assert [record.exc_info is not None for record in caplog.records] == [True] * (MOST + 1)
    assert caplog.records[0].levelno == logging.ERROR


def test_a_fault_behind_every_address_does_not_fill_the_disk(caplog: pytest.LogCaptureFixture) -> None:
    """A crawler asks for thousands of addresses, and a damaged database fails at each of them."""
    now = [0.0]
    log = ErrorLog(lambda: now[0])
    for number in range(5_000):
        log.write("GET", f"/datasets/{number}", DatabaseError("SELECT 1", {}, Exception("malformed")))
    assert len(caplog.records) == MOST_OF_ALL
    now[0] = 61
    log.write("GET", "/", KeyError("x"))
    assert f"({5_000 - MOST_OF_ALL} more failures were not logged)" in caplog.records[-1].getMessage()

"""Failures of tasks that are tried again: a line each, and a traceback where the program may be at fault."""

from __future__ import annotations

import errno
import logging

from sqlalchemy.exc import DBAPIError, OperationalError
from sqlalchemy.exc import TimeoutError as NoConnectionError

DATABASE_AWAY = (OperationalError, NoConnectionError)
"""Errors whose cause is a database that is away or refuses, and not the program."""


def is_database_away(error: BaseException) -> bool:
    return isinstance(error, DATABASE_AWAY)


_DISK_FULL = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})


def is_disk_full(error: BaseException) -> bool:
    """Report whether the cause is a disk that is full, for a file or for the database."""
    if isinstance(error, OSError):
        return error.errno in _DISK_FULL
    text = str(error.orig) if isinstance(error, DBAPIError) else ""
    return any(words in text for words in ("is full", "disk I/O error", "No space left"))


def describe_in_a_line(error: BaseException) -> str:
    """Return the first line of what an error says, without the statement that a database was asked."""
    return str(getattr(error, "orig", None) or error).strip().partition("\n")[0]


def log_failure(logger: logging.Logger, words: str, error: BaseException) -> None:
    """Log a failure of a task. ``words``: what failed, as the beginning of the line."""
    if is_database_away(error):
        logger.warning("%s: the database is away: %s", words, describe_in_a_line(error))
    else:
        logger.error("%s: %s", words, describe_in_a_line(error), exc_info=error)

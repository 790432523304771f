"""Failures of tasks that are tried again: a line each, and a traceback where the program may be at fault."""

from __future__ import annotations

import errno
import logging
import sqlite3

from sqlalchemy.exc import DBAPIError, OperationalError
from sqlalchemy.exc import TimeoutError as NoConnectionError

_OF_SQLITE_ITSELF = frozenset(
    {
        *(sqlite3.SQLITE_PERM, sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED, sqlite3.SQLITE_NOMEM),
        *(sqlite3.SQLITE_READONLY, sqlite3.SQLITE_INTERRUPT, sqlite3.SQLITE_IOERR, sqlite3.SQLITE_CORRUPT),
        *(sqlite3.SQLITE_FULL, sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_PROTOCOL, sqlite3.SQLITE_NOTADB),
    }
)
"""Codes of errors whose cause is the file; SQLITE_ERROR, as of an unknown column, is a faulty statement."""
_PRIMARY_CODE = 0xFF


def is_database_away(error: BaseException) -> bool:
    """Report whether the cause is a database that is away, damaged or refuses, and not the program."""
    if isinstance(error, NoConnectionError):
        return True
    if not isinstance(error, DBAPIError):
        return False
    code = getattr(error.orig, "sqlite_errorcode", None)
    if code is None:
        return isinstance(error, OperationalError)
    return code & _PRIMARY_CODE in _OF_SQLITE_ITSELF


_DISK_FULL = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})


def is_disk_full(error: BaseException) -> bool:
    """Report whether a disk is full or cannot be written, for a file or for the database."""
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

"""Problems that checks report, and a guard for checks of values that cannot be read at all."""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterable, Iterator
from typing import Any, Literal

import msgspec
from sqlalchemy.exc import DBAPIError

from publisher.log.model import LogError

type Derived = Literal[
    "",
    "span",
    "tally",
    "value",
    "record",
    "revision",
    "release",
    "site",
    "finding",
    "graph",
    "commitment",
]
"""Table whose rows :mod:`.repair` computes again; "" for what belongs to the log or comes from outside."""

_LONGEST = 80
UNREADABLE = (
    DBAPIError,
    LogError,
    struct.error,
    ArithmeticError,
    LookupError,
    TypeError,
    ValueError,
    AttributeError,
)


class Problem(msgspec.Struct, frozen=True):
    """A difference between what is stored and what the log says."""

    where: str
    """Place in words: record, release, file or table."""
    field: str = ""
    stored: object = None
    rebuilt: object = None
    derived: Derived = ""
    key: tuple[Any, ...] = ()
    """Key of the row in the table ``derived``."""

    def __str__(self) -> str:
        if not self.field:
            return self.where
        values = f"现值 stored {_brief(self.stored)}, 应为 rebuilt {_brief(self.rebuilt)}"
        return f"{self.where}: {self.field}: {values}"


def _brief(value: object) -> str:
    text = repr(value)
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}…"


def guard(where: str, check: Callable[[], Iterable[Problem]]) -> Iterator[Problem]:
    """Run a check. A stored value of the wrong type or form is a problem too, not the end of the command."""
    try:
        yield from check()
    except UNREADABLE as error:
        yield unreadable(where, error)


def unreadable(where: str, error: Exception) -> Problem:
    """State that a check met one of :data:`UNREADABLE`."""
    return Problem(f"{where}: 无法读取 cannot be read: {type(error).__name__}: {str(error)[:200]}")

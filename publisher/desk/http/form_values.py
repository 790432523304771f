"""Values of forms: numbers, days, and details that a person changed."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from datetime import date
from typing import Any

import msgspec

from publisher.log.model import LogError

_LONGEST_DAY = 40
"""Characters of a day that its refusal repeats."""


def read_number(text: str | None) -> int:
    """Read a number of a query; 0 for anything else."""
    return int(text) if text and text.isascii() and text.isdigit() and len(text) < 8 else 0


def read_day(text: str) -> date:
    """Read a day of a form. Raises ``LogError('bad-day')``: no other day takes its place."""
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise LogError(
            "bad-day",
            f"日期“{text[:_LONGEST_DAY]}”无法识别，请写作“2026-12-01”。",
            f"The day {text[:_LONGEST_DAY]!r} cannot be read; write it as 2026-12-01.",
        ) from None


def write_shown(details: Mapping[str, Any]) -> str:
    """Write what a form of details shows, for a hidden field of it."""
    return msgspec.json.encode(details).decode()


def changed_details(sent: Mapping[str, Any], shown: str, present: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return the details that a person changed in a form.

    What was changed elsewhere since the form was shown stays. ``shown``: of :func:`write_shown`; ``present``:
    the details now.
    """
    before = dict(present)
    with suppress(msgspec.DecodeError, RecursionError):  # another program than a browser sent it
        before |= msgspec.json.decode(shown, type=dict[str, Any])
    return {name: value for name, value in sent.items() if value not in (before[name], present[name])}

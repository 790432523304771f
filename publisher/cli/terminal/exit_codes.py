"""Exit codes: what a script may rely on. ``docs/cli.md`` tells them, and a test holds the two together."""

from __future__ import annotations

from enum import IntEnum


class Exit(IntEnum):
    OK = 0
    REFUSED = 1
    """The data or the log refuses: findings of severity error, a conflict, a chain that does not verify."""
    USAGE = 2
    """The command was typed wrong."""
    NOT_FOUND = 3
    """A file, dataset, record or release that is not there; a search without a hit is 0."""
    UNAVAILABLE = 4
    """The machine cannot now: disk full, no permission, database or index busy. Trying again may help."""
    INTERRUPTED = 130
    """Ctrl-C (128 + SIGINT)."""

"""Exit codes, a stable contract for scripts. ``docs/cli.md`` lists them; a test compares both."""

from __future__ import annotations

from enum import IntEnum


class Exit(IntEnum):
    OK = 0
    REFUSED = 1
    """Refused because of the data or the log: error findings, conflicts, a chain that fails verification."""
    USAGE = 2
    """Usage error."""
    NOT_FOUND = 3
    """A file, dataset, record or release does not exist; a search without hits is 0."""
    UNAVAILABLE = 4
    """Temporarily unavailable: disk full, no permission, database or index busy. A retry may help."""
    INTERRUPTED = 130
    """Ctrl-C (128 + SIGINT)."""

"""Text that a spreadsheet program would run as a formula, made harmless."""

from __future__ import annotations

_ARMED = frozenset("=+-@\t\r\n＝＋－＠")


def disarmed(text: str) -> str:
    """A cell that no spreadsheet takes for a formula: an apostrophe before what would begin one."""
    return f"'{text}" if text[:1] in _ARMED else text

"""Raised digits, as marks of footnotes are: 20¹个工作日 is not a limit of 201."""

from __future__ import annotations

import re
from collections.abc import Iterable

_MARK = re.compile(r"\s*[0-9][0-9,，、\s]*")
_RAISED = str.maketrans("0123456789", "⁰¹²³⁴⁵⁶⁷⁸⁹")
_POWERS = re.compile(r"[mM]$")


def raise_digits(text: str, before: str) -> str:
    """Return the text of a raised run as it is shown. The power of a unit (m2) and other texts stay.

    ``before``: text to the left of it.
    """
    if not _MARK.fullmatch(text) or _POWERS.search(before):
        return text
    return text.translate(_RAISED)


class RaisedText:
    """Shows the runs of a text whose elements are raised, while they begin and end."""

    def __init__(self) -> None:
        self._open: list[object] = []
        self._before = ""

    def begin(self, element: object) -> None:
        """Begin a raised element."""
        self._open.append(element)

    def end(self, element: object) -> None:
        """End an element, raised or not."""
        if self._open and self._open[-1] is element:
            self._open.pop()

    def show(self, text: str) -> str:
        shown = raise_digits(text, self._before) if self._open else text
        self._before = text or self._before
        return shown


def raise_runs(runs: Iterable[tuple[str, bool]]) -> tuple[str, str]:
    """Return a text as it is shown, and as it is stored. Each of its runs says whether it is raised."""
    plain = shown = ""
    for part, is_raised in runs:
        shown += raise_digits(part, plain) if is_raised else part
        plain += part
    return shown, plain

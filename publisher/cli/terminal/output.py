"""What a person or a program sees: results on stdout, all else on stderr, nothing hostile on either."""

from __future__ import annotations

import json
import re
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import click
import msgspec

if TYPE_CHECKING:
    from rich.console import Console

type Progress = Callable[[str, int, int | None], None]
"""``(step, done, total)``; ``total`` is None where nobody knows it."""

# C0 and C1 controls could repaint the terminal, bidirectional marks could turn a line round.
_HOSTILE = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069\ud800-\udfff]")
_PATIENCE = 1.0
"""Seconds before a bar appears: what is quicker needs none."""


def plain(text: object) -> str:
    """Text from outside as a terminal may show it: control characters become a visible mark."""
    return _HOSTILE.sub("\ufffd", str(text))


def as_json(value: object) -> None:
    """One JSON value on stdout, and nothing else there."""
    # ASCII escapes keep lone surrogates and control characters out of terminals and pipes in other encodings.
    text = json.dumps(value, ensure_ascii=False, indent=2, default=_plain_value)
    click.echo(_HOSTILE.sub(lambda m: f"\\u{ord(m.group()):04x}", text))


def _plain_value(value: object) -> object:
    """What JSON has no word for: the values of the log as objects, days and instants as text."""
    if isinstance(
        value, msgspec.Struct
    ):  # what it holds as JSON (content_json) is told as its value (content)
        names = (name.removesuffix("_json") for name in value.__struct_fields__)
        return {name: getattr(value, name) for name in names}
    return dict(value) if isinstance(value, Mapping) else str(value)


def say(zh: str, en: str = "") -> None:
    """A message to the person at the terminal: Chinese first, English below."""
    click.echo(plain(zh), err=True)
    if en:
        click.echo(plain(en), err=True)


def result(text: str = "") -> None:
    click.echo(plain(text))


def stdout() -> Console:
    from rich.console import Console

    return Console(highlight=False, markup=False, emoji=False)


def stderr() -> Console:
    from rich.console import Console

    return Console(stderr=True, highlight=False, markup=False, emoji=False)


def table(columns: Sequence[str], rows: Sequence[Sequence[object]], *, title: str = "") -> None:
    """A table on stdout: drawn for a terminal, separated by tabs for a pipe."""
    if not sys.stdout.isatty():
        for row in (columns, *rows):
            click.echo("\t".join(" ".join(plain(cell).split()) for cell in row))
        return
    from rich import box
    from rich.table import Table
    from rich.text import Text

    drawn = Table(box=box.SIMPLE_HEAD, title=Text(plain(title)) if title else None, title_justify="left")
    for column in columns:
        drawn.add_column(Text(column), overflow="fold")
    for row in rows:
        drawn.add_row(*(Text(plain(cell)) for cell in row))
    stdout().print(drawn)


def pairs(rows: Sequence[tuple[str, object]]) -> None:
    """``label: value`` lines; blank values are left out."""
    for label, value in rows:
        if value not in (None, "", ()):
            click.echo(f"{label}: {plain(value)}")


@contextmanager
def progress() -> Iterator[Progress]:
    """Bars on stderr for what takes over a second, one for each step; nothing where stderr is no terminal."""
    if not sys.stderr.isatty():
        yield lambda _step, _done, _total: None
        return
    bars = _Bars()
    try:
        yield bars.update
    finally:
        bars.close()


class _Bars:
    def __init__(self) -> None:
        self._started = time.monotonic()
        self._drawn: Any = None
        self._tasks: dict[str, Any] = {}

    def update(self, step: str, done: int, total: int | None) -> None:
        if self._drawn is None:
            if time.monotonic() - self._started < _PATIENCE:
                return
            self._drawn = _rich_progress()
            self._drawn.start()
        if step not in self._tasks:
            self._tasks[step] = self._drawn.add_task(plain(step), total=total)
        self._drawn.update(self._tasks[step], completed=done, total=total)

    def close(self) -> None:
        if self._drawn is not None:
            self._drawn.stop()


def _rich_progress() -> Any:
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

    return Progress(
        TextColumn("{task.description}", markup=False),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        console=stderr(),
        transient=True,
    )

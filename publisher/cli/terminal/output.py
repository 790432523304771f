"""Output: results on stdout, messages on stderr, without control characters from outside."""

from __future__ import annotations

import json
import re
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import click
import msgspec

from publisher.cli.terminal.language import in_language, label_in_language

if TYPE_CHECKING:
    from rich.console import Console

    from publisher.indexing.indexer import Progress

# C0 and C1 controls could change the terminal, bidirectional marks could reverse a line.
_CONTROLS = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069\ud800-\udfff]")
_PROGRESS_DELAY = 1.0
"""Seconds before a progress bar appears."""


def replace_controls(text: object) -> str:
    """Replace control characters by U+FFFD; the number of characters stays the same."""
    return _CONTROLS.sub("\ufffd", str(text))


def print_json(value: object) -> None:
    """Print one JSON value, the only output on stdout."""
    # ASCII escapes keep lone surrogates and control characters out of terminals and pipes in other encodings.
    text = json.dumps(value, ensure_ascii=False, indent=2, default=_convert_value)
    click.echo(_CONTROLS.sub(lambda m: f"\\u{ord(m.group()):04x}", text))


def _convert_value(value: object) -> object:
    """Convert values that JSON does not support: structs to objects, dates and times to text."""
    if isinstance(value, msgspec.Struct):
        # A field with encoded JSON (content_json) is printed as its value (content).
        names = (name.removesuffix("_json") for name in value.__struct_fields__)
        return {name: getattr(value, name) for name in names}
    return dict(value) if isinstance(value, Mapping) else str(value)


def print_message(zh: str, en: str = "") -> None:
    """Print a message to stderr, in the language of the user."""
    click.echo(replace_controls(in_language(zh, en)), err=True)


def print_limit(limit: int) -> None:
    """Print that there is more than the ``limit`` rows of the output."""
    print_message(
        f"只列出{limit}条，还有更多；可加大 --limit。", f"Only {limit} are listed; raise --limit for more."
    )


def print_line(text: str) -> None:
    """Print a text to stdout as one line: a line break in it, such as one in a cell, is a space."""
    click.echo(replace_controls(text).replace("\n", " "))


def stdout() -> Console:
    from rich.console import Console

    return Console(highlight=False, markup=False, emoji=False)


def stderr() -> Console:
    from rich.console import Console

    return Console(stderr=True, highlight=False, markup=False, emoji=False)


def print_table(columns: Sequence[str], rows: Sequence[Sequence[object]]) -> None:
    """Print a table to stdout: formatted on a terminal, separated by tabs in a pipe.

    Columns are labels ``中文 english``.
    """
    columns = [label_in_language(column) for column in columns]
    if not sys.stdout.isatty():
        for row in (columns, *rows):
            click.echo("\t".join(" ".join(replace_controls(cell).split()) for cell in row))
        return
    from rich import box
    from rich.table import Table
    from rich.text import Text

    rich_table = Table(box=box.SIMPLE_HEAD)
    for column in columns:
        rich_table.add_column(Text(column), overflow="fold")
    for row in rows:
        rich_table.add_row(*(Text(replace_controls(cell)) for cell in row))
    stdout().print(rich_table)


def print_pairs(rows: Sequence[tuple[str, object]]) -> None:
    """Print ``label: value`` lines without blank values. Further lines of a value are indented."""
    for label, value in rows:
        if value not in (None, "", ()):
            text = replace_controls(value).replace("\n", "\n    ")
            click.echo(f"{label_in_language(label)}: {text}")


@contextmanager
def show_progress() -> Iterator[Progress]:
    """Show a progress bar per step on stderr after a second, if stderr is a terminal."""
    if not sys.stderr.isatty():
        yield lambda _step, _count, _total: None
        return
    bars = _Bars()
    try:
        yield bars.update
    finally:
        bars.close()


class _Bars:
    """The progress bars of a command, of which the first appears after :data:`_PROGRESS_DELAY`."""

    def __init__(self) -> None:
        self._started = time.monotonic()
        self._progress_bars: Any = None
        self._tasks: dict[str, Any] = {}

    def update(self, step: str, completed: int, total: int | None) -> None:
        if self._progress_bars is None:
            if time.monotonic() - self._started < _PROGRESS_DELAY:
                return
            self._progress_bars = _rich_progress()
            self._progress_bars.start()
        if step not in self._tasks:
            self._tasks[step] = self._progress_bars.add_task(replace_controls(step), total=total)
        self._progress_bars.update(self._tasks[step], completed=completed, total=total)

    def close(self) -> None:
        if self._progress_bars is not None:
            self._progress_bars.stop()


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

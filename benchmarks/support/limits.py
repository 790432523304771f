"""Cost of a main path and of its parts alone, measured in one run: rows of ``docs/performance.md``."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

DOCUMENT = Path(__file__).parents[2] / "docs" / "performance.md"
RUNS = 3
_HEAD = (
    "| path | records | limit | limit alone | ours | ratio | bar | what lies between |\n"
    "|---|---|---|---|---|---|---|---|\n"
)
_END = "<!-- end of the measured rows -->"


@dataclass(frozen=True)
class Limit:
    """Cost of a path beside its limit: the cost of the part that no code of ours can avoid.

    All costs are milliseconds, also of paths whose rate is usually stated.
    """

    path: str
    limit: str
    """Name of the part that is measured alone, such as "the same SQL, raw sqlite3"."""
    pairs: Sequence[tuple[float, float]]
    """(ours, limit) of each run, in alternation."""
    bar: float
    """Greatest ratio of ours to the limit."""
    between: str
    """What ours does in addition."""

    @property
    def ratio(self) -> float:
        return statistics.median(ours / limit for ours, limit in self.pairs)

    def line(self, records: int) -> str:
        """Format the row of the document's table, with the medians of the runs."""
        ours, limit = (statistics.median(column) for column in zip(*self.pairs, strict=True))
        bold = "**" if self.ratio > self.bar else ""
        cells = (
            *(self.path, f"{records:,}", self.limit, _duration(limit), _duration(ours)),
            *(f"{bold}{self.ratio:.2f}{bold}", f"{self.bar:g}", self.between),
        )
        return f"| {' | '.join(cells)} |"


def alternate(
    ours: Callable[[], object],
    limit: Callable[[], object],
    *,
    times: int,
    turns: int = 1,
    clock: Callable[[], float] = time.perf_counter,
) -> tuple[tuple[float, float], ...]:
    """Measure both in turn → (median of ours, median of the limit) of each run.

    Each run has ``turns`` of ``times`` calls each: two servers that take turns at each request would both
    begin it with the caches of the other. ``clock``: ``time.process_time`` where both run in this process,
    which other load disturbs less.
    """
    pairs = []
    for _ in range(RUNS):
        mine: list[float] = []
        other: list[float] = []
        for _ in range(turns):
            other += [_milliseconds(limit, clock) for _ in range(times)]
            mine += [_milliseconds(ours, clock) for _ in range(times)]
        pairs.append((statistics.median(mine), statistics.median(other)))
    return tuple(pairs)


def write_rows(measured: Mapping[int, Iterable[Limit]]) -> None:
    """Replace the rows of these paths and numbers of records in the document, and keep all others."""
    text = DOCUMENT.read_text(encoding="utf-8")
    before, _, rest = text.partition(_HEAD)
    table, _, after = rest.partition(_END)
    lines = {_key(line): line for line in table.splitlines()}
    for records, limits in measured.items():
        lines |= {_key(line): line for line in (limit.line(records) for limit in limits)}
    paths = list(dict.fromkeys(key[:2] for key in lines))
    ordered = sorted(lines, key=lambda key: (paths.index(key[:2]), key[2]))
    rows = "".join(f"{lines[key]}\n" for key in ordered)
    DOCUMENT.write_text(f"{before}{_HEAD}{rows}{_END}{after}", encoding="utf-8")


def _key(line: str) -> tuple[str, str, int]:
    """Return path, limit and number of records of a row."""
    _, path, records, limit, *_ = (cell.strip() for cell in line.split("|"))
    return path, limit, int(records.replace(",", ""))


def _milliseconds(work: Callable[[], object], clock: Callable[[], float]) -> float:
    started = clock()
    work()
    return (clock() - started) * 1000


def _duration(milliseconds: float) -> str:
    return f"{milliseconds / 1000:.2f} s" if milliseconds >= 1000 else f"{milliseconds:.3g} ms"

"""Comparison of releases and point-in-time reads: 150,000 records, 50 releases of 1,000 changes each.

``python -m benchmarks.compare [--records N] [--releases N]`` prints the time to compare two neighbouring
releases (bar: under 1 s, reading every difference) and the memory that it adds (which must not grow with the
unchanged records), then the median of reading the first 20 records of a list as of past days, relative to
the present (bar: 1.5 times).
"""

from __future__ import annotations

import argparse
import json
import random
import statistics
import sys
import tempfile
import time
import tracemalloc
from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path
from typing import Any

from benchmarks.support.laws import NAME, create_law_dataset
from benchmarks.support.site import new_site, publish
from publisher.log.log import Log
from publisher.log.model import DraftEntry, RecordQuery, View

FIRST = date(2015, 1, 1)
CHANGES = 1_000
"""Changes of each release."""
MOST_SECONDS, MOST_TIMES, MOST_MEBIBYTES = 1.0, 1.5, 16.0
"""Bars: of a comparison, of reading a past day relative to the present, and of memory of a comparison."""


def build(log: Log, records: int, releases: int) -> None:
    """Publish releases, each with :data:`CHANGES` randomly chosen records changed."""
    catalogue = create_law_dataset(log)
    names = [field.name for field in catalogue.fields if field.type == "string"]
    identity = catalogue.identity[0]
    chance = random.Random(1)
    rows = list(range(records))
    for number in range(releases):
        chosen = rows if number == 0 else chance.sample(rows, CHANGES)
        entries = (_entry(names, identity, row, number) for row in chosen)
        publish(log, NAME, entries, FIRST + timedelta(days=30 * number), partial=number > 0)


def _entry(names: list[str], identity: tuple[str, ...], row: int, number: int) -> DraftEntry:
    text = f"第{row}条 应当依照本法规定申请许可，并缴纳费用。第{number}次修订。"
    content: dict[str, Any] = {name: f"{row:06d}" if name in identity else text for name in names}
    return DraftEntry(content=content, source_text=text)


def median_seconds(work: Callable[[], Any], times: int) -> float:
    """Return the median duration of ``times`` runs."""
    spent = []
    for _ in range(times):
        began = time.perf_counter()
        work()
        spent.append(time.perf_counter() - began)
    return statistics.median(spent)


def count_differences(log: Log, before: View, after: View) -> int:
    log.queries.totals(NAME, before, after)
    return sum(1 for _ in log.queries.differences(NAME, before, after))


def added_mebibytes(work: Callable[[], Any]) -> float:
    """Return the peak memory that Python allocated in addition, in MiB."""
    tracemalloc.start()
    work()
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return peak / 2**20


def time_lists(log: Log, releases: int) -> tuple[float, float]:
    """Return the median times of reading the first 20 records: at present, and as of random past days."""
    days = [FIRST + timedelta(days=n) for n in range(30 * releases)]
    chance = random.Random(2)

    def now() -> None:
        log.queries.records(NAME, RecordQuery(limit=20))

    def then() -> None:
        log.queries.records(NAME, RecordQuery(view=View(as_of=chance.choice(days)), limit=20))

    now()
    then()
    present, past = [], []
    for _ in range(200):  # alternating, so that other load on the machine affects both
        present.append(median_seconds(now, 1))
        past.append(median_seconds(then, 1))
    return statistics.median(present), statistics.median(past)


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--records", type=int, default=150_000)
    parser.add_argument("--releases", type=int, default=50)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        log = new_site(Path(folder))
        build(log, options.records, options.releases)
        last = View(release=options.releases)
        neighbour, far = View(release=options.releases - 1), View(release=1)
        differences = count_differences(log, neighbour, last)
        seconds = median_seconds(lambda: count_differences(log, neighbour, last), 5)
        memory = added_mebibytes(lambda: count_differences(log, neighbour, last))
        far_differences = count_differences(log, far, last)
        far_seconds = median_seconds(lambda: count_differences(log, far, last), 3)
        far_memory = added_mebibytes(lambda: count_differences(log, far, last))
        present, past = time_lists(log, options.releases)
        log.close()
    figures = {
        "records": options.records,
        "releases": options.releases,
        "neighbours": {
            "differences": differences,
            "seconds": round(seconds, 3),
            "mebibytes": round(memory, 1),
        },
        "first_to_last": {
            "differences": far_differences,
            "seconds": round(far_seconds, 3),
            "mebibytes": round(far_memory, 1),
        },
        "list_now_ms": round(present * 1e3, 3),
        "list_as_of_ms": round(past * 1e3, 3),
        "times": round(past / present, 2),
    }
    print(json.dumps(figures, ensure_ascii=False, indent=2))
    within_bars = seconds < MOST_SECONDS and memory < MOST_MEBIBYTES and past / present <= MOST_TIMES
    print("bars met" if within_bars else "BARS MISSED")
    return 0 if within_bars else 1


if __name__ == "__main__":
    sys.exit(main())

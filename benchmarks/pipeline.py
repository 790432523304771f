"""The main pipeline: import, check, publish and index the articles of China's laws as one release.

``python -m benchmarks.pipeline [--data DIR] [--records N ...]`` prints records per second end to end, the
share of each step and the peak memory of all its processes; each size has its own process and site. Bars: at
least 2,000 records per second, under 1.2 GiB, and the same cost per record at 147,283 as at 40,000. Larger
sizes are several files and releases, which repeat the articles.
"""

from __future__ import annotations

import argparse
import gzip
import io
import itertools
import json
import os
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Iterator
from datetime import date
from functools import partial
from pathlib import Path

import anyio

from benchmarks.support.laws import ARTICLES, NAME, create_law_dataset, data_path
from benchmarks.support.memory import watch_all_processes
from benchmarks.support.site import new_site
from publisher.workflow.import_files import InputFile, import_files

LEAST_RATE, MOST_MEMORY, MOST_GROWTH = 2_000, 1.2, 1.1
"""Bars: records per second, GiB, and cost per record relative to the smallest size."""


class Stopwatch:
    """Progress callback that measures each step. Time until the next event belongs to the current step."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = defaultdict(float)
        self._step, self._since = "start", time.perf_counter()

    def __call__(self, step: str, _position: int, _total: int | None) -> None:
        now = time.perf_counter()
        self.seconds[self._step] += now - self._since
        self._step, self._since = step, now

    def stop(self) -> float:
        self("", 0, None)
        return sum(self.seconds.values())


def measure(data: Path, records: int | None) -> dict[str, object]:
    """Run once in this process, with the first ``records`` articles or all."""
    from publisher.workflow import publish_draft
    from search.embedded.engine import EmbeddedEngine

    with tempfile.TemporaryDirectory() as folder, watch_all_processes() as most_memory:
        home = Path(folder)
        log = new_site(home)
        create_law_dataset(log)
        engine = EmbeddedEngine(home / "index")
        watch, cpu = Stopwatch(), _cpu_seconds()
        imported = 0
        for number, articles in enumerate(_files(data, records)):
            file = InputFile(f"articles-{number}.jsonl.gz", articles)
            imported += import_files(log, NAME, [file], partial=number > 0, progress=watch).records
            release = publish_draft.publish_draft(
                log, NAME, effective_on=date(2026, 1, 1), without_errors=True, progress=watch
            )
            assert release is not None
            published = anyio.run(
                partial(publish_draft.await_searchable, log, engine, release, progress=watch)
            )
            assert published.searchable
        assert release is not None
        total = watch.stop()
        indexed = anyio.run(engine.count)
        log.close()
        return {
            "records": imported,
            "in_force": release.counts["records"],
            "indexed": indexed,
            "left_out": len(release.left_out),
            "seconds": round(total, 2),
            "cpu_seconds": round(_cpu_seconds() - cpu, 2),
            "per_second": round(imported / total),
            "memory_gib": round(most_memory() / 1024, 2),
            "share": {step: round(spent / total, 3) for step, spent in watch.seconds.items()},
        }


def _cpu_seconds() -> float:
    """Return the CPU time of this process and of its children that have ended."""
    times = os.times()
    return times.user + times.system + times.children_user + times.children_system


def _files(data: Path, records: int | None) -> Iterator[bytes]:
    """Yield files of at most all articles. Each further one has them under other names of files."""
    source = data.joinpath(*ARTICLES)
    if records is None:
        yield source.read_bytes()
        return
    number = 0
    while records:
        compressed = io.BytesIO()
        with gzip.open(source, "rb") as articles, gzip.open(compressed, "wb", 1) as file:
            for line in itertools.islice(articles, records):
                file.write(line.replace(b'"file": "', b'"file": "%d/' % number) if number else line)
                records -= 1
        yield compressed.getvalue()
        number += 1


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--data", type=Path, default=data_path(), help="folder that contains laws/")
    parser.add_argument("--records", type=int, nargs="*", default=[40_000, 0], help="sizes; 0 is all")
    parser.add_argument("--one", type=int, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if not options.data.is_dir():
        print(f"{options.data} is missing: give the folder with --data", file=sys.stderr)
        return 2
    if options.one is not None:
        print(json.dumps(measure(options.data, options.one or None), ensure_ascii=False))
        return 0
    command = [sys.executable, "-m", "benchmarks.pipeline", "--data", str(options.data), "--one"]
    results = []
    for records in options.records:
        process = subprocess.run([*command, str(records)], check=True, stdout=subprocess.PIPE, text=True)
        results.append(json.loads(process.stdout))
        print(json.dumps(results[-1], ensure_ascii=False, indent=2), flush=True)
    return _judge(results)


def _judge(results: list[dict[str, object]]) -> int:
    largest = results[-1]
    costs = [float(str(r["seconds"])) / float(str(r["records"])) for r in results]
    growth = costs[-1] / costs[0]
    print(
        f"per record: {costs[-1] * 1e6:.0f} µs at {largest['records']}, {growth:.2f} times the smallest size"
    )
    within_bars = (
        float(str(largest["per_second"])) >= LEAST_RATE
        and float(str(largest["memory_gib"])) < MOST_MEMORY
        and growth <= MOST_GROWTH
    )
    print("bars met" if within_bars else "BARS MISSED")
    return 0 if within_bars else 1


if __name__ == "__main__":
    sys.exit(main())

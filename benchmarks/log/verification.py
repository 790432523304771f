"""Verification of a site of 150,000 records and 50 releases, in a process of its own.

``python -m benchmarks.log.verification [RECORDS]`` publishes a power list of all departments, then 49
releases that change a fiftieth of it each. Bars: ``verify`` in at most 60 s and 500 MiB. It also measures
what ``--sources --index`` adds.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import anyio

from benchmarks.support.memory import peak_memory
from benchmarks.support.site import new_site, open_log, publish
from publisher.indexing import indexer
from publisher.log.model import DraftEntry
from publisher.log.verification.integrity import Scope
from publisher.settings import read_settings
from publisher.site_verification import verify_site
from schemas.definition.catalogue import Content
from search.embedded.engine import EmbeddedEngine
from tests.support.clock import Clock
from tests.support.datasets import create_dataset

RECORDS, RELEASES = 150_000, 50
MOST_SECONDS, MOST_MIB = 60, 500
_KINDS = ("行政许可", "行政处罚", "行政强制", "行政确认", "行政检查", "其他行政权力")


def entries(numbers: range, turn: int) -> Iterator[DraftEntry]:
    for n in numbers:
        content: Content = {
            "code": f"{n:011d}",
            "name": f"第{n}项行政权力：对违反规定行为的处理",
            "power_type": _KINDS[n % len(_KINDS)],
            "actor": f"示例市第{n % 40}局",
            "level": "市级",
            "basis": f"《示例条例》第{n % 90}条：违反本条例规定的，由主管部门责令改正。（{turn}）",
        }
        locator = {"sheet": "清单", "rows": [n], "cells": {"name": f"B{n}"}}
        yield DraftEntry(content, source_text=f"{n}|{turn}", locator=locator, originals={"level": "市 级"})


def build(home: Path, records: int) -> None:
    clock = Clock(datetime(2020, 1, 1, tzinfo=UTC), step=timedelta(milliseconds=1))
    log = new_site(home, clock=clock)
    log.keys.create()
    create_dataset(log, "powers", "power-list")
    share = records // RELEASES
    for turn in range(RELEASES):
        numbers = range(records) if turn == 0 else range(turn * share, (turn + 1) * share)
        day = date(2020, 1, 1) + timedelta(days=turn)
        publish(log, "powers", entries(numbers, turn), day, partial=turn > 0)
        clock.advance(days=1)
    engine = EmbeddedEngine(home / "index")
    anyio.run(indexer.index_outbox, log, engine)
    log.close()
    anyio.run(engine.close)


def measure(home: Path, *, whole: bool) -> bool:
    """Verify in this process, and print seconds for each step and the peak of memory.

    → whether the bars are met.
    """
    settings = read_settings(home, {})
    log = open_log(home, read_only=True)
    engine = EmbeddedEngine(settings.index)
    began = step_began = time.perf_counter()
    steps: list[str] = []

    def report(_: str) -> None:
        nonlocal step_began
        now = time.perf_counter()
        steps.append(f"{now - step_began:.1f}")
        step_began = now

    verification = anyio.run(verify_site, settings, log, engine, Scope(sources=whole, index=whole), report)
    seconds = time.perf_counter() - began
    assert verification.problems == (), verification.problems[:3]
    options = "--sources --index" if whole else ""
    print(
        f"verify {options}: {verification.revisions} revisions, {verification.releases} releases: "
        f"{seconds:.1f} s (bar {MOST_SECONDS} s), {peak_memory()} MiB (bar {MOST_MIB} MiB); "
        f"CPU {time.process_time():.1f} s; steps {' '.join(steps)}"
    )
    return seconds <= MOST_SECONDS and peak_memory() <= MOST_MIB


def main() -> int:
    if len(sys.argv) > 2:
        return 0 if measure(Path(sys.argv[1]), whole=sys.argv[2] == "whole") else 1
    records = int(sys.argv[1]) if len(sys.argv) > 1 else RECORDS
    with tempfile.TemporaryDirectory() as folder:
        began = time.perf_counter()
        build(Path(folder), records)
        print(f"{records} records, {RELEASES} releases, built in {time.perf_counter() - began:.0f} s")
        command = [sys.executable, "-m", "benchmarks.log.verification", folder]
        return max(subprocess.run([*command, scope], check=False).returncode for scope in ("plain", "whole"))


if __name__ == "__main__":
    raise SystemExit(main())

"""Frequent small operations: parsing a cell, decoding a line, starting the command.

Bar: ``qingdan --help`` under 0.5 s.
"""

from __future__ import annotations

import subprocess
import sys
import time
import timeit
from pathlib import Path

from benchmarks.support.laws import ARTICLES, data_path
from publisher.ingest.formats.detect import open_file
from schemas.cells.values import parse_value
from schemas.definition.file_loader import load_catalogue
from schemas.reference.document_numbers import find_citations

BAR = 0.5
"""Seconds of ``qingdan --help``."""
BASES = "计价格[1999]466号,[1992]价费字198号,陕价行函[2011]165号"


def help_seconds() -> float:
    command = [str(Path(sys.executable).with_name("qingdan")), "--help"]
    return min(_timed(command) for _ in range(7))


def _timed(command: list[str]) -> float:
    began = time.perf_counter()
    subprocess.run(command, check=True, capture_output=True)
    return time.perf_counter() - began


def per_call(call: object, number: int = 5_000) -> float:
    """Return microseconds per call, best of five."""
    return min(timeit.repeat(call, number=number, repeat=5)) / number * 1e6  # type: ignore[arg-type]


def main() -> int:
    name, basis = load_catalogue("power-list").by_name["name"], load_catalogue("fees").by_name["basis"]
    bare = min(_timed([sys.executable, "-c", "import click, rich"]) for _ in range(7))
    help_time = help_seconds()
    print(f"qingdan --help            {help_time:.3f} s (bar {BAR} s); click and rich alone {bare:.3f} s")
    print(f"a plain cell              {per_call(lambda: parse_value(name, '食品经营许可证核发')):.2f} µs")
    print(f"a cell of three citations {per_call(lambda: parse_value(basis, BASES)):.1f} µs")
    print(f"finding those citations   {per_call(lambda: find_citations(BASES)):.1f} µs")
    articles = data_path(*ARTICLES)
    if articles.exists():
        data = articles.read_bytes()
        began = time.perf_counter()
        count = sum(1 for _ in open_file(data, articles.name).records or ())
        print(f"JSON Lines, gzip          {count / (time.perf_counter() - began):,.0f} records/s")
    return 0 if help_time < BAR else 1


if __name__ == "__main__":
    raise SystemExit(main())

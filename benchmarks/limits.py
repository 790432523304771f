"""The main paths beside what their parts cost alone; writes the table of ``docs/performance.md``.

``python -m benchmarks.limits [--records N …] [--only MODULE …]``: for each number of records a site of
synthetic power items, and each module in a process of its own. A module in ``MODULES`` has a function
``limits(site, records)`` that yields its rows; ``site`` is the home of that site.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from importlib import import_module
from pathlib import Path

import msgspec

from benchmarks import http
from benchmarks.support.limits import Limit, write_rows

MODULES = ("http", "feeds", "search.speed", "exports")


def measure(name: str, site: Path, records: int) -> list[Limit]:
    """Measure a module in a process of its own, and print its rows."""
    command = [sys.executable, "-m", "benchmarks.limits", "--one", name, str(site), str(records)]
    process = subprocess.run(command, check=True, stdout=subprocess.PIPE)
    limits = msgspec.json.decode(process.stdout, type=list[Limit])
    for limit in limits:
        print(limit.line(records), flush=True)
    return limits


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--records", type=int, nargs="+", default=[10_000, 100_000, 1_000_000])
    parser.add_argument("--only", nargs="+", choices=MODULES, default=MODULES)
    parser.add_argument("--one", nargs=3, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.one is not None:
        name, site, records = options.one
        rows = list(import_module(f"benchmarks.{name}").limits(Path(site), int(records)))
        sys.stdout.buffer.write(msgspec.json.encode(rows))
        return 0
    within_bars = True
    for records in options.records:
        with tempfile.TemporaryDirectory() as folder:
            site = Path(folder) / "site"
            site.mkdir()
            http.build(site, records)
            measured: Mapping[int, list[Limit]] = {
                records: [row for name in options.only for row in measure(name, site, records)]
            }
        write_rows(measured)
        within_bars &= all(row.ratio <= row.bar for row in measured[records])
    return 0 if within_bars else 1


if __name__ == "__main__":
    raise SystemExit(main())

"""Exports of 147,283 articles of law as CSV and Parquet, compared with the libraries on rows in memory.

``python -m benchmarks.exports [--data DIR]``. CPU seconds, in alternating runs. Bars: CSV at least 0.6 times
the rate of ``csv.writer`` on the same rows in memory, Parquet at least 0.7 times pyarrow's on the same
decoded rows, and a peak memory of each exporting process under 300 MiB.
"""

from __future__ import annotations

import argparse
import csv
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import date
from functools import partial
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from benchmarks import http
from benchmarks.support.laws import ARTICLES, NAME, create_law_dataset, data_path
from benchmarks.support.limits import Limit, alternate
from benchmarks.support.memory import peak_memory
from benchmarks.support.site import new_site, open_log
from benchmarks.support.timing import Timer
from publisher.log.log import Log
from publisher.log.model import View
from publisher.views.exports import table_cells, write_state
from publisher.views.exports.formats import FILE_FORMATS
from publisher.workflow import publish_draft
from publisher.workflow.import_files import InputFile, import_files

LEAST = {"csv": 0.6, "parquet": 0.7}
"""Format → least rate, as a multiple of that of the library."""
_LIBRARIES = {
    "csv": ("csv.writer", "SQL, decoding, formats and guards of cells"),
    "parquet": ("pyarrow", "SQL, groups of rows in little memory"),
}
MOST_MIB = 300
_VIEW = View(release=1)


def fill(home: Path, data: Path) -> None:
    log = new_site(home)
    create_law_dataset(log)
    file = InputFile("articles.jsonl.gz", data.joinpath(*ARTICLES).read_bytes())
    import_files(log, NAME, [file])
    publish_draft.publish_draft(log, NAME, effective_on=date(2026, 1, 1), without_errors=True)
    log.close()


def cpu_seconds(work: Callable[[], None]) -> float:
    """Return the seconds of processor time of a function."""
    timer = Timer()
    work()
    return timer.cpu_seconds()


def ours(log: Log, home: Path, form: str, dataset: str = NAME) -> None:
    about = write_state.describe_state(log, dataset, _VIEW)
    write_state.state_writer(log, about, FILE_FORMATS[form])(home / f"ours.{form}")


def library_writer(home: Path, form: str, dataset: str = NAME) -> Callable[[], None]:
    """Return a function that writes the same rows, already in memory, by the library."""
    log = open_log(home)
    states = list(log.queries.whole_state(dataset, _VIEW))
    rows = list(table_cells.rows(states, log.queries.catalogue(dataset), "zh"))
    names = table_cells.headings(log.queries.catalogue(dataset), "en")
    log.close()

    def with_csv() -> None:
        with (home / "library.csv").open("w", encoding="utf-8-sig", newline="") as file:
            csv.writer(file).writerows(rows)

    if form == "csv":
        return with_csv
    decoded = [dict(zip(names, (cell or None for cell in row), strict=True)) for row in rows]

    def with_pyarrow() -> None:
        pq.write_table(pa.Table.from_pylist(decoded), home / "library.parquet", compression="zstd")

    return with_pyarrow


def compare(home: Path, form: str) -> bool:
    theirs = library_writer(home, form)
    with closing(open_log(home)) as log:
        pairs = [(cpu_seconds(lambda: ours(log, home, form)), cpu_seconds(theirs)) for _ in range(3)]
    mine, other = (min(times) for times in zip(*pairs, strict=True))
    print(f"{form}: {mine:.2f} s, in memory {other:.2f} s: {other / mine:.2f} times (bar {LEAST[form]})")
    return bool(other / mine >= LEAST[form])


def limits(site: Path, records: int) -> Iterator[Limit]:
    """Measure files of the whole list beside the libraries on rows in memory."""
    turns = max(1, 100_000 // records)
    for form, least in LEAST.items():
        theirs = library_writer(site, form, http.DATASET)
        theirs()  # pyarrow imports pandas, which a service does not have
        with closing(open_log(site)) as log:  # as that of a service is
            own = partial(ours, log, site, form, http.DATASET)
            pairs = alternate(own, theirs, times=1, turns=turns, clock=time.process_time)
        library, between = _LIBRARIES[form]
        yield Limit(f"a list as {form}", f"{library}, rows in memory", pairs, round(1 / least, 2), between)


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--data", type=Path, default=data_path(), help="folder that contains laws/")
    parser.add_argument("--one", nargs=2, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.one is not None:
        with closing(open_log(Path(options.one[0]))) as log:
            ours(log, Path(options.one[0]), options.one[1])
        print(peak_memory())
        return 0
    if not options.data.is_dir():
        print(f"{options.data} is missing: give the folder with --data", file=sys.stderr)
        return 2
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        fill(home, options.data)
        within_bars = [compare(home, form) for form in LEAST]
        for form in FILE_FORMATS:
            command = [sys.executable, "-m", "benchmarks.exports", "--one", str(home), form]
            process = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)
            print(f"{form}: peak {process.stdout.strip()} MiB (bar {MOST_MIB})", flush=True)
            within_bars.append(int(process.stdout) < MOST_MIB)
    return 0 if all(within_bars) else 1


if __name__ == "__main__":
    raise SystemExit(main())

"""The service compared with Datasette, which serves our SQLite export of the same release.

``python -m benchmarks.web.datasette [--records N]``: one record, a filtered list with two facets, a search, a
CSV file of everything. Each server is its own process on loopback, with one keep-alive connection; requests
alternate, and each is sent once. Datasette gets an immutable file, an index for the filter and each facet, a
full-text table of trigrams (so words have at least three characters) and no time limits. Our CSV is measured
without the cache of exported files.
"""

from __future__ import annotations

import argparse
import random
import sqlite3
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path
from urllib.parse import quote

from benchmarks import http
from benchmarks.support.load import Server, get
from benchmarks.support.servers import our_server
from benchmarks.support.site import open_log
from publisher.log.model import View
from publisher.views.exports import write_state
from publisher.views.exports.formats import FILE_FORMATS

_TURN = 10
_LIMITS = (
    *("--setting", "sql_time_limit_ms", "60000", "--setting", "facet_time_limit_ms", "60000"),
    *("--setting", "max_csv_mb", "0"),
)
_FACETS = ("actor", "power_type")


def export(home: Path) -> Path:
    """Export our SQLite file of the release, with additional indexes for Datasette."""
    log, path = open_log(home), home / "bench.db"
    write_state.state_writer(
        log, write_state.describe_state(log, http.DATASET, View(release=1)), FILE_FORMATS["sqlite"]
    )(path)
    log.close()
    with closing(sqlite3.connect(path)) as db:
        for name in _FACETS:
            db.execute(f"CREATE INDEX by_{name} ON records ({name})")
        db.execute(
            "CREATE VIRTUAL TABLE records_fts USING fts5 (name, basis, content=records, tokenize=trigram)"
        )
        db.execute("INSERT INTO records_fts (records_fts) VALUES ('rebuild')")
        db.commit()
    return path


def requests(home: Path, count: int) -> dict[str, list[tuple[str, str]]]:
    """Return task → pairs of addresses, ours and Datasette's."""
    draw = random.Random(5)
    base = f"/v1/datasets/{http.DATASET}"
    records = [
        (path, f"/bench/records/{path.rpartition('/')[2]}.json") for path in http.record_requests(home, count)
    ]
    lists, searches = [], []
    texts = [item["name"] + item["basis"] for item in http.items(2_000)]
    for number in range(count):
        kind, text = quote(draw.choice(["行政许可", "行政处罚", "行政强制", "行政检查"])), draw.choice(texts)
        start, length = draw.randrange(len(text) - 8), draw.randrange(3, 9)
        words = quote(text[start : start + length])
        size = 10 + number % 20
        lists.append(
            (
                f"{base}/records?power_type={kind}&facets=actor,power_type&sort=name&limit={size}",
                f"/bench/records.json?power_type={kind}&_facet=actor&_facet=power_type&_sort=name&_size={size}",
            )
        )
        searches.append((f"/v1/search?q={words}", f'/bench/records.json?_search="{words}"&_size=20'))
    return {"one record": records, "list with facets": lists, "search": searches}


def compare(name: str, pairs: Sequence[tuple[str, str]], ours: Server, theirs: Server) -> bool:
    milliseconds: tuple[list[float], list[float]] = [], []
    for start in range(0, len(pairs), _TURN):
        for side, server in enumerate((ours, theirs)):
            server.renew()
            milliseconds[side].extend(
                server.time_request(get(pair[side]))[0] for pair in pairs[start : start + _TURN]
            )
    cuts = [statistics.quantiles(times, n=100) for times in milliseconds]
    mine, other = cuts
    print(
        f"{name}: p50 {mine[49]:.2f} ms, Datasette {other[49]:.2f}; p99 {mine[98]:.2f}, {other[98]:.2f}; "
        f"{other[49] / mine[49]:.1f} times as fast",
        flush=True,
    )
    return mine[49] < other[49]


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--records", type=int, default=150_000)
    parser.add_argument("--requests", type=int, default=200, help="of each task")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder) / "site"
        home.mkdir()
        http.build(home, options.records)
        their_command = [
            sys.executable,
            "-m",
            "datasette",
            "serve",
            "--immutable",
            str(export(home)),
            *_LIMITS,
        ]
        with our_server(home) as ours, Server(their_command, log_output=subprocess.DEVNULL) as theirs:
            ahead = [
                compare(name, pairs, ours, theirs) for name, pairs in requests(home, options.requests).items()
            ]
            ours.renew()
            theirs.renew()
            mine = ours.time_request(get(f"/v1/datasets/{http.DATASET}/files/csv"))[0] / 1000
            their = theirs.time_request(get("/bench/records.csv?_stream=on"))[0] / 1000
            print(f"CSV of everything: {mine:.1f} s, Datasette {their:.1f}; {their / mine:.1f} times as fast")
    return 0 if all([*ahead, mine < their]) else 1


if __name__ == "__main__":
    raise SystemExit(main())

"""The start of the service: its first answer, the first minute, and the first request of every route.

``python -m benchmarks.web.start [--records N]``: a site of synthetic power items, by ``qingdan serve``. The
first server is asked for a distinct record twenty times a second for a minute; the second one, after 15
seconds, once for each route. Time of a route: until the head of its answer. Bars: an answer within a second,
p99 of the first minute 10 ms, first requests 300 ms.
"""

from __future__ import annotations

import argparse
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import msgspec

from benchmarks import http
from benchmarks.support.load import Server, get
from benchmarks.support.site import open_log
from publisher.log.model import RecordQuery
from tests.support.command import QINGDAN
from tests.support.site import fill_addresses

BARS = {"start": 1.0, "minute": 10.0, "first": 300.0}
"""Seconds; milliseconds; milliseconds."""
_PAUSE = 0.05
"""Seconds between two requests of the first minute."""
_MINUTE, _QUIET = 60.0, 15.0


def our_command(home: Path) -> Server:
    return Server([*QINGDAN, "--home", str(home), "serve"], log_output=subprocess.DEVNULL)


def addresses(home: Path) -> list[str]:
    """List an address of each route that such a site can answer. It has no finding, work or commitment."""
    log = open_log(home)
    record = log.queries.records(http.DATASET, RecordQuery(limit=1)).records[0]
    names = {
        "dataset": http.DATASET,
        "record": record.id,
        "revision": str(record.revision),
        "number": "1",
        "schema": "power-list",
        "form": "csv",
        "position": "1",
        "digest": log.queries.release(http.DATASET, 1).document,
        "old_size": "1",
        "new_size": "1",
        "document": "api",
        "folder": "how-to",
        "page": "route",
        "code": "withdrawn",
        "check": "basis-repealed",
    }
    log.close()
    return fill_addresses(names)


def measure_minute(home: Path) -> tuple[float, float, float]:
    """Start a server and ask it for records → seconds until the first answer, p50 and p99 in milliseconds."""
    paths = http.record_requests(home, round(_MINUTE / _PAUSE))
    began = time.perf_counter()
    with our_command(home) as server:
        server.ask(get("/healthz"))
        start = time.perf_counter() - began
        times = []
        for path in paths:
            times.append(server.time_request(get(path))[0])
            time.sleep(_PAUSE)
    cuts = statistics.quantiles(times, n=100)
    return start, cuts[49], cuts[98]


def measure_first_requests(home: Path) -> dict[str, float]:
    """Start a server, and ask for each route once → milliseconds until the head, the slowest first."""
    paths = addresses(home)
    times: dict[str, float] = {}
    with our_command(home) as server:
        time.sleep(_QUIET)
        for path in paths:
            times[path] = _time_to_head(server, path)
    return dict(sorted(times.items(), key=lambda one: -one[1]))


def _time_to_head(server: Server, path: str) -> float:
    server.renew()
    connection = server.sockets[0]
    began = time.perf_counter()
    connection.sendall(get(path))
    try:
        head = connection.recv(4_096)
    except TimeoutError:
        head = b"no answer within two minutes"
    milliseconds = (time.perf_counter() - began) * 1000
    if not head.startswith((b"HTTP/1.1 200", b"HTTP/1.1 30")):
        print(f"{path}: {head.splitlines()[0].decode()}", file=sys.stderr)
    return milliseconds


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--records", type=int, default=150_000)
    parser.add_argument("--home", type=Path, help="a site that an earlier run of benchmarks.http built")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        home = options.home or Path(folder)
        if options.home is None:
            http.build(home, options.records)
        start, p50, p99 = measure_minute(home)
        first = measure_first_requests(home)
    slow = {path: round(time) for path, time in first.items() if time > BARS["first"]}
    print(f"first answer after {start:.2f} s; the bar is {BARS['start']}")
    print(f"one record in the first minute: p50 {p50:.2f} ms, p99 {p99:.2f} ms; the bar is {BARS['minute']}")
    print(f"first requests of {len(first)} routes: the slowest {max(first.values()):.0f} ms")
    print(
        f"above the bar of {BARS['first']:.0f} ms: {msgspec.json.encode(slow).decode() if slow else 'none'}"
    )
    return int(start > BARS["start"] or p99 > BARS["minute"] or bool(slow))


if __name__ == "__main__":
    raise SystemExit(main())

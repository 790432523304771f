"""Requests of caches: a 304 and a record pinned to a release, compared with a bare Litestar handler.

``python -m benchmarks.http_cached``: 10,000 distinct addresses each, no response cache. The bare handlers
send the same status and bytes from memory. Rates are those of one busy server process, in alternating runs,
best of three.
"""

from __future__ import annotations

import argparse
import tempfile
from pathlib import Path

from benchmarks import http
from benchmarks.support.load import etag_of, get
from benchmarks.support.servers import bare_server, our_server

BARS = {"304": 0.6, "pinned record": 0.5}


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--requests", type=int, default=10_000)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder) / "site"
        home.mkdir()
        http.build(home, options.requests)
        within_bars = compare(home, http.record_requests(home, options.requests))
    return 0 if within_bars else 1


def compare(home: Path, paths: list[str]) -> bool:
    """Measure both → whether the bars are met."""
    pinned = [get(f"{path}?release=1") for path in paths]
    within_bars = []
    with our_server(home) as mine:
        conditional, bodies = [], []
        for path in paths:
            head, body = mine.ask(get(path))
            tag = etag_of(head)
            conditional.append(get(path, f"if-none-match: {tag}"))
            bodies.append(mine.ask(get(f"{path}?release=1"))[1])
            assert body
        with bare_server(home / "bare.bodies", bodies) as bare:
            bare_records = [get(f"/bare/{http.DATASET}/{number}") for number in range(len(paths))]
            tasks = {
                "304": (conditional, [get("/unchanged")] * len(paths), b"304"),
                "pinned record": (pinned, bare_records, b"200"),
            }
            for name, (requests, floor, status) in tasks.items():
                rates = [(mine.rate(requests, status), bare.rate(floor, status)) for _ in range(3)]
                best, bare_rate = max(r[0] for r in rates), max(r[1] for r in rates)
                print(
                    f"{name}: {best:.0f}/s, bare {bare_rate:.0f}/s, ratio {best / bare_rate:.2f}; "
                    f"the bar is {BARS[name]}"
                )
                within_bars.append(best / bare_rate >= BARS[name])
    return all(within_bars)


if __name__ == "__main__":
    raise SystemExit(main())

"""HTML pages compared with the JSON of the same content, and with pages of Datasette and pygeoapi.

``python -m benchmarks.pages``: one site of synthetic power items; its SQLite export served by Datasette and
the same records in memory by pygeoapi, each in its own process. Every address is requested once. Then the
size of everything that a browser fetches, gzipped.
"""

from __future__ import annotations

import argparse
import gzip
import json
import random
import re
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from urllib.parse import quote

from benchmarks import http
from benchmarks.ogc import pygeoapi_server
from benchmarks.support.load import Server, get
from benchmarks.support.ogc_site import DATASET
from tests.support.command import QINGDAN

HTML = "text/html"
_TURN = 50
_SETTLED = 8.0
"""Seconds after a start in which a server may still prepare, beside its first answers, what others need."""


def ours(home: Path) -> Server:
    return Server([*QINGDAN, "--home", str(home), "serve"])


def datasette(home: Path) -> tuple[Server, list[str]]:
    """Return Datasette on the site's SQLite export, and a page address of every record."""
    export = [*QINGDAN, "--home", str(home), "export", http.DATASET, "--format", "sqlite", "--to", str(home)]
    subprocess.run(export, check=True, stdout=subprocess.DEVNULL)
    file = next(home.glob(f"{http.DATASET}-*.sqlite"))
    with sqlite3.connect(file) as db:
        table = next(t for (t,) in db.execute("SELECT name FROM sqlite_master WHERE sql LIKE '%power_type%'"))
        rows = [str(key) for (key,) in db.execute(f'SELECT id FROM "{table}"')]  # noqa: S608 - our own file
    server = Server([sys.executable, "-m", "datasette", "serve", str(file)])
    return server, [f"/{quote(file.stem)}/{quote(table)}/{row}" for row in rows]


def pygeoapi(home: Path, records: Sequence[str]) -> tuple[Server, list[str]]:
    """Return pygeoapi on the same contents in memory, and a page address of every record."""
    contents = http.items(len(records))
    features = [
        {"type": "Feature", "id": record, "geometry": None, "properties": content}
        for record, content in zip(records, contents, strict=True)
    ]
    (home / "items.json").write_text(json.dumps(features), encoding="utf-8")
    pages = [f"/collections/{DATASET}/items/{record}?f=html" for record in records]
    return pygeoapi_server(home), pages


def medians(server: Server, pairs: Sequence[tuple[str, str]]) -> tuple[float, float]:
    """Return the p50 of the page and of its JSON, in milliseconds, from alternating requests."""
    milliseconds: tuple[list[float], list[float]] = ([], [])
    for start in range(0, len(pairs), _TURN):
        for side, accept in ((0, HTML), (1, "application/json")):
            for pair in pairs[start : start + _TURN]:
                milliseconds[side].append(server.time_request(get(pair[side], accept=accept))[0])
    return statistics.median(milliseconds[0]), statistics.median(milliseconds[1])


def weights(server: Server, path: str) -> tuple[int, int]:
    """Return gzipped bytes of the page, and of all its assets."""
    _, page = server.ask(get(path, accept=HTML))
    assets = set(re.findall(rb'(?:href|src)="([^"]*/assets/[^"]+)"', page))
    bodies = [server.ask(get(re.sub(r"^https?://[^/]+", "", a.decode())))[1] for a in sorted(assets)]
    scripts = {i for body in bodies for i in re.findall(rb'from "\./([^"]+)"', body)}
    folder = re.sub(r"^https?://[^/]+|[^/]+$", "", sorted(assets)[0].decode())
    bodies += [server.ask(get(folder + script.decode()))[1] for script in sorted(scripts)]
    return len(gzip.compress(page)), sum(len(gzip.compress(body)) for body in bodies)


def rate(server: Server, pages: Sequence[str]) -> float:
    """Return pages per second, each requested once, of a server that has prepared itself."""
    with server:
        time.sleep(_SETTLED)
        return server.rate([get(path, accept=HTML) for path in pages], b"200")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--records", type=int, default=1_000)
    parser.add_argument("--searches", type=int, default=500)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        http.build(home, options.records)
        records = http.record_requests(home, options.records)
        pages = [path.removeprefix("/v1") for path in records]
        draw = random.Random(7)
        names = [item["name"] for item in draw.sample(http.items(options.records), options.searches)]
        words = [name.partition("(")[0] for name in names]
        facets = "facets=dataset&facets=body&facets=type&facets=year"
        searches = [(f"/search?q={quote(w)}", f"/v1/search?q={quote(w)}&{facets}") for w in words]
        with ours(home) as mine:
            time.sleep(_SETTLED)
            page, plain = medians(mine, searches)
            print(f"search page p50 {page:.2f} ms, its JSON {plain:.2f}: {page / plain:.2f} times (bar 2.0)")
            within_bars = [page / plain <= 2]
            page, plain = medians(mine, list(zip(pages, records, strict=True)))
            print(f"record page p50 {page:.2f} ms, its JSON {plain:.2f}: {page / plain:.2f} times (bar 3)")
            within_bars.append(page / plain <= 3)
            heavy, rest = weights(mine, searches[0][0])
            print(
                f"search page {heavy / 1000:.1f} kB gzipped (bar 40), all else {rest / 1000:.1f} kB (bar 60)"
            )
            within_bars += [heavy <= 40_000, rest <= 60_000]
        # Start the server again, so that its caches are empty.
        ours_rate = rate(ours(home), pages)
        theirs_rate = rate(*datasette(home))
        geo_rate = rate(*pygeoapi(home, [path.rpartition("/")[2] for path in records]))
        print(
            f"record pages a second: ours {ours_rate:.0f}, Datasette {theirs_rate:.0f} "
            f"({ours_rate / theirs_rate:.1f} times, bar 1), pygeoapi {geo_rate:.0f} "
            f"({ours_rate / geo_rate:.1f} times, bar 5)"
        )
        within_bars += [ours_rate >= theirs_rate, ours_rate >= 5 * geo_rate]
    return 0 if all(within_bars) else 1


if __name__ == "__main__":
    raise SystemExit(main())

"""The OGC routes under many clients, and read completely by GDAL during publications.

``python -m benchmarks.ogc --requests 0 --clients 60``: 16 clients for 60 s on all routes in both languages,
with words and divisions; every response is compared with that of a single client. ``--gdal 150000``:
``ogr2ogr`` (Debian's gdal-bin) reads 150,000 items while releases correct and withdraw some.
"""

from __future__ import annotations

import csv
import http.client
import json
import subprocess
import threading
import time
from itertools import islice
from pathlib import Path
from typing import Any
from urllib.parse import quote

from benchmarks.support.load import Server, get
from benchmarks.support.memory import current_memory
from benchmarks.support.ogc_site import DATASET, build, contents
from benchmarks.support.servers import BOUNDARIES, our_server
from benchmarks.support.site import open_log
from publisher.settings import read_settings
from tests.support.servers.http_service import free_port


def index(home: Path) -> None:
    """Drain the site's outbox into its search engine."""
    import anyio

    from publisher.indexing import indexer
    from publisher.indexing.open_engine import open_engine

    log = open_log(home)
    anyio.run(indexer.index_outbox, log, open_engine(read_settings(home, {})))
    log.close()


def squares(count: int) -> dict[str, Any]:
    """Generate boundaries: adjacent squares."""

    def square(number: int) -> dict[str, Any]:
        west, south = 120 + number % 10, 35 + number // 10
        ring = [[west, south], [west + 1, south], [west + 1, south + 1], [west, south + 1], [west, south]]
        geometry = {"type": "Polygon", "coordinates": [ring]}
        properties = {"code": f"{210300 + number}", "name": f"第{number}区"}
        return {"type": "Feature", "properties": properties, "geometry": geometry}

    return {"type": "FeatureCollection", "features": [square(number) for number in range(count)]}


def clients(site: Path, seconds: int, count: int = 500) -> dict[str, Any]:
    """Build a site with boundaries and a complete search index, and load it with many clients."""
    port = free_port()
    build(site, f"http://127.0.0.1:{port}", contents(count, 2_000))
    (site / BOUNDARIES).write_text(json.dumps(squares(20)), encoding="utf-8")
    index(site)
    with our_server(site, port=port, core=0) as ours:
        return _under_load(ours, seconds)


def _paths(record: str) -> list[str]:
    """Return addresses of all routes in both languages; ``record``: id of one item."""
    home, areas = f"/ogc/collections/{DATASET}", "/ogc/collections/divisions"
    word = quote("行政许可")
    return [
        f"{path}{'&' if '?' in path else '?'}lang={language}"
        for language in ("zh", "en")
        for path in (
            *("/ogc", "/ogc/api", "/ogc/conformance", "/ogc/collections", home, f"{home}/queryables"),
            *(
                f"{home}/schema",
                f"{home}/items?limit=5",
                f"{home}/items?limit=5&f=html",
                f"{home}/items?limit=5&f=csv",
            ),
            *(f"{home}/items/{record}", f"{home}/items?filter=name%20LIKE%20%27%2501%25%27&limit=2"),
            *("/ogc/collections/catalogue/items", f"/ogc/collections/catalogue/items/{DATASET}"),
            *("/ogc/collections/catalogue", f"/ogc/collections/catalogue/items?q={quote('测速')}"),
            *(f"{home}/items?q={word}&limit=3", f"{home}/items?q={word}&limit=3&offset=6&f=csv"),
            *(f"{home}/items?bbox=0,0,1,1&limit=2", f"{home}/items?datetime=2015-06-01&limit=2"),
            *(f"{home}/items?as_of=2015-02-01&limit=2", f"{home}/items?release=1&sortby=-name&limit=2"),
            *(areas, f"{areas}/items", f"{areas}/items/210303", f"{areas}/items?bbox=121,35,122,36"),
            *(f"{areas}/items?filter=code%3D%27210304%27", f"{areas}/queryables", f"{areas}/schema"),
        )
    ]


def _under_load(ours: Server, seconds: int, number: int = 16) -> dict[str, Any]:
    """Request all routes by many clients and compare with the responses of one client."""
    items = json.loads(ours.ask(get(f"/ogc/collections/{DATASET}/items?limit=1"))[1])
    paths = _paths(items["features"][0]["id"])
    alone = {path: ours.ask(get(path))[1] for path in paths}
    wrong: list[str] = []
    counts = [0] * number
    stop = time.monotonic() + seconds

    def ask(turn: int) -> None:
        connection = http.client.HTTPConnection("127.0.0.1", ours.port, timeout=60)
        while time.monotonic() < stop:
            path = paths[(turn + counts[turn]) % len(paths)]
            connection.request("GET", path)
            if connection.getresponse().read() != alone[path]:
                wrong.append(path)
            counts[turn] += 1

    def run(until: float) -> float:
        nonlocal stop
        stop = until
        threads = [threading.Thread(target=ask, args=(turn,)) for turn in range(number)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        return current_memory(ours.process.pid)

    # After the first sixth, threads, connections and statements of all clients exist.
    warm = run(time.monotonic() + seconds / 6)
    end = run(time.monotonic() + seconds * 5 / 6)
    return {
        "name": f"{number} clients, {seconds} s",
        "requests": sum(counts),
        "wrong": len(wrong),
        "mib_after_warming_and_at_the_end": [round(warm, 1), round(end, 1)],
    }


def gdal(home: Path, count: int) -> dict[str, Any]:
    """Run ``ogr2ogr`` on a whole collection in pages of 1,000, while releases change its records."""
    from publisher.log.model import View

    records, port = contents(count, 200), free_port()
    build(home, f"http://127.0.0.1:{port}", records)
    log = open_log(home)
    states = iter(list(log.queries.whole_state(DATASET, View())))
    file = home / "all.csv"
    command = ["ogr2ogr", "-f", "CSV", str(file), f"OAPIF:http://127.0.0.1:{port}/ogc/collections/{DATASET}"]
    withdrawn = 0
    with our_server(home, port=port, core=0):
        started = time.monotonic()
        reader = subprocess.Popen([*command, "-oo", "PAGE_SIZE=1000", "-select", "name"])
        while reader.poll() is None and not (file.exists() and file.stat().st_size):
            time.sleep(0.05)  # wait for the first page, which fixes the state of all pages
        while reader.poll() is None:
            some = list(islice(states, 200))
            log.releases.withdraw(DATASET, [one.id for one in some[:100]], reason="测速")
            withdrawn += 100
            corrected = {one.id: json.loads(one.content) | {"remark": "改"} for one in some[100:]}
            log.releases.correct(DATASET, corrected, reason="测速")
            time.sleep(0.5)
        seconds = time.monotonic() - started
    with file.open(encoding="utf-8", newline="") as table:
        names = [row["name"] for row in csv.DictReader(table)]
    log.close()
    return {
        "name": "ogr2ogr while releases are published",
        "exit": reader.returncode,
        "items": len(names),
        "different": len(set(names)),
        "missing": len({str(r["name"]) for r in records} - set(names)),
        "seconds": round(seconds, 1),
        "withdrawn_meanwhile": withdrawn,
    }

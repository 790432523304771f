"""The OGC routes beside pygeoapi standalone, under load, and read whole by GDAL while a release is published.

``python -m benchmarks.ogc``: 20 items of 20 kB and one item, asked of our routes and of pygeoapi's own
Starlette application with a provider that holds the same records in memory. Both are served by uvicorn in a
process of their own pinned to the same core, asked from another, in turns. ``--clients`` adds 16 clients for
60 s on all routes in both languages; ``--gdal`` adds ``ogr2ogr`` of 150,000 items while a release is
published (needs Debian's gdal-bin).
"""

from __future__ import annotations

import argparse
import copy
import csv
import http.client
import json
import os
import random
import re
import socket
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Sequence
from datetime import date, timedelta
from pathlib import Path
from typing import Any

from publisher.settings import read as read_settings

DATASET = "bench-items"
_TURN = 20
_BYTES = 20_000
_SENTENCE = "行政相对人应当依照法律法规的规定提出申请，由有关部门依法受理审查决定。"


def contents(count: int, size: int) -> list[dict[str, Any]]:
    """Records of about ``size`` bytes, the same at every run."""
    draw = random.Random(8)
    made = []
    for number in range(count):
        text = "".join(draw.sample(_SENTENCE, len(_SENTENCE)))
        long = (text * (size // len(text.encode()) + 1)).encode()[:size].decode(errors="ignore")
        made.append(
            {"name": f"第{number:06}项", "power_type": draw.choice(["行政许可", "行政检查"]), "remark": long}
        )
    return made


def build(home: Path, base: str, records: Sequence[dict[str, Any]]) -> None:
    from publisher.store.model import Dataset
    from publisher.store.store import Store
    from schemas import reading as catalogues

    settings = read_settings(home, {})
    store = Store.open(settings.database, sources=settings.sources)
    store.init_site(base, "bench.example,2026-01-01")
    kept = Dataset(
        name=DATASET,
        catalogue="power-list",
        title="测速用清单",
        title_en="For measuring",
        body="示例市",
        division="210300",
        licence="CC0-1.0",
        contact="bench",
    )
    store.create_dataset(kept, catalogues.load("power-list"))
    publish(store, records, date(2015, 1, 1))
    store.close()


def publish(store: Any, records: Sequence[dict[str, Any]], on: date) -> None:
    from publisher.store.model import Entry

    source = store.put_source(repr(on).encode(), name="bench.csv", media_type="text/csv")
    entries = (Entry(content=dict(content)) for content in records)
    store.stage(DATASET, entries, part=None, source=source, parser_version="1")
    store.publish(DATASET, effective_on=on)


def configuration(base: str) -> dict[str, Any]:
    """pygeoapi's own, with the provider below."""
    return {
        "server": {
            "bind": {"host": "127.0.0.1", "port": 5000},
            "url": base,
            "mimetype": "application/json; charset=UTF-8",
            "encoding": "utf-8",
            "languages": ["en-US"],
            "limits": {"default_items": 20, "max_items": 1000},
            "map": {"url": "", "attribution": ""},
        },
        "logging": {"level": "CRITICAL"},
        "metadata": {
            "identification": {
                "title": "bench",
                "description": "bench",
                "keywords": ["bench"],
                "terms_of_service": "",
                "url": base,
            },
            "license": {"name": "CC0", "url": base},
            "provider": {"name": "bench", "url": base},
            "contact": {"name": "bench"},
        },
        "resources": {
            DATASET: {
                "type": "collection",
                "title": "bench",
                "description": "bench",
                "keywords": ["bench"],
                "links": [],
                "extents": {"spatial": {"bbox": [-180, -90, 180, 90]}},
                "providers": [
                    {"type": "feature", "name": "benchmarks._ogc_memory.MemoryProvider", "data": DATASET}
                ],
            }
        },
    }


class Server:
    """A server in a process of its own, on the first core."""

    def __init__(self, kind: str, home: Path, port: int | None = None) -> None:
        self.port = port or free_port()
        command = [sys.executable, "-m", "benchmarks.ogc", "--serve", kind, "--home", str(home)]
        self.process = subprocess.Popen([*command, "--port", str(self.port)])
        pin(self.process.pid, 0)
        for _ in range(600):
            try:
                self.connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
                self.connection.connect()
                break
            except OSError:
                time.sleep(0.05)
        self.connection.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def get(self, path: str) -> tuple[float, bytes]:
        """→ milliseconds, body."""
        started = time.perf_counter()
        self.connection.request("GET", path)
        response = self.connection.getresponse()
        body = response.read()
        taken = (time.perf_counter() - started) * 1000
        assert response.status == 200, (path, response.status, body[:500])
        return taken, body

    def cpu(self) -> float:
        """Seconds of processor time that it has used."""
        fields = Path(f"/proc/{self.process.pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def memory(self) -> int:
        """Resident, kB."""
        status = Path(f"/proc/{self.process.pid}/status").read_text(encoding="ascii")
        found = re.search(r"VmRSS:\s+(\d+)", status)
        assert found
        return int(found[1])

    def end(self) -> None:
        self.connection.close()
        self.process.terminate()
        self.process.wait()


def pin(pid: int, core: int) -> None:
    if (os.cpu_count() or 1) > 1:
        os.sched_setaffinity(pid, {core})


def free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port: int = free.getsockname()[1]
        return port


def serve(kind: str, home: Path, port: int) -> None:
    if kind == "ours":
        from publisher import app

        app.serve(app.create_app(read_settings(home, {})), port=port)
        return
    import uvicorn

    config, document = home / "pygeoapi.json", home / "openapi.json"
    config.write_text(json.dumps(configuration(f"http://127.0.0.1:{port}")), encoding="utf-8")
    document.write_text('{"openapi": "3.0.3", "info": {}, "paths": {}}', encoding="utf-8")
    os.environ |= {
        "PYGEOAPI_CONFIG": str(config),
        "PYGEOAPI_OPENAPI": str(document),
        "BENCH_ITEMS": str(home / "items.json"),
    }
    from pygeoapi.starlette_app import APP

    APP.debug = False
    uvicorn.run(APP, port=port, http="httptools", log_config=None, access_log=False)


def measure(name: str, ours: Server, theirs: Server, pairs: Sequence[tuple[str, str]]) -> dict[str, Any]:
    mine: list[float] = []
    other: list[float] = []
    sizes = [len(ours.get(pairs[0][0])[1]), len(theirs.get(pairs[0][1])[1])]
    before = ours.cpu(), theirs.cpu()
    for start in range(0, len(pairs), _TURN):
        turn = pairs[start : start + _TURN]
        other += [theirs.get(path)[0] for _, path in turn]
        mine += [ours.get(path)[0] for path, _ in turn]
    used = [
        (after - start) / len(pairs) for after, start in zip((ours.cpu(), theirs.cpu()), before, strict=True)
    ]
    cut, base = statistics.quantiles(mine, n=100), statistics.quantiles(other, n=100)
    return {
        "what": name,
        "requests": len(pairs),
        "bytes": sizes,
        "ours_per_second": round(1000 / statistics.mean(mine)),
        "pygeoapi_per_second": round(1000 / statistics.mean(other)),
        # Of its own core's time: what counts where the machine has other work.
        "ours_per_core_second": round(1 / used[0]),
        "pygeoapi_per_core_second": round(1 / used[1]),
        "ours_p50_p99_ms": [round(cut[49], 2), round(cut[98], 2)],
        "pygeoapi_p50_p99_ms": [round(base[49], 2), round(base[98], 2)],
    }


def compare(home: Path, count: int, requests: int) -> tuple[list[dict[str, Any]], Server]:
    from publisher.store.matching import MatchQuery
    from publisher.store.store import Store

    records, port = contents(count, _BYTES), free_port()
    build(home, f"http://127.0.0.1:{port}", records)
    settings = read_settings(home, {})
    store = Store.open(settings.database, sources=settings.sources)
    matches = store.match(DATASET, MatchQuery(limit=count)).matches
    store.close()
    features = [
        {"type": "Feature", "id": m.id, "geometry": None, "properties": json.loads(m.content)}
        for m in matches
    ]
    (home / "items.json").write_text(json.dumps(features), encoding="utf-8")
    ours, theirs = Server("ours", home, port), Server("pygeoapi", home)
    pin(os.getpid(), 1)
    draw = random.Random(3)
    offsets = [draw.randrange(count - 20) for _ in range(requests)]
    many = [
        (
            f"/ogc/collections/{DATASET}/items?limit=20&offset={o}",
            f"/collections/{DATASET}/items?f=json&limit=20&offset={o}",
        )
        for o in offsets
    ]
    one = [
        (
            f"/ogc/collections/{DATASET}/items/{features[o]['id']}",
            f"/collections/{DATASET}/items/{features[o]['id']}?f=json",
        )
        for o in offsets
    ]
    found = [
        measure("20 items of 20 kB", ours, theirs, many),
        measure("one item of 20 kB", ours, theirs, one),
    ]
    theirs.end()
    return found, ours


def clients(ours: Server, seconds: int, number: int = 16) -> dict[str, Any]:
    """All routes in both languages by many clients; every answer is compared with that of one client."""
    home = f"/ogc/collections/{DATASET}"
    some = json.loads(ours.get(f"{home}/items?limit=1")[1])["features"][0]["id"]
    paths = [
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
            *(f"{home}/items/{some}", f"{home}/items?filter=name%20LIKE%20%27%2501%25%27&limit=2"),
            *("/ogc/collections/catalogue/items", f"/ogc/collections/catalogue/items/{DATASET}"),
        )
    ]
    alone = {path: ours.get(path)[1] for path in paths}
    wrong: list[str] = []
    done = [0] * number
    stop = time.monotonic() + seconds

    def ask(turn: int) -> None:
        connection = http.client.HTTPConnection("127.0.0.1", ours.port, timeout=60)
        while time.monotonic() < stop:
            path = paths[(turn + done[turn]) % len(paths)]
            connection.request("GET", path)
            if connection.getresponse().read() != alone[path]:
                wrong.append(path)
            done[turn] += 1

    def run(until: float) -> int:
        nonlocal stop
        stop = until
        threads = [threading.Thread(target=ask, args=(turn,)) for turn in range(number)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        return ours.memory()

    # Threads, connections and statements of all clients exist after the first sixth.
    warm = run(time.monotonic() + seconds / 6)
    end = run(time.monotonic() + seconds * 5 / 6)
    return {
        "what": f"{number} clients, {seconds} s",
        "requests": sum(done),
        "wrong": len(wrong),
        "memory_kb_after_warming_and_at_the_end": [warm, end],
    }


def gdal(home: Path, count: int) -> dict[str, Any]:
    """``ogr2ogr`` of a whole collection in pages of 1,000, while a release changes and removes records."""
    from publisher.store.store import Store

    records, port = contents(count, 200), free_port()
    build(home, f"http://127.0.0.1:{port}", records)
    settings = read_settings(home, {})
    ours = Server("ours", home, port)
    file = home / "all.csv"
    command = ["ogr2ogr", "-f", "CSV", str(file), f"OAPIF:http://127.0.0.1:{port}/ogc/collections/{DATASET}"]
    started = time.monotonic()
    reader = subprocess.Popen([*command, "-oo", "PAGE_SIZE=1000", "-select", "name"])
    store = Store.open(settings.database, sources=settings.sources)
    publish(
        store, [copy.copy(r) | {"remark": "改"} for r in records[::2]], date(2015, 1, 2) + timedelta(days=1)
    )
    published = time.monotonic() - started
    code = reader.wait()
    took = time.monotonic() - started
    with file.open(encoding="utf-8", newline="") as table:
        names = [row["name"] for row in csv.DictReader(table)]
    store.close()
    ours.end()
    return {
        "what": "ogr2ogr while a release is published",
        "exit": code,
        "items": len(names),
        "different": len(set(names)),
        "missing": len({str(r["name"]) for r in records} - set(names)),
        "seconds": round(took, 1),
        "release_published_after_seconds": round(published, 1),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--requests", type=int, default=2_000)
    parser.add_argument("--records", type=int, default=1_000)
    parser.add_argument("--clients", type=int, default=0, metavar="SECONDS")
    parser.add_argument("--gdal", type=int, default=0, metavar="ITEMS")
    parser.add_argument("--json", action="store_true", help="one JSON object on stdout")
    parser.add_argument("--serve", choices=["ours", "pygeoapi"], help=argparse.SUPPRESS)
    parser.add_argument("--home", type=Path, help=argparse.SUPPRESS)
    parser.add_argument("--port", type=int, help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.serve:
        serve(asked.serve, asked.home, asked.port)
        return
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder) / "site"
        home.mkdir()
        found, ours = compare(home, asked.records, asked.requests)
        if asked.clients:
            found.append(clients(ours, asked.clients))
        ours.end()
        if asked.gdal:
            other = Path(folder) / "gdal"
            other.mkdir()
            found.append(gdal(other, asked.gdal))
    if asked.json:
        print(json.dumps(found))
        return
    for row in found:
        print("  ".join(f"{key}={value}" for key, value in row.items()))


if __name__ == "__main__":
    main()

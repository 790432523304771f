"""The OGC routes beside pygeoapi standalone, under load, and read whole by GDAL while a release is published.

``python -m benchmarks.ogc``: 20 items of 20 kB and one item, asked of our routes and of pygeoapi's own
Starlette application with a provider that holds the same records in memory. Both are served by uvicorn in a
process of their own pinned to the same core, asked from another, in turns (``--requests 0`` leaves this out).
``--clients 60`` and ``--gdal 150000`` add what :mod:`benchmarks.ogc_load` measures.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import statistics
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from benchmarks._ogc_site import BOUNDARIES, DATASET, Server, build, contents, free_port, pin
from publisher.settings import read as read_settings

_TURN = 20
_BYTES = 20_000


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


def serve(kind: str, home: Path, port: int) -> None:
    if kind == "ours":
        from publisher import app

        boundaries = home / BOUNDARIES
        settings = read_settings(home, {"QINGDAN_BOUNDARIES": str(boundaries)} if boundaries.exists() else {})
        app.serve(app.create_app(settings), port=port)
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


def compare(home: Path, count: int, requests: int) -> list[dict[str, Any]]:
    from publisher.log.log import Log
    from publisher.log.model import RecordQuery

    records, port = contents(count, _BYTES), free_port()
    build(home, f"http://127.0.0.1:{port}", records)
    settings = read_settings(home, {})
    log = Log.open(settings.database, sources=settings.sources)
    matches = log.queries.match(DATASET, RecordQuery(limit=count)).matches
    log.close()
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
    ours.end()
    return found


def main() -> None:
    from benchmarks import ogc_load

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
        found: list[dict[str, Any]] = []
        if asked.requests:
            found += compare(Path(folder) / "compared", asked.records, asked.requests)
        if asked.clients:
            found.append(ogc_load.clients(Path(folder) / "asked", asked.clients))
        if asked.gdal:
            found.append(ogc_load.gdal(Path(folder) / "read", asked.gdal))
    if asked.json:
        print(json.dumps(found))
        return
    for row in found:
        print("  ".join(f"{key}={value}" for key, value in row.items()))


if __name__ == "__main__":
    main()

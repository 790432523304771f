"""The OGC routes compared with standalone pygeoapi, under load, and read by GDAL during a publication.

``python -m benchmarks.ogc``: 20 items of 20 kB and one item, requested from our routes and from pygeoapi's
Starlette application with a provider that has the same records in memory. Each runs in its own uvicorn
process, pinned to the same core; the client runs on another and alternates (``--requests 0`` skips this).
``--clients 60`` and ``--gdal 150000`` add the measurements of :mod:`benchmarks.support.ogc_load`.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import statistics
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from benchmarks.support.load import Server, get, pin
from benchmarks.support.ogc_site import DATASET, build, contents
from benchmarks.support.servers import our_server
from benchmarks.support.site import open_log
from tests.support.servers.http_service import free_port

_TURN = 20
_BYTES = 20_000


def configuration(base: str) -> dict[str, Any]:
    """Build the configuration of pygeoapi, with the provider of ``benchmarks.support.ogc_memory``."""
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
                    {
                        "type": "feature",
                        "name": "benchmarks.support.ogc_memory.MemoryProvider",
                        "data": DATASET,
                    }
                ],
            }
        },
    }


def pygeoapi_server(home: Path) -> Server:
    """Prepare a server of the features in the folder's ``items.json``, on the core of our server."""
    return Server([sys.executable, "-m", "benchmarks.ogc", "--serve", str(home)], core=0)


def serve_pygeoapi(home: Path, port: int) -> None:
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
    """Request each pair of paths, ours and theirs, in alternating turns → figures under the name."""
    mine: list[float] = []
    other: list[float] = []
    sizes = [len(server.ask(get(path))[1]) for server, path in zip((ours, theirs), pairs[0], strict=True)]
    before = ours.cpu_seconds(), theirs.cpu_seconds()
    for start in range(0, len(pairs), _TURN):
        turn = pairs[start : start + _TURN]
        other += [theirs.time_request(get(path))[0] for _, path in turn]
        mine += [ours.time_request(get(path))[0] for path, _ in turn]
    ours_cpu, theirs_cpu = (
        (server.cpu_seconds() - start) / len(pairs)
        for server, start in zip((ours, theirs), before, strict=True)
    )
    ours_cuts, theirs_cuts = statistics.quantiles(mine, n=100), statistics.quantiles(other, n=100)
    return {
        "name": name,
        "requests": len(pairs),
        "bytes": sizes,
        "ours_per_second": round(1000 / statistics.mean(mine)),
        "pygeoapi_per_second": round(1000 / statistics.mean(other)),
        # Relative to the time of its own core, which is meaningful even if the machine has other load.
        "ours_per_core_second": round(1 / ours_cpu),
        "pygeoapi_per_core_second": round(1 / theirs_cpu),
        "ours_p50_p99_ms": [round(ours_cuts[49], 2), round(ours_cuts[98], 2)],
        "pygeoapi_p50_p99_ms": [round(theirs_cuts[49], 2), round(theirs_cuts[98], 2)],
    }


def compare(home: Path, count: int, requests: int) -> list[dict[str, Any]]:
    from publisher.log.model import RecordQuery

    records, port = contents(count, _BYTES), free_port()
    build(home, f"http://127.0.0.1:{port}", records)
    log = open_log(home)
    matches = log.queries.raw_records(DATASET, RecordQuery(limit=count)).records
    log.close()
    features = [
        {"type": "Feature", "id": m.id, "geometry": None, "properties": json.loads(m.content)}
        for m in matches
    ]
    (home / "items.json").write_text(json.dumps(features), encoding="utf-8")
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
    with our_server(home, port=port, core=0) as ours, pygeoapi_server(home) as theirs:
        return [
            measure("20 items of 20 kB", ours, theirs, many),
            measure("one item of 20 kB", ours, theirs, one),
        ]


def main() -> None:
    from benchmarks.support import ogc_load

    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--requests", type=int, default=2_000)
    parser.add_argument("--records", type=int, default=1_000)
    parser.add_argument("--clients", type=int, default=0, metavar="SECONDS")
    parser.add_argument("--gdal", type=int, default=0, metavar="ITEMS")
    parser.add_argument("--json", action="store_true", help="one JSON object on stdout")
    parser.add_argument("--serve", type=Path, help=argparse.SUPPRESS)
    parser.add_argument("--port", type=int, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.serve:
        serve_pygeoapi(options.serve, options.port)
        return
    with tempfile.TemporaryDirectory() as folder:
        figures: list[dict[str, Any]] = []
        if options.requests:
            figures += compare(Path(folder) / "compared", options.records, options.requests)
        if options.clients:
            figures.append(ogc_load.clients(Path(folder) / "load", options.clients))
        if options.gdal:
            figures.append(ogc_load.gdal(Path(folder) / "gdal", options.gdal))
    if options.json:
        print(json.dumps(figures))
        return
    for row in figures:
        print("  ".join(f"{key}={value}" for key, value in row.items()))


if __name__ == "__main__":
    main()

"""Requests of caches: a 304 and a record pinned to a release, compared with a bare Litestar handler.

``python -m benchmarks.http_cached``: 10,000 distinct addresses each, no response cache. The bare handlers
send the same status and bytes from memory. Rates are those of one busy server process, in alternating runs,
best of three.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path

import msgspec

from benchmarks import http
from benchmarks.support.load import Server, etag_of, get
from tests.support.servers.http_service import free_port

BARS = {"304": 0.6, "pinned record": 0.5}


def serve_bare(bodies: Path, port: int) -> None:
    from litestar import Litestar
    from litestar import get as route
    from litestar.params import FromPath

    from publisher import app

    responses = msgspec.msgpack.decode(bodies.read_bytes(), type=list[bytes])

    @route("/bare/{number:str}", media_type="application/json")
    async def bare(number: FromPath[str]) -> bytes:
        return responses[int(number)]

    @route("/unchanged/{number:str}", status_code=304)
    async def unchanged(number: FromPath[str]) -> None:
        assert number

    app.serve(Litestar([bare, unchanged], openapi_config=None, logging_config=None), port=port)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--requests", type=int, default=10_000)
    parser.add_argument("--bare", type=Path, help=argparse.SUPPRESS)
    parser.add_argument("--port", type=int, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.bare:
        serve_bare(options.bare, options.port)
        return
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder) / "site"
        home.mkdir()
        http.build(home, options.requests)
        compare(home, http.record_requests(home, options.requests))


def compare(home: Path, paths: list[str]) -> None:
    port, bare_port = free_port(), free_port()
    our_command = [
        sys.executable,
        "-m",
        "benchmarks.http",
        "--serve",
        "ours",
        "--home",
        str(home),
        "--port",
        str(port),
    ]
    pinned = [get(f"{path}?release=1") for path in paths]
    with Server(our_command, port) as mine:
        conditional, bodies = [], []
        for path in paths:
            head, body = mine.ask(get(path))
            tag = etag_of(head)
            conditional.append(get(path, f"if-none-match: {tag}"))
            bodies.append(mine.ask(get(f"{path}?release=1"))[1])
            assert body
        bodies_file = home / "bare.bodies"
        bodies_file.write_bytes(msgspec.msgpack.encode(bodies))
        bare_command = [
            sys.executable,
            "-m",
            "benchmarks.http_cached",
            "--bare",
            str(bodies_file),
            "--port",
            str(bare_port),
        ]
        with Server(bare_command, bare_port) as bare:
            numbers = range(len(paths))
            tasks = {
                "304": (conditional, [get(f"/unchanged/{n}") for n in numbers], b"304"),
                "pinned record": (pinned, [get(f"/bare/{n}") for n in numbers], b"200"),
            }
            for name, (requests, floor, status) in tasks.items():
                rates = [(mine.rate(requests, status), bare.rate(floor, status)) for _ in range(3)]
                best, bare_rate = max(r[0] for r in rates), max(r[1] for r in rates)
                print(
                    f"{name}: {best:.0f}/s, bare {bare_rate:.0f}/s, ratio {best / bare_rate:.2f}; "
                    f"the bar is {BARS[name]}"
                )


if __name__ == "__main__":
    main()

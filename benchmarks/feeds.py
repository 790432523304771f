"""Feeds of 100 entries: a 304 beside a bare Litestar handler, a cold render, and from publish to a callback.

``python -m benchmarks.feeds``: ratios are of one run, both servers in processes of their own and
on one core with the client, taking turns.
"""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from pathlib import Path

import msgspec

from benchmarks import http
from benchmarks._load import Server, free_port, get, one_core

BARS = {"304": 1.2, "cold": 20.0, "callback": 2.0}
_FORMS = ("atom", "rss", "json")


def serve_bare(port: int) -> None:
    from litestar import Litestar
    from litestar import get as route

    from publisher import app

    @route("/unchanged", status_code=304)
    async def unchanged() -> None:
        return

    app.serve(Litestar([unchanged], openapi_config=None, logging_config=None), port=port)


def unchanged(home: Path, requests: int) -> None:
    """p50 of one connection each, taking turns of 250."""
    port, bare_port = free_port(), free_port()
    serve = [sys.executable, "-m", "benchmarks.http", "--serve", "ours", "--home", str(home)]
    bare_serve = [sys.executable, "-m", "benchmarks.feeds", "--bare", "--port", str(bare_port)]
    with Server([*serve, "--port", str(port)], port) as ours, Server(bare_serve, bare_port) as bare:
        for form in _FORMS:
            path = f"/feeds/{http.DATASET}.{form}"
            head, _ = ours.ask(get(path))
            tag = head.lower().partition(b"\r\netag: ")[2].partition(b"\r\n")[0].decode()
            asked, floor = get(path, f"if-none-match: {tag}"), get("/unchanged")
            mine: list[float] = []
            base: list[float] = []
            for _ in range(requests // 250):
                base += [_taken(bare, floor) for _ in range(250)]
                mine += [_taken(ours, asked) for _ in range(250)]
            ratio = statistics.median(mine) / statistics.median(base)
            print(
                f"304 of {form}: p50 {statistics.median(mine):.3f} ms, "
                f"bare {statistics.median(base):.3f} ms, ratio {ratio:.2f}; the bar is {BARS['304']}"
            )


def cold(home: Path) -> None:
    """From the log to bytes in a running service, which keeps no render; wall and CPU time, best of ten."""
    from publisher.log.log import Log
    from publisher.settings import read
    from publisher.views.syndication import scope as scopes
    from publisher.views.syndication import selection
    from publisher.views.syndication.feed import feed, rendered

    settings = read(home, {})
    log = Log.open(settings.database, sources=settings.sources)
    scope = scopes.scope(dataset=http.DATASET)
    for form in _FORMS:
        walls, cpus = [], []
        for _ in range(10):
            wall, cpu = time.perf_counter(), time.process_time()
            with log.snapshot():
                made = rendered(feed(log, scope, selection.plain(log, scope), form), form)
            walls.append((time.perf_counter() - wall) * 1000)
            cpus.append((time.process_time() - cpu) * 1000)
        print(
            f"cold {form} of 100 entries, {len(made)} bytes: {min(walls):.1f} ms, CPU {min(cpus):.1f} ms; "
            f"the bar is {BARS['cold']}"
        )
    log.close()


def callback(home: Path) -> None:
    """``qingdan publish`` beside ``qingdan serve``: from the command's start to the call, three times."""
    from tests.support.loopback import Answer, Asked, serving

    # An installed program finds its modules compiled, whatever a machine that builds it is told to leave out.
    kept = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    compiled = str(home.parent / "compiled")
    environment = {
        **kept,
        "PYTHONPYCACHEPREFIX": compiled,
        "QINGDAN_HOME": str(home),
        "QINGDAN_LOOPBACK": "1",
    }
    command = [sys.executable, "-c", "from publisher.cli import main; main()"]

    def run(*arguments: str) -> None:
        subprocess.run([*command, *arguments], env=environment, check=True, capture_output=True)

    arrived = threading.Event()

    def hook(asked: Asked, _: Callable[[bytes], None]) -> Answer:
        data = msgspec.json.decode(asked.body)["data"]
        if "challenge" in data:
            return Answer(msgspec.json.encode({"challenge": data["challenge"]}))
        arrived.set()
        return Answer()

    with serving() as desk:
        desk.answers["/hook"] = hook
        run("webhooks", "add", f"{desk.base}/hook", "--feed", "/feeds/all.atom")
        said = ("--title", "测速", "--body", "示例市人民政府", "--licence", "CC0-1.0", "--contact", "bench")
        run("dataset", "create", "desk", "--catalogue", "power-list", *said)
        port = free_port()
        with Server([*command, "serve", "--port", str(port)], port, environment=environment):
            for turn in range(3):
                file = home.parent / f"{turn}.csv"
                file.write_text(
                    f"事项名称,权力类型,行使主体\n测速事项{turn},行政许可,市财政局\n", encoding="utf-8"
                )
                run("import", str(file), "--dataset", "desk")
                arrived.clear()
                started = time.perf_counter()
                run("publish", "desk", "--effective-on", f"2016-01-0{turn + 1}", "--basis", "测〔2016〕1号")
                assert arrived.wait(60)
                taken = time.perf_counter() - started
                print(f"from publish to the callback: {taken:.2f} s; the bar is {BARS['callback']}")


def _taken(server: Server, request: bytes) -> float:
    started = time.perf_counter()
    server.ask(request)
    return (time.perf_counter() - started) * 1000


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--requests", type=int, default=5_000)
    parser.add_argument("--bare", action="store_true", help=argparse.SUPPRESS)
    parser.add_argument("--port", type=int, help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.bare:
        serve_bare(asked.port)
        return
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder) / "site"
        home.mkdir()
        http.build(home, 1_000)
        cold(home)
        with one_core():
            unchanged(home, asked.requests)
        callback(home)


if __name__ == "__main__":
    main()

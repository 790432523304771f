"""Cost of metrics for the cheapest request, one record: ``python -m benchmarks.web.telemetry``.

The same application answers the same request in turns, with and without ids and metrics, in one process and
without a network, so that the difference shows; it is printed as a share of the time of a request over HTTP.
"""

from __future__ import annotations

import asyncio
import statistics
import sys
import tempfile
import time
from http.client import HTTPConnection
from pathlib import Path
from typing import Any

from litestar.testing import TestClient

from publisher.telemetry.request_metrics import RequestMetrics
from publisher.web.asgi_edge import Edge
from tests.support.servers.http_service import serving
from tests.support.site import FEES, PLAIN, four_releases

BAR = 0.03
"""Maximum share of the time of a request."""
_TURNS, _REQUESTS = 500, 40


class _Nothing(RequestMetrics):
    def count(self, path: str, status: int, seconds: float) -> None:
        """Count nothing."""


async def _ask(app: Edge, path: str, *, counts: bool) -> float:
    """Return the seconds of one turn."""
    scope = {
        "type": "http",
        "method": "GET",
        "path": path,
        "raw_path": path.encode(),
        "query_string": b"",
        "headers": [(b"host", b"data.example.gov.cn")],
        "client": ("203.0.113.7", 1),
        "scheme": "http",
        "http_version": "1.1",
    }

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message: Any) -> None:
        assert message.get("status", 200) == 200

    started = time.perf_counter()
    for _ in range(_REQUESTS):
        if counts:
            await app(scope, receive, send)
        else:
            await app._answer(scope, receive, send, 0.0)  # noqa: SLF001 - the request itself
    return time.perf_counter() - started


async def _measure(app: Edge, path: str) -> tuple[float, float]:
    """Return microseconds of a request with and without metrics: the best of turns that alternate."""
    times: dict[bool, list[float]] = {True: [], False: []}
    own, nothing = RequestMetrics(), _Nothing()
    for turn in range(2 * _TURNS):
        counts = turn % 2 == 0
        app.metrics = own if counts else nothing
        times[counts].append(await _ask(app, path, counts=counts))
    return tuple(min(times[counts]) / _REQUESTS * 1e6 for counts in (True, False))  # type: ignore[return-value]


def main() -> None:
    with tempfile.TemporaryDirectory() as folder, four_releases(Path(folder)) as site:
        assert isinstance(site.client, TestClient)
        app = site.client.app
        assert isinstance(app, Edge)
        path = f"/v1/datasets/{FEES}/records/{site.record(str(PLAIN[0]['name']))}"
        with_metrics, without = asyncio.run(_measure(app, path))
        with serving(app) as address:
            over_http = _ask_over_http(address, path)
    share = (with_metrics - without) / over_http
    print(f"one record: {without:.1f} µs, with metrics {with_metrics:.1f} µs, over HTTP {over_http:.1f} µs")
    print(f"share of metrics and ids: {share:+.1%} (at most {BAR:.0%})")
    sys.exit(share > BAR)


def _ask_over_http(address: str, path: str) -> float:
    """Return microseconds of a request over one connection: the best tenth of many."""
    times = []
    connection = HTTPConnection(address.removeprefix("http://"))
    for _ in range(2_000):
        started = time.perf_counter()
        connection.request("GET", path)
        connection.getresponse().read()
        times.append(time.perf_counter() - started)
    return statistics.quantiles(times, n=10)[0] * 1e6


if __name__ == "__main__":
    main()

"""Requests of a process, counted without a lock or a library in their way, and read when they are scraped."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator

from prometheus_client import Metric
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily
from prometheus_client.registry import Collector

BUCKETS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0, 60.0)
"""Upper bounds of the histogram, in seconds."""
_FAMILIES = ("v1", "feeds", "log", "ogc", "assets", "healthz", "readyz", "catalog", "openapi.json", "docs")
_PAGES = "pages"


class RequestMetrics(Collector):
    """Counts the requests of one event loop by family and status, and the time until the response begins."""

    def __init__(self) -> None:
        self._counts: dict[tuple[str, int], int] = {}
        self._seconds: dict[str, float] = {}
        self._buckets: dict[str, list[int]] = {}
        self.open = 0
        """Requests whose response is not complete."""

    def count(self, path: str, status: int, seconds: float) -> None:
        """Count a request whose response begins."""
        family = family_of(path)
        key = (family, status)
        self._counts[key] = self._counts.get(key, 0) + 1
        buckets = self._buckets.get(family)
        if buckets is None:
            buckets = self._buckets[family] = [0] * (len(BUCKETS) + 1)
        buckets[bisect_left(BUCKETS, seconds)] += 1
        self._seconds[family] = self._seconds.get(family, 0.0) + seconds

    def collect(self) -> Iterator[Metric]:
        requests = CounterMetricFamily(
            "qingdan_requests", "Requests by family and status.", labels=("family", "status")
        )
        for (family, status), number in list(self._counts.items()):
            requests.add_metric((family, str(status)), number)
        yield requests
        seconds = HistogramMetricFamily(
            "qingdan_request_seconds", "Time until a response begins.", labels=("family",)
        )
        for family, buckets in list(self._buckets.items()):
            total, lines = 0, []
            for bound, number in zip((*map(str, BUCKETS), "+Inf"), buckets, strict=True):
                total += number
                lines.append((bound, total))
            seconds.add_metric((family,), lines, self._seconds[family])
        yield seconds
        yield GaugeMetricFamily("qingdan_requests_open", "Requests being answered.", value=self.open)


def family_of(path: str) -> str:
    """Return the family of a path: its first segment unless it is a page, so that there are few."""
    first = path[1:].partition("/")[0]
    return first if first in _FAMILIES else _PAGES

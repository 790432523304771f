"""The address of its own on which a process serves ``/metrics`` to Prometheus."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from prometheus_client import CollectorRegistry, ProcessCollector, start_http_server
from prometheus_client.registry import Collector


@contextmanager
def serve_metrics(address: str, collectors: Sequence[Collector]) -> Iterator[None]:
    """Serve metrics at ``host:port`` in a thread; an empty address serves none.

    Raises ``OSError`` if the address is not available, ``ValueError`` if it is not an address.
    """
    if not address:
        yield
        return
    host, _, port = address.rpartition(":")
    registry = CollectorRegistry()
    ProcessCollector(registry=registry)
    for collector in collectors:
        registry.register(collector)
    server, thread = start_http_server(int(port), addr=host.strip("[]"), registry=registry)
    try:
        yield
    finally:
        server.shutdown()
        thread.join()
        server.server_close()

"""The small site of the API's tests behind a real server, for clients that speak HTTP."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import uvicorn

from publisher.app import create_app
from tests.api.conftest import Site, made


@contextmanager
def served(home: Path, wrap: Callable[[Any], Any] = lambda app: app) -> Iterator[tuple[Site, str]]:
    """→ the site and the address where it answers, on loopback. ``wrap``: ASGI around it."""
    with made(home) as site:
        app = create_app(site.settings, log=site.log, search=site.engine, clock=site.clock)
        server = uvicorn.Server(uvicorn.Config(wrap(app), port=0, log_config=None, lifespan="on", ws="none"))
        thread = threading.Thread(target=server.run)
        thread.start()
        try:
            deadline = time.monotonic() + 30
            while not server.started:
                assert thread.is_alive()
                assert time.monotonic() < deadline
                time.sleep(0.01)
            port = server.servers[0].sockets[0].getsockname()[1]
            yield site, f"http://127.0.0.1:{port}"
        finally:
            server.should_exit = True
            thread.join()

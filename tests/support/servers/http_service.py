"""An application behind a real server on loopback, for HTTP clients."""

from __future__ import annotations

import contextlib
import random
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import uvicorn


@contextmanager
def serving(app: Any, bound: socket.socket | None = None) -> Iterator[str]:
    """Serve an ASGI application → its address. ``bound``: socket that is already bound."""
    bound = bound or loopback_socket()
    config = uvicorn.Config(
        app, http="httptools", lifespan="on", ws="none", log_config=None, access_log=False
    )
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, kwargs={"sockets": [bound]})
    thread.start()
    try:
        yield address(bound)
    finally:
        server.should_exit = True
        thread.join()


def loopback_socket() -> socket.socket:
    """Create a socket that listens on a free port: early connections wait for the server."""
    return socket.create_server(("127.0.0.1", 0))


def address(bound: socket.socket) -> str:
    return f"http://127.0.0.1:{bound.getsockname()[1]}"


def free_ports(count: int) -> list[int]:
    """Free ports for servers of other processes, which bind them later.

    They are below the ports that the kernel assigns to clients, so that none takes them meanwhile.
    """
    bound: list[socket.socket] = []
    while len(bound) < count:
        with contextlib.suppress(OSError):
            bound.append(socket.create_server(("127.0.0.1", random.randrange(10_240, 32_768))))
    ports = [int(one.getsockname()[1]) for one in bound]
    for one in bound:
        one.close()
    return ports


def free_port() -> int:
    return free_ports(1)[0]

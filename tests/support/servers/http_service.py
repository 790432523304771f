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
def serving(app: Any, listener: socket.socket | None = None) -> Iterator[str]:
    """Serve an ASGI application → its address. ``listener``: its socket, from :func:`loopback_socket`."""
    listener = listener or loopback_socket()
    config = uvicorn.Config(
        app, http="httptools", lifespan="on", ws="none", log_config=None, access_log=False
    )
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
    thread.start()
    try:
        yield address(listener)
    finally:
        server.should_exit = True
        thread.join()


def loopback_socket() -> socket.socket:
    """Create a socket that listens on a free port: early connections wait for the server."""
    return socket.create_server(("127.0.0.1", 0))


def address(listener: socket.socket) -> str:
    return f"http://127.0.0.1:{listener.getsockname()[1]}"


def free_ports(count: int) -> list[int]:
    """Find free ports for servers of other processes, which bind them later.

    They are below the ports that the kernel assigns to clients, so that none takes them meanwhile.
    """
    listeners: list[socket.socket] = []
    while len(listeners) < count:
        with contextlib.suppress(OSError):
            listeners.append(socket.create_server(("127.0.0.1", random.randrange(10_240, 32_768))))
    ports = [int(listener.getsockname()[1]) for listener in listeners]
    for listener in listeners:
        listener.close()
    return ports


def free_port() -> int:
    return free_ports(1)[0]

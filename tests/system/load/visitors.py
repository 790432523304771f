"""Clients of a site, in a process of their own, so that their work does not delay each other's clocks.

``python -m tests.system.load.visitors KIND PORT SECONDS CLIENTS`` with the paths, one a line, on stdin. KIND:
``heavy`` sends one request after the other, ``light`` one every half second. Each client has a network
address of its own, which the proxy passes on. Prints a JSON list of [status, seconds, bytes, path].
"""

from __future__ import annotations

import asyncio
import json
import random
import re
import sys
import time
from collections.abc import Sequence

_PATIENCE = 120
_LIGHT_PAUSE = 0.5
_LENGTH = re.compile(rb"\r\ncontent-length: (\d+)", re.IGNORECASE)

type Visit = tuple[int, float, int, str]


async def visit(port: int, path: str, client: str) -> Visit:
    """Request a path once. → status (0 if there is none), seconds until the last byte, bytes, path."""
    started = time.perf_counter()
    status, body = await fetch(port, path, client)
    return status, time.perf_counter() - started, len(body), path


async def fetch(port: int, path: str, client: str) -> tuple[int, bytes]:
    """Request a path → status and body; 0 if there is no answer, or not all of it."""
    try:
        async with asyncio.timeout(_PATIENCE):
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            try:
                writer.write(
                    f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nX-Client: {client}\r\n"
                    "Accept-Encoding: identity\r\nConnection: close\r\n\r\n".encode()
                )
                head = await reader.readuntil(b"\r\n\r\n")
                length = _LENGTH.search(head)
                body = await (reader.readexactly(int(length[1])) if length else reader.read())
                return int(head.split()[1]), body
            finally:
                writer.close()
    except (OSError, TimeoutError, asyncio.IncompleteReadError):
        return 0, b""


async def _client(
    kind: str, number: int, port: int, paths: Sequence[str], until: float, visits: list[Visit]
) -> None:
    chance = random.Random(number)
    # A test network of RFC 2544, so that nobody's address is meant.
    address = f"198.{18 if kind == 'heavy' else 19}.{number // 250}.{number % 250 + 1}"
    position = number
    while time.monotonic() < until:
        visits.append(await visit(port, paths[position % len(paths)], address))
        position += max(1, len(paths) // 64) if kind == "heavy" else 1
        if kind == "light":
            await asyncio.sleep(_LIGHT_PAUSE * chance.uniform(0.8, 1.2))
        elif visits[-1][0] in (0, 429, 502, 503):
            await asyncio.sleep(chance.uniform(1, 2))  # as Retry-After asks, though sooner


async def _visit_all(kind: str, port: int, seconds: float, clients: int, paths: Sequence[str]) -> list[Visit]:
    visits: list[Visit] = []
    until = time.monotonic() + seconds
    await asyncio.gather(*(_client(kind, n, port, paths, until, visits) for n in range(clients)))
    return visits


def main() -> None:
    kind, port, seconds, clients = sys.argv[1:]
    paths = sys.stdin.read().split("\n")
    visits = asyncio.run(_visit_all(kind, int(port), float(seconds), int(clients), paths))
    print(json.dumps(visits))


if __name__ == "__main__":
    main()

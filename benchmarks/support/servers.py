"""The servers that benchmarks compare, each in a process of its own.

``python -m benchmarks.support.servers KIND PATH --port N``: ``ours`` serves the site of a folder, ``bare``
the bodies of a file by a Litestar application that does nothing else.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import msgspec

from benchmarks.support.load import Server
from publisher.settings import read_settings

BOUNDARIES = "divisions.geojson"
"""File in the folder of a site: its boundaries, if it exists."""
_COMMAND = (sys.executable, "-m", "benchmarks.support.servers")


def our_server(home: Path, **options: Any) -> Server:
    """Prepare a server of the site in a folder. ``options``: fields of :class:`Server`."""
    return Server([*_COMMAND, "ours", str(home)], **options)


def bare_server(file: Path, bodies: Sequence[bytes] = ()) -> Server:
    """Prepare a server that sends these bodies at ``/bare/DATASET/NUMBER``, and 304 at ``/unchanged``."""
    file.write_bytes(msgspec.msgpack.encode(bodies))
    return Server([*_COMMAND, "bare", str(file)])


def _serve_site(home: Path, port: int) -> None:
    from publisher import app
    from publisher.heavy_work import perform

    boundaries = home / BOUNDARIES
    environ = {"QINGDAN_BOUNDARIES": str(boundaries)} if boundaries.exists() else {}
    app.serve(app.create_app(read_settings(home, environ), perform=perform), port=port)


def _serve_bodies(file: Path, port: int) -> None:
    from litestar import Litestar, get
    from litestar.params import FromPath

    from publisher import app

    bodies = msgspec.msgpack.decode(file.read_bytes(), type=list[bytes])

    @get("/bare/{dataset:str}/{number:str}", media_type="application/json")
    async def bare(dataset: FromPath[str], number: FromPath[str]) -> bytes:
        assert dataset
        return bodies[int(number)]

    @get("/unchanged", status_code=304)
    async def unchanged() -> None:
        return

    app.serve(Litestar([bare, unchanged], openapi_config=None, logging_config=None), port=port)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("kind", choices=["ours", "bare"])
    parser.add_argument("path", type=Path)
    parser.add_argument("--port", type=int, required=True)
    options = parser.parse_args()
    (_serve_site if options.kind == "ours" else _serve_bodies)(options.path, options.port)


if __name__ == "__main__":
    main()

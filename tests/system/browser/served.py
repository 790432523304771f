"""The sample site as `make demo` serves it, on a free port, for a browser."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.support.command import QINGDAN
from tests.support.servers.http_service import free_port

CHROMIUM = os.environ.get("CHROMIUM") or shutil.which("chromium") or "/usr/bin/chromium"
ARGUMENTS = ["--no-sandbox", "--disable-dev-shm-usage", "--disable-gpu", "--force-color-profile=srgb"]


@contextmanager
def sample_site() -> Iterator[str]:
    """Serve the sample site → its address."""
    base = free_address()
    with tempfile.TemporaryDirectory() as folder:
        home = str(Path(folder) / "site")
        port = base.rpartition(":")[2]
        command = [*QINGDAN, "demo", "--folder", home, "--port", port, "--desk-port", str(free_port())]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
            try:
                assert process.stdout is not None
                if not process.stdout.readline():
                    raise RuntimeError("the sample site did not start")
                yield base
            finally:
                process.terminate()
                process.wait(timeout=20)


@contextmanager
def served(home: Path, port: str) -> Iterator[None]:
    """Serve an existing site."""
    qingdan = [sys.executable, "-c", "from publisher.cli import main; main()", "--home", str(home)]
    command = [*qingdan, "serve", "--port", port]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as process:
        try:
            assert process.stderr is not None
            if not process.stderr.readline():
                raise RuntimeError("the site did not start")
            yield
        finally:
            process.terminate()
            process.wait(timeout=20)


def free_address() -> str:
    return f"http://127.0.0.1:{free_port()}"


@contextmanager
def without_search(sample_home: Path) -> Iterator[str]:
    """Serve a copy of the sample site with a file in place of its index → its address."""
    base = free_address()
    with tempfile.TemporaryDirectory() as folder:
        home = shutil.copytree(sample_home, Path(folder) / "site")
        shutil.rmtree(home / "index")
        (home / "index").write_text("in the way")
        with served(home, base.rpartition(":")[2]):
            yield base

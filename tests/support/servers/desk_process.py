"""``qingdan desk`` as a process of its own, which a test may limit or kill."""

from __future__ import annotations

import os
import socket
import subprocess
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.support.command import QINGDAN
from tests.support.servers.http_service import free_port
from tests.support.servers.shared_server import PROJECT


@dataclass(frozen=True, slots=True)
class DeskProcess:
    """A desk that runs: its address, and its process."""

    base: str
    process: subprocess.Popen[bytes]

    def peak(self) -> int:
        """Return the most memory that the process held at once, in bytes."""
        status = Path(f"/proc/{self.process.pid}/status").read_text(encoding="ascii")
        (line,) = [line for line in status.splitlines() if line.startswith("VmHWM")]
        return int(line.split()[1]) << 10


@contextmanager
def desk_process(home: Path, *, prefix: Sequence[str] = (), **environ: str) -> Iterator[DeskProcess]:
    """Run the desk of a site that has accounts, until the end or until the test kills it."""
    port = free_port()
    base = f"http://127.0.0.1:{port}"
    own = {"QINGDAN_HOME": str(home), "QINGDAN_DESK_BASE": base, "PYTHONPATH": str(PROJECT), **environ}
    command = [*prefix, *QINGDAN, "desk", "--port", str(port)]
    with subprocess.Popen(command, env={**os.environ, **own}) as process:
        try:
            _wait(port, process)
            yield DeskProcess(base, process)
        finally:
            process.terminate()
            process.wait(timeout=60)


def _wait(port: int, process: subprocess.Popen[bytes]) -> None:
    until = time.monotonic() + 120
    while time.monotonic() < until and process.poll() is None:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=30).close()
        except OSError:
            time.sleep(0.1)
        else:
            return
    raise RuntimeError("the desk did not start")

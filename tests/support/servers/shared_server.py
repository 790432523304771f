"""One server for all processes of a test run.

The first process that needs it starts a keeper, a program that runs the server in the background; the others
wait for the address. Every user has a shared lock on one file. The keeper waits for the exclusive lock on
it, which it gets when the last user has ended, even if all were killed; then it ends the server.
"""

from __future__ import annotations

import fcntl
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

PROJECT = Path(__file__).resolve().parents[3]
_START_SECONDS = 600.0
"""Seconds in which a server has to start; the first time on a machine it may be downloaded."""


@contextmanager
def shared(folder: Path, program: str) -> Iterator[str]:
    """Address of the server that the module ``program`` keeps; ``folder`` belongs to the run."""
    with (folder / f"{program}.users").open("a") as users:
        fcntl.flock(users, fcntl.LOCK_SH)
        address = folder / f"{program}.address"
        with (folder / f"{program}.starting").open("a") as starting:
            fcntl.flock(starting, fcntl.LOCK_EX)
            if not address.exists():
                _start(folder, program)
        yield address.read_text()


def _start(folder: Path, program: str) -> None:
    """Start the keeper; return when the server answers."""
    log = folder / f"{program}.log"
    with log.open("wb") as output:
        command = [sys.executable, "-m", program, str(folder)]
        launcher = subprocess.run(
            command,
            cwd=PROJECT,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            check=False,
            timeout=_START_SECONDS,
        )
    if launcher.returncode != 0:
        raise RuntimeError(f"{program}: {log.read_text(errors='replace')[-4000:]}")


def keep(folder: Path, program: str, server: AbstractContextManager[str]) -> None:
    """Run the server in a separate process until its last user ends; return in the caller when it answers."""
    read_end, write_end = os.pipe()
    if os.fork():
        os.close(write_end)
        sys.exit(0 if os.read(read_end, 1) else 1)
    os.setsid()
    address = folder / f"{program}.address"
    with (folder / f"{program}.users").open("a") as users, server as server_address:
        address.write_text(server_address)
        os.write(write_end, b"!")
        fcntl.flock(users, fcntl.LOCK_EX)
        # A process that starts now waits for the lock, finds no address, and starts another keeper.
        address.unlink()

"""A command of this program in a process of its own."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

_PROGRAM = "from publisher.cli import main; main()"
_STOP_SECONDS = 20


def site_command(home: Path, *arguments: str) -> list[str]:
    """Return the command line of ``qingdan --home HOME ARGUMENTS``, in the interpreter of this process."""
    return [sys.executable, "-c", _PROGRAM, "--home", os.fspath(home), *arguments]


def stop_at_eof() -> None:
    """Stop this process as SIGTERM does once standard input ends: the process that started it has ended."""
    threading.Thread(target=_wait_for_eof, daemon=True).start()


def _wait_for_eof() -> None:
    sys.stdin.buffer.read()
    os.kill(os.getpid(), signal.SIGTERM)


@contextmanager
def site_process(home: Path, *command: str, environ: Mapping[str, str] | None = None) -> Iterator[None]:
    """Run a command of the site in ``home`` beside this process, and stop it at the end.

    ``command``: one that takes ``--until-eof``, such as ``work``.
    """
    arguments = site_command(home, *command, "--until-eof")
    # A session of its own: Ctrl-C reaches this process only. However this process ends, the pipe closes.
    with subprocess.Popen(arguments, stdin=subprocess.PIPE, env=environ, start_new_session=True) as process:  # noqa: S603
        try:
            yield
        finally:
            if process.stdin is not None:
                process.stdin.close()
            try:
                process.wait(_STOP_SECONDS)
            except subprocess.TimeoutExpired:
                process.kill()

"""The command line of a command of this program, for a process of its own."""

from __future__ import annotations

import os
import sys
from pathlib import Path

_PROGRAM = "from publisher.cli import main; main()"


def site_command(home: Path, *arguments: str) -> list[str]:
    """Return the command line of ``qingdan --home HOME ARGUMENTS``, in the interpreter of this process."""
    return [sys.executable, "-c", _PROGRAM, "--home", os.fspath(home), *arguments]

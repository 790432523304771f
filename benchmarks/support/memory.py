"""Memory of this process."""

from __future__ import annotations

import re
import resource
from pathlib import Path


def current_memory() -> float:
    """Return the resident memory in MiB."""
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    return pages * resource.getpagesize() / (1 << 20)


def peak_memory() -> int:
    """Return the peak of resident memory in MiB.

    Not ``ru_maxrss``, which starts with the memory of the parent process.
    """
    match = re.search(r"VmHWM:\s+(\d+)", Path("/proc/self/status").read_text(encoding="ascii"))
    assert match
    return int(match[1]) // 1024

"""Memory of this process."""

from __future__ import annotations

import re
from pathlib import Path


def peak_memory() -> int:
    """Return the peak of resident memory in MiB.

    Not ``ru_maxrss``, which starts with the memory of the parent process.
    """
    match = re.search(r"VmHWM:\s+(\d+)", Path("/proc/self/status").read_text(encoding="ascii"))
    assert match
    return int(match[1]) // 1024

"""Memory of this process and of those that it starts."""

from __future__ import annotations

import re
import resource
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

_PAUSE = 1.0


def current_memory(pid: int | str = "self") -> float:
    """Return the resident memory of a process in MiB."""
    pages = int(Path(f"/proc/{pid}/statm").read_text(encoding="ascii").split()[1])
    return pages * resource.getpagesize() / (1 << 20)


def peak_memory() -> int:
    """Return the peak of resident memory in MiB.

    Not ``ru_maxrss``, which starts with the memory of the parent process.
    """
    match = re.search(r"VmHWM:\s+(\d+)", Path("/proc/self/status").read_text(encoding="ascii"))
    assert match
    return int(match[1]) // 1024


@contextmanager
def watch_all_processes() -> Iterator[Callable[[], float]]:
    """Yield a function that returns the most MiB that this process and its children took together so far.

    Memory that processes share counts once.
    """
    most, ended = 0.0, threading.Event()

    def watch() -> None:
        nonlocal most
        while not ended.wait(_PAUSE):
            tasks = Path("/proc/self/task").iterdir()
            children = (pid for task in tasks for pid in _read_if_exists(task / "children").split())
            most = max(most, sum(_proportional_set(pid) for pid in ("self", *children)))

    thread = threading.Thread(target=watch, daemon=True)
    thread.start()
    try:
        yield lambda: most
    finally:
        ended.set()
        thread.join()


def _proportional_set(pid: str) -> float:
    match = re.search(r"^Pss:\s+(\d+)", _read_if_exists(Path(f"/proc/{pid}/smaps_rollup")), re.MULTILINE)
    return int(match[1]) / 1024 if match else 0.0


def _read_if_exists(path: Path) -> str:
    try:
        return path.read_text(encoding="ascii")
    except OSError:  # it ended meanwhile
        return ""

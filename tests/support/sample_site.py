"""The sample site, published once for all processes of a test run, which takes long."""

from __future__ import annotations

import fcntl
import shutil
from pathlib import Path

from publisher.sample import load, plan
from tests.support.site import BASE


def copy_of_the_run(folder: Path, home: Path) -> Path:
    """Copy the sample site to ``home``, which it returns; ``folder`` belongs to the run."""
    original, unfinished = folder / "sample-site", folder / "sample-site.unfinished"
    with (folder / "sample-site.lock").open("a") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not original.exists():
            shutil.rmtree(unfinished, ignore_errors=True)
            load.load(unfinished, plan.read_plan(), base=BASE, progress=lambda *_: None)
            unfinished.rename(original)
    return Path(shutil.copytree(original, home))

"""The sample site, which all processes of a test run publish only once, since that takes long."""

from __future__ import annotations

import fcntl
import shutil
from pathlib import Path

from publisher.sample import load, plan
from tests.support.site import BASE


def copy_sample_site(folder: Path, home: Path) -> Path:
    """Copy the sample site to ``home`` → ``home``. ``folder``: the folder of the test run."""
    original, unfinished = folder / "sample-site", folder / "sample-site.unfinished"
    with (folder / "sample-site.lock").open("a") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not original.exists():
            shutil.rmtree(unfinished, ignore_errors=True)
            load.publish_plan(unfinished, plan.read_plan(), base=BASE, progress=lambda *_: None)
            unfinished.rename(original)
    return Path(shutil.copytree(original, home))

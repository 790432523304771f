"""Programs that tests read the service with."""

from __future__ import annotations

import os
import shutil
import subprocess

from tests.support.required import lacks


def run(program: str, *arguments: str) -> str:
    """What a program of Debian's ``gdal-bin`` prints."""
    if shutil.which(program) is None:
        lacks(f"{program} is not installed (apt-get install gdal-bin)")
    environment = {**os.environ, "NO_PROXY": "*", "GDAL_HTTP_PROXY": "", "CPL_DEBUG": "OFF"}
    done = subprocess.run([program, *arguments], capture_output=True, text=True, check=False, env=environment)
    assert done.returncode == 0, done.stderr
    assert "ERROR" not in done.stderr, done.stderr
    return done.stdout

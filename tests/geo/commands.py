"""Programs that tests read the service with."""

from __future__ import annotations

import os
import shutil
import subprocess

import pytest


def run(program: str, *arguments: str) -> str:
    """What a program of Debian's ``gdal-bin`` prints. Without it a laptop skips; CI fails."""
    if shutil.which(program) is None:
        reason = f"{program} is not installed (apt-get install gdal-bin)"
        if os.environ.get("CI") == "true":
            pytest.fail(reason)
        pytest.skip(reason)
    environment = {**os.environ, "NO_PROXY": "*", "GDAL_HTTP_PROXY": "", "CPL_DEBUG": "OFF"}
    done = subprocess.run([program, *arguments], capture_output=True, text=True, check=False, env=environment)
    assert done.returncode == 0, done.stderr
    assert "ERROR" not in done.stderr, done.stderr
    return done.stdout

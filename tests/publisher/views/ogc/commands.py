"""Programs that tests use as clients of the service."""

from __future__ import annotations

import os
import shutil
import subprocess

from tests.support.required import skip_or_fail


def run_program(program: str, *arguments: str) -> str:
    """Return the output of a program of Debian's ``gdal-bin``."""
    if shutil.which(program) is None:
        skip_or_fail(f"{program} is not installed (apt-get install gdal-bin)")
    environment = {**os.environ, "NO_PROXY": "*", "GDAL_HTTP_PROXY": "", "CPL_DEBUG": "OFF"}
    process = subprocess.run(
        [program, *arguments], capture_output=True, text=True, check=False, env=environment
    )
    assert process.returncode == 0, process.stderr
    assert "ERROR" not in process.stderr, process.stderr
    return process.stdout

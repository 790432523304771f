"""uv, as ``make setup`` finds it."""

from __future__ import annotations

import shutil

from tests.support.required import skip_or_fail
from tests.support.servers.shared_server import PROJECT


def uv() -> str:
    own = PROJECT / ".tools" / "bin" / "uv"
    return shutil.which("uv") or (str(own) if own.exists() else skip_or_fail("uv is not installed"))

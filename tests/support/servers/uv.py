"""uv, as ``make setup`` finds it."""

from __future__ import annotations

import shutil
from pathlib import Path

from tests.support.required import lacks

PROJECT = Path(__file__).resolve().parents[3]


def uv() -> str:
    own = PROJECT / ".tools" / "bin" / "uv"
    return shutil.which("uv") or (str(own) if own.exists() else lacks("uv is not installed"))

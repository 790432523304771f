"""Where the real files lie that tests may read but the project may not ship."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

REASON = "shared/data is not beside the project"


def folder() -> Path | None:
    """``shared/data`` beside the project, or None."""
    for parent in Path(__file__).resolve().parents:
        candidate = parent / "shared" / "data"
        if candidate.is_dir():
            return candidate
    return None


def require(*names: str) -> Path:
    """The path of a shared file or folder. Without it the test, marked ``shared``, is skipped;
    under ``QINGDAN_SHARED=required`` it fails."""
    data = folder()
    if data is not None and data.joinpath(*names).exists():
        return data.joinpath(*names)
    reason = f"{REASON}: {'/'.join(names)}"
    if os.environ.get("QINGDAN_SHARED") == "required":
        pytest.fail(reason)
    pytest.skip(reason)

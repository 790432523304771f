"""Location of real files that tests may read but the project may not distribute."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

REASON = "shared/data is not next to the project"


def folder() -> Path | None:
    """Path of ``shared/data`` next to the project, or None."""
    for parent in Path(__file__).resolve().parents:
        candidate = parent / "shared" / "data"
        if candidate.is_dir():
            return candidate
    return None


def require(*names: str) -> Path:
    """Path of a shared file or folder.

    If it is missing, skip the test, which is marked ``shared``; under ``QINGDAN_SHARED=required`` fail it.
    """
    data = folder()
    if data is not None and data.joinpath(*names).exists():
        return data.joinpath(*names)
    reason = f"{REASON}: {'/'.join(names)}"
    if os.environ.get("QINGDAN_SHARED") == "required":
        pytest.fail(reason)
    pytest.skip(reason)

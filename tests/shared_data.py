"""Where the real files lie that tests may read but the project may not ship."""

from __future__ import annotations

import os
from pathlib import Path

import pytest


def folder() -> Path | None:
    """``shared/data`` beside the project, or None."""
    for parent in Path(__file__).resolve().parents:
        candidate = parent / "shared" / "data"
        if candidate.is_dir():
            return candidate
    return None


def require(*names: str) -> Path:
    """The path of a shared file or folder. Without it a laptop skips; CI fails, as it may skip nothing."""
    data = folder()
    if data is not None and (data.joinpath(*names)).exists():
        return data.joinpath(*names)
    reason = f"shared/data/{'/'.join(names)} is not beside the project"
    if os.environ.get("CI") == "true":
        pytest.fail(reason)
    pytest.skip(reason)
